"""Cells from h5ad as sparse counts, whatever the file stores, and what is damaged is refused."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tmescope.foundation.errors import ExpressionError, FileFormatError, MissingFileError, UnknownNameError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.h5ad_cells import read_cells

COUNTS = np.array([[0.0, 2, 0, 1], [3, 0, 0, 0], [0, 0, 5, 7]])


def write(path: Path, values: object = COUNTS) -> Path:
    obs = pd.DataFrame({"type": pd.Categorical(["T", None, "B"]), "n": [1, 2, 3]}, index=["c1", "c2", "c3"])
    one = ad.AnnData(values, obs=obs, var=pd.DataFrame(index=list("ABCD")))
    one.layers["raw"] = COUNTS * 2
    one.write_h5ad(path)
    return path


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix], ids=["dense", "csr", "csc"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8"])
def test_counts_and_labels_come_back(tmp_path: Path, form: type, dtype: str) -> None:
    cells = read_cells(write(tmp_path / "c.h5ad", form(COUNTS.astype(dtype))))
    assert sparse.issparse(cells.X)
    np.testing.assert_array_equal(cells.X.toarray(), COUNTS)
    assert list(cells.obs_names) == ["c1", "c2", "c3"]
    assert list(cells.var_names) == list("ABCD")
    assert list(cells.obs["type"].isna()) == [False, True, False]
    assert cells.obs["type"].iloc[0] == "T"


def test_a_layer_is_read_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "c.h5ad")
    np.testing.assert_array_equal(read_cells(path, layer="raw").X.toarray(), COUNTS * 2)
    with pytest.raises(UnknownNameError, match="no layer is named 'counts'"):
        read_cells(path, layer="counts")


def test_a_file_that_is_absent_or_no_hdf5_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no file 'c\.h5ad'"):
        read_cells(tmp_path / "c.h5ad")
    (tmp_path / "c.h5ad").write_bytes(b"no file of HDF5")
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_cells(tmp_path / "c.h5ad")


def test_positions_outside_the_matrix_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "c.h5ad", sparse.csr_matrix(COUNTS))
    with h5py.File(path, "r+") as file:
        file["X/indices"][0] = 99
    with pytest.raises(FileFormatError, match="the indices go from"):
        read_cells(path)


def test_another_shape_than_the_names_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "c.h5ad", sparse.csr_matrix(COUNTS))
    with h5py.File(path, "r+") as file:
        file["X"].attrs["shape"] = (3, 9)
    with pytest.raises(ExpressionError, match=r"the matrix is \(3, 9\)"):
        read_cells(path)


def test_what_is_stored_has_a_limit_and_the_dense_shape_has_none(tmp_path: Path) -> None:
    wide = sparse.csr_matrix((np.ones(2), ([0, 1], [5, 7])), shape=(2, 200_000))
    one = ad.AnnData(
        wide, obs=pd.DataFrame(index=["a", "b"]), var=pd.DataFrame(index=[f"G{i}" for i in range(200_000)])
    )
    one.write_h5ad(tmp_path / "w.h5ad")
    assert read_cells(tmp_path / "w.h5ad", limits=Limits(max_bytes=3 << 20)).shape == (2, 200_000)
    with pytest.raises(FileFormatError, match="at most 1,000 bytes"):
        read_cells(tmp_path / "w.h5ad", limits=Limits(max_bytes=1000))
