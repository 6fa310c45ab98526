"""Six published cohorts, from files to a report in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from tests.report.chromium import Chromium, find_chromium
from tests.study import tiny

from tmescope.cli.main import app

pytestmark = pytest.mark.journey

COHORTS = {
    "liu2019": ("liu2019_melanoma_pd1", "expression.parquet", "Melanoma", "anti-PD-1"),
    "riaz2017": ("riaz2017_melanoma_pd1", "expression.parquet", "Melanoma", "anti-PD-1"),
    "hugo2016": ("hugo2016_melanoma_pd1", "expression.parquet", "Melanoma", "anti-PD-1"),
    "vanallen2015": ("vanallen2015_melanoma_ctla4", "expression.parquet", "Melanoma", "anti-CTLA-4"),
    "nathanson2017": ("nathanson2017_melanoma_ctla4", "expression.parquet", "Melanoma", "anti-CTLA-4"),
    "imvigor210": ("imvigor210", "expression_full86.parquet", "Urothelial carcinoma", "anti-PD-L1"),
}
BURDEN = {"imvigor210": "orig__FMOne.mutation.burden.per.MB", "hugo2016": None}


def study_of(data: Path) -> dict:
    cohorts = []
    for name, (folder, file, cancer, treatment) in COHORTS.items():
        source = json.loads((data / "cohorts" / folder / "SOURCE.json").read_text())
        cohort = {
            "id": name,
            "expression": str(data / "cohorts" / folder / file),
            "scale": source["unit"],
            "samples": str(data / "cohorts" / folder / "samples.tsv"),
            "cancer_type": cancer,
            "treatment": treatment,
            "licence": "the study's own terms; test data only",
            "columns": {"patient_id": "patient_id", "timepoint": "timepoint", "sex": "sex", "age_years": "age"},
        }
        burden = BURDEN.get(name, "orig__TMB_perMb")
        if burden:
            cohort["features"] = [{"numeric": {"tmb": {"column": burden, "unit": "mutations/Mb"}}}]
        cohorts.append(cohort)
    recist = {"rule": "recist", "column": "response_recist", "responder": ["CR", "PR"], "non_responder": ["SD", "PD"]}
    defined = {"rule": "source-defined", "column": "response_source", "responder": ["R"], "non_responder": ["NR"]}
    os = {"time": "os_time", "unit": "months", "event": "os_event", "event_values": ["1"], "censored_values": ["0"]}
    return {
        "format": 1,
        "study": {"id": "six", "title": "Six checkpoint-inhibitor cohorts", "question": "Who responds?"},
        "cohorts": cohorts,
        "endpoints": {
            "response": {"kind": "response", **recist, "cohorts": {"nathanson2017": defined}},
            "os": {"kind": "time_to_event", **os},
        },
        "answers": {"survival": "os"},
        "output": {"figures": ["svg"]},
    }


@pytest.fixture(scope="module")
def results(shared_data, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("six")
    study = tiny.write_study(folder, study_of(shared_data))
    app(["check", str(study), "--quiet"], standalone_mode=False)
    app(["run", str(study), "--output", str(folder / "out"), "--quiet", "--threads", "2"], standalone_mode=False)
    return folder / "out"


def _table(results: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(results / "tables" / f"{name}.parquet")


def test_every_sample_is_accounted_for(results, shared_data):
    cohorts = _table(results, "cohorts").set_index("cohort_id")
    assert cohorts["n_selected"].to_dict() == {
        "liu2019": 121, "riaz2017": 46, "hugo2016": 27, "vanallen2015": 42, "nathanson2017": 24, "imvigor210": 86
    }  # fmt: skip
    assert cohorts.loc["imvigor210", ["n_expression", "n_table", "n_joined"]].tolist() == [86, 281, 86]
    samples = _table(results, "samples")
    for name, (folder, *_) in COHORTS.items():
        source = pd.read_csv(shared_data / "cohorts" / folder / "samples.tsv", sep="\t", dtype=str)
        own = samples[samples["cohort_id"] == name].merge(source, on="sample_id", suffixes=("", "_source"))
        known = own["responder"].notna()
        assert (own["response"].notna() == known).all()
        assert ((own["response"] == "responder") == (own["responder"] == "1"))[known].all()
        assert own["os_time_months"].astype(float).sub(own["os_time"].astype(float)).abs().max() < 1e-9


def test_scales_and_floors_are_reported(results):
    warnings = _table(results, "warnings")
    assert set(warnings.loc[warnings["code"] == "scale.clipped", "where"]) == set(COHORTS)
    quality = _table(results, "quality")
    scale = quality[quality["check"] == "scale"]
    assert (scale["status"] == "ok").all()
    assert len(scale) == len(COHORTS)


def test_answers_have_effects_intervals_and_families(results):
    answers = _table(results, "answers")
    auc = answers[answers["effect_name"] == "auc"]
    assert set(auc["cohort_id"]) == set(COHORTS)
    known = auc.dropna(subset=["effect"])
    assert ((known["ci_low"] <= known["effect"]) & (known["effect"] <= known["ci_high"])).all()
    assert (known["q_value"] >= known["p_value"] - 1e-12).all()
    counts = answers[(answers["effect_name"] == "auc") & (answers["feature"] == "cyt")].set_index("cohort_id")
    assert counts["n_events"].to_dict() == {
        "liu2019": 47, "riaz2017": 9, "hugo2016": 14, "vanallen2015": 7, "nathanson2017": 10, "imvigor210": 17
    }  # fmt: skip
    assert set(answers["source"]) == {"zscore", "mcp_counter", "table"}


def test_an_auc_is_what_scikit_learn_says(results):
    from sklearn.metrics import roc_auc_score

    samples = _table(results, "samples").set_index(["cohort_id", "sample_id"])
    scores = _table(results, "scores")
    scores = scores[(scores["method"] == "zscore") & (scores["feature"] == "tis18")].set_index(
        ["cohort_id", "sample_id"]
    )
    answers = _table(results, "answers").set_index(["cohort_id", "feature", "source", "effect_name"])
    for name in COHORTS:
        known = samples.loc[name, "response"].dropna()
        expected = roc_auc_score(known == "responder", scores.loc[name, "value"].reindex(known.index))
        assert answers.loc[(name, "tis18", "zscore", "auc"), "effect"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.browser
def test_the_report_opens_in_a_browser_and_asks_nobody(results, tmp_path):
    report = results / "report.html"
    assert report.stat().st_size < 8_000_000
    with Chromium(find_chromium()) as browser:
        page = browser.open(report.as_uri(), width=1280, height=900)
        height = page.run("document.documentElement.scrollHeight")
        for top in range(0, int(height), 3000):
            page.run(f"window.scrollTo(0, {top})")
        assert page.problems() == []
        assert page.run("document.querySelector('h1').textContent") == "Six checkpoint-inhibitor cohorts"
        page.screenshot(tmp_path / "top.png")
    assert (tmp_path / "top.png").stat().st_size > 20_000
