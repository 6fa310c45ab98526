from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.associate.planted import planted

from tmescope.associate.prediction_models import LearningPlan
from tmescope.associate.prediction_validation import OUT_OF_COHORT, OUT_OF_FOLD, ValidationPlan, validate_model

PLAN = ValidationPlan(learning=LearningPlan(l1_ratios=(0.5,), n_strengths=6), n_repeats=2)


def test_the_held_out_cohort_cannot_change_the_model_that_predicts_it() -> None:
    data = planted(8, (40, 30, 30), missing=0.2)
    found = validate_model(data, PLAN)
    assert found.scheme == OUT_OF_COHORT
    rng = np.random.default_rng(1)
    held = data.cohorts == "c1"
    values = data.values.copy()
    for key in ("score:f0", "score:f1", "score:f2"):
        values.loc[held, key] = rng.normal(50.0, 20.0, held.sum())
    values.loc[held, "table:site"] = "brain"
    happened = np.where(held, 1.0 - data.happened, data.happened)
    other = validate_model(replace(data, values=values, happened=happened), PLAN)
    one, two = found.fits["c1"], other.fits["c1"]
    assert repr(one.preparation) == repr(two.preparation)  # NaN, which is no number's equal, has its place in it
    assert np.array_equal(one.coefficients, two.coefficients)
    assert (one.intercept, one.strength, one.n) == (two.intercept, two.strength, two.n)
    # a model that did see the cohort differs: the check above could fail
    assert not np.array_equal(found.fits["c0"].coefficients, other.fits["c0"].coefficients)


def test_a_patient_of_the_held_out_cohort_is_in_no_training_set_under_another_name() -> None:
    data = planted(8, (40, 30))
    patients = data.patients.copy()
    patients[0] = patients[45]
    found = validate_model(replace(data, patients=patients), PLAN)
    assert found.fits["c1"].n == 39
    assert found.fits["c0"].n == 29


def test_one_cohort_is_validated_by_nested_folds_and_the_rows_stay_in_order() -> None:
    data = planted(9, (60,))
    found = validate_model(data, PLAN)
    assert found.scheme == OUT_OF_FOLD
    assert list(found.predictions["sample_id"]) == list(data.samples)
    assert len(found.fits) == 10
    assert found.predictions["linear"].notna().all()
    assert all(fit.n < 60 for fit in found.fits.values())


def test_a_fold_cannot_change_the_model_that_predicts_it() -> None:
    data = planted(9, (60,))
    found = validate_model(data, replace(PLAN, n_repeats=1))
    values = data.values.copy()
    values.loc[0, "score:f0"] += 100.0
    other = validate_model(replace(data, values=values), replace(PLAN, n_repeats=1))
    same = [np.array_equal(found.fits[k].coefficients, other.fits[k].coefficients) for k in found.fits]
    assert same.count(True) == 1


def test_where_no_model_can_be_learnt_the_reason_stands_with_each_patient() -> None:
    data = planted(8, (40, 30))
    happened = data.happened.copy()
    happened[data.cohorts == "c1"] = 0.0
    found = validate_model(replace(data, happened=happened), PLAN)
    rows = found.predictions[found.predictions["cohort_id"] == "c0"]
    assert (rows["reason"] == "no model: too_few_events").all()
    assert rows["predicted"].isna().all()


def test_the_same_seed_gives_the_same_predictions() -> None:
    data = planted(9, (40,))
    one, two = (validate_model(data, PLAN).predictions for _ in range(2))
    assert one.equals(two)
    with pytest.raises(AssertionError):
        third = validate_model(data, replace(PLAN, learning=replace(PLAN.learning, seed=5))).predictions
        assert one.equals(third)
