from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmescope.stats.cutpoint_p_values import exact_gauss, lausen_1992, lausen_1994, permuted


def _correlation(n_low, n: int) -> np.ndarray:
    m = np.asarray(n_low, dtype=float)
    low, high = np.minimum.outer(m, m), np.maximum.outer(m, m)
    return np.sqrt(low * (n - high) / ((n - low) * high))


@pytest.mark.parametrize(("n_low", "n"), [([4, 9, 10, 20], 30), ([1, 2], 3), ([10, 50, 90], 100)])
@pytest.mark.parametrize("statistic", [0.3, 1.7, 2.5, 4.0])
def test_the_recursion_is_the_multivariate_normal_probability(n_low, n: int, statistic: float) -> None:
    covariance = _correlation(n_low, n)
    k = len(n_low)
    normal = stats.multivariate_normal(np.zeros(k), covariance, abseps=1e-8, releps=1e-8, maxpts=2_000_000 * k)
    inside = normal.cdf(np.full(k, statistic), lower_limit=np.full(k, -statistic))
    assert exact_gauss(statistic, np.array(n_low), n) == pytest.approx(1.0 - inside, abs=1e-5)


def test_one_cut_needs_no_correction() -> None:
    assert exact_gauss(1.96, np.array([5]), 10) == pytest.approx(2 * stats.norm.sf(1.96), abs=1e-12)
    assert lausen_1994(1.96, np.array([5]), 10) == pytest.approx(2 * stats.norm.sf(1.96), abs=1e-15)


def test_more_nodes_change_nothing(monkeypatch) -> None:
    tried = np.arange(60, 541)
    usual = exact_gauss(3.0, tried, 600)
    rule = np.polynomial.legendre.leggauss
    monkeypatch.setattr(np.polynomial.legendre, "leggauss", lambda k: rule(3 * k))
    assert exact_gauss(3.0, tried, 600) == pytest.approx(usual, abs=1e-10)


def test_normal_maxima_exceed_as_often_as_said() -> None:
    rng = np.random.default_rng(2)
    n, tried = 60, np.arange(6, 55)
    drawn = rng.multivariate_normal(np.zeros(tried.size), _correlation(tried, n), size=20_000, method="cholesky")
    for statistic in (2.0, 2.8):
        p = exact_gauss(statistic, tried, n)
        assert np.mean(np.abs(drawn).max(axis=1) >= statistic) == pytest.approx(p, abs=5 * np.sqrt(p / 20_000))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 6.0), st.integers(5, 80), st.data())
def test_probabilities_in_order(statistic: float, n: int, data) -> None:
    tried = np.array(sorted(data.draw(st.sets(st.integers(1, n - 1), min_size=1))))
    p = exact_gauss(statistic, tried, n)
    alone = 2 * stats.norm.sf(statistic)
    assert alone - 1e-9 <= p <= min(1.0, tried.size * alone) + 1e-9  # one cut; Bonferroni over all
    assert 0.0 <= lausen_1994(statistic, tried, n) <= 1.0
    assert 0.0 <= lausen_1992(statistic, min_prop=0.1, max_prop=0.9) <= 1.0


def test_improved_bonferroni_bounds_the_exact_value() -> None:
    tried = np.arange(10, 91)
    for statistic in (2.5, 3.0, 3.5):
        assert exact_gauss(statistic, tried, 100) < lausen_1994(statistic, tried, 100)


def test_table_of_the_formula_at_its_edges() -> None:
    assert lausen_1992(0.999, min_prop=0.1, max_prop=0.9) == 1.0
    # by hand: log 81 = 4.3944, density 0.0175283 at 2.5
    assert lausen_1992(2.5, min_prop=0.1, max_prop=0.9) == pytest.approx(
        0.017528300 * (4 / 2.5 + 2.1 * 4.394449155), rel=1e-7
    )
    assert lausen_1994(0.1, np.arange(1, 10), 10) == 1.0
    assert exact_gauss(0.0, np.arange(1, 10), 10) == 1.0


def test_what_is_missing_stays_missing() -> None:
    nan, tried = float("nan"), np.arange(1, 10)
    assert np.isnan(lausen_1992(nan, min_prop=0.1, max_prop=0.9))
    assert np.isnan(lausen_1994(nan, tried, 10))
    assert np.isnan(exact_gauss(nan, tried, 10))
    assert np.isnan(exact_gauss(2.0, np.arange(1, 5000), 5000))  # too many cuts
    rng = np.random.default_rng(0)
    assert np.isnan(permuted(nan, np.ones(3), np.ones(2), n_permutations=9, rng=rng))
    assert np.isnan(permuted(1.0, np.ones(3), np.ones(2), n_permutations=0, rng=rng))


def test_permutations_give_what_all_orders_give() -> None:
    from itertools import permutations

    scores = np.array([-2.0, -1.5, 0.25, 0.75, 2.5])
    weights = np.array([0.0, 1.0, 1.2])
    maxima = [max(np.abs(np.cumsum(order)[:3]) * weights) for order in permutations(scores)]
    statistic = float(np.quantile(maxima, 0.7, method="nearest"))
    share = np.mean(np.array(maxima) >= statistic * (1 - 1e-9))
    found = permuted(statistic, scores, weights, n_permutations=50_000, rng=np.random.default_rng(1))
    assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 50_000))
    assert permuted(1e9, scores, weights, n_permutations=99, rng=np.random.default_rng(1)) == 0.01
