from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.groups import TERTILE_NAMES, tertiles


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(1, (0, 1, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (7, (2, 3, 2)), (8, (3, 2, 3)), (90, (30, 30, 30))],
)
def test_without_ties_thirds_differ_by_one_at_most(n: int, sizes: tuple[int, int, int]) -> None:
    values = np.random.default_rng(n).permutation(n).astype(float)
    found = tertiles(values)
    assert found.sizes == sizes
    assert TERTILE_NAMES == ("low", "middle", "high")
    assert found.code[np.argmin(values)] <= found.code[np.argmax(values)]


@given(st.lists(st.integers(0, 8) | st.none(), max_size=40))
def test_equal_values_stay_together_and_both_ends_are_treated_alike(values) -> None:
    array = np.array([np.nan if v is None else v for v in values], dtype=float)
    found, mirrored = tertiles(array), tertiles(-array)
    missing = np.isnan(array)
    assert (found.code[missing] == -1).all()
    for value in np.unique(array[~missing]):
        assert np.unique(found.code[array == value]).size == 1
    np.testing.assert_array_equal(mirrored.code[~missing], 2 - found.code[~missing])
    order = np.argsort(array[~missing], kind="stable")
    assert (np.diff(found.code[~missing][order].astype(int)) >= 0).all()
    assert sum(found.sizes) == found.n == int((~missing).sum())


def test_limits_are_values_of_the_groups() -> None:
    found = tertiles([5.0, 1.0, 4.0, 2.0, 6.0, 3.0])
    assert (found.low_max, found.high_min) == (2.0, 5.0)
    np.testing.assert_array_equal(found.code, [2, 0, 1, 0, 2, 1])


@pytest.mark.parametrize(
    ("values", "sizes", "reason"),
    [
        ([0.0, 0, 0, 0, 0, 0, 1, 2], (0, 6, 2), "ties"),
        ([0.0, 0, 0, 0, 1, 2, 3, 4, 5], (4, 2, 3), ""),
        ([3.0, 3, 3], (0, 3, 0), "constant"),
        ([np.nan, np.nan], (0, 0, 0), "empty"),
        ([], (0, 0, 0), "empty"),
    ],
)
def test_ties_can_leave_a_group_empty_and_it_is_said(values, sizes, reason: str) -> None:
    found = tertiles(values)
    assert (found.sizes, found.reason) == (sizes, reason)
    assert np.isnan(found.low_max) == (sizes[0] == 0)
    assert np.isnan(found.high_min) == (sizes[2] == 0)


def test_infinite_values_are_refused() -> None:
    with pytest.raises(InputError, match="infinite"):
        tertiles([1.0, np.inf])
