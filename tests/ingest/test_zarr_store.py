from __future__ import annotations

import json
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from tmescope.foundation.errors import ExpressionError, FileFormatError, UnknownNameError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.expression import read_expression
from tmescope.ingest.zarr_store import read_zarr


def _adata(values: np.ndarray) -> ad.AnnData:
    n, m = values.shape
    obs = pd.DataFrame({"age": [0.5] * n, "arm": ["a"] * n}, index=[f"S{i}" for i in range(n)])
    return ad.AnnData(values, obs=obs, var=pd.DataFrame(index=[f"G{i}" for i in range(m)]))


pytestmark = pytest.mark.filterwarnings("ignore:.*(onsolidated|zarr v2):UserWarning")  # anndata's own


def _write(adata: ad.AnnData, path: Path, *, version: int = 3, shards: bool = False) -> Path:
    with ad.settings.override(zarr_write_format=version, auto_shard_zarr_v3=shards):
        adata.write_zarr(path)
    return path


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4))),
    kind=st.sampled_from("dcr"),
    version=st.sampled_from([2, 3]),
    shards=st.booleans(),
)
def test_what_anndata_wrote_comes_back_bit_for_bit(
    tmp_path: Path, values: np.ndarray, kind: str, version: int, shards: bool
) -> None:
    adata = _adata(values)
    if kind != "d":
        adata.X = sparse.csr_matrix(values) if kind == "r" else sparse.csc_matrix(values)
    raw = read_zarr(_write(adata, tmp_path / "m.zarr", version=version, shards=shards and version == 3))
    np.testing.assert_array_equal(raw.by_column.T, values)
    assert raw.rows == tuple(adata.obs_names)
    assert raw.columns == tuple(adata.var_names)
    assert raw.obs is not None
    assert list(raw.obs["arm"]) == ["a"] * len(values)


@pytest.mark.parametrize("compressor", [zarr.codecs.BloscCodec(), zarr.codecs.GzipCodec(), None])
def test_every_codec_that_only_decompresses(tmp_path: Path, compressor: object) -> None:
    path = _write(_adata(np.eye(3)), tmp_path / "m.zarr")
    group = zarr.open_group(str(path), mode="a", use_consolidated=False)
    attributes = dict(group["X"].attrs)
    del group["X"]
    group.create_array("X", data=np.eye(3) * 2, compressors=compressor, chunks=(2, 2), attributes=attributes)
    np.testing.assert_array_equal(read_zarr(path).by_column, np.eye(3) * 2)


def test_a_matrix_is_found_by_its_ending_and_is_samples_by_genes(tmp_path: Path) -> None:
    table = read_expression(_write(_adata(np.arange(6.0).reshape(2, 3)), tmp_path / "m.zarr"))
    assert table.sample_ids == ("S0", "S1")
    assert table.gene_ids == ("G0", "G1", "G2")
    assert table.obs is not None
    assert list(table.obs["sample_id"]) == ["S0", "S1"]


def test_a_layer_is_read_by_name(tmp_path: Path) -> None:
    adata = _adata(np.eye(2))
    adata.layers["tpm"] = np.full((2, 2), 7.0)
    path = _write(adata, tmp_path / "m.zarr")
    assert (read_zarr(path, layer="tpm").by_column == 7).all()
    with pytest.raises(UnknownNameError, match="'tmp'"):
        read_zarr(path, layer="tmp")
    with pytest.raises(UnknownNameError):
        read_zarr(path, layer="../obs")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return _write(_adata(np.eye(3)), tmp_path / "m.zarr")


def _change(path: Path, **changes: object) -> None:
    meta = json.loads(path.read_text())
    path.write_text(json.dumps(meta | changes))


def test_no_store(tmp_path: Path) -> None:
    (tmp_path / "m.zarr").mkdir()
    with pytest.raises(FileFormatError, match=r"neither zarr\.json nor \.zgroup"):
        read_zarr(tmp_path / "m.zarr")


@pytest.mark.parametrize("name", ["X", "obs", "var"])
def test_a_part_that_is_absent_or_leads_elsewhere(path: Path, tmp_path: Path, name: str) -> None:
    (path / name).rename(tmp_path / "elsewhere")
    with pytest.raises(FileFormatError, match="holds no"):
        read_zarr(path)
    (path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileFormatError, match="is a link or a special file"):
        read_zarr(path)


def test_consolidated_metadata_are_not_believed(path: Path) -> None:
    group = json.loads((path / "zarr.json").read_text())
    hostile = json.loads((path / "X" / "zarr.json").read_text()) | {"shape": [10**9, 10**9], "data_type": "object"}
    group["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": {"X": hostile}}
    (path / "zarr.json").write_text(json.dumps(group))
    np.testing.assert_array_equal(read_zarr(path).by_column, np.eye(3))


@pytest.mark.parametrize("shape", [[10**6, 10**6], [-1, 3], [3], "many", [3.5, 3], [10**400, 3]])
def test_sizes_are_looked_at_before_anything_is_read(path: Path, shape: object) -> None:
    _change(path / "X" / "zarr.json", shape=shape)
    with pytest.raises(FileFormatError, match=r"bytes in memory|two-dimensional"):
        read_zarr(path)


def test_a_sparse_matrix_that_would_not_fit(tmp_path: Path) -> None:
    for version in (2, 3):
        adata = _adata(np.zeros((300, 300)))
        adata.X = sparse.csr_matrix((300, 300))
        written = _write(adata, tmp_path / f"{version}.zarr", version=version)
        with pytest.raises(FileFormatError, match="720,000 bytes"):
            read_zarr(written, limits=Limits(max_bytes=500_000))


def test_a_sparse_matrix_with_indices_outside(tmp_path: Path) -> None:
    adata = _adata(np.eye(3))
    adata.X = sparse.csr_matrix(np.eye(3))
    path = _write(adata, tmp_path / "m.zarr")
    zarr.open_group(str(path), mode="a", use_consolidated=False)["X/indices"][:] = np.array([0, 1, 10**6])
    with pytest.raises(FileFormatError, match="contradicts itself"):
        read_zarr(path)


def test_a_matrix_of_another_shape_than_its_names(path: Path) -> None:
    _change(path / "X" / "zarr.json", shape=[2, 3])
    with pytest.raises(ExpressionError, match=r"\(2, 3\), but there are 3 observations"):
        read_zarr(path)


def test_a_chunk_that_is_damaged(path: Path) -> None:
    chunk = next(p for p in (path / "X" / "c").rglob("*") if p.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-4])
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_zarr(path)


def test_a_declaration_in_the_words_of_the_other_version_hides_nothing(tmp_path: Path) -> None:
    for version, name in ((3, ".zarray"), (2, "zarr.json")):
        path = _write(_adata(np.eye(3)), tmp_path / f"{version}.zarr", version=version)
        own = path / "X" / ("zarr.json" if version == 3 else ".zarray")
        (path / "X" / name).write_text('{"shape": [3, 3], "dtype": "<f8", "chunks": [3, 3]}')
        _change(own, **({"codecs": [{"name": "pickle"}]} if version == 3 else {"filters": [{"id": "pickle"}]}))
        with pytest.raises(FileFormatError, match="passes through 'pickle'"):
            read_zarr(path)
