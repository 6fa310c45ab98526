"""The reader of cells in its own process' terms: entries, tables, and blocks of dense matrices."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.h5ad_cells_content import read_cells_content


def test_a_dense_matrix_of_many_blocks_becomes_entries(tmp_path: Path) -> None:
    values = np.random.default_rng(0).poisson(0.1, (600, 5)).astype(np.float32)
    ad.AnnData(values).write_h5ad(tmp_path / "c.h5ad")
    parcel = read_cells_content(tmp_path / "c.h5ad")
    entries = tuple(parcel.arrays[n] for n in ("data", "indices", "indptr"))
    assert parcel.about["kind"] == "csr"
    np.testing.assert_array_equal(sparse.csr_matrix(entries, shape=(600, 5)).toarray(), values)


def test_what_a_library_raises_becomes_an_error_of_ours(tmp_path: Path) -> None:
    obs = pd.DataFrame(index=["a"])
    ad.AnnData(np.ones((1, 1)), obs=obs, var=pd.DataFrame(index=["G"])).write_h5ad(tmp_path / "c.h5ad")
    with h5py.File(tmp_path / "c.h5ad", "r+") as file:
        del file["var"]
    with pytest.raises(FileFormatError, match="no table 'var'"):
        read_cells_content(tmp_path / "c.h5ad")
    (tmp_path / "c.h5ad").write_bytes((tmp_path / "c.h5ad").read_bytes()[:900])
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_cells_content(tmp_path / "c.h5ad")
