"""Sums of the largest counts are those of the plain twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernels.test_gene_moments import cells
from tests.twins import largest_counts as plain

from tmescope.kernels.largest_counts import largest_counts


@given(cells(), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_sums_are_those_of_the_twin(drawn, n):
    _, (ends, _, counts), scales, _ = drawn
    counts.flags.writeable = False
    found, expected = np.zeros(scales.size, np.int64), np.zeros(scales.size, np.int64)
    largest_counts(ends, counts, n, found)
    plain.largest_counts(ends, counts, n, expected)
    np.testing.assert_array_equal(found, expected)


def test_is_compiled_serial_and_free_of_the_gil():
    assert largest_counts.targetoptions["nogil"] is True
    assert not largest_counts.targetoptions.get("parallel", False)
