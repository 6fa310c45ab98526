"""Weighted sums over sets of genes are those of the plain twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from tests.kernels.test_gene_moments import cells
from tests.twins import set_sums as plain

from tmescope.kernels.set_sums import set_sums


@given(cells())
@settings(max_examples=40, deadline=None)
def test_sums_are_those_of_the_twin(drawn):
    rng, rows, scales, n_genes = drawn
    starts = np.concatenate([[0], np.cumsum(rng.integers(0, 4, n_genes))]).astype(np.int64)
    sets, weights = rng.integers(0, 3, starts[-1]).astype(np.int32), rng.normal(size=starts[-1])
    inputs = (*rows, scales, starts, sets, weights)
    for array in inputs:
        array.flags.writeable = False
    found = rng.random((scales.size, 3))
    expected = found.copy()
    set_sums(*inputs, found)
    plain.set_sums(*inputs, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_is_compiled_serial_and_free_of_the_gil():
    assert set_sums.targetoptions["nogil"] is True
    assert not set_sums.targetoptions.get("parallel", False)
