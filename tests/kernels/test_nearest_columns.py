"""The nearest columns are those of the plain twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import nearest_columns as plain

from tmescope.kernels.nearest_columns import nearest_columns


@given(st.integers(2, 14), st.integers(0, 13), st.integers(0, 10**6), st.sampled_from([np.float32, np.float64]))
@settings(max_examples=100, deadline=None)
def test_columns_are_those_of_the_twin(n, first, seed, dtype):
    rng = np.random.default_rng(seed)
    first = min(first, n - 1)
    n_rows, k = int(rng.integers(0, n - first + 1)), int(rng.integers(1, n))
    block = rng.choice([0.0, -0.0, 1.0, 1.5, 2.0, np.inf, rng.random()], size=(n_rows, n)).astype(dtype)
    block.flags.writeable = False
    fast, slow = ((np.zeros((n_rows, k), np.int32), np.zeros((n_rows, k), dtype)) for _ in range(2))
    nearest_columns(block, first, *fast)
    plain.nearest_columns(block, first, *slow)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(a, b)
