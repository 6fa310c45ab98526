from __future__ import annotations

import numpy as np
import pytest
from tests.associate import locked

from tmescope.associate.biomarker_power import power_of_plan
from tmescope.stats.screened_outcomes import logistic_outcome
from tmescope.stats.screening import screen_columns


def test_the_formula_agrees_with_simulation():
    plan = locked.plan(n_planned=200, n_events_planned=80, expected_effect=1.5)
    power = power_of_plan(plan, share_high=None).power
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1000))
    hits = 0
    for j in range(1000):
        y = rng.random(200) < 1 / (1 + np.exp(0.405 - np.log(1.5) * x[:, j]))
        hits += screen_columns(logistic_outcome(y), x[:, j : j + 1]).p_value[0] < 0.05
    assert power == pytest.approx(hits / 1000, abs=0.06)


def test_without_its_numbers_there_is_no_power():
    assert power_of_plan(locked.plan(n_planned=100), share_high=None).power is None
    half = power_of_plan(locked.plan(n_planned=100, n_events_planned=40, expected_effect=2.0), share_high=0.5).power
    whole = power_of_plan(locked.plan(n_planned=100, n_events_planned=40, expected_effect=2.0), share_high=None).power
    assert half < whole
