"""The demo's report finds what was planted, and nothing where nothing was."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.journey

PLANTED_UP = ("cyt", "ifng6", "tis18", "t_effector")
PLANTED_DOWN = ("pan_f_tbrs",)
NULL = ("hallmark_hypoxia", "hallmark_e2f_targets")


@pytest.fixture(scope="module")
def answers(demo_folder) -> pd.DataFrame:
    return pd.read_parquet(demo_folder / "tables" / "answers.parquet")


def _pooled(answers: pd.DataFrame, feature: str, effect: str) -> tuple[float, float]:
    """Inverse-variance mean of the log effects over cohorts, and its standard error; for the test only."""
    rows = answers[
        (answers["feature"] == feature) & (answers["effect_name"] == effect) & (answers["source"] == "zscore")
    ]
    weights = 1 / rows["std_error"] ** 2
    return float((weights * np.log(rows["effect"])).sum() / weights.sum()), float(weights.sum() ** -0.5)


@pytest.mark.parametrize("feature", PLANTED_UP)
def test_inflamed_programmes_go_with_response(answers, feature):
    mean, error = _pooled(answers, feature, "odds_ratio_per_sd")
    assert mean > 1.96 * error


@pytest.mark.parametrize("feature", PLANTED_DOWN)
def test_tgf_beta_stroma_goes_with_no_response(answers, feature):
    mean, error = _pooled(answers, feature, "odds_ratio_per_sd")
    assert mean < -1.96 * error


@pytest.mark.parametrize("feature", NULL)
def test_nothing_is_found_where_nothing_was_planted(answers, feature):
    mean, error = _pooled(answers, feature, "odds_ratio_per_sd")
    assert abs(mean) < 3 * error
    rows = answers[(answers["feature"] == feature) & (answers["effect_name"] == "auc")]
    assert (rows["q_value"] > 0.05).all()


def test_survival_follows_the_inflamed_axis(answers):
    logs = [_pooled(answers, feature, "hazard_ratio_high_vs_low") for feature in PLANTED_UP]
    assert np.mean([mean for mean, _ in logs]) < 0
    assert min(mean + 1.64 * error for mean, error in logs) < 0


def test_files_that_differ_were_read_as_declared(demo_folder):
    cohorts = pd.read_parquet(demo_folder / "tables" / "cohorts.parquet").set_index("cohort_id")
    assert cohorts["scale"].to_dict() == {
        "sim_melanoma": "log2(tpm+1)",
        "sim_urothelial": "tpm",
        "sim_lung": "log2(tpm+0.001)",
    }
    assert cohorts["n_selected"].to_dict() == {"sim_melanoma": 60, "sim_urothelial": 42, "sim_lung": 80}
    mapping = pd.read_parquet(demo_folder / "tables" / "gene_mapping.parquet")
    urothelial = mapping[mapping["cohort_id"] == "sim_urothelial"]
    assert (urothelial["reason"] == "previous symbol").sum() == 12
    samples = pd.read_parquet(demo_folder / "tables" / "samples.parquet")
    medians = samples.groupby("cohort_id")["os_time_months"].median()
    assert medians.between(5, 40).all(), "days and months are one unit now"
    assert not samples["patient_id"].duplicated().any()


def test_results_say_where_they_come_from(demo_folder):
    names = {p.name for p in demo_folder.iterdir()}
    assert {"report.html", "tables", "figures", "ro-crate-metadata.json", "run.json", "study.toml", "data"} <= names
    figures = list((demo_folder / "figures").glob("*.svg"))
    assert len(figures) >= 8
    assert {p.stem for p in figures} == {p.stem for p in (demo_folder / "figures").glob("*.png")}


def test_the_python_of_the_readme_runs(demo_folder, tmp_path, monkeypatch):
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "demo").symlink_to(demo_folder)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(snippet, names)
    assert names["adata"].obsm["ssgsea_raw"].shape[1] == 2
    assert names["outcome"].redone == ()
