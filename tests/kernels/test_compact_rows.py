"""Rows in few bits are those of the plain twins, come back as they were, and what cannot be is counted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import compact_rows as plain

from tmescope.kernels import compact_rows

SEEDS = st.integers(0, 10**6)


def _both(name, inputs, outputs):
    """Run kernel and twin on inputs that cannot be written to, and return what the kernel wrote."""
    for array in inputs:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    fast, slow = ([o.copy() for o in outputs] for _ in range(2))
    getattr(compact_rows, name)(*inputs, *fast)
    getattr(plain, name)(*inputs, *slow)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(a, b)
    return fast


def _zero():
    return np.zeros(1, np.int64)


def _rows(rng, n_cells, n_genes):
    sizes = rng.integers(0, 10, n_cells)
    genes = [np.unique(rng.integers(0, n_genes, size)) for size in sizes]
    ends = np.cumsum([0, *(g.size for g in genes)]).astype(np.int64)
    return ends, np.concatenate([*genes, []]).astype(np.int32)


@pytest.mark.parametrize(("dtype", "n_genes"), [(np.uint16, 7), (np.uint16, 65_536), (np.uint32, 2**20)])
@given(n_cells=st.integers(0, 9), seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_sorted_genes_come_back(dtype, n_genes, n_cells, seed):
    ends, genes = _rows(np.random.default_rng(seed), n_cells, n_genes)
    gaps, wrong = _both("encode_gaps", (ends, genes), (np.zeros(genes.size, dtype), _zero()))
    again, also = _both("decode_gaps", (ends, gaps, n_genes), (np.zeros_like(genes), _zero()))
    np.testing.assert_array_equal(again, genes)
    assert wrong[0] == also[0] == 0


@given(n_cells=st.integers(1, 6), seed=SEEDS, dtype=st.sampled_from([np.uint16, np.uint32]))
@settings(max_examples=40, deadline=None)
def test_genes_and_steps_that_cannot_be_are_counted(n_cells, seed, dtype):
    rng = np.random.default_rng(seed)
    ends = np.append(0, np.cumsum(rng.integers(0, 6, n_cells))).astype(np.int64)
    any_order = rng.integers(0, 5, ends[-1]).astype(np.int32)
    _, wrong = _both("encode_gaps", (ends, any_order), (np.zeros(any_order.size, dtype), _zero()))
    rows = [any_order[a:b] for a, b in itertools.pairwise(ends)]
    assert wrong[0] == sum(int((np.diff(row) <= 0).sum()) for row in rows)
    _both("decode_gaps", (ends, rng.integers(0, 4, ends[-1]).astype(dtype), 7), (any_order * 0, _zero()))
    _both("decode_gaps", (ends, np.full(ends[-1], np.iinfo(dtype).max), 7), (any_order * 0, _zero()))


@given(n=st.integers(0, 30), seed=SEEDS, dtype=st.sampled_from([np.uint16, np.uint32]))
@settings(max_examples=40, deadline=None)
def test_counts_come_back_and_lists_that_cannot_be_are_counted(n, seed, dtype):
    rng = np.random.default_rng(seed)
    counts = rng.choice([1, 1, 2, 254, 255, 256, 65_535, np.iinfo(dtype).max], size=n).astype(dtype)
    empty = np.zeros(int((counts > 255).sum()), np.uint32)
    small, positions, values = _both("split_counts", (counts,), (np.zeros(n, np.uint8), empty, empty))
    again, wrong = _both("join_counts", (small, positions, values), (np.zeros_like(counts), _zero()))
    np.testing.assert_array_equal(again, counts)
    assert wrong[0] == 0
    places = rng.integers(0, n + 3, 4).astype(np.uint32)
    given_values = rng.choice([0, 255, 256, 65_536, 2**32 - 1], size=4).astype(np.uint32)
    _, wrong = _both("join_counts", (rng.integers(0, 2, n).astype(np.uint8), places, given_values), (counts, _zero()))
    assert wrong[0] >= int((given_values < 256).sum())
