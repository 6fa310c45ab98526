"""Rows of which nobody knows beforehand how many there are."""

from __future__ import annotations

import pytest

from tmescope.horizon.found_rows import gather_rows


@pytest.mark.parametrize(("guess", "looks"), [(0, 2), (4, 2), (5, 1), (99, 1)])
def test_all_rows_come_whatever_was_guessed(guess, looks):
    asked = []

    def find(found, count):
        asked.append(len(found))
        for row in range(min(5, len(found))):
            found[row] = row, 10 * row
        count[0] = 5

    assert gather_rows(find, columns=2, guess=guess).tolist() == [[row, 10 * row] for row in range(5)]
    assert len(asked) == looks
