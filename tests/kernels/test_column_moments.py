from __future__ import annotations

import numpy as np

from tmescope.kernels.column_moments import standardise_columns


def test_columns_are_standardised_and_what_cannot_be_is_marked():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.normal(5, 2, 9), np.full(9, 3.1), rng.normal(size=9)])
    values[4, 2] = np.nan
    order = np.array([8, 1, 2, 3, 5], dtype=np.int64)
    z, moments = np.empty((5, 3)), np.empty((3, 3))
    standardise_columns(values, order, 0, z, moments)
    part = values[order, 0]
    np.testing.assert_allclose(z[:, 0], (part - part.mean()) / part.std(ddof=1), rtol=1e-12)
    assert moments[2].tolist() == [0.0, 1.0, 0.0]  # the missing value is in a row that is not asked for
    standardise_columns(values, np.arange(9), 0, np.empty((9, 3)), moments)
    assert moments[2].tolist() == [0.0, 1.0, 2.0]
