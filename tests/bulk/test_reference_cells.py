"""Cells added up by group, from dense, sparse and backed matrices."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tmescope.bulk import reference_cells
from tmescope.bulk.reference_cells import add_cells, mix_cells
from tmescope.foundation.errors import ExpressionError

COUNTS = np.array([[1.0, 0, 3], [2, 2, 0], [0, 5, 5], [4, 0, 0]])
GROUPS = np.array([0, 1, 0, -1])


def cells(values: object = COUNTS) -> ad.AnnData:
    obs, var = pd.DataFrame(index=list("abcd")), pd.DataFrame(index=["G1", "G2", "G3"])
    return ad.AnnData(values, obs=obs, var=var)


def test_sums_means_and_squares_are_those_of_the_cells() -> None:
    found = add_cells(cells(), GROUPS, 2)
    np.testing.assert_array_equal(found.counts, [[1, 5, 8], [2, 2, 0]])
    np.testing.assert_array_equal(found.n_cells, [2, 1])
    np.testing.assert_array_equal(found.seen, [[0.5, 0.5, 1], [1, 1, 0]])
    cpm = 1e6 * COUNTS[[0, 2]] / COUNTS[[0, 2]].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.mean_cpm[0], cpm.mean(axis=0))
    np.testing.assert_allclose(found.mean_squares[0], (cpm**2).mean(axis=0))


def test_dense_sparse_backed_and_blocks_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = add_cells(cells(), GROUPS, 2)
    cells(sparse.csr_matrix(COUNTS)).write_h5ad(tmp_path / "c.h5ad")
    backed = ad.read_h5ad(tmp_path / "c.h5ad", backed="r")
    monkeypatch.setattr(reference_cells, "_BLOCK", 3)
    weights = sparse.csr_matrix([[1, 0, 2, 0], [0, 0, 0, 3.0]])
    for one in (cells(), cells(sparse.csc_matrix(COUNTS)), backed):
        found = add_cells(one, GROUPS, 2)
        for name in ("counts", "seen", "mean_cpm", "mean_squares", "n_cells"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name))
        np.testing.assert_array_equal(mix_cells(one, weights), [[1, 10, 13], [12, 0, 0]])
    backed.file.close()


@pytest.mark.parametrize("value", [0.5, -1.0, np.nan])
def test_what_is_no_count_is_refused(value: float) -> None:
    values = COUNTS.copy()
    values[0, 0] = value
    with pytest.raises(ExpressionError, match="1 values are no counts"):
        add_cells(cells(values), GROUPS, 2)
    add_cells(cells(values), np.array([-1, 1, 0, 0]), 2)  # a cell that is left out may hold anything


def test_an_empty_cell_is_named() -> None:
    values = COUNTS.copy()
    values[2] = 0.0
    with pytest.raises(ExpressionError, match="1 cells have no count at all: 'c'"):
        add_cells(cells(values), GROUPS, 2)
