"""The kernels of single cells agree with their plain twins."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import drawn_cells as plain

from tmescope.kernels import drawn_cells


@st.composite
def shares(draw):
    raw = np.array(draw(st.lists(st.sampled_from([0.0, 1e-9, 0.1, 1.0, 7.0]), min_size=1, max_size=12)))
    raw[draw(st.integers(0, len(raw) - 1))] += 0.5
    return raw / raw.sum()


@given(shares())
@settings(max_examples=100, deadline=None)
def test_tables_draw_each_gene_with_its_share(row):
    accept, alias = np.empty((1, row.size)), np.empty((1, row.size), dtype=np.int32)
    drawn_cells.alias_rows(row[None, :], accept, alias)
    assert ((accept >= 0) & (accept <= 1)).all()
    np.testing.assert_allclose(plain.probabilities(accept[0], alias[0]), row, atol=1e-12)


@given(shares(), shares(), st.integers(0, 2**32), st.floats(0, 1), st.floats(0.05, 1))
@settings(max_examples=60, deadline=None)
def test_drawn_cells_are_those_of_the_twin(own, other, seed, ambient, weight):
    n = min(own.size, other.size)
    tables = np.array([s[:n] / s[:n].sum() if s[:n].sum() else np.full(n, 1 / n) for s in (own, other)])
    accept, alias = np.empty((2, n)), np.empty((2, n), dtype=np.int32)
    drawn_cells.alias_rows(tables, accept, alias)
    rng = np.random.default_rng(seed)
    totals = rng.integers(0, 20, 4)
    inputs = (
        rng.integers(0, 2**64, 4, dtype=np.uint64), totals, rng.integers(0, 2, 4), rng.integers(0, 2, 4), ambient,
        accept, alias, np.maximum(rng.random(4096), weight), rng.random(n) * 0.5,
    )  # fmt: skip
    for array in inputs:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    room = int(totals.sum())
    fast, slow = ((np.zeros(room, np.int32), np.zeros(room, np.int32), np.zeros(4, np.int64)) for _ in range(2))
    drawn_cells.drawn_cells(*inputs, *fast)
    plain.drawn_cells(*inputs, *slow)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(a, b)
