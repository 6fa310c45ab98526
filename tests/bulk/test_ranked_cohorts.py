from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.ranked_cohorts import rank_cohort, rank_rows
from tmescope.bulk.subtypes import _SPEC
from tmescope.foundation.errors import MethodError, ScaleError


def cohort(n_samples: int) -> AnnData:
    values = np.random.default_rng(1).lognormal(2.0, 1.0, (n_samples, 6))
    obs, var = pd.DataFrame(index=[f"S{i}" for i in range(n_samples)]), pd.DataFrame(index=list("ABCDEF"))
    return AnnData(values, obs, var, uns={"tmescope": {"scale": "tpm", "cohort_id": "trial"}})


def refuse(n_samples: int) -> MethodError:
    return MethodError(f"{n_samples} are too few")


def test_ranks_are_shares_ties_share_theirs_and_what_is_missing_stays() -> None:
    found = rank_rows(np.array([[3.0, 1.0, 2.0, 2.0], [np.nan, 5.0, 1.0, 7.0]]))
    np.testing.assert_allclose(found[0], [1.0, 0.25, 0.625, 0.625])
    np.testing.assert_allclose(found[1], [np.nan, 2 / 3, 1 / 3, 1.0])


def test_genes_that_some_sample_misses_take_no_part_and_a_logarithm_moves_nothing() -> None:
    adata = cohort(12)
    adata.X[3, 2] = np.nan
    found = rank_cohort(adata, _SPEC, scale=None, too_few=refuse)
    assert found.genes == ("A", "B", "D", "E", "F")
    assert found.cohort == "trial"
    assert found.scale == "tpm"
    assert set(found.inputs) == {"values", "genes"}
    logged = adata.copy()
    logged.X = np.log2(np.asarray(adata.X) + 1)
    again = rank_cohort(logged, _SPEC, scale="log2(tpm+1)", too_few=refuse)
    np.testing.assert_array_equal(again.ranks, found.ranks)


def test_too_few_samples_and_other_units_are_refused() -> None:
    with pytest.raises(MethodError, match="9 are too few"):
        rank_cohort(cohort(9), _SPEC, scale=None, too_few=refuse)
    with pytest.raises(ScaleError, match="does not take counts"):
        rank_cohort(cohort(12), _SPEC, scale="counts", too_few=refuse)
