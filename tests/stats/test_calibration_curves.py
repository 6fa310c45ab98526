from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from tmescope.stats.calibration_curves import draw_curve, kaplan_meier_at, pseudo_risks
from tmescope.stats.survival import kaplan_meier

rows = st.lists(st.tuples(st.integers(1, 7), st.booleans()), min_size=3, max_size=20)


@given(rows, st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_pseudo_observations_are_those_of_leaving_one_out(drawn, horizon):
    time, event = np.array([float(t) for t, _ in drawn]), np.array([float(d) for _, d in drawn])
    n = time.size

    def risk(keep):
        return 1 - kaplan_meier_at(time[keep], event[keep], float(horizon))[0]

    full = risk(np.ones(n, dtype=bool))
    expected = [n * full - (n - 1) * risk(np.arange(n) != i) for i in range(n)]
    np.testing.assert_allclose(pseudo_risks(time, event, float(horizon)), expected, atol=1e-9)


def test_groups_of_a_binary_outcome():
    p = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9])
    y = np.array([0.0, 0, 1, 0, 1, 1, 0, 1])
    found = draw_curve(p, (y, y), horizon=None, n_groups=2, confidence=0.95)
    np.testing.assert_array_equal(found.group_n, [4, 4])
    np.testing.assert_array_equal(found.group_events, [1, 3])
    np.testing.assert_allclose(found.group_predicted, [0.25, 0.75])
    np.testing.assert_allclose(found.group_observed, [0.25, 0.75])
    low, high = proportion_confint([1, 3], [4, 4], method="wilson")
    np.testing.assert_allclose([found.group_ci_low, found.group_ci_high], [low, high])
    gaps = np.abs(found.smooth - found.predicted)
    np.testing.assert_allclose([found.ici, found.e50, found.e_max], [gaps.mean(), np.median(gaps), gaps.max()])
    tied = draw_curve(np.full(8, 0.5), (y, y), horizon=None, n_groups=4, confidence=0.95)
    np.testing.assert_array_equal(tied.group_n, [8])


def test_groups_at_a_horizon():
    rng = np.random.default_rng(0)
    p, time, event = rng.uniform(size=60), rng.exponential(size=60), (rng.uniform(size=60) < 0.7).astype(float)
    found = draw_curve(p, (time, event), horizon=0.8, n_groups=3, confidence=0.9)
    inside = p <= np.quantile(p, 1 / 3)
    curve = kaplan_meier(time[inside], event[inside], confidence=0.9)
    k = np.searchsorted(curve.time, 0.8, side="right") - 1
    np.testing.assert_allclose(found.group_observed[0], 1 - curve.survival[k])
    np.testing.assert_allclose(
        [found.group_ci_low[0], found.group_ci_high[0]], [1 - curve.ci_high[k], 1 - curve.ci_low[k]]
    )
    assert ((found.smooth >= 0) & (found.smooth <= 1)).all() and found.predicted.size == 60


def test_a_group_that_was_not_followed_has_no_share():
    p = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9])
    time, event = np.array([1.0, 1.0, 1.0, 1.0, 3.0, 3.0]), np.array([0.0, 1, 0, 1, 0, 1])
    found = draw_curve(p, (time, event), horizon=2.0, n_groups=2, confidence=0.95)
    assert np.isnan(found.group_observed[0]) and np.isfinite(found.group_observed[1])
    nothing = draw_curve(np.zeros(0), (np.zeros(0), np.zeros(0)), horizon=2.0, n_groups=2, confidence=0.95)
    assert nothing.group_n.size == 0 and np.isnan(nothing.ici)
