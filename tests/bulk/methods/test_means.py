from __future__ import annotations

import numpy as np

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.means import mean_of_sets


def test_mean_over_the_genes_that_a_sample_has():
    values = np.array([[1.0, 3.0, 100.0], [np.nan, 5.0, 100.0], [np.nan, np.nan, 100.0]])
    out = mean_of_sets(values, index_sets({"s": ["a", "b"], "none": ["q"]}, ["a", "b", "c"]), {})
    np.testing.assert_array_equal(out[:, 0], [2.0, 5.0, np.nan])
    assert np.isnan(out[:, 1]).all()
