from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from tmescope.foundation.errors import InputError
from tmescope.stats.correlation import heterogeneity, spearman_matrix


def test_every_pair_is_spearman_over_its_common_rows() -> None:
    rng = np.random.default_rng(5)
    values = np.round(rng.normal(size=(40, 5)) + rng.normal(size=(40, 1)), 1)  # with ties
    values[rng.random(values.shape) < 0.15] = np.nan
    values[:, 4] = values[:, 3]
    r, n = spearman_matrix(values)
    for i in range(5):
        for j in range(5):
            both = ~np.isnan(values[:, i]) & ~np.isnan(values[:, j])
            assert n[i, j] == both.sum()
            assert r[i, j] == pytest.approx(spearmanr(values[both, i], values[both, j]).statistic)
    assert (r == r.T).all()


def test_constant_columns_and_too_few_rows_have_no_correlation() -> None:
    values = np.array([[1.0, 5.0, 1.0], [2.0, 5.0, np.nan], [3.0, 5.0, np.nan], [4.0, 5.0, 2.0]])
    r, n = spearman_matrix(values, fewest=3)
    assert r[0, 0] == 1.0
    assert np.isnan(r[1]).all()
    assert np.isnan(r[2]).all()
    assert n[0, 2] == 2


def test_infinite_values_are_refused() -> None:
    with pytest.raises(InputError, match="1 infinite"):
        spearman_matrix([[1.0, np.inf], [2.0, 1.0]])


def test_heterogeneity_of_two_groups_is_the_test_of_two_correlations() -> None:
    from scipy.stats import norm

    p = heterogeneity([[0.8], [0.2]], [[50], [40]])
    z = (np.arctanh(0.8) - np.arctanh(0.2)) / np.sqrt(1 / 47 + 1 / 37)
    assert p[0] == pytest.approx(2 * norm.sf(z))
    assert np.isnan(heterogeneity([[0.8], [np.nan]], [[50], [40]])[0])
    assert np.isnan(heterogeneity([[0.8], [0.1]], [[50], [3]])[0])
    assert heterogeneity([[1.0], [1.0]], [[50], [40]])[0] == pytest.approx(1.0)
    with pytest.raises(InputError):
        heterogeneity([[0.8]], [[50, 40]])


def test_heterogeneity_keeps_its_level_for_ranks_of_equal_groups() -> None:
    rng = np.random.default_rng(6)
    pairs = [[_ranked(rng, 40), _ranked(rng, 60)] for _ in range(1500)]
    p = heterogeneity(np.array(pairs).T, np.array([[40] * 1500, [60] * 1500]))
    assert 0.03 < (p < 0.05).mean() < 0.085  # slightly above 0.05, as its notes say


def _ranked(rng: np.random.Generator, n: int) -> float:
    x = rng.normal(size=n)
    return float(spearman_matrix(np.column_stack([x, x + rng.normal(size=n)]))[0][0, 1])
