from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.time_to_event import merge_warnings, per_sd, read_follow_up
from tmescope.foundation.errors import EndpointError, SampleError
from tmescope.foundation.result import RunWarning


def _outcome(**changes):
    base = {"time_months": [1.0, 2.0, np.nan, 4.0], "event": pd.array([True, pd.NA, True, False], dtype="boolean")}
    return pd.DataFrame({**base, **changes}, index=list("abcd"))


def test_known_endpoints_are_kept_in_order() -> None:
    found = read_follow_up(_outcome(), where="c: os")
    assert list(found.sample_ids) == ["a", "d"]
    np.testing.assert_array_equal(found.event, [1.0, 0.0])
    assert (found.n_without, found.entry) == (2, None)
    assert {w.code for w in found.warnings} == {"answers.few_patients", "answers.few_events"}


def test_a_sample_that_was_never_at_risk_has_no_endpoint() -> None:
    found = read_follow_up(_outcome(entry_months=[1.0, 0.0, 0.0, 2.0]), where="c")
    assert list(found.sample_ids) == ["d"]
    np.testing.assert_array_equal(found.entry, [2.0])


def test_causes_are_codes() -> None:
    outcome = _outcome(event=[2, 1, 1, 2])
    assert "answers.no_events" not in {w.code for w in read_follow_up(outcome, where="c", cause=2).warnings}
    assert "answers.no_events" in {w.code for w in read_follow_up(outcome, where="c", cause=3).warnings}


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(SampleError, match="two outcomes"):
        read_follow_up(pd.concat([_outcome(), _outcome()]), where="c")
    with pytest.raises(EndpointError, match="no column event"):
        read_follow_up(_outcome().drop(columns="event"), where="c")
    with pytest.raises(EndpointError, match=r"time_months of c: os has 1 negative"):
        read_follow_up(_outcome(time_months=[-1.0, 1, 1, 1]), where="c: os")


def test_standard_deviations() -> None:
    z, reason = per_sd(np.array([1.0, 2.0, 3.0]), is_group=False)
    np.testing.assert_allclose(z, [-1, 0, 1])
    assert reason == ""
    assert per_sd(np.array([2.0, 2.0]), is_group=False)[1] == "constant"
    np.testing.assert_array_equal(per_sd(np.array([0.0, 1.0]), is_group=True)[0], [0, 1])


def test_warnings_are_counted_once() -> None:
    one, two = (RunWarning("a.b", "m", "w", 1, (name,)) for name in "xy")
    other = RunWarning("a.b", "n", "w")
    assert merge_warnings([one, other, two]) == (RunWarning("a.b", "m", "w", 2, ("x", "y")), other)
