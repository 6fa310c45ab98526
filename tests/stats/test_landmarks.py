from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.cox_model import CoxDesign, fit_cox
from tmescope.stats.landmarks import start_at_landmark


def test_who_left_by_the_landmark_is_counted() -> None:
    found = start_at_landmark([1.0, 3.0, 3.0, 5.0, 7.0, np.nan], [1, 1, 0, 1, 0, 1], at=3)
    np.testing.assert_array_equal(found.kept, [False, False, False, True, True, False])
    np.testing.assert_array_equal(found.time, [np.nan, np.nan, np.nan, 2.0, 4.0, np.nan])
    assert (found.n, found.n_events, found.n_early_events, found.n_early_censored, found.n_missing) == (2, 1, 2, 1, 1)


def test_a_cox_model_is_the_same_with_late_entry_at_the_landmark() -> None:
    rng = np.random.default_rng(0)
    x, time, event = rng.normal(size=80), rng.integers(1, 20, 80).astype(float), rng.random(80) < 0.7
    found = start_at_landmark(time, event, at=4)
    after = fit_cox(x, found.time, found.event)
    entered = fit_cox(x[found.kept], time[found.kept], event[found.kept], design=CoxDesign(entry=np.full(found.n, 4.0)))
    assert after.coefficients == pytest.approx(entered.coefficients)
    assert after.n_dropped == 80 - found.n


def test_a_landmark_of_zero_drops_those_who_left_at_zero_only() -> None:
    found = start_at_landmark([0.0, 1.0], [1, 0], at=0)
    assert (found.n, found.n_early_events) == (1, 1)


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match="landmark"):
        start_at_landmark([1.0], [1], at=-1)
    with pytest.raises(InputError, match="time has 2 values and event 1"):
        start_at_landmark([1.0, 2.0], [1], at=1)
    with pytest.raises(EndpointError, match="negative"):
        start_at_landmark([-1.0], [1], at=1)
