from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.calibration_curves import kaplan_meier_at
from tmescope.stats.decision_curve import DecisionBootstrap, measure_net_benefit, measure_net_benefit_at


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30))
def test_net_benefit_is_the_mean_utility_and_that_of_the_untreated(rows) -> None:
    p = np.array([a / 10 for a, _ in rows])
    y = np.array([b for _, b in rows], dtype=float)
    t = np.array([0.05, 0.2, 0.5, 0.85])
    found = measure_net_benefit(p, y, t)
    for i, threshold in enumerate(t):
        odds = threshold / (1 - threshold)
        utility = [(1.0 if b else -odds) if a >= threshold else 0.0 for a, b in zip(p, y, strict=True)]
        assert found.net_benefit[i] == pytest.approx(np.mean(utility), rel=1e-8, abs=1e-12)
        spared = [(odds if not b else -1.0) if a < threshold else 0.0 for a, b in zip(p, y, strict=True)]
        assert found.net_benefit[i] - found.treat_all[i] == pytest.approx(np.mean(spared), rel=1e-8, abs=1e-12)


def test_a_perfect_prediction_gains_the_rate_and_bad_input_is_refused() -> None:
    y = np.array([0.0, 1, 1, 0])
    assert measure_net_benefit(y, y, [0.5]).net_benefit[0] == 0.5
    assert measure_net_benefit([np.nan], [1], [0.5]).reason == "empty"
    with pytest.raises(InputError, match="outside"):
        measure_net_benefit([1.2], [1], [0.5])
    with pytest.raises(InputError, match="threshold"):
        measure_net_benefit([0.2], [1], [1.0])


def test_the_intervals_hold_the_estimate_and_the_generator_decides_them() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(size=200)
    y = (rng.uniform(size=200) < p).astype(float)
    cuts = [0.2, 0.4, 0.6]
    first, second = (
        measure_net_benefit(p, y, cuts, bootstrap=DecisionBootstrap(rng=np.random.default_rng(1), n_resamples=200))
        for _ in range(2)
    )
    assert ((first.ci_low < first.net_benefit) & (first.net_benefit < first.ci_high)).all()
    assert ((first.advantage_ci_low < first.advantage) & (first.advantage < first.advantage_ci_high)).all()
    np.testing.assert_array_equal(first.ci_low, second.ci_low)
    np.testing.assert_allclose(first.standardised, first.net_benefit / y.mean())
    np.testing.assert_allclose(first.advantage, first.net_benefit - np.maximum(first.treat_all, 0))
    assert measure_net_benefit(p, y, cuts).ci_low.size == 0
    with pytest.raises(InputError, match="resamples"):
        measure_net_benefit(p, y, cuts, bootstrap=DecisionBootstrap(rng=rng, n_resamples=1))


def test_at_a_horizon_without_censoring_it_is_the_binary_curve() -> None:
    rng = np.random.default_rng(2)
    p, time = rng.uniform(size=80), rng.exponential(size=80).round(1) + 0.1
    cuts = np.array([0.1, 0.5, 0.9])
    found = measure_net_benefit_at(p, time, np.ones(80), thresholds=cuts, horizon=1.0)
    other = measure_net_benefit(p, time <= 1.0, cuts)
    for name in ("net_benefit", "treat_all", "share", "standardised", "n_events"):
        np.testing.assert_allclose(getattr(found, name), getattr(other, name), atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(1, 8), st.booleans()), min_size=2, max_size=30))
def test_at_a_horizon_it_is_kaplan_meier_within_those_above(rows) -> None:
    p, time, event = (np.array([float(v) for v in column]) for column in zip(*rows, strict=True))
    p = p / 10
    cuts, horizon = np.array([0.05, 0.35, 0.75]), 4.0
    found = measure_net_benefit_at(p, time, event, thresholds=cuts, horizon=horizon)
    if time.max() < horizon:
        assert found.reason == "beyond_follow_up" and np.isnan(found.net_benefit).all()
        return
    for i, cut in enumerate(cuts):
        inside = p >= cut
        if not inside.any():
            assert found.net_benefit[i] == 0.0
            continue
        survival, _ = kaplan_meier_at(time[inside], event[inside], horizon)
        if time[inside].max() < horizon and survival > 1e-9:
            assert np.isnan(found.net_benefit[i])
            continue
        expected = inside.mean() * ((1 - survival) - survival * cut / (1 - cut))
        assert found.net_benefit[i] == pytest.approx(expected, abs=1e-12)


def test_bad_input_at_a_horizon() -> None:
    assert measure_net_benefit_at([np.nan], [1.0], [1], thresholds=[0.5], horizon=1.0).reason == "empty"
    with pytest.raises(InputError, match="horizon"):
        measure_net_benefit_at([0.5], [1.0], [1], thresholds=[0.5], horizon=0.0)
