from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special

from tmescope.foundation.errors import InputError
from tmescope.stats.calibration import calibrate, calibrate_at, calibrate_counts
from tmescope.stats.survival import kaplan_meier


def simulate(seed: int, n: int, shift: float = 0.0, slope: float = 1.0):
    """Predictions whose calibration is known: true log hazard = shift + slope x predicted."""
    rng = np.random.default_rng(seed)
    predicted = rng.normal(-0.3, 0.8, size=n)
    event_time = rng.exponential(np.exp(-(shift + slope * predicted)))
    left = rng.exponential(2.0, size=n)
    return predicted, np.minimum(event_time, left), (event_time <= left).astype(float)


def test_logistic_recalibration_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    logit = rng.normal(size=300)
    y = (rng.uniform(size=300) < special.expit(0.4 + 0.7 * logit)).astype(float)
    found = calibrate(special.expit(logit), y)
    large = sm.GLM(y, np.ones((300, 1)), family=sm.families.Binomial(), offset=logit).fit(tol=1e-14)
    slope = sm.GLM(y, sm.add_constant(logit), family=sm.families.Binomial()).fit(tol=1e-14)
    np.testing.assert_allclose(found.in_the_large, large.params[0], rtol=1e-8)
    np.testing.assert_allclose([found.in_the_large_ci_low, found.in_the_large_ci_high], large.conf_int()[0], rtol=1e-6)
    np.testing.assert_allclose([found.intercept, found.slope], slope.params, rtol=1e-8)
    np.testing.assert_allclose([found.slope_ci_low, found.slope_ci_high], slope.conf_int()[1], rtol=1e-6)
    np.testing.assert_allclose(found.ratio, y.sum() / special.expit(logit).sum())
    assert found.ratio_ci_low < found.ratio < found.ratio_ci_high
    assert found.observed == y.mean() and found.n_events == y.sum()


def test_predictions_that_are_right_look_right():
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.95, size=4000)
    found = calibrate(p, rng.uniform(size=4000) < p)
    assert abs(found.slope - 1) < 0.1 and abs(found.in_the_large) < 0.1 and found.curve.ici < 0.02
    predicted, time, event = simulate(2, 4000)
    right = calibrate_at(-np.expm1(-np.exp(predicted)), time, event, horizon=1.0)
    assert abs(right.slope - 1) < 0.1 and abs(right.in_the_large) < 0.1 and right.curve.ici < 0.03
    assert right.ratio_ci_low < 1 < right.ratio_ci_high


def test_predictions_that_are_wrong_are_found_out():
    predicted, time, event = simulate(3, 4000, shift=0.5, slope=0.5)
    found = calibrate_at(-np.expm1(-np.exp(predicted)), time, event, horizon=1.0)
    assert found.slope_ci_low < 0.5 < found.slope_ci_high and found.slope_ci_high < 1
    assert found.in_the_large_ci_low > 0.3 and found.ratio_ci_low > 1 and found.curve.ici > 0.1
    curve = kaplan_meier(time, event)
    np.testing.assert_allclose(found.observed, 1 - curve.survival[np.searchsorted(curve.time, 1.0, side="right") - 1])


def test_events_of_all_follow_up():
    predicted, time, event = simulate(4, 500, shift=0.3)
    hazard = np.exp(predicted) * time
    found = calibrate_counts(hazard, event)
    model = sm.GLM(event, np.ones((500, 1)), family=sm.families.Poisson(), offset=np.log(hazard)).fit(tol=1e-14)
    np.testing.assert_allclose(found.in_the_large, model.params[0], rtol=1e-8)
    np.testing.assert_allclose(found.in_the_large_std_error, model.bse[0], rtol=1e-6)
    np.testing.assert_allclose(found.ratio, event.sum() / hazard.sum())
    assert found.ci_low < np.exp(0.3) < found.ci_high
    none = calibrate_counts([1.0, 2.0], [0, 0])
    assert (none.reason, none.ratio, none.ci_low) == ("no_events", 0.0, 0.0)
    np.testing.assert_allclose(none.ci_high, -np.log(0.025) / 3)
    assert (
        calibrate_counts([0.0], [1]).reason == "nothing_expected" and calibrate_counts([np.nan], [1]).reason == "empty"
    )


def test_what_cannot_be_estimated_says_why():
    assert calibrate([np.nan], [1]).reason == "empty"
    one = calibrate([0.2, 0.4], [0, 0])
    assert one.reason == "one_class" and np.isnan(one.slope) and one.method == "not estimated"
    flat = calibrate([0.5] * 6, [0, 1] * 3)
    assert flat.slope_reason == "constant" and np.isnan(flat.slope) and flat.in_the_large == pytest.approx(0.0)
    certain = calibrate([0.0, 0.0, 1.0, 1.0, 0.5, 0.4], [0, 0, 1, 1, 0, 1])
    assert np.isfinite(certain.in_the_large)
    assert calibrate_at([0.1, 0.2], [1.0, 2.0], [0, 0], horizon=1.0).reason == "no_events"
    assert calibrate_at([0.1, 0.2], [1.0, 2.0], [1, 0], horizon=5.0).reason == "beyond_follow_up"
    assert calibrate_at([np.nan], [1.0], [1], horizon=1.0).reason == "empty"


def test_arguments_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="outside"):
        calibrate([1.5], [1])
    with pytest.raises(InputError, match="groups"):
        calibrate([0.5], [1], n_groups=0)
    with pytest.raises(InputError, match="negative"):
        calibrate_counts([-1.0], [1])
