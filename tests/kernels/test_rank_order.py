from __future__ import annotations

import numpy as np

from tmescope.kernels.rank_order import rank_row


def _rank(row):
    row = np.array(row, dtype=float)
    keys = np.empty((2, row.size), dtype=np.uint64)
    columns, bounds = (np.full((2, row.size), 99, dtype=np.int32) for _ in range(2))
    place, count = np.full(row.size, 99, dtype=np.int32), np.empty(2, dtype=np.int64)
    rank_row(row, keys, columns, place, bounds, count)
    n = count[0]
    return columns[0, :n].tolist(), place.tolist(), bounds[0, :n].tolist(), bounds[1, :n].tolist()


def test_highest_first_and_ties_in_the_order_of_the_columns():
    order, place, first, last = _rank([1, 5, np.nan, 5, -2, 1])
    assert order == [1, 3, 0, 5, 4]
    assert place == [2, 0, -1, 1, 4, 3]
    assert first == [0, 0, 2, 2, 4]
    assert last == [1, 1, 3, 3, 4]


def test_the_two_zeros_are_one_value_and_infinities_have_their_place():
    order, _, first, _ = _rank([0.0, -0.0, np.inf, -np.inf, 5e-324])
    assert order == [2, 4, 0, 1, 3]
    assert first == [0, 1, 2, 2, 4]


def test_a_whole_transcriptome_is_sorted():
    row = np.random.default_rng(0).gamma(0.5, 100.0, 20_000).round(2)
    assert _rank(row)[0] == np.argsort(-row, kind="stable").tolist()


def test_values_that_differ_in_their_last_bits_are_sorted():
    for n in (100, 5000):  # few are mended by insertion, many by all digits
        row = 1.0 + np.random.default_rng(n).permutation(n) * 2.0**-52
        assert _rank(row)[0] == np.argsort(-row, kind="stable").tolist()
