from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.censoring_weights import check_horizon, share_of_weights, uncensored_before, weigh_at_horizon


def test_the_curve_of_censoring_by_hand():
    time, event = np.array([1.0, 2.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    found = uncensored_before(time, event, np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 9.0]))
    first, second, third = 4 / 5, 4 / 5 * 2 / 3, 4 / 5 * 2 / 3 * 1 / 2  # the event at 2 is not at risk of censoring
    np.testing.assert_allclose(found, [1, 1, first, first, second, second, third, third, third])


rows = st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=2, max_size=25)


@given(rows, st.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_weights_give_kaplan_meier_back(drawn, horizon):
    time, event = np.array([float(t) for t, _ in drawn]), np.array([float(d) for _, d in drawn])
    found = weigh_at_horizon(time, event, horizon=float(horizon))
    if horizon > time.max():
        assert found.reason == "beyond_follow_up"
        return
    survival = np.prod(
        [1 - ((time == t) & (event == 1)).sum() / (time >= t).sum() for t in np.unique(time) if t <= horizon]
    )
    np.testing.assert_allclose((found.weights * found.had_event).sum() / time.size, 1 - survival, atol=1e-12)
    np.testing.assert_allclose(found.weights.sum(), time.size)
    assert found.n_events == int(((time <= horizon) & (event == 1)).sum())
    assert found.n_censored == int(((time < horizon) & (event == 0)).sum())


def test_influence_through_the_weights_is_what_the_bootstrap_sees():
    rng = np.random.default_rng(1)
    n = 400
    event_time, left = rng.exponential(size=n), rng.exponential(1.3, size=n)
    time, event = np.minimum(event_time, left), (event_time <= left).astype(float)
    value = rng.uniform(size=n)

    def mean(rows):
        known = weigh_at_horizon(time[rows], event[rows], horizon=0.8)
        return (known.weights * value[rows] * known.had_event).mean()

    known = weigh_at_horizon(time, event, horizon=0.8)
    parts = known.weights * value * known.had_event
    error = (parts + share_of_weights(parts, time, event, horizon=0.8)).std() / np.sqrt(n)
    drawn = np.std([mean(rng.integers(0, n, size=n)) for _ in range(1500)])
    np.testing.assert_allclose(error, drawn, rtol=0.06)


@pytest.mark.parametrize("horizon", [0.0, -1.0, np.nan, np.inf])
def test_a_horizon_that_is_no_time_is_refused(horizon):
    with pytest.raises(InputError, match="horizon"):
        check_horizon(horizon)
