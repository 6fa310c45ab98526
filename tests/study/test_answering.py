from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.study import paired, tiny
from tests.study.contexts import do, opened

from tmescope.store.tables import SCHEMAS, read_table
from tmescope.study.answering import answer_step, asked_methods, asked_responses, asked_survival
from tmescope.study.running import run


def _tables(context, cohort: str = "a"):
    folder = context.ledger.folder(f"answers-{cohort}")
    return {name: read_table(folder / f"{name}.parquet") for name in ("answers", "curves", "warnings")}


def _answers(folder, data) -> dict:
    with opened(folder, data) as context:
        do(context, "answers")
        return {cohort: _tables(context, cohort) for cohort in "ab"}


def test_all_responses_and_the_named_survival_are_asked(tmp_path):
    data = tiny.study_dict()
    data["endpoints"]["benefit"] = {
        "kind": "response",
        "rule": "recist",
        "column": "recist",
        "responder": ["CR", "PR", "SD"],
        "non_responder": ["PD"],
    }
    data["endpoints"]["pfs"] = dict(data["endpoints"]["os"])
    with opened(tmp_path, data) as context:
        assert asked_responses(context.study) == ["response", "benefit"]
        assert asked_survival(context.study) == "os"
    data["answers"] = {"response": ["benefit"]}
    with opened(tmp_path, data) as context:
        assert asked_responses(context.study) == ["benefit"]
        assert asked_survival(context.study) is None
    found = _answers(tmp_path, data)["a"]
    assert set(found["answers"]["endpoint"]) == {"benefit"}
    assert len(found["curves"]) == 0


@pytest.mark.parametrize(
    ("profile", "answers", "expected"),
    [
        ({}, {}, ["zscore"]),
        ({"primary": "ssgsea"}, {}, ["ssgsea"]),
        ({"methods": ["mean", "mcp_counter"]}, {}, ["mean", "mcp_counter"]),
        ({}, {"methods": ["ssgsea", "zscore"]}, ["ssgsea", "zscore"]),
    ],
)
def test_the_primary_method_is_tested_and_those_with_sets_of_their_own(tmp_path, profile, answers, expected):
    data = tiny.study_dict()
    data["profile"] |= profile
    data["answers"] |= answers
    with opened(tmp_path, data) as context:
        assert asked_methods(context) == expected


def test_features_of_scores_and_tables_are_answered_side_by_side(tmp_path):
    found = _answers(tmp_path, tiny.study_dict())["a"]["answers"]
    auc = found[found["effect_name"] == "auc"].set_index("feature")
    assert list(auc.index) == [*tiny.SIGNATURES, "tmb"]
    assert any(feature.startswith("braf=") for feature in found["feature"])
    assert set(found["source"]) == {"zscore", "table"}
    assert auc.loc["cyt", "effect"] > 0.6
    assert auc.loc["cyt", "n"] == 24
    samples = pd.read_csv(tmp_path / "a_samples.csv")
    responds = samples["recist"].isin(["CR", "PR"])
    tmb = samples["tmb"].to_numpy()
    pairs = tmb[responds][:, None] - tmb[~responds][None, :]
    assert auc.loc["tmb", "effect"] == pytest.approx(np.mean(pairs > 0) + np.mean(pairs == 0) / 2)


def test_an_endpoint_that_a_cohort_does_not_record_is_not_asked_there(tmp_path):
    data = tiny.study_dict()
    data["endpoints"]["response"]["not_in"] = ["b"]
    data["endpoints"]["os"]["not_in"] = ["a"]
    found = _answers(tmp_path, data)
    assert set(found["a"]["answers"]["endpoint"]) == {"response"}
    assert set(found["b"]["answers"]["endpoint"]) == {"os"}
    assert len(found["a"]["curves"]) == 0 < len(found["b"]["curves"])


def test_without_endpoints_there_are_empty_tables_of_the_same_columns(tmp_path):
    data = tiny.study_dict()
    data["endpoints"] = {}
    data["answers"] = {}
    for tables in _answers(tmp_path, data).values():
        for name, table in tables.items():
            assert len(table) == 0
            assert tuple(table.columns) == tuple(SCHEMAS[name].columns)


def test_warnings_of_the_answers_are_kept(tmp_path):
    tiny.write_files(tmp_path)
    path = tmp_path / "a_samples.csv"
    samples = pd.read_csv(path)
    samples.assign(recist="CR").to_csv(path, index=False)
    found = _answers(tmp_path, tiny.study_dict())["a"]
    answers = found["answers"]
    assert answers.loc[answers["endpoint"] == "response", "effect"].isna().all()
    assert answers.loc[answers["endpoint"] == "os", "effect"].notna().any()
    assert len(found["warnings"]) > 0
    assert set(found["warnings"]["where"].str.contains("a")) == {True}


def test_the_step_is_made_anew_for_other_questions_and_other_data_only(tmp_path):
    with opened(tmp_path) as context:
        do(context, "profile")
        a = context.study.cohorts[0]
        before = answer_step(context, a).ingredients
        assert answer_step(context, a).ingredients == before
        context.outcomes["profile-b"] = {"scores.parquet": "other"}
        assert answer_step(context, a).ingredients == before
        context.outcomes["profile-a"] = {"scores.parquet": "other"}
        assert answer_step(context, a).ingredients != before


def test_gene_names_and_the_declared_scale_make_a_question_of_genes_anew(tmp_path):
    data = tiny.study_dict()
    data["question"] = [{"id": "q", "kind": "response", "endpoint": "response", "genes": ["PRF1"]}]
    with opened(tmp_path, data) as context:
        do(context, "profile")
        a = context.study.cohorts[0]
        before = answer_step(context, a).ingredients
        known = context.outcomes["cohort-a"]
        for name in ("cohort.json", "var.parquet", "matrix.npy"):
            context.outcomes["cohort-a"] = {**known, name: "other"}
            assert answer_step(context, a).ingredients != before


def test_a_question_of_change_needs_no_endpoint(tmp_path):
    paired.write_files(tmp_path)
    path = tiny.write_study(tmp_path, paired.study_dict(endpoint=""))
    found = run(path, tmp_path / "out").table("answers")
    assert "change_per_sd" in set(found.loc[found["question_id"] == "rise", "effect_name"])
