"""A pass is divided by the atlas, and its parts come back in order whoever makes them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.store.atlases import small_atlas, write_small

from tmescope.foundation.errors import InputError
from tmescope.store.atlas_passes import Local, fold_spans, map_spans
from tmescope.store.atlas_reading import open_atlas


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "a.zarr"
    counts = write_small(path, small_atlas())
    return open_atlas(path), counts


def _added(span, given):
    rows = span.rows()
    return span.first, int(rows.counts.sum()) * given


class Heard:
    def __init__(self):
        self.said = []

    def start(self, task, total=None, *, unit=""):
        self.said.append((task, total, unit))

    def advance(self, task, parts=1):
        self.said.append(parts)

    def finish(self, task, note=""):
        self.said.append("done")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_parts_come_in_order_and_are_told(written, threads):
    atlas, counts = written
    spans, heard = atlas.bounds(3000), Heard()
    found = list(map_spans(_added, atlas, spans, given=2, runner=Local(threads), progress=heard, task="add"))
    assert [first for first, _ in found] == [first for first, _ in spans]
    assert sum(total for _, total in found) == 2 * counts.sum()
    assert heard.said == [("add", counts.shape[0], "cells"), *(b - a for a, b in spans), "done"]


def _genes_seen(span, of, sums):
    sums = sums or (np.zeros(span.atlas.layout.n_genes, np.int64), np.zeros(1, np.int64))
    rows = span.rows()
    np.add.at(sums[0], rows.genes, of)
    sums[1][:] += rows.n_cells
    return span.first, sums


@pytest.mark.parametrize("threads", [1, 3])
def test_sums_of_all_threads_come_together(written, threads):
    atlas, counts = written
    spans, heard = atlas.bounds(1000), Heard()
    parts, sums = fold_spans(_genes_seen, atlas, spans, given=2, runner=Local(threads), progress=heard)
    assert parts == [first for first, _ in spans]
    np.testing.assert_array_equal(sums[0], 2 * (counts > 0).sum(axis=0).A1)
    assert sums[1] == counts.shape[0] == sum(parts for parts in heard.said[1:-1])
    assert fold_spans(_genes_seen, atlas, (), given=2) == ([], None)


@pytest.mark.parametrize("n", [1, 2, 7, 10_000])
def test_spans_cover_all_cells_with_about_as_many_entries(written, n):
    atlas, counts = written
    spans = atlas.spans(n)
    assert spans[0][0] == 0
    assert spans[-1][1] == counts.shape[0]
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    assert len(spans) == min(n, counts.shape[0])
    if n <= 7:
        sizes = [counts.indptr[b] - counts.indptr[a] for a, b in spans]
        assert max(sizes) - min(sizes) < 2 * int(np.diff(counts.indptr).max()) + 2


def test_a_span_is_cut_as_the_whole_is(written):
    atlas, counts = written
    assert atlas.bounds(2000, first=17, last=203)[0][0] == 17
    assert atlas.bounds(2000, first=17, last=203)[-1][1] == 203
    for a, b in atlas.bounds(2000, first=17, last=203):
        assert counts.indptr[b] - counts.indptr[a] <= 2000
    assert atlas.bounds(2000, first=17, last=17) == ()


def test_no_threads_are_refused():
    with pytest.raises(InputError, match="0 threads"):
        Local(0)
