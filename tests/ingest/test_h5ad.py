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

from tmescope.foundation.errors import ExpressionError, FileFormatError, UnknownNameError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.h5ad import read_h5ad


def _adata(values: np.ndarray) -> ad.AnnData:
    n, m = values.shape
    obs = pd.DataFrame({"age": [0.5] * n}, index=[f"S{i}" for i in range(n)])
    return ad.AnnData(values, obs=obs, var=pd.DataFrame(index=[f"G{i}" for i in range(m)]))


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4))),
    kind=st.sampled_from("dcr"),
)
def test_what_anndata_wrote_comes_back_bit_for_bit(tmp_path: Path, values: np.ndarray, kind: str) -> None:
    adata = _adata(values)
    if kind != "d":
        adata.X = sparse.csr_matrix(values) if kind == "r" else sparse.csc_matrix(values)
    adata.write_h5ad(tmp_path / "m.h5ad")
    raw = read_h5ad(tmp_path / "m.h5ad")
    np.testing.assert_array_equal(raw.by_column.T, values)
    assert raw.rows == tuple(adata.obs_names)
    assert raw.columns == tuple(adata.var_names)


def test_the_sample_table_comes_along_as_text(tmp_path: Path) -> None:
    adata = _adata(np.eye(3))
    adata.obs["arm"] = pd.Categorical(["a", None, "b"])
    adata.obs["n"] = [1, 2, 3]
    adata.write_h5ad(tmp_path / "m.h5ad")
    obs = read_h5ad(tmp_path / "m.h5ad").obs
    assert obs is not None
    assert obs.to_dict("list") == {
        "sample_id": ["S0", "S1", "S2"],
        "age": ["0.5"] * 3,
        "arm": ["a", "", "b"],
        "n": ["1", "2", "3"],
    }


def test_a_layer_is_read_by_name(tmp_path: Path) -> None:
    adata = _adata(np.eye(2))
    adata.layers["tpm"] = np.full((2, 2), 7.0)
    adata.write_h5ad(tmp_path / "m.h5ad")
    assert (read_h5ad(tmp_path / "m.h5ad", layer="tpm").by_column == 7).all()
    with pytest.raises(UnknownNameError, match="'tmp'") as caught:
        read_h5ad(tmp_path / "m.h5ad", layer="tmp")
    assert caught.value.next_step == "did you mean 'tpm'?"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    _adata(np.eye(3)).write_h5ad(tmp_path / "m.h5ad")
    return tmp_path / "m.h5ad"


def test_objects_are_refused(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_dataset("X", data=np.array([["1"] * 3] * 3, dtype=object), dtype=h5py.string_dtype())
    with pytest.raises(FileFormatError, match="objects, not numbers") as caught:
        read_h5ad(path)
    assert caught.value.where == f"{path}, X"


def test_links_to_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    with h5py.File(path, "a") as file:
        file.move("X", "Y")
        file["X"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/secret")
    with pytest.raises(FileFormatError, match="link to another file"):
        read_h5ad(path)


def test_values_stored_in_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "raw.bin").write_bytes(b"\0" * 72)
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_dataset("X", (3, 3), dtype="f8", external=[(str(tmp_path / "raw.bin"), 0, 72)])
    with pytest.raises(FileFormatError, match="stored in other files"):
        read_h5ad(path)


def test_no_matrix(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["X"]
    with pytest.raises(FileFormatError, match="holds no X"):
        read_h5ad(path)


def test_a_matrix_of_one_dimension(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = np.arange(3.0)
    with pytest.raises(FileFormatError, match="two-dimensional"):
        read_h5ad(path)


def test_a_matrix_of_another_shape_than_its_names(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = np.ones((2, 3))
        file["X"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
    with pytest.raises(ExpressionError, match=r"\(2, 3\), but there are 3 observations and 3 variables"):
        read_h5ad(path)


def test_no_sample_table(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["obs"]
    with pytest.raises(FileFormatError, match="no table 'obs'"):
        read_h5ad(path)


def test_a_cut_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_h5ad(path)


def test_a_sparse_matrix_that_would_not_fit(tmp_path: Path) -> None:
    adata = ad.AnnData(sparse.csr_matrix((2000, 2000)))
    adata.write_h5ad(tmp_path / "m.h5ad")
    with pytest.raises(FileFormatError, match="32,000,000 bytes"):
        read_h5ad(tmp_path / "m.h5ad", limits=Limits(max_bytes=1_000_000))
