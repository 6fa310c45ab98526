from __future__ import annotations

from pathlib import Path

import pandas as pd
from tests.study import modelled

from tmescope.study.describing_models import describe_models
from tmescope.study.loading import parse_study
from tmescope.study.material import Material
from tmescope.study.needs import gather_needs

ROWS = pd.DataFrame(
    [
        {"model": "resp", "scheme": "out_of_cohort", "verdict": "does not beat TMB out of cohort"},
        {"model": "resp", "scheme": "optimism_corrected", "verdict": ""},
    ]
)


def _text(folder: Path, rows: pd.DataFrame = ROWS, **model: object) -> list[str]:
    study = parse_study(modelled.study_dict(**model), folder=folder)
    return list(describe_models(Material(study, gather_needs(study), {"model_performance": rows}, {})))


def test_a_model_is_described_with_its_verdict(tmp_path: Path) -> None:
    [text] = _text(tmp_path)
    assert text.startswith("A logistic model of response with an elastic-net penalty")
    assert "learnt without it, imputation, scaling and penalty included" in text
    assert "by 1 bootstrap of the whole learning" in text
    assert text.endswith("In the same patients the model does not beat TMB out of cohort.")


def test_what_was_not_done_is_not_told(tmp_path: Path) -> None:
    rows = pd.DataFrame([{"model": "resp", "scheme": "out_of_fold", "verdict": ""}])
    [text] = _text(tmp_path, rows, endpoint="os", horizon_months=12.0, missing="complete")
    assert "A Cox model, stratified by cohort, of os until 12 months" in text
    assert "nested folds of patients, 10 repeats" in text
    assert "such patients were left out" in text
    assert "bootstrap" not in text
    assert "In the same patients" not in text
    assert "Harrell's concordance over all follow-up, Uno's up to the horizon" in text


def test_intervals_out_of_fold_say_what_they_leave_out(tmp_path: Path) -> None:
    verdict = "beats TMB out of fold (predictions taken as given)"
    [text] = _text(tmp_path, pd.DataFrame([{"model": "resp", "scheme": "out_of_fold", "verdict": verdict}]))
    assert f"the model {verdict}. Intervals of these differences take the averaged predictions as given" in text
