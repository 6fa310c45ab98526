"""Words and ranks are those of the plain twins, for few groups and for many, for short genes and for long ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import grouped_ranks as plain

from tmescope.kernels import grouped_ranks


def _both(name, inputs, outputs):
    """Run kernel and twin on inputs that cannot be written to, and return what each wrote."""
    for array in inputs:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    fast, slow = ([o.copy() for o in outputs] for _ in range(2))
    getattr(grouped_ranks, name)(*inputs, *fast)
    getattr(plain, name)(*inputs, *slow)
    return fast, slow


def _panel(rng, n_cells, n_genes, dtype):
    dense = rng.choice([0, 0, 1, 1, 2, 3, 5, 255, 65_535], size=(n_genes, n_cells))
    rows = [np.flatnonzero(g) for g in dense]
    ends = np.cumsum([0, *map(len, rows)])
    steps = np.concatenate([np.diff(r, prepend=0) for r in rows]).astype(np.uint16)
    return dense, ends, steps, dense[dense > 0].astype(dtype)


@given(
    st.integers(1, 12), st.integers(1, 5), st.sampled_from([1, 2, 15, 300]), st.integers(0, 10**6),
    st.sampled_from([np.uint16, np.uint32]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_words_and_ranks_are_those_of_the_twin(n_cells, n_genes, n_groups, seed, dtype):
    rng = np.random.default_rng(seed)
    dense, ends, steps, counts = _panel(rng, n_cells, n_genes, dtype)
    group = rng.integers(0, n_groups + 1, n_cells).astype(np.uint16)  # some are in none
    scale = (np.maximum(dense.sum(axis=0), 1) / 1e4).astype(np.float32)
    table = np.log1p(np.arange(1, 4, dtype=np.float32) / scale[:, None])
    bits = (n_groups - 1).bit_length()
    lowest = int(np.log1p(1 / scale.max()).view(np.uint32)) - 8
    word = np.uint32 if bits + 26 <= 32 else np.uint64
    large = int((counts > 3).sum())
    outputs = (
        ends[:-1].copy(), np.zeros(counts.size, word), np.zeros((n_genes, n_groups), np.int64),
        np.zeros((n_genes, n_groups)), np.zeros(large, np.float32), np.zeros(large, np.int32),
        np.zeros(large, np.int64), np.zeros(2, np.int64),
    )  # fmt: skip
    inputs = ends, steps, counts, group, scale, table, lowest, bits
    fast, slow = _both("panel_words", inputs, outputs)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(a, b)
    place, words, shown, sums, ratios, owners, positions, (n_large, beyond) = fast
    assert beyond == 0
    assert shown.sum() == (place - ends[:-1]).sum() == (dense[:, group < n_groups] > 0).sum()
    values = np.log1p(ratios[:n_large])
    fast, slow = _both("large_words", (values, owners[:n_large], positions[:n_large], lowest, bits), (words, sums))
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(a, b)
    words = fast[0]
    n = int((group < n_groups).sum())
    spare = np.zeros(np.diff(ends).max(), word)
    fast, slow = _both(
        "rank_words",
        (ends[:-1], place, bits, 28, n),
        (words, spare, np.zeros((n_genes, n_groups), np.int64), np.zeros(n_genes)),
    )
    for gene in range(n_genes):  # equal values may stand in any order of their groups
        own = slice(ends[gene], place[gene])
        np.testing.assert_array_equal(fast[0][own] >> word(bits), slow[0][own] >> word(bits))
    for a, b in zip(fast[2:], slow[2:], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("bits", "word"), [(4, np.uint32), (9, np.uint64)])
def test_many_words_are_sorted_by_wide_digits(bits, word):
    rng = np.random.default_rng(1)
    keys = np.concatenate([rng.integers(0, 2**26, 9000), rng.integers(0, 50, 1000)])
    words = ((keys << bits) | rng.integers(0, 2**bits, keys.size)).astype(word)
    inputs = np.array([0]), np.array([keys.size]), bits, 26, 20_000
    outputs = words, words.copy(), np.zeros((1, 2**bits), np.int64), np.zeros(1)
    fast, slow = _both("rank_words", inputs, outputs)
    np.testing.assert_array_equal(fast[0] >> word(bits), slow[0] >> word(bits))
    np.testing.assert_array_equal(fast[2], slow[2])
    np.testing.assert_allclose(fast[3], slow[3], rtol=1e-15)


def test_cells_that_a_panel_does_not_have_are_counted_and_left_out():
    inputs = (
        np.array([0, 3]), np.array([1, 65_535, 65_535], np.uint16), np.ones(3, np.uint16), np.zeros(4, np.uint16),
        np.ones(4, np.float32), np.ones((4, 1), np.float32), 0, 0,
    )  # fmt: skip
    none = np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(0, np.int64)
    outputs = (
        np.zeros(1, np.int64), np.zeros(3, np.uint32), np.zeros((1, 1), np.int64), np.zeros((1, 1)), *none,
        np.zeros(2, np.int64),
    )  # fmt: skip
    fast, slow = _both("panel_words", inputs, outputs)
    assert fast[-1].tolist() == slow[-1].tolist() == [0, 2]
    assert fast[2][0, 0] == 1
