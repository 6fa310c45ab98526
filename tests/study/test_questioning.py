from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.store.tables import read_table
from tmescope.study.questioning import asked_questions, pools
from tmescope.study.running import run

ADJUSTED = {"axis": "pan_f_tbrs", "confounders": ["tmb"]}
RESPONSE = {
    "id": "beyond",
    "kind": "response",
    "endpoint": "response",
    "features": ["cyt", "braf"],
    **ADJUSTED,
    "pool": {"strata": {"a": "PD1", "b": "PD1"}},
}
SURVIVAL = {
    "id": "time",
    "kind": "survival",
    "endpoint": "os",
    "features": ["cyt"],
    "axis": "pan_f_tbrs",
    "confounders": ["tmb", "braf"],
    "pool": {"test": "z"},
}
ARMS = {
    "id": "predicts",
    "kind": "interaction",
    "endpoint": "os",
    "features": ["cyt"],
    "treatment": {"feature": "braf", "treated": ["V600E"], "control": ["WT"], "assignment": "not_randomised"},
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    data = tiny.study_dict()
    data["question"] = [RESPONSE, SURVIVAL, ARMS]
    with opened(tmp_path_factory.mktemp("questions"), data) as context:
        do(context, "pooled")
        assert pools(context)
        assert [q.id for q in asked_questions(context, context.study.cohorts[0])] == ["beyond", "time", "predicts"]
        answers = pd.concat(
            [read_table(context.ledger.folder(f"answers-{c}") / "answers.parquet") for c in "ab"], ignore_index=True
        )
        folder = context.ledger.folder("pooled")
        yield answers, {n: read_table(folder / f"{n}.parquet") for n in ("pooled", "leave_one_out", "warnings")}


def test_response_stands_alone_and_beside_axis_and_confounders_on_the_same_patients(answered):
    answers, _ = answered
    rows = answers[(answers["question_id"] == "beyond") & (answers["effect_name"] == "odds_ratio_per_sd")]
    assert list(rows[rows["cohort_id"] == "a"]["adjusted_for"]) == ["", "pan_f_tbrs", "tmb", "pan_f_tbrs, tmb"]
    assert rows.groupby(["cohort_id", "feature"])["n"].nunique().max() == 1
    assert rows["q_value"].notna().all()
    assert rows["family"].str.startswith("beyond | ").all()
    assert (rows["left_out"] != "").any() == (rows["n_left_out"] > 0).any()


def test_survival_is_per_sd_with_each_adjustment_and_its_checks(answered):
    answers, _ = answered
    rows = answers[answers["question_id"] == "time"]
    assert set(rows["effect_name"]) == {"hazard_ratio_per_sd"}
    assert len(rows[rows["cohort_id"] == "a"]) == 4
    assert rows.groupby("cohort_id")["n"].nunique().max() == 1
    assert rows["checks"].str.contains("proportional hazards").all()


def test_an_interaction_says_how_arms_came_about(answered):
    answers, _ = answered
    rows = answers[answers["question_id"] == "predicts"]
    assert set(rows["effect_name"]) == {
        "interaction_ratio_per_sd", "hazard_ratio_per_sd_in_control", "hazard_ratio_per_sd_in_treated"
    }  # fmt: skip
    assert rows["checks"].str.contains("not randomised").all()


def test_cohorts_are_pooled_by_the_stated_method(answered):
    answers, tables = answered
    pooled = tables["pooled"]
    assert set(pooled["question_id"]) == {"beyond", "time"}
    assert set(pooled[pooled["question_id"] == "beyond"]["stratum"]) == {"", "PD1"}
    assert pooled[pooled["question_id"] == "time"]["method"].eq("random effects: REML, normal theory").all()
    row = pooled[(pooled["question_id"] == "time") & (pooled["adjusted_for"] == "")].iloc[0]
    single = answers[(answers["question_id"] == "time") & (answers["adjusted_for"] == "")]
    assert row["n"] == single["n"].sum()
    assert single["effect"].min() <= row["effect"] <= single["effect"].max()
    assert len(tables["leave_one_out"]) == 0  # two cohorts leave one, which is no pool


def test_genes_are_asked_and_numbers_are_those_of_the_file(tmp_path):
    data = tiny.study_dict()
    data["question"] = [{"id": "g", "kind": "response", "endpoint": "response", "features": [], "genes": ["BG001"]}]
    with opened(tmp_path, data) as context:
        do(context, "answers")
        answers = read_table(context.ledger.folder("answers-a") / "answers.parquet")
    rows = answers[answers["question_id"] == "g"]
    assert set(rows["feature"]) == {"BG001"}
    assert set(rows["source"]) == {"gene"}
    matrix = pd.read_csv(tmp_path / "a.tsv", sep="\t", index_col=0)
    samples = pd.read_csv(tmp_path / "a_samples.csv")
    values = matrix.loc["BG001", samples["sample_id"]].to_numpy()
    yes = samples["recist"].isin(["CR", "PR"]).to_numpy()
    pairs = values[yes][:, None] - values[~yes][None, :]
    expected = np.mean(pairs > 0) + np.mean(pairs == 0) / 2
    assert rows.set_index("effect_name").loc["auc", "effect"] == pytest.approx(expected)


def test_a_run_writes_tables_figures_and_a_report_of_what_was_pooled(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    data["question"] = [{**RESPONSE, "confounders": []}]
    data["output"] = {"report": True}
    study = tmp_path / "study.toml"
    study.write_text(tiny.to_toml(data), encoding="utf-8")
    outcome = run(study, tmp_path / "out")
    assert len(outcome.table("pooled")) > 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Answers pooled over cohorts" in page
    assert (tmp_path / "out" / "figures" / "pooled-beyond-odds-ratio-per-sd.svg").is_file()
    again = run(study, tmp_path / "out")
    assert again.redone == ()
