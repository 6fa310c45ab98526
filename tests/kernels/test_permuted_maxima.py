from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tmescope.kernels.permuted_maxima import permuted_maxima


def test_no_draw_moves_leaves_the_order_as_it_is() -> None:
    out = np.empty(1)
    permuted_maxima(np.array([1.0, -3.0, 2.0]), np.array([1.0, 0.5]), np.zeros((1, 2)), out)
    assert out[0] == 1.0  # sums 1 and -2, weighted 1 and 1


def test_places_without_weight_are_passed_over() -> None:
    out = np.empty(1)
    permuted_maxima(np.array([5.0, -5.0, 1.0, -1.0]), np.array([0.0, 2.0, 3.0]), np.zeros((1, 3)), out)
    assert out[0] == 3.0


def test_every_order_is_equally_likely() -> None:
    scores = np.array([-3.0, -1.0, 0.5, 3.5])
    weights = np.array([1.0, 0.7, 1.3])
    every = [max(abs(np.cumsum(order)[:3]) * weights) for order in permutations(scores)]
    draws = np.random.default_rng(3).random((40_000, 3))
    out = np.empty(len(draws))
    permuted_maxima(scores, weights, draws, out)
    for value in set(np.round(every, 9)):
        share = np.mean(np.isclose(every, value))
        assert np.mean(np.isclose(out, value)) == pytest.approx(share, abs=5 * np.sqrt(share / len(draws)))


def test_a_draw_next_to_one_stays_inside() -> None:
    scores = np.arange(700.0)
    out = np.empty(1)
    permuted_maxima(scores, np.ones(700), np.full((1, 700), np.nextafter(1.0, 0.0)), out)
    assert out[0] == scores.sum()
