"""Genes of an atlas are those of its cells, whatever the panels; what cannot be is refused, and damage is named."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from tests.store.atlases import small_atlas, write_small

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store import atlas_turning
from tmescope.store.atlas_panels import PanelReader, cut_genes
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_turning import write_panels
from tmescope.store.sharded_vectors import VectorAppender


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    counts = write_small(path, small_atlas())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atlas_turning, "_PANEL_CELLS", 250)
        write_panels(path)
    return open_atlas(path), sparse.csc_matrix(counts)


@pytest.mark.parametrize("memory", [20_000, 1 << 28])
def test_runs_of_genes_are_the_whole_matrix(written, memory):
    atlas, counts = written
    assert [(p.first, p.last) for p in atlas.layout.panels] == [(0, 250), (250, 500), (500, 600)]
    reader = PanelReader(atlas)
    runs = list(reader.runs(memory))
    assert (len(runs) == 1) == (memory > 20_000)
    assert [r.first for r in runs[1:]] == list(np.cumsum([r.n_genes for r in runs])[:-1])
    shape = counts.shape[0]
    found = sparse.hstack([sparse.csc_matrix((r.counts, r.cells, r.ends), (shape, r.n_genes)) for r in runs])
    assert (found != counts).nnz == 0
    assert all((np.diff(r.cells[a:b]) > 0).all() for r in runs for a, b in zip(r.ends, r.ends[1:], strict=False))
    np.testing.assert_array_equal(reader.totals(), np.asarray(counts.sum(axis=1)).ravel())
    np.testing.assert_array_equal(np.diff(reader.ends()).sum(axis=0), np.diff(counts.indptr))


def test_too_little_memory_for_a_gene_says_the_least(written):
    with pytest.raises(InputError, match=r"one gene of \d+ cells") as caught:
        PanelReader(written[0]).bounds(1000)
    least = int(str(caught.value).split("at least ")[1].split()[0])
    PanelReader(written[0]).bounds(least)
    with pytest.raises(InputError):
        PanelReader(written[0]).bounds(least - 1)


def test_genes_are_cut_into_as_few_runs_as_fit():
    sizes = np.array([3, 0, 4, 1, 0, 7, 7])
    assert cut_genes(sizes, memory=70, entry=10) == ((0, 3), (3, 5), (5, 6), (6, 7))
    assert cut_genes(sizes, memory=1000, entry=10, base=50) == ((0, 7),)
    assert cut_genes(np.zeros(3, np.int64), memory=10, entry=10) == ((0, 3),)


def test_cells_without_a_copy_are_told(tmp_path):
    write_small(tmp_path / "a.zarr", small_atlas(), samples=slice(0, 2))
    with pytest.raises(InputError, match="have no gene-major copy"):
        PanelReader(open_atlas(tmp_path / "a.zarr"))


def _copied(tmp_path):
    path = tmp_path / "a.zarr"
    write_small(path, small_atlas(), samples=slice(0, 2))
    write_panels(path)
    return open_atlas(path)


def test_a_damaged_copy_is_named_and_the_cells_can_be_read(tmp_path):
    atlas = _copied(tmp_path)
    place = atlas.layout.panels[0].places["counts"] + "/c/0"
    body = bytearray((atlas.path / place).read_bytes())
    body[40] ^= 255
    (atlas.path / place).write_bytes(body)
    assert list(atlas.verify()) == [f"{place} holds other bytes than were written"]
    with pytest.raises(StoreError, match=place):
        PanelReader(atlas).read(0, 20)
    assert atlas.rows(0, 10).n_cells == 10


@pytest.mark.parametrize(("vector", "at", "value", "told"), [
    ("ends", 1, 10**6, "end where they cannot"),
    ("ends", 0, -5, "end where they cannot"),
    ("steps", 0, 60_000, "cells beyond those there are"),
])  # fmt: skip
def test_numbers_that_cannot_be_are_refused(tmp_path, vector, at, value, told):
    atlas = _copied(tmp_path)
    reader = PanelReader(atlas)._readers[0][vector]
    numbers = reader.read(0, reader.length)
    numbers[at] = value
    appender = VectorAppender(reader.folder, reader.form)  # with checksums that fit
    appender.append(numbers)
    appender.finish()
    with pytest.raises(StoreError, match=told):
        PanelReader(atlas).read(0, 50)
