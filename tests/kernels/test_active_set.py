from __future__ import annotations

import numpy as np

from tmescope.kernels.active_set import nonnegative_rows, project_rows


def fit(factor, targets, total_is_one=False):
    factor, targets = np.array(factor, dtype=float), np.array(targets, dtype=float)
    x, steps = np.empty((len(targets), len(factor))), np.empty(len(targets), dtype=np.int64)
    nonnegative_rows(factor, targets, total_is_one, x, steps)
    return x, steps


def test_a_corner_an_edge_and_the_inside():
    x, steps = fit(np.eye(2), [[-1, -2], [-1, 3], [2, 3]])
    np.testing.assert_allclose(x, [[0, 0], [0, 3], [2, 3]], atol=1e-15)
    np.testing.assert_array_equal(steps, [0, 1, 2])


def test_the_nearest_point_of_a_triangle():
    corners = [[0, 0], [1, 0], [0, 1]]  # one column each
    x, _ = fit(corners, [[-3, -3], [2, 0], [1, 1], [0.2, 0.3]], total_is_one=True)
    np.testing.assert_allclose(x, [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5], [0.5, 0.2, 0.3]], atol=1e-15)


def test_a_column_that_entered_can_leave_again():
    factor = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    x, steps = fit(factor, [[2.0, 1.5, 0.0]])
    np.testing.assert_allclose(x @ factor, [[2.0, 1.5, 0.0]], atol=1e-14)
    assert steps[0] >= 2


def test_columns_that_are_equal_or_zero_and_a_target_of_zeros():
    x, _ = fit([[1, 2], [1, 2], [0, 0]], [[2, 4], [0, 0]])
    np.testing.assert_allclose(x, [[2, 0, 0], [0, 0, 0]], atol=1e-15)
    x, _ = fit([[1, 2], [1, 2]], [[1, 2]], total_is_one=True)
    np.testing.assert_allclose(x.sum(axis=1), 1)


def test_rows_do_not_depend_on_each_other():
    rng = np.random.default_rng(0)
    values, basis = rng.normal(size=(50, 33)), rng.normal(size=(33, 6))
    whole, alone = np.empty((50, 6)), np.empty((1, 6))
    project_rows(values, basis, whole)
    project_rows(values[7:8], basis, alone)
    np.testing.assert_array_equal(whole[7], alone[0])
