from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from tests.study import modelled
from tests.study.test_model_profiles import PREDICTORS, _saved

from tmescope.associate.prediction_files import prediction_hash, write_prediction

PERFORMANCE = {"predictor": "model", "compared_with": "", "measure": "auc", "estimate": 0.7, "ci_low": 0.6,
               "ci_high": 0.8, "k": 3, "method": "random effects"}  # fmt: skip
SAVED = replace(
    _saved(PREDICTORS[0], PREDICTORS[2]),
    scales=("tpm",),
    training=({"cohort_id": "a", "n": 20, "n_events": 8},),
    performance=(PERFORMANCE,),
    verdicts=("does not beat TMB out of cohort",),
    intended_use="research",
)


def test_show_says_what_a_model_is_and_what_it_does_not_beat(tmescope, tmp_path: Path) -> None:
    write_prediction(SAVED, tmp_path / "m.json")
    said = tmescope("model", "show", tmp_path / "m.json")
    assert said.code == 0, said.err
    assert "intended use: research" in said.out
    assert "a 8/20" in said.out
    assert "auc of model, out of cohort: 0.700 (0.600 to 0.800), 3 cohorts" in said.out
    assert "verdict: does not beat TMB out of cohort" in said.out
    assert prediction_hash(SAVED) in said.out


def test_apply_writes_one_row_a_patient(tmescope, tmp_path: Path) -> None:
    modelled.write_files(tmp_path)
    write_prediction(SAVED, tmp_path / "m.json")
    said = tmescope(
        "model", "apply", tmp_path / "m.json", tmp_path / "c.tsv", "--scale", "tpm", "--features",
        tmp_path / "c_samples.csv", "-o", tmp_path / "out",
    )  # fmt: skip
    assert said.code == 0, said.err
    found = pd.read_csv(tmp_path / "out" / "tables" / "predictions.csv")
    assert len(found) == modelled.COHORTS["c"]
    assert found["predicted"].between(0, 1).all()
    assert found["filled"].isna().all()


def test_a_file_that_is_no_model_is_refused(tmescope, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("[]", encoding="utf-8")
    said = tmescope("model", "show", tmp_path / "m.json")
    assert said.code == 2
    assert "no prediction model" in said.err
