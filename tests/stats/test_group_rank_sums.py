"""Groups against the rest are SciPy's rank-sum tests, and what has no spread has no difference."""

from __future__ import annotations

import numpy as np
from scipy import stats

from tmescope.stats.group_rank_sums import compare_rank_sums


def _sums(values, groups, n_groups):
    ranks = stats.rankdata(values)
    sizes = np.unique(values, return_counts=True)[1].astype(float)
    return np.array([ranks[groups == g].sum() for g in range(n_groups)]), (sizes**3 - sizes).sum()


def test_tests_are_those_of_scipy():
    rng = np.random.default_rng(3)
    groups = rng.integers(0, 3, 200)
    values = np.stack([rng.poisson(1.5, 200), rng.poisson(1.0 + groups), rng.normal(size=200)])
    sums, ties = zip(*(_sums(v, groups, 3) for v in values), strict=True)
    found = compare_rank_sums(np.array(sums), np.bincount(groups), np.array(ties))
    for i, v in enumerate(values):
        for g in range(3):
            a, b = v[groups == g], v[groups != g]
            expected = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic")
            np.testing.assert_allclose(found.auc[i, g], expected.statistic / (a.size * b.size), rtol=1e-12)
            np.testing.assert_allclose(found.p_value[i, g], expected.pvalue, rtol=1e-9)
            assert np.sign(found.score[i, g]) == np.sign(found.auc[i, g] - 0.5)
    np.testing.assert_allclose(found.log10_p_value, np.log10(found.p_value), rtol=1e-9)


def test_equal_values_differ_in_nothing_and_tiny_p_values_keep_their_logarithm():
    n = 4000
    far = np.concatenate([np.zeros(2000), np.ones(2000)])
    sums, ties = zip(*(_sums(v, far, 2) for v in (np.zeros(n), far)), strict=True)
    found = compare_rank_sums(np.array(sums), np.array([2000, 2000]), np.array(ties))
    assert found.score[0].tolist() == [0.0, 0.0]
    assert found.p_value[0].tolist() == [1.0, 1.0]
    assert found.auc.tolist() == [[0.5, 0.5], [0.0, 1.0]]
    z = found.score[1, 1]
    assert found.p_value[1, 1] == 0.0
    np.testing.assert_allclose(found.log10_p_value[1, 1], (np.log(2) + stats.norm.logsf(z)) / np.log(10))
