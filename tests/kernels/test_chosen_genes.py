"""Values of chosen genes, their products and the places of cells are those of the plain twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.kernels.test_gene_moments import cells
from tests.twins import chosen_genes as plain

from tmescope.kernels import chosen_genes as fast


def both(name, inputs, outputs):
    """Call kernel and twin, compare, and return what the kernel wrote."""
    for array in inputs:
        array.flags.writeable = False
    found, expected = [o.copy() for o in outputs], [o.copy() for o in outputs]
    getattr(fast, name)(*inputs, *found)
    getattr(plain, name)(*inputs, *expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=3e-7 if a.dtype == np.float32 else 1e-12, atol=1e-9)
    return found


@given(cells())
@settings(max_examples=40, deadline=None)
def test_each_step_is_that_of_the_twin(drawn):
    rng, rows, scales, n_genes = drawn
    chosen = rng.random(n_genes) < 0.6
    n = int(chosen.sum())
    place = np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)
    limits = rng.choice([np.inf, 0.7], size=n)
    size, n_cells = rows[1].size, scales.size
    shapes = np.zeros(n_cells + 1, np.int64), np.zeros(size, np.uint16), np.zeros(size, np.float32)
    ends, columns, values = both("chosen_values", (*rows, scales, place, limits), shapes)
    first = int(rng.integers(0, n_cells + 1))
    part = ends[first:].copy()
    m = int(part[-1] - part[0])
    empty = np.zeros(n + 1, np.int64), np.zeros(m, np.int64), np.zeros(m, np.int64), np.zeros(m, np.float32)
    turned = both("turn_cells", (part, columns, values), empty)
    products, _ = both("add_products", (*turned, columns, values), (rng.random((n, n)), rng.random(n)))
    assert products.shape == (n, n)
    loadings = rng.normal(size=(n, 3))
    both("place_cells", (ends, columns, values, loadings, rng.normal(size=3)), (np.zeros((n_cells, 3), np.float32),))


@pytest.mark.parametrize("name", fast.__all__)
def test_is_compiled_serial_and_free_of_the_gil(name):
    options = getattr(fast, name).targetoptions
    assert options["nogil"] is True
    assert not options.get("parallel", False)
