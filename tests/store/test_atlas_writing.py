"""An atlas is AnnData's, samples reach it whole, and what is there is never written anew."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import SHARD, blocks_of, small_atlas, write_small

from tmescope.foundation.errors import ExpressionError, SampleError, StoreError
from tmescope.store import atlas_reading, atlas_writing
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
    known = simulated.samples.index[0]
    counts, two = sparse.csr_matrix((2, len(simulated.genes))), ["c", "d"]
    beyond = sparse.csr_matrix((2, len(simulated.genes)), dtype=float)
    beyond.indices, beyond.data, beyond.indptr = np.array([9**6]), np.array([1.0]), np.array([0, 1, 1])
    for name, given, obs, error, told in [
        (known, counts, pd.DataFrame(index=two), SampleError, "already"),
        ("a:b", counts, pd.DataFrame(index=two), SampleError, "'a:b'"),
        ("twice", counts, pd.DataFrame(index=["c", "c"]), SampleError, "stand twice"),
        ("short", sparse.csr_matrix((2, 3)), pd.DataFrame(index=two), ExpressionError, "3 genes"),
        ("barcodes", counts, pd.DataFrame(index=["c"]), ExpressionError, "1 barcodes"),
        ("beyond", beyond, pd.DataFrame(index=two), ExpressionError, "beyond its shape"),
        ("text", counts, pd.DataFrame({"number": ["a", "b"]}, index=two), SampleError, "'number' is category here"),
    ]:
        with pytest.raises(error, match=told):
            AtlasWriter(path).add_sample(name, [(given, obs)])
    assert read_layout(path).n_cells == simulated.samples["n_cells"].iloc[0]


@pytest.mark.parametrize(
    "name", ["../../evil", "a/b", "a:b", ".hidden", "_index", "zarr.json", "codes", "", 5, "x" * 101, "line\n"]
)
def test_a_column_that_cannot_be_one_is_refused_before_anything_is_written(tmp_path, name):
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g"]), shard=SHARD)
    obs = pd.DataFrame({name: [1.0]}, index=["c"])
    with pytest.raises(SampleError, match="is called"):
        AtlasWriter(tmp_path / "a.zarr").add_sample("s", [(sparse.csr_matrix((1, 1)), obs)])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zarr"]
    obs = pd.DataFrame({"Größe (µm)": [1.0]}, index=["c"])
    writer = AtlasWriter(tmp_path / "a.zarr")
    writer.add_sample("s", [(sparse.csr_matrix((1, 1)), obs)])
    writer.commit()
    assert list(anndata.read_zarr(tmp_path / "a.zarr").obs) == ["Größe (µm)", "sample_id"]


def test_after_a_sample_that_failed_nothing_is_committed(tmp_path, simulated):
    path = tmp_path / "a.zarr"
    counts = write_small(path, simulated, samples=slice(0, 1))
    writer = AtlasWriter(path)
    good = next(blocks_of(simulated, simulated.samples.index[1]))
    with pytest.raises(SampleError, match="stand twice"):
        writer.add_sample("torn", [good, good])
    with pytest.raises(StoreError, match="'torn' was added in part"):
        writer.add_sample("next", [good])
    with pytest.raises(StoreError, match="'torn' was added in part"):
        writer.commit()
    more = write_small(path, simulated, samples=slice(2, 3))
    assert (sparse.vstack([counts, more]) != anndata.read_zarr(path).X).nnz == 0


def test_two_writers_lose_nothing_in_silence(tmp_path, simulated):
    path = tmp_path / "a.zarr"
    write_small(path, simulated, samples=slice(0, 1))
    first, second = AtlasWriter(path), AtlasWriter(path)
    for writer, number in ((first, 1), (second, 2)):
        sample = simulated.samples.index[number]
        writer.add_sample(sample, blocks_of(simulated, sample))
    first.commit()
    with pytest.raises(StoreError, match="another writer"):
        second.commit()
    assert [s.sample_id for s in read_layout(path).samples] == list(simulated.samples.index[:2])


def test_what_is_given_is_not_changed(tmp_path):
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g", "h"]), shard=SHARD)
    given = sparse.csr_matrix((np.array([1.0, 0.0, 2.0]), np.array([1, 0, 1]), np.array([0, 3])), shape=(1, 2))
    writer = AtlasWriter(tmp_path / "a.zarr")
    writer.add_sample("s", [(given, pd.DataFrame(index=["c"]))])
    writer.commit()
    assert given.nnz == 3
    assert anndata.read_zarr(tmp_path / "a.zarr").X.toarray().tolist() == [[0, 3]]


@pytest.mark.parametrize("shard", [0, 32, 1000, 1 << 30])
def test_files_of_a_size_that_cannot_be_are_refused(tmp_path, shard):
    with pytest.raises(StoreError, match="cannot hold"):
        create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g"]), shard=shard)


@pytest.mark.parametrize("ids", [False, True])
def test_genes_of_text_alone_are_written_in_the_bytes_of_anndata(tmp_path, monkeypatch, ids):
    genes = pd.DataFrame(index=pd.Index(["MT-CO1", "é", "g3"], dtype=object))
    if ids:
        genes["gene_ids"] = ["ENSG1", "", "x"]
    create_atlas(tmp_path / "a.zarr", genes)
    monkeypatch.setattr(atlas_writing, "_ONE_CHUNK", range(0))  # none goes the short way
    create_atlas(tmp_path / "b.zarr", genes)
    files = sorted(f.relative_to(tmp_path / "b.zarr") for f in (tmp_path / "b.zarr").rglob("*") if f.is_file())
    assert files == sorted(f.relative_to(tmp_path / "a.zarr") for f in (tmp_path / "a.zarr").rglob("*") if f.is_file())
    for file in files:
        assert (tmp_path / "a.zarr" / file).read_bytes() == (tmp_path / "b.zarr" / file).read_bytes(), file
