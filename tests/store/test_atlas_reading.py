"""Rows of an atlas are those that were written, and damage is named."""

from __future__ import annotations

import numpy as np
import pytest
import zarr
from scipy import sparse
from tests.store.atlases import blocks_of, small_atlas, write_small

from tmescope.foundation.errors import StoreError
from tmescope.store.atlas_reading import open_atlas, vectors_of
from tmescope.store.atlas_writing import AtlasWriter


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    return path, write_small(path, small_atlas())


@pytest.mark.parametrize("entries", [1, 500, 10_000, 10**9])
def test_runs_of_cells_are_the_whole_matrix(written, entries):
    path, counts = written
    atlas = open_atlas(path)
    bounds = atlas.bounds(entries)
    assert [b[0] for b in bounds[1:]] == [b[1] for b in bounds[:-1]]
    rows = [atlas.rows(*b) for b in bounds]
    found = sparse.vstack([sparse.csr_matrix((r.counts, r.genes, r.ends), (r.n_cells, counts.shape[1])) for r in rows])
    assert (found != counts).nnz == 0
    assert all(r.counts.size <= max(entries, 1) or r.n_cells == 1 for r in rows)


def test_columns_names_and_genes(written):
    path, counts = written
    atlas = open_atlas(path)
    cells = atlas.cells()
    assert list(cells) == ["cell_type", "number", "sample_id"]
    assert len(cells) == counts.shape[0]
    assert list(atlas.cells(("number",))) == ["number"]
    assert (cells["sample_id"].astype(str) == [n.split(":")[0] for n in atlas.barcodes()]).all()
    assert list(atlas.genes().index) == list(small_atlas().genes)
    assert set(vectors_of(atlas.layout)) == {"X/data", "X/indices", "X/indptr"}


def test_a_damaged_shard_is_named_and_the_others_can_be_used(tmp_path):
    path = tmp_path / "a.zarr"
    counts = write_small(path, small_atlas())
    shard = path / "X/data/c/1"
    body = bytearray(shard.read_bytes())
    body[100] ^= 255
    shard.write_bytes(body)
    atlas = open_atlas(path)
    assert list(atlas.verify()) == ["X/data/c/1 holds other bytes than were written"]
    with pytest.raises(StoreError, match="X/data/c/1"):
        atlas.rows(0, counts.shape[0])
    first = atlas.rows(0, 20)
    np.testing.assert_array_equal(first.counts, counts[:20].data)


@pytest.mark.parametrize(
    "place, value", [("X/indices", 10**6), ("X/indices", -1), ("X/indptr", 10**6), ("X/indptr", -5)]
)
def test_numbers_that_cannot_be_never_reach_a_kernel(tmp_path, place, value):
    path = tmp_path / "a.zarr"
    write_small(path, small_atlas())
    array = zarr.open_array(path / place, mode="r+")
    array[3] = value  # with checksums that fit
    with pytest.raises(StoreError, match=r"beyond|end where they cannot"):
        open_atlas(path).rows(0, 20)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_writer_that_stopped_after_it_wrote_has_damaged_nothing(tmp_path, damaged):
    path, simulated = tmp_path / "a.zarr", small_atlas()
    write_small(path, simulated, samples=slice(0, 1))
    stopped = AtlasWriter(path)
    stopped.add_sample("other", blocks_of(simulated, simulated.samples.index[3]))
    for appender in (*stopped._appenders.values(), *stopped._columns.appenders.values()):
        appender.finish()
    stopped._columns.finish()
    shard = path / "X/data/c/0"
    if damaged:
        body = bytearray(shard.read_bytes())
        body[100] ^= 255
        shard.write_bytes(body)
    found = [line.partition(" ")[0] for line in open_atlas(path).verify()]
    assert found == (["X/data/c/0"] if damaged else [])
