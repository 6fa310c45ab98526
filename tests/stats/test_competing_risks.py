from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.competing_risks import cumulative_incidence, gray_test
from tmescope.stats.survival import kaplan_meier

CASES = ("fine", "ties", "heavy_ties", "small")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cause", [1, 2])
def test_golden_numbers_of_survfit(golden, case: str, cause: int) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: d["case"] == case]
    curves = golden("stats_cox/expected_incidence.tsv")[lambda d: d["case"] == case]
    for group, expected in curves.groupby("group"):
        part = data[data["b"] == group]
        found = cumulative_incidence(part["time"], part["event"], cause=cause).at(expected["time"] + 1e-9)
        np.testing.assert_allclose(found[:, 0], expected[f"incidence{cause}"], atol=1e-12)
        np.testing.assert_allclose(found[:, 1], expected[f"se{cause}"], atol=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("group", ["b", "stratum"])
@pytest.mark.parametrize("cause", [1, 2])
def test_golden_numbers_of_cuminc(golden, case: str, group: str, cause: int) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_cox/expected_gray.tsv").set_index(["case", "group", "cause"]).loc[(case, group, cause)]
    found = gray_test(data["time"], data["event"], data[group], cause=cause)
    np.testing.assert_allclose([found.statistic, found.p_value], [expected["statistic"], expected["p"]], rtol=1e-8)
    assert found.df == expected["df"]


rows = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2), st.integers(0, 1)), min_size=2, max_size=30)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_incidences_and_survival_add_up_and_one_cause_is_kaplan_meier(drawn) -> None:
    t, e, _ = (np.array(v, dtype=float) for v in zip(*drawn, strict=True))
    first, second = (cumulative_incidence(t, e, cause=c) for c in (1, 2))
    np.testing.assert_allclose(first.incidence + second.incidence + first.event_free, 1.0, atol=1e-12)
    alone = cumulative_incidence(t, e > 0)
    curve = kaplan_meier(t, e > 0)
    np.testing.assert_allclose(1 - alone.incidence, curve.survival, atol=1e-12)
    alive = curve.survival > 0
    np.testing.assert_allclose(alone.std_error[alive], curve.std_error[alive], atol=1e-7)
    inside = np.isfinite(first.ci_low)
    assert (first.ci_low[inside] <= first.incidence[inside] + 1e-12).all()
    assert (first.ci_high[inside] >= first.incidence[inside] - 1e-12).all()
    scaled = cumulative_incidence(t * 30.4, e)
    np.testing.assert_array_equal(scaled.incidence, first.incidence)


@settings(max_examples=40, deadline=None)
@given(rows)
def test_gray_does_not_care_for_order_or_labels(drawn) -> None:
    t, e, g = (np.array(v, dtype=float) for v in zip(*drawn, strict=True))
    first, second = gray_test(t, e, g), gray_test(t[::-1] * 2, e[::-1], (7 - 3 * g)[::-1])
    assert first.reason == second.reason
    if np.isfinite(first.statistic) and first.statistic < 1e6:
        assert second.statistic == pytest.approx(first.statistic, rel=1e-6, abs=1e-9)


def test_the_error_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(3)
    t, e = rng.exponential(10, 150), rng.integers(0, 3, 150)
    draws = rng.integers(0, 150, (400, 150))
    spread = np.std([cumulative_incidence(t[k], e[k]).at(8.0)[0, 0] for k in draws])
    assert cumulative_incidence(t, e).at(8.0)[0, 1] == pytest.approx(spread, rel=0.12)


def test_before_the_first_event_nothing_has_happened() -> None:
    np.testing.assert_array_equal(
        cumulative_incidence([2.0, 3.0], [1, 2]).at([1.0, 2.0]), [[0, 0], [0.5, np.sqrt(0.125)]]
    )
    assert cumulative_incidence([np.nan], [1]).n == 0


@pytest.mark.parametrize(
    ("time", "event", "group", "reason"),
    [
        ([1.0, 2.0], [1, 1], [0, 0], "one_group"),
        ([1.0, 2.0], [2, 0], [0, 1], "no_events"),
        ([np.nan], [1], [0], "empty"),
    ],
)
def test_no_test_without_groups_and_events(time, event, group, reason: str) -> None:
    found = gray_test(time, event, group)
    assert (found.reason, found.method) == (reason, "not estimated")
    assert np.isnan([found.statistic, found.p_value]).all()


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match="cause is 0"):
        cumulative_incidence([1.0], [1], cause=0)
    with pytest.raises(InputError, match="no group code"):
        gray_test([1.0, 2.0], [1.5, 0], [0, 1])
    with pytest.raises(EndpointError, match="negative"):
        cumulative_incidence([-1.0], [1])
