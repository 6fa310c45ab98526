"""Moments of genes are those of the plain twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from tests.twins import gene_moments as plain

from tmescope.kernels import gene_moments as fast


@st.composite
def cells(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    dtype = draw(st.sampled_from([np.uint16, np.uint32]))
    shape = (draw(st.integers(0, 12)), draw(st.integers(1, 9)))
    top = np.iinfo(dtype).max
    dense = rng.choice([0, 0, 0, 1, 2, 31, 32, 255, 65_535, top], size=shape).astype(np.int64)
    matrix = sparse.csr_matrix(dense)
    rows = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(dtype)
    return rng, rows, rng.choice([0.0, 0.3, 1.0, 7.5], size=shape[0]), shape[1]


def agree(name, inputs, outputs):
    for array in inputs:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    found, expected = [o.copy() for o in outputs], [o.copy() for o in outputs]
    getattr(fast, name)(*inputs, *found)
    getattr(plain, name)(*inputs, *expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@given(cells())
@settings(max_examples=40, deadline=None)
def test_moments_are_those_of_the_twin(drawn):
    rng, rows, scales, n_genes = drawn
    group = rng.integers(0, 3, scales.size).astype(np.int32)
    limits = rng.choice([np.inf, 0.5, 100.0], size=(3, n_genes))
    agree("gene_moments", (*rows, group, scales, limits), [rng.random((3, n_genes, 2))])
    agree("log_moments", (*rows, scales), [rng.random((n_genes, 2))])
    agree("cell_scales", (rows[0], rows[2], 1e4), [np.empty(scales.size)])


@pytest.mark.parametrize("name", fast.__all__)
def test_is_compiled_serial_and_free_of_the_gil(name):
    options = getattr(fast, name).targetoptions
    assert options["nogil"] is True
    assert not options.get("parallel", False)
