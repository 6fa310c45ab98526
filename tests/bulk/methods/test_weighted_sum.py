from __future__ import annotations

import numpy as np

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.weighted_sum import weighted_sum


def test_weights_times_expression():
    values = np.array([[1.0, 2.0, 3.0], [np.nan, 2.0, 1.0], [np.nan, np.nan, 5.0]])
    index = index_sets({"s": ("A", "B", "GONE")}, ["A", "B", "C"], weights={"s": {"A": 0.5, "B": -2.0, "GONE": 1.0}})
    np.testing.assert_array_equal(weighted_sum(values, index, {})[:, 0], [-3.5, -4.0, np.nan])
