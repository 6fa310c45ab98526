from __future__ import annotations

import numpy as np

from tmescope.kernels.adjusted_columns import COLLINEAR, adjusted_columns
from tmescope.kernels.cox_columns import MONOTONE


def test_collinear_and_separating_columns_have_reasons():
    rng = np.random.default_rng(2)
    y = np.repeat([0.0, 1.0], 30)
    covariates = np.column_stack([np.ones(60), rng.normal(size=60)])
    z = np.column_stack([covariates[:, 1] * 2 + 1, y * 2 - 1 + 0.1 * rng.normal(size=60), rng.normal(size=60)])
    none = np.zeros(0, dtype=np.int32)
    coefficients, out = np.empty((3, 3)), np.empty((3, 6))
    adjusted_columns(z, covariates, np.zeros(2), none, none, y, True, coefficients, out)
    assert out[:, 5].tolist() == [COLLINEAR, MONOTONE, 0.0]
    assert np.isnan(out[:2, :4]).all()
    assert np.isfinite(coefficients[2]).all()
