from __future__ import annotations

from typing import get_args

import pandas as pd
import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.store.tables import read_table
from tmescope.study.question_kinds import ANSWERERS
from tmescope.study.schema_questions import Question


def test_every_kind_that_a_study_may_ask_is_answered():
    kinds = set(get_args(Question.model_fields["kind"].annotation))
    assert set(ANSWERERS) == kinds - {"expression"}  # which has a step of its own, and no features


def test_a_cut_never_stands_without_its_corrected_p(tmp_path):
    data = tiny.study_dict()
    data["question"] = [
        {"id": "cut", "kind": "cutpoint", "endpoint": "os", "features": ["cyt"], "corrected_by": "lau94"},
        {"id": "cut2", "kind": "cutpoint", "endpoint": "response", "features": ["cyt"]},
    ]
    with opened(tmp_path, data) as context:
        do(context, "answers")
        folder = context.ledger.folder("answers-a")
        answers, cuts = (read_table(folder / f"{n}.parquet") for n in ("answers", "cuts"))
    assert list(cuts["question_id"]) == ["cut", "cut2"]
    assert (cuts["n_low"] + cuts["n_high"] == 24).all()
    assert (cuts["p_lau94"] >= cuts["p_naive"] - 1e-12).all()
    rows = answers[answers["question_id"] == "cut"].set_index("effect_name")
    assert set(rows.index) == {"hazard_ratio_at_cut_naive", "hazard_ratio_at_cut", "hazard_ratio_at_cut_held_out"}
    assert rows.loc["hazard_ratio_at_cut", "p_value"] == cuts.loc[0, "p_lau94"]
    assert rows.loc["hazard_ratio_at_cut_naive", "p_value"] == cuts.loc[0, "p_naive"]


@pytest.mark.parametrize(("kind", "endpoint"), [("response", "response"), ("survival", "os")])
def test_a_cohort_in_which_a_confounder_is_constant_is_pooled_with_those_in_which_it_is_not(tmp_path, kind, endpoint):
    tiny.write_files(tmp_path)
    path = tmp_path / "b_samples.csv"
    pd.read_csv(path).assign(braf="WT").to_csv(path, index=False)
    data = tiny.study_dict()
    data["question"] = [
        {
            "id": "q",
            "kind": kind,
            "endpoint": endpoint,
            "features": ["cyt"],
            "confounders": ["braf", "tmb"],
            "pool": {},
        },
        {"id": "one", "kind": kind, "endpoint": endpoint, "features": ["cyt"], "confounders": ["braf"], "pool": {}},
    ]
    with opened(tmp_path, data) as context:
        do(context, "pooled")
        tables = {c: read_table(context.ledger.folder(f"answers-{c}") / "answers.parquet") for c in "ab"}
        warnings = read_table(context.ledger.folder("answers-b") / "warnings.parquet")
        pooled = read_table(context.ledger.folder("pooled") / "pooled.parquet")
    for question, stated in (("q", "braf, tmb"), ("one", "braf")):
        rows = pooled[(pooled["question_id"] == question) & (pooled["adjusted_for"] == stated)]
        assert set(rows["cohorts"]) == {"a, b"}
        single = {c: t[(t["question_id"] == question) & (t["adjusted_for"] == stated)] for c, t in tables.items()}
        assert single["b"]["checks"].str.contains("braf: one value here").all()
        assert not single["a"]["checks"].str.contains("one value here").any()
    alone = tables["b"][(tables["b"]["question_id"] == "one") & tables["b"]["effect_name"].str.contains("_ratio")]
    assert alone.groupby("effect_name")["effect"].nunique().eq(1).all()  # the same model under both names
    assert "covariates.constant" in set(warnings["code"])
