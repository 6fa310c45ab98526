from __future__ import annotations

import numpy as np
import pytest

from tmescope.kernels.reweighting import _median_size, reweighted_rows


def fit(basis, values, psi=0, limits=(1.345, 0.0, 0.0), most=100):
    k = basis.shape[1]
    rows, columns = np.tril_indices(k)
    out, steps = np.empty((len(values), k)), np.empty(len(values), dtype=np.int64)
    shared = (np.ascontiguousarray(basis.T), np.ascontiguousarray(basis))
    made = np.ascontiguousarray(basis[:, rows] * basis[:, columns])
    reweighted_rows(values, *shared, made, psi, np.array(limits), most, 1e-4, out, steps)
    return out, steps


@pytest.mark.parametrize("n", [1, 2, 3, 10, 11, 100])
def test_the_median_of_sizes(n):
    out = np.empty(1)
    for seed in range(20):
        values = np.random.default_rng(seed).normal(size=n).round(1)
        for guess in (0.0, 0.3, 0.65, 0.7, 50.0, np.median(np.abs(values))):
            _median_size(values, guess, np.empty(n), out)
            assert out[0] == np.median(np.abs(values))


def test_a_perfect_fit_ends_at_once():
    basis = np.eye(6)[:, :2]
    out, steps = fit(basis, np.array([[1.0, 2.0, 0, 0, 0, 0]]))
    np.testing.assert_array_equal(out, [[1, 2]])
    assert steps[0] == 1


def test_where_it_does_not_settle_it_says_so():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(40, 3)))[0]
    values = rng.standard_t(1, size=(2, 40))
    _, steps = fit(basis, values, most=1)
    np.testing.assert_array_equal(steps, [-1, -1])


def test_where_the_genes_that_kept_a_weight_do_not_determine_the_fit():
    basis = np.zeros((31, 2))
    basis[:30, 0], basis[30, 1] = 30**-0.5, 1.0  # only the last gene speaks of the second column
    values = np.random.default_rng(1).normal(size=(1, 31))
    _, steps = fit(np.linalg.qr(basis + 1e-9)[0], values, psi=2, limits=(4.685, 0.0, 0.0))
    assert steps[0] > 0
    lonely = np.zeros((31, 2))
    lonely[:30, 0], lonely[28:, 1] = 1.0, [1.0, -1.0, 0.0]
    basis = np.linalg.qr(lonely)[0]
    values[0, 28:30] = [900.0, 900.0]  # both genes of the second column are outliers
    _, steps = fit(basis, values, psi=2, limits=(4.685, 0.0, 0.0))
    assert steps[0] == -101
