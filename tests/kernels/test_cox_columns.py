from __future__ import annotations

import numpy as np

from tmescope.kernels.cox_columns import MONOTONE, NO_SPREAD, cox_columns


def test_a_column_is_fitted_the_same_whatever_stands_beside_it():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(80, 40))
    z[:, 3] = np.exp(3 * z[:, 3])  # takes many more steps than the others
    starts, deaths = np.arange(81, dtype=np.int32), rng.integers(0, 2, 80).astype(np.int32)
    together, alone = np.empty((40, 6)), np.empty((1, 6))
    cox_columns(z, starts, deaths, True, True, together)
    for j in range(40):
        cox_columns(np.ascontiguousarray(z[:, j : j + 1]), starts, deaths, True, True, alone)
        np.testing.assert_array_equal(together[j], alone[0])


def test_what_has_no_maximum_is_told_apart_from_what_has_no_spread():
    starts, deaths = np.arange(6, dtype=np.int32), np.ones(5, dtype=np.int32)
    z = np.array([[0.0, 0, 1], [1, 0, 1], [2, 0, 1], [3, 0, 0], [4, 0, 1]])
    deaths[3:] = 0
    z[3, 1] = 5.0  # differs, but nobody has an event after it entered
    out = np.empty((3, 6))
    cox_columns(z, starts, deaths, True, False, out)
    assert out[:, 5].tolist() == [MONOTONE, NO_SPREAD, NO_SPREAD]
    assert np.isnan(out[:, :4]).all()
