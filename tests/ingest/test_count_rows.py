"""Whatever a source stores becomes rows of whole numbers, sorted and without zeros, or is no count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.ingest.count_rows import as_whole, cut_rows, tidy_rows


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64", "uint32", "bool"])
def test_whole_numbers_of_any_type_are_counts(dtype):
    values = np.array([0, 1, 1, 0], dtype=dtype)
    assert as_whole(values).tolist() == [0, 1, 1, 0]
    assert as_whole(values).dtype == np.uint16


@pytest.mark.parametrize("bad", [0.5, -1.0, np.nan, np.inf, -np.inf, 2.0**32, 1e30])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_other_numbers_are_none(bad, dtype):
    assert as_whole(np.array([1.0, bad], dtype=dtype)) is None


def test_one_bad_number_far_behind_is_found():
    values = np.ones(200_000, dtype=np.float32)
    values[-1] = 1.25
    assert as_whole(values) is None


def test_large_counts_are_wider():
    assert as_whole(np.array([65_535.0])).dtype == np.uint16
    assert as_whole(np.array([65_536.0])).dtype == np.uint32
    assert as_whole(np.array([-1], dtype=np.int64)) is None


@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40_000)), max_size=6), max_size=5))
def test_rows_become_those_of_the_dense_matrix(cells):
    expected = np.zeros((len(cells), 5), dtype=np.int64)
    for i, cell in enumerate(cells):
        for gene, count in cell:
            expected[i, gene] += count
    ends = np.concatenate([[0], np.cumsum([len(c) for c in cells], dtype=np.int64)]).astype(np.int64)
    flat = [e for c in cells for e in c]
    genes, counts = (np.array([e[k] for e in flat], dtype=t) for k, t in ((0, np.int64), (1, np.uint16)))
    rows = tidy_rows(ends, genes, counts)
    found = np.zeros_like(expected)
    for i in range(rows.n_cells):
        part = slice(rows.ends[i], rows.ends[i + 1])
        assert (np.diff(rows.genes[part]) > 0).all()
        found[i, rows.genes[part]] = rows.counts[part]
    np.testing.assert_array_equal(found, expected)
    assert rows.counts.all()
    table = np.array([1, 0, -1, 0, 2], dtype=np.int32)
    again = rows.renumbered(table)
    moved = np.stack([expected[:, [1, 3]].sum(axis=1), expected[:, 0], expected[:, 4]], axis=1)
    dense = np.zeros_like(moved)
    for i in range(again.n_cells):
        part = slice(again.ends[i], again.ends[i + 1])
        dense[i, again.genes[part]] = again.counts[part]
    np.testing.assert_array_equal(dense, moved)


def test_runs_have_a_row_at_least():
    ends = np.array([0, 5, 5, 30, 31])
    assert list(cut_rows(ends, first=0, last=4, entries=10)) == [(0, 2), (2, 3), (3, 4)]
    assert list(cut_rows(ends, first=1, last=1, entries=10)) == []
