from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.rank_tests import jonckheere_terpstra, kruskal_wallis, wilcoxon_rank_sum


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=9))
def test_exact_p_is_that_of_all_choices_of_the_group(rows) -> None:
    v = np.array([a for a, _ in rows], dtype=float)
    g = np.array([b for _, b in rows])
    found = wilcoxon_rank_sum(v, g, method="exact")
    if found.reason:
        assert found.reason in {"one_class", "constant"}
        return
    ranks, m = stats.rankdata(v), int(g.sum())
    mean = m * (v.size + 1) / 2
    sums = [ranks[list(chosen)].sum() for chosen in combinations(range(v.size), m)]
    assert found.p_value == pytest.approx(np.mean([abs(s - mean) >= abs(ranks[g].sum() - mean) - 1e-9 for s in sums]))
    assert found.effect == pytest.approx(np.mean([(a > b) + (a == b) / 2 for a in v[g] for b in v[~g]]))


def test_scipy_agrees() -> None:
    rng = np.random.default_rng(0)
    v, g = rng.normal(size=40), rng.random(40) < 0.4
    exact = stats.mannwhitneyu(v[g], v[~g], method="exact")
    assert wilcoxon_rank_sum(v, g).p_value == pytest.approx(exact.pvalue, rel=1e-10)
    assert wilcoxon_rank_sum(v, g).statistic == exact.statistic
    tied = np.round(v)
    normal = stats.mannwhitneyu(tied[g], tied[~g], method="asymptotic")
    assert wilcoxon_rank_sum(tied, g, method="asymptotic").p_value == pytest.approx(normal.pvalue, rel=1e-10)
    codes = rng.integers(0, 4, 40)
    kruskal = stats.kruskal(*[tied[codes == c] for c in range(4)])
    found = kruskal_wallis(tied, codes)
    assert (found.statistic, found.p_value) == pytest.approx((kruskal.statistic, kruskal.pvalue), rel=1e-10)


def test_a_trend_over_two_groups_is_the_rank_sum_test_without_continuity_correction() -> None:
    rng = np.random.default_rng(1)
    v, g = rng.integers(0, 6, 30), rng.random(30) < 0.5
    plain = stats.mannwhitneyu(v[g], v[~g], method="asymptotic", use_continuity=False)
    found = jonckheere_terpstra(v, g)
    assert found.p_value == pytest.approx(plain.pvalue, rel=1e-10)
    assert found.statistic == plain.statistic


def test_mean_and_variance_of_the_trend_are_those_of_all_permutations() -> None:
    v = np.array([1.0, 1, 2, 3, 3, 3, 5])
    codes = np.array([0, 0, 1, 1, 1, 2, 2])
    all_j = [jonckheere_terpstra(np.array(p), codes) for p in set(permutations(v))]
    j = np.array([a.statistic for a in all_j])
    assert j.mean() == pytest.approx((49 - 4 - 9 - 4) / 4)
    # p of each permutation tells the variance used
    i = int(np.argmax(np.abs(j - j.mean())))
    z = stats.norm.isf(all_j[i].p_value / 2)
    assert ((j[i] - j.mean()) / z) ** 2 == pytest.approx(j.var(), rel=1e-9)


def test_kendall_s_is_the_trend_statistic_and_order_reverses() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 4, 80)
    v = codes * 0.4 + rng.normal(size=80)
    up, down = jonckheere_terpstra(v, codes), jonckheere_terpstra(v, 3 - codes)
    assert up.p_value == pytest.approx(down.p_value, rel=1e-9)
    assert up.effect == pytest.approx(1 - down.effect)
    assert up.p_value == pytest.approx(stats.kendalltau(v, codes, method="asymptotic").pvalue, rel=1e-9)
    assert up.p_value < kruskal_wallis(v, codes).p_value


def test_nothing_to_compare() -> None:
    assert wilcoxon_rank_sum([1, 2], [1, 1]).reason == "one_class"
    assert kruskal_wallis([np.nan], [0]).reason == "empty"
    assert jonckheere_terpstra([2, 2, 2], [0, 1, 2]).reason == "constant"
    assert np.isnan(jonckheere_terpstra([2, 2, 2], [0, 1, 2]).p_value)
    with pytest.raises(InputError, match="not known"):
        wilcoxon_rank_sum([1, 2], [0, 1], method="best")
