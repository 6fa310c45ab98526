"""An atlas is AnnData's, samples reach it whole, and what is there is never written anew."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import SHARD, blocks_of, small_atlas, write_small

from tmescope.foundation.errors import ExpressionError, SampleError, StoreError
from tmescope.store import atlas_reading
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


@pytest.fixture(scope="module")
def simulated():
    return small_atlas()


def test_anndata_reads_it_unchanged(tmp_path, simulated):
    counts = write_small(tmp_path / "a.zarr", simulated)
    adata = anndata.read_zarr(tmp_path / "a.zarr")
    assert (counts != adata.X).nnz == 0
    assert (adata.X.dtype, adata.X.indices.dtype) == (np.uint16, np.int32)
    adata.X.nonzero()  # SciPy works with its indices
    assert list(adata.var_names) == list(simulated.genes)
    assert adata.obs_names.is_unique
    assert list(adata.obs["sample_id"].cat.categories) == list(simulated.samples.index)
    assert adata.obs["cell_type"].notna().all()


def test_samples_added_later_leave_whole_shards_alone(tmp_path, simulated):
    first = write_small(tmp_path / "a.zarr", simulated, samples=slice(0, 2))
    at = {p: p.stat().st_mtime_ns for p in (tmp_path / "a.zarr/X/data/c").iterdir()}
    again = write_small(tmp_path / "a.zarr", simulated, samples=slice(2, None))
    changed = [p.name for p, t in at.items() if p.stat().st_mtime_ns != t]
    assert changed == [str(max(int(p.name) for p in at))]  # the last, which was not full
    assert (sparse.vstack([first, again]) != anndata.read_zarr(tmp_path / "a.zarr").X).nnz == 0
    write_small(tmp_path / "b.zarr", simulated)
    for path in (tmp_path / "b.zarr").rglob("*"):
        if path.is_file():  # the same bytes in one go
            assert path.read_bytes() == (tmp_path / "a.zarr" / path.relative_to(tmp_path / "b.zarr")).read_bytes()


def test_a_writer_that_stops_leaves_the_atlas_as_it_was(tmp_path, simulated):
    path = tmp_path / "a.zarr"
    counts = write_small(path, simulated, samples=slice(0, 1))
    stopped = AtlasWriter(path)
    stopped.add_sample("other", blocks_of(simulated, simulated.samples.index[3]))
    for appender in (
        *stopped._appenders.values(),
        stopped._with_ends(stopped.layout),
        *stopped._columns.appenders.values(),
    ):
        appender.finish()  # as if it were killed before the root is written
    stopped._columns.finish()
    assert (counts != anndata.read_zarr(path).X).nnz == 0
    assert len(anndata.read_zarr(path).obs) == counts.shape[0]
    more = write_small(path, simulated, samples=slice(1, 3))
    adata = anndata.read_zarr(path)
    assert (sparse.vstack([counts, more]) != adata.X).nnz == 0
    assert set(adata.obs["sample_id"]) == set(simulated.samples.index[:3])
    assert list(open_atlas(path).verify()) == []


def test_columns_may_come_later_or_be_absent(tmp_path, simulated):
    path = tmp_path / "a.zarr"
    create_atlas(path, pd.DataFrame(index=simulated.genes), shard=SHARD)
    writer = AtlasWriter(path)
    ids = simulated.samples.index
    counts = {s: sparse.vstack([c for c, _ in blocks_of(simulated, s)], format="csr") for s in ids[:3]}
    frames = [{"a": ["x"]}, {"b": [1.5]}, {"a": ["y"], "b": [2.0]}]
    for s, columns in zip(ids, frames, strict=False):
        n = counts[s].shape[0]
        obs = pd.DataFrame({k: v * n for k, v in columns.items()}, index=[f"c{i}" for i in range(n)])
        writer.add_sample(s, [(counts[s], obs)])
        writer.commit()
    obs = anndata.read_zarr(path).obs.groupby("sample_id", observed=True).first()
    assert obs["a"].astype(object).where(obs["a"].notna(), None).tolist() == ["x", None, "y"]
    np.testing.assert_array_equal(obs["b"], [np.nan, 1.5, 2.0])


def test_ends_grow_to_64_bits_once_they_must(tmp_path, simulated, monkeypatch):
    path = tmp_path / "a.zarr"
    first = write_small(path, simulated, samples=slice(0, 2))
    assert anndata.read_zarr(path).X.indptr.dtype == np.int32
    monkeypatch.setattr(atlas_reading, "_LARGEST_INT32", first.nnz + 10)
    more = write_small(path, simulated, samples=slice(2, 4))
    found = anndata.read_zarr(path).X
    assert found.indptr.dtype == np.int64
    assert found.nnz == first.nnz + more.nnz
    np.testing.assert_array_equal(found.data, sparse.vstack([first, more]).data)
    atlas = open_atlas(path)
    assert list(atlas.verify()) == []
    assert atlas.rows(0, atlas.layout.n_cells).ends[-1] == found.nnz


@pytest.mark.parametrize("bad, told", [(-1.0, "-1"), (0.5, "0.5"), (70_000.0, "70000"), (np.nan, "nan")])
def test_what_is_no_count_is_refused_with_examples(tmp_path, bad, told):
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g1", "g2"]))
    writer = AtlasWriter(tmp_path / "a.zarr")
    with pytest.raises(ExpressionError, match=told) as caught:
        writer.add_sample("s", [(sparse.csr_matrix([[bad, 2.0]]), pd.DataFrame(index=["c"]))])
    assert ("--counts uint32" in str(caught.value)) == (bad > 65_535)


def test_large_counts_have_an_atlas_of_their_own(tmp_path):
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g1", "g2"]), count_dtype="uint32")
    writer = AtlasWriter(tmp_path / "a.zarr")
    writer.add_sample("s", [(sparse.csr_matrix([[300, 70_000], [0, 0]]), pd.DataFrame(index=["c", "empty"]))])
    writer.commit()
    assert anndata.read_zarr(tmp_path / "a.zarr").X.toarray().tolist() == [[300, 70_000], [0, 0]]


def test_bad_input_is_told(tmp_path, simulated):
    path = tmp_path / "a.zarr"
    with pytest.raises(ExpressionError, match="two rows"):
        create_atlas(path, pd.DataFrame(index=["g", "g"]))
    write_small(path, simulated, samples=slice(0, 1))
    with pytest.raises(StoreError, match="already"):
        create_atlas(path, pd.DataFrame(index=["g"]))
    writer = AtlasWriter(path)
    known = simulated.samples.index[0]
    with pytest.raises(SampleError, match="already"):
        writer.add_sample(known, [])
    counts = sparse.csr_matrix((2, len(simulated.genes)))
    with pytest.raises(SampleError, match="stand twice"):
        writer.add_sample("twice", [(counts, pd.DataFrame(index=["c", "c"]))])
    with pytest.raises(ExpressionError, match="3 genes"):
        writer.add_sample("short", [(sparse.csr_matrix((2, 3)), pd.DataFrame(index=["c", "d"]))])
    with pytest.raises(SampleError, match="'number' is category here and float64"):
        writer.add_sample("text", [(counts, pd.DataFrame({"number": ["a", "b"]}, index=["c", "d"]))])
    assert read_layout(path).n_cells == simulated.samples["n_cells"].iloc[0]
