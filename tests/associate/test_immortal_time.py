from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.features import Feature
from tmescope.associate.hazards import associate_hazard
from tmescope.associate.immortal_time import (
    Sampling,
    enter_at_sampling,
    restart_at_landmark,
    warn_of_immortal_time,
)
from tmescope.foundation.errors import EndpointError

IDS = pd.Index(list("abcd"))
OUTCOME = pd.DataFrame({"time_months": [1.0, 5.0, 9.0, 2.0], "event": [1, 1, 0, 0]}, index=IDS)


def test_samples_taken_after_time_zero_are_told() -> None:
    months = pd.Series([-0.5, 2.0, np.nan, 0.0], index=IDS)
    (found,) = warn_of_immortal_time(OUTCOME, Sampling(months=months), where="c: os")
    assert (found.code, found.count, found.examples) == ("survival.immortal_time", 1, ("b",))
    assert "enter_at_sampling" in found.message
    names = pd.Series(["Baseline", "on", "pre", None], index=IDS)
    assert warn_of_immortal_time(OUTCOME, Sampling(timepoint=names), where="c")[0].examples == ("b",)
    both = Sampling(months=pd.Series([0.0, 0.0, 3.0, np.nan], index=IDS), timepoint=names)
    assert warn_of_immortal_time(OUTCOME, both, where="c")[0].examples == ("c",)  # dates before names
    assert warn_of_immortal_time(OUTCOME, Sampling(timepoint=names.mask(names == "on")), where="c") == ()
    with pytest.raises(EndpointError, match="nothing says"):
        warn_of_immortal_time(OUTCOME, Sampling(), where="c")


def test_late_entry_answers_the_warning() -> None:
    months = pd.Series([-0.5, 2.0, np.nan, 3.0], index=IDS)
    entered, told = enter_at_sampling(OUTCOME, months, where="c")
    np.testing.assert_array_equal(entered["entry_months"], [0.0, 2.0, np.nan, 3.0])
    assert [(w.code, w.examples) for w in told] == [
        ("survival.unknown_sampling", ("c",)),
        ("survival.sampled_after_end", ("d",)),
    ]
    assert warn_of_immortal_time(entered, Sampling(months=months), where="c") == ()
    named = Sampling(months=months, timepoint=pd.Series(["pre", "on", "on", "on"], index=IDS))
    assert warn_of_immortal_time(entered, named, where="c") == ()  # c is in no model: its sampling is unknown
    short = entered.assign(entry_months=0.5)
    assert warn_of_immortal_time(short, Sampling(months=months), where="c")[0].count == 2


def test_a_landmark_counts_who_left() -> None:
    kept, (warning,) = restart_at_landmark(OUTCOME, at_months=2.0, where="c")
    assert list(kept.index) == ["b", "c"]
    np.testing.assert_array_equal(kept["time_months"], [3.0, 7.0])
    assert warning.count == 2
    assert "1 patients had the event" in warning.message


def test_the_bias_is_real_and_both_ways_remove_it() -> None:
    """Whoever lives long enough is sampled under treatment; the 'feature' is how late, and does nothing."""
    rng = np.random.default_rng(0)
    n = 3000
    ids = pd.Index([f"p{i}" for i in range(n)])
    time, months = rng.exponential(10, n), rng.uniform(0, 12, n)
    seen = months < time
    outcome = pd.DataFrame({"time_months": time, "event": 1}, index=ids)[seen]
    feature = Feature("late", "m", pd.Series(months, index=ids)[seen])
    when = pd.Series(months, index=ids)[seen]

    def ratio(table):
        return associate_hazard([feature], table, cohort_id="c", endpoint="os").answers.iloc[0]

    assert ratio(outcome)["ci_high"] < 0.9
    entered = ratio(enter_at_sampling(outcome, when, where="c")[0])
    assert entered["ci_low"] < 1 < entered["ci_high"]
    restarted = ratio(restart_at_landmark(outcome, at_months=12.0, where="c")[0])
    assert restarted["ci_low"] < 1 < restarted["ci_high"]
