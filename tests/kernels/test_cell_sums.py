"""Sums of cells are those of the plain twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from tests.twins import cell_sums as plain

from tmescope.kernels.cell_sums import cell_sums


@given(st.integers(0, 12), st.integers(1, 9), st.integers(0, 10**6), st.sampled_from([np.uint16, np.uint32]))
@settings(max_examples=100, deadline=None)
def test_sums_are_those_of_the_twin(n_cells, n_genes, seed, dtype):
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    dense = rng.choice([0, 0, 0, 1, 2, 255, 65_535, top], size=(n_cells, n_genes)).astype(np.int64)
    matrix = sparse.csr_matrix(dense)
    inputs = (
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(dtype),
        rng.integers(0, 3, n_cells).astype(np.int32), rng.integers(0, 2, n_genes).astype(np.uint8),
    )  # fmt: skip
    for array in inputs:
        array.flags.writeable = False
    shapes = ((n_cells, 4), (3, n_genes), (n_genes, 2))
    before = [rng.integers(0, 5, s) for s in shapes]  # sums are added to
    fast, slow = ([b.copy() for b in before] for _ in range(2))
    cell_sums(*inputs, *fast)
    plain.cell_sums(*inputs, *slow)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(a, b)
