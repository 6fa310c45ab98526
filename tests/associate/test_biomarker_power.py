from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.associate import locked

from tmescope.associate.biomarker_power import power_of_plan
from tmescope.foundation.errors import InputError
from tmescope.stats import power
from tmescope.stats.screened_outcomes import logistic_outcome
from tmescope.stats.screening import screen_columns


def test_the_formula_agrees_with_simulation():
    plan = locked.plan(n_planned=200, n_events_planned=80, expected_effect=1.5)
    found = power_of_plan(plan, share_high=None).power
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1000))
    hits = 0
    for j in range(1000):
        y = rng.random(200) < 1 / (1 + np.exp(0.405 - np.log(1.5) * x[:, j]))
        hits += screen_columns(logistic_outcome(y), x[:, j : j + 1]).p_value[0] < 0.05
    assert found == pytest.approx(hits / 1000, abs=0.06)


def test_the_numbers_are_those_of_the_design_formulas():
    response = locked.plan(n_planned=200, n_events_planned=80, expected_effect=1.5)
    times = locked.plan(kind="time_to_event", rule={}, n_events_planned=80, expected_effect=1.5)
    whole = power.power_of_odds_ratio_per_sd(200, rate=0.4, odds_ratio=1.5)
    assert power_of_plan(response, share_high=None).power == whole.power
    halves = power.power_of_odds_ratio_of_groups(200, rate=0.4, odds_ratio=1.5, share=0.3)
    assert power_of_plan(response, share_high=0.3).power == halves.power
    groups = power.power_of_hazard_ratio(80, hazard_ratio=1.5, share=0.3)
    assert power_of_plan(times, share_high=0.3).power == groups.power
    assert power_of_plan(times, share_high=None).power == pytest.approx(
        stats.norm.cdf(np.log(1.5) * np.sqrt(80) - stats.norm.isf(0.025)), rel=1e-12
    )
    with pytest.raises(InputError, match="share or power is"):
        power_of_plan(locked.plan(n_planned=10, n_events_planned=20, expected_effect=1.5), share_high=None)


def test_without_its_numbers_there_is_no_power():
    assert power_of_plan(locked.plan(n_planned=100), share_high=None).power is None
    assert (
        power_of_plan(locked.plan(n_planned=100, n_events_planned=40, expected_effect=2.0), share_high=1.0).power
        is None
    )
    half = power_of_plan(locked.plan(n_planned=100, n_events_planned=40, expected_effect=2.0), share_high=0.5).power
    whole = power_of_plan(locked.plan(n_planned=100, n_events_planned=40, expected_effect=2.0), share_high=None).power
    assert half < whole
