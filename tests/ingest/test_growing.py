from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.ingest import growing as growing_module
from tmescope.ingest.growing import GrowingColumns


@given(
    n_columns=st.integers(1, 4),
    steps=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 60)), max_size=8),
)
def test_what_was_written_is_there_whatever_was_expected(n_columns: int, steps: list[tuple[int, int, int]]) -> None:
    growing = GrowingColumns(n_columns)
    written = [np.empty((0, n_columns))]
    for i, (used, spare, expected) in enumerate(steps):
        room = growing.room(used + spare, expected=expected)
        assert room.shape == (used + spare, n_columns)
        rows = np.arange(used * n_columns, dtype=float).reshape(used, n_columns) + 1000 * i
        room[:used] = rows
        del room
        growing.add(used)
        written.append(rows)
    everything = np.concatenate(written)
    assert growing.n_rows == len(everything)
    matrix = growing.finish()
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix.T, everything)


@pytest.mark.parametrize(("expected", "capacity"), [(0, 2), (50, 50), (10**9, 2048)])
def test_an_expectation_is_believed_within_bounds(expected: int, capacity: int) -> None:
    growing = GrowingColumns(1)
    room = growing.room(2, expected=expected)
    assert room.base is not None
    assert room.base.size == capacity


def test_an_expectation_beyond_the_memory_makes_room_for_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def short_of_memory(n: int) -> np.ndarray:
        if n > 100:
            raise MemoryError
        return np.zeros(n)

    monkeypatch.setattr(growing_module.np, "empty", short_of_memory)
    growing = GrowingColumns(10)
    room = growing.room(2, expected=1000)
    assert room.shape == (2, 10)
    assert room.base is not None
    assert room.base.size == 20
