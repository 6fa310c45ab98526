"""Entries turned from cells to genes are those of the plain twins, and of SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from tests.twins import gene_major as plain

from tmescope.kernels import gene_major


def _both(name, inputs, outputs):
    """Run kernel and twin on inputs that cannot be written to, and return what the kernel wrote."""
    for array in inputs:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    fast, slow = ([o.copy() for o in outputs] for _ in range(2))
    getattr(gene_major, name)(*inputs, *fast)
    getattr(plain, name)(*inputs, *slow)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(a, b)
    return fast


@given(st.integers(0, 12), st.integers(1, 9), st.integers(0, 10**6), st.sampled_from([np.uint16, np.uint32]))
@settings(max_examples=60, deadline=None)
def test_entries_by_gene_are_those_of_the_twin(n_cells, n_genes, seed, dtype):
    rng = np.random.default_rng(seed)
    values = [0, 0, 0, 1, 2, 255, 65_535, np.iinfo(dtype).max]
    matrix = sparse.csr_matrix(rng.choice(values, size=(n_cells, n_genes)).astype(np.int64))
    ends = matrix.indptr.astype(np.int64)
    inputs = ends, matrix.indices.astype(np.int32), matrix.data.astype(dtype)
    totals, _ = _both("tally_entries", inputs, (np.empty(n_cells, np.int64), rng.integers(0, 5, n_genes)))
    np.testing.assert_array_equal(totals, np.asarray(matrix.sum(axis=1)).ravel())
    first, last = sorted(rng.integers(0, n_genes + 1, 2))
    wanted = sparse.csc_matrix(matrix)[:, first:last]
    number, word = int(rng.integers(0, 60_000)), np.uint32 if dtype == np.uint16 else np.uint64
    by_gene, words, begins = wanted.indptr.astype(np.int64), np.zeros(wanted.nnz, word), []
    middle = int(rng.integers(0, n_cells + 1))
    for a, b in ((0, middle), (middle, n_cells)):  # two blocks of cells
        block, rows = wanted[a:b], slice(*ends[[a, b]])
        begins.append(block.indptr.astype(np.int64) + (begins[0][-1] if begins else 0))
        inputs = ends[a : b + 1] - ends[a], matrix.indices[rows].astype(np.int32), matrix.data[rows].astype(dtype)
        place, words = _both("pack_entries", (*inputs, number + a, first), (begins[-1][:-1].copy(), words))
        np.testing.assert_array_equal(place, begins[-1][1:])
    outputs = np.zeros(wanted.nnz, np.uint16), np.zeros(wanted.nnz, dtype)
    steps, counts = _both("unpack_steps", (np.array(begins), words), outputs)
    np.testing.assert_array_equal(counts, wanted.data)
    rows = number + wanted.indices
    np.testing.assert_array_equal(
        steps, np.concatenate([np.diff(rows[x:y], prepend=0) for x, y in itertools.pairwise(by_gene)] or [[]])
    )
    start = int(rng.integers(0, 2**30))
    outputs = by_gene[:-1].copy(), np.zeros(wanted.nnz, np.int32), np.zeros(wanted.nnz, dtype), np.zeros(1, np.int64)
    _, cells, again, largest = _both("place_run", (by_gene, steps, counts, start), outputs)
    np.testing.assert_array_equal(cells, start + rows.astype(np.int64))
    np.testing.assert_array_equal(again, wanted.data)
    assert largest[0] == (rows.max() if rows.size else 0)


@pytest.mark.parametrize("rows", [[0, 65_535], [65_535], [7, 8, 9]])
def test_steps_come_back_at_both_ends_of_16_bits(rows):
    ends = np.array([0, 0, len(rows)])
    words = np.array(rows, dtype=np.uint32) << 16
    steps, _ = _both("unpack_steps", (ends[None], words), (np.zeros(len(rows), np.uint16),) * 2)
    np.testing.assert_array_equal(np.cumsum(steps.astype(int)), rows)
