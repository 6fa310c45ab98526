from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.restricted_means import compare_restricted_means, restricted_mean

CASES = ("fine", "ties", "heavy_ties", "small")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("group", [0, 1])
def test_golden_numbers_of_survfit(golden, case: str, group: int) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: (d["case"] == case) & (d["b"] == group)]
    expected = golden("stats_cox/expected_rest.tsv").set_index(["case", "what"])["value"]
    found = restricted_mean(data["time"], data["event"] == 1, horizon=15)
    assert found.mean == pytest.approx(expected[case, f"rmst{group}"], rel=1e-10)
    assert found.std_error == pytest.approx(expected[case, f"rmst_se{group}"], rel=1e-10)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=30), st.integers(1, 30))
def test_without_censoring_it_is_the_mean_of_what_was_cut(times, horizon) -> None:
    cut = np.minimum(times, horizon)
    found = restricted_mean(times, np.ones(len(times)), horizon=horizon)
    assert found.mean == pytest.approx(cut.mean())
    assert found.std_error == pytest.approx(cut.std() / np.sqrt(len(times)), abs=1e-9)
    scaled = restricted_mean(np.multiply(times, 3.0), np.ones(len(times)), horizon=3.0 * horizon)
    assert (scaled.mean, scaled.std_error) == pytest.approx((3 * found.mean, 3 * found.std_error))


def test_difference_and_ratio_by_hand() -> None:
    found = compare_restricted_means([2.0, 4.0, 6.0, 6.0], [1, 1, 1, 0], [0, 0, 1, 1], horizon=5)
    assert (found.group.mean, found.reference.mean) == (5.0, 3.0)
    assert (found.difference, found.ratio) == (2.0, pytest.approx(5 / 3))
    assert found.std_error == pytest.approx(np.sqrt(0.5))
    assert found.log_ratio_std_error == pytest.approx(np.sqrt(0.5) / 3)
    swapped = compare_restricted_means([2.0, 4.0, 6.0, 6.0], [1, 1, 1, 0], [1, 1, 0, 0], horizon=5)
    assert swapped.difference == -found.difference
    assert swapped.ratio_ci_low == pytest.approx(1 / found.ratio_ci_high)
    assert swapped.p_value == found.p_value


@pytest.mark.parametrize(
    ("time", "event", "group", "reason"),
    [
        ([1.0, 2.0], [0, 0], [0, 1], "horizon_beyond_follow_up"),
        ([1.0, 9.0], [0, 0], [0, 1], "horizon_beyond_follow_up"),
        ([8.0, 9.0], [1, 0], [0, 1], "no_events"),
        ([8.0, 9.0], [1, 0], [1, 1], "one_group"),
        ([np.nan], [1], [1], "empty"),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(time, event, group, reason: str) -> None:
    found = compare_restricted_means(time, event, group, horizon=5)
    assert found.reason == reason
    assert np.isnan([found.difference, found.ratio, found.p_value, found.ci_low, found.ratio_ci_high]).all()
    assert found.method == "not estimated"


def test_a_curve_that_reached_zero_needs_no_follow_up() -> None:
    assert restricted_mean([1.0, 2.0], [1, 1], horizon=100).mean == pytest.approx(1.5)


@pytest.mark.parametrize("horizon", [0.0, -1.0, np.inf, np.nan])
def test_the_horizon_is_checked(horizon: float) -> None:
    with pytest.raises(InputError, match="horizon"):
        restricted_mean([1.0], [1], horizon=horizon)
