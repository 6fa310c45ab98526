from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.associate.planted import NUMBERS, planted

from tmescope.associate.prediction_data import standardise_within
from tmescope.foundation.errors import InputError, SampleError


def test_values_are_standardised_around_the_own_cohort_and_missing_stays_missing() -> None:
    data = planted(1, (30, 40), missing=0.2)
    moved = data.standardised().values
    for cohort in data.cohort_ids:
        inside = moved["score:f0"][data.cohorts == cohort]
        assert inside.mean() == pytest.approx(0.0, abs=1e-12)
        assert inside.std() == pytest.approx(1.0)
    assert moved["score:f1"].isna().equals(data.values["score:f1"].isna())
    assert moved["table:site"].equals(data.values["table:site"])


def test_what_does_not_vary_becomes_zero() -> None:
    data = planted(1, (5, 5))
    flat = data.values["score:f0"].where(data.cohorts == "c0", 7.0)
    assert (standardise_within(flat, data.cohorts)[data.cohorts == "c1"] == 0.0).all()


def test_parts_that_do_not_fit_are_refused() -> None:
    data = planted(1, (6, 6))
    with pytest.raises(SampleError, match="2 samples stand in a cohort twice"):
        replace(data, samples=np.array(["s"] * 3 + list(data.samples[3:])))
    with pytest.raises(InputError, match="neither 0 nor 1"):
        replace(data, happened=data.happened + 0.5)
    with pytest.raises(InputError, match="infinite"):
        replace(data, values=data.values.assign(**{"score:f0": np.inf}))
    with pytest.raises(InputError, match="missing or negative"):
        replace(data, time=np.full(12, -1.0))
    with pytest.raises(InputError, match="not the predictors"):
        replace(data, predictors=NUMBERS)


def test_patients_and_predictors_can_be_chosen() -> None:
    data = planted(1, (6, 6), missing=0.5)
    drawn = data.take(np.array([0, 0, 11]))
    assert list(drawn.samples) == ["s000", "s000", "s011"]
    assert data.take(data.cohorts == "c1").cohort_ids == ("c1",)
    assert list(data.choose(NUMBERS[:2]).values.columns) == ["score:f0", "score:f1"]
    assert data.complete().sum() == data.values["score:f1"].notna().sum()
