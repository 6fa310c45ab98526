from __future__ import annotations

import numpy as np

from tmescope.kernels.rank_order import rank_row


def _rank(row):
    row = np.array(row, dtype=float)
    order, place, first, last = (np.full(row.size, 99, dtype=np.int32) for _ in range(4))
    count = np.empty(1, dtype=np.int64)
    rank_row(row, order, place, first, last, count)
    return order[: count[0]].tolist(), place.tolist(), first.tolist(), last.tolist()


def test_highest_first_and_ties_in_the_order_of_the_columns():
    order, place, first, last = _rank([1, 5, np.nan, 5, -2, 1])
    assert order == [1, 3, 0, 5, 4]
    assert place == [2, 0, -1, 1, 4, 3]
    assert first == [2, 0, -1, 0, 4, 2]
    assert last == [3, 1, -1, 1, 4, 3]


def test_the_two_zeros_are_one_value_and_infinities_have_their_place():
    order, _, first, _ = _rank([0.0, -0.0, np.inf, -np.inf, 5e-324])
    assert order == [2, 4, 0, 1, 3]
    assert first[0] == first[1]


def test_a_whole_transcriptome_is_sorted():
    row = np.random.default_rng(0).gamma(0.5, 100.0, 20_000).round(2)
    assert _rank(row)[0] == np.argsort(-row, kind="stable").tolist()
