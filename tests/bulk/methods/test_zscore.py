from __future__ import annotations

import numpy as np

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.zscore import combined_zscore


def test_by_hand_with_ddof_one():
    values = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]])
    out = combined_zscore(values, index_sets({"s": ["a", "b"]}, ["a", "b"]), {})
    np.testing.assert_allclose(out[:, 0], np.array([-1 - 1, 0 + 1, 1 + 0]) / np.sqrt(2), atol=1e-12)


def test_a_missing_value_leaves_the_others_alone():
    values = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 20.0]])
    out = combined_zscore(values, index_sets({"s": ["a", "b"]}, ["a", "b"]), {})
    np.testing.assert_allclose(
        out[:, 0], [(-1 - np.sqrt(0.5)) / np.sqrt(2), 0.0, (1 + np.sqrt(0.5)) / np.sqrt(2)], atol=1e-12
    )


def test_scores_of_a_cohort_have_mean_zero():
    values = np.random.default_rng(0).normal(size=(50, 20))
    out = combined_zscore(values, index_sets({"s": ["0", "5", "7"]}, [str(i) for i in range(20)]), {})
    assert abs(out.mean()) < 1e-12
