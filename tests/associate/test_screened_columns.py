from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from tmescope.associate.screened_columns import cohort_columns
from tmescope.foundation.errors import ScaleError


def cohort(values, scale):
    obs, var = (pd.DataFrame(index=[f"{p}{i}" for i in range(n)]) for p, n in zip("sg", values.shape, strict=True))
    return AnnData(values, obs=obs, var=var, uns={"tmescope": {"scale": scale}})


def test_linear_values_become_logarithms_and_logarithms_stay():
    values = np.random.default_rng(0).gamma(1, 5, size=(4, 3))
    linear, logged = cohort_columns(cohort(values, "tpm")), cohort_columns(cohort(np.log2(values + 1), "log2(tpm+1)"))
    np.testing.assert_allclose(linear.read(1, 3), logged.read(1, 3), rtol=1e-12)
    thin = cohort_columns(cohort(sparse.csr_matrix(values), "tpm"))
    np.testing.assert_array_equal(thin.read(0, 2), linear.read(0, 2))


def test_counts_and_matrices_without_a_scale_are_refused():
    with pytest.raises(ScaleError, match="sequenced"):
        cohort_columns(cohort(np.ones((2, 2)), "counts"))
    with pytest.raises(ScaleError, match="not declared"):
        cohort_columns(AnnData(np.ones((2, 2))))
