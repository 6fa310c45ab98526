from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.associate.planted import NUMBERS, planted

from tmescope.associate.prediction_models import LearningPlan, learn_model
from tmescope.associate.prediction_saved import SavedModel, apply_model
from tmescope.foundation.errors import MethodError, ScaleError

DATA = planted(21, (60, 50), missing=0.2)
SAVED = SavedModel(
    model_id="m",
    endpoint="response",
    kind="response",
    fitted=learn_model(DATA, LearningPlan(l1_ratios=(0.0,), n_strengths=4)),
    scales=("log2(tpm+1)",),
    verdicts=("beats TMB out of cohort",),
)
VALUES = DATA.values.set_axis(DATA.samples)


def _apply(saved: SavedModel = SAVED, values=VALUES):
    return apply_model(saved, values, scale="log2(tpm+1)", where="cohort new")


def test_a_patient_is_predicted_alone_as_among_others() -> None:
    together = _apply().table
    alone = _apply(values=VALUES.iloc[[3]]).table
    assert alone["linear"].iloc[0] == together["linear"].iloc[3]
    assert np.allclose(together["linear"], SAVED.fitted.predict(DATA.values).linear)
    assert not SAVED.needs_cohort


def test_what_is_missing_is_told_and_nothing_known_is_no_prediction() -> None:
    values = VALUES.iloc[:3].copy()
    values.iloc[1, :] = np.nan
    values = values.drop(columns="score:f4")
    found = _apply(values=values)
    assert found.table["reason"].tolist() == ["", "no predictor of the model is known", ""]
    assert np.isnan(found.table["predicted"][1])
    assert "f4" in found.table["filled"][0]
    codes = {w.code: w.count for w in found.warnings}
    assert codes["model.no_prediction"] == 1
    assert codes["model.filled"] == 2


def test_values_beyond_the_range_are_flagged() -> None:
    values = VALUES.iloc[:2].copy()
    values.iloc[0, 0] = 99.0
    found = _apply(values=values)
    assert found.table["outside"].tolist() == ["f0", ""]
    assert "model.outside" in [w.code for w in found.warnings]


def test_another_scale_is_refused() -> None:
    with pytest.raises(ScaleError, match="learnt on log2"):
        apply_model(SAVED, VALUES, scale="counts", where="cohort new")


def test_a_model_that_needs_a_cohort_refuses_a_patient() -> None:
    within = replace(SAVED, standardise="within_cohort")
    assert within.needs_cohort
    with pytest.raises(MethodError, match="by the others of the cohort, and there are 9"):
        _apply(within, VALUES.iloc[:9])
    shifted = VALUES.copy()
    shifted[[p.key for p in NUMBERS]] += 7.0
    assert np.allclose(_apply(within).table["linear"], _apply(within, shifted).table["linear"])
    preparation = SAVED.fitted.preparation
    scores = tuple(replace(p, scope="cohort") for p in preparation.predictors)
    fitted = replace(SAVED.fitted, preparation=replace(preparation, predictors=scores))
    assert replace(SAVED, fitted=fitted).needs_cohort


def test_a_model_that_beats_nothing_says_so_wherever_it_is_applied() -> None:
    found = _apply(replace(SAVED, verdicts=("does not beat TMB out of cohort",)))
    assert "does not beat TMB out of cohort" in next(w for w in found.warnings if w.code == "model.not_better").message
    assert not [w for w in _apply().warnings if w.code == "model.not_better"]
