from __future__ import annotations

import numpy as np

from tmescope.kernels.coordinate_descent import descend_quadratic


def descend(curvature, slope, lasso, ridge=0.0, most=1000):
    k = len(slope)
    out, gradient, turns = np.empty(k), np.empty(k), np.empty(1, dtype=np.int64)
    flat = np.full(k, ridge)
    descend_quadratic(curvature, slope, np.zeros(k), np.full(k, lasso), flat, most, 1e-24, out, gradient, turns)
    return out, gradient, int(turns[0])


def test_independent_coordinates_are_thresholded_in_one_turn():
    out, gradient, turns = descend(np.eye(3), np.array([-3.0, 0.5, 2.0]), lasso=1.0)
    np.testing.assert_array_equal(out, [2, 0, -1])
    np.testing.assert_array_equal(gradient, [-1, 0.5, 1])
    assert turns == 2  # the second finds that nothing moves


def test_a_coordinate_without_curvature_stays():
    curvature = np.diag([0.0, 2.0])
    out, _, _ = descend(curvature, np.array([-5.0, -4.0]), lasso=0.0)
    np.testing.assert_array_equal(out, [0, 2])


def test_where_it_does_not_settle_it_says_so():
    curvature = np.array([[1.0, 0.99], [0.99, 1.0]])
    _, _, turns = descend(curvature, np.array([-1.0, 1.0]), lasso=0.0, most=3)
    assert turns == -3
