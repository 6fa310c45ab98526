from __future__ import annotations

from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest.h5ad_content import read_content

ARRAYS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8]), st.tuples(st.integers(1, 5), st.integers(1, 5))
).filter(lambda values: values.dtype != np.int64 or np.abs(values.astype(object)).max() <= 2**53)
"""Whole numbers that a double cannot hold are refused, and tested elsewhere."""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=ARRAYS, kind=st.sampled_from("drc"), compression=st.sampled_from([None, "gzip", "lzf"]))
def test_it_reads_what_anndata_reads(tmp_path: Path, values: np.ndarray, kind: str, compression: str | None) -> None:
    made = {"d": values, "r": sparse.csr_matrix(values), "c": sparse.csc_matrix(values)}[kind]
    path = tmp_path / "m.h5ad"
    ad.AnnData(made).write_h5ad(path, compression=compression)
    np.testing.assert_array_equal(read_content(path).arrays["values"], values.T.astype(np.float64))


def _damaged(path: Path, name: str, values: object) -> None:
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = values


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("X/indptr", np.array([0, 2, 1, 3])),
        ("X/indptr", np.array([0, 1, 2])),
        ("X/indptr", np.array([1, 1, 2, 3])),
        ("X/indptr", np.array([0, 1, 2, 9])),
        ("X/indices", np.array([0, 1, 3])),
        ("X/indices", np.array([0, 1, -1])),
        ("X/indices", np.array([0, 1])),
        ("X/data", np.ones((3, 1))),
    ],
)
def test_a_sparse_matrix_that_is_not_sound(tmp_path: Path, name: str, values: np.ndarray) -> None:
    path = tmp_path / "m.h5ad"
    ad.AnnData(sparse.csr_matrix(np.eye(3))).write_h5ad(path)
    _damaged(path, name, values)
    with pytest.raises(FileFormatError, match="not sound"):
        read_content(path)


def test_a_matrix_of_cells_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "m.h5ad"
    ad.AnnData(sparse.csr_matrix(np.eye(3))).write_h5ad(path)
    with h5py.File(path, "a") as file:
        file["X"].attrs["shape"] = [10_000_000, 30_000]
    with pytest.raises(FileFormatError, match="2,400,000,000,000 bytes"):
        read_content(path)


def test_numbers_wider_than_a_double_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.h5ad"
    ad.AnnData(np.ones((3, 3))).write_h5ad(path)
    with h5py.File(path, "a") as file:
        attributes = dict(file["X"].attrs)
        del file["X"]
        file["X"] = np.full((3, 3), np.longdouble("1e4000"))  # beyond the largest double
        file["X"].attrs.update(attributes)
    with pytest.raises(ExpressionError, match="of the type float128"):
        read_content(path)


def test_links_in_the_sample_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.h5ad"
    ad.AnnData(np.eye(2), obs=pd.DataFrame({"a": [1, 2]}, index=["x", "y"])).write_h5ad(path)
    with h5py.File(path, "a") as file:
        del file["obs/a"]
        file["obs/a"] = h5py.ExternalLink("/etc/passwd", "/x")
    with pytest.raises(FileFormatError, match="link to another file") as caught:
        read_content(path)
    assert caught.value.where == f"{path}, obs/a"
