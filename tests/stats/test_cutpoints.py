from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.cutpoints import CutSearch, cut_for_classes, cut_for_ranks, cut_for_survival
from tmescope.stats.multiplicity import benjamini_hochberg
from tmescope.stats.rank_scores import log_rank_scores
from tmescope.stats.survival import log_rank

QUICK = CutSearch(n_permutations=200)
ALONE = CutSearch(n_permutations=0, exact_gauss=False)


def _expected(folder, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "stats" / name, sep="\t")


@pytest.mark.parametrize(
    ("dataset", "feature"), [("lung", "age"), ("lung", "wt_loss"), ("veteran", "karno"), ("veteran", "age")]
)
def test_r_maxstat_on_real_data(shared_data, dataset: str, feature: str) -> None:
    data = _expected(shared_data, f"{dataset}/data.tsv")
    table = _expected(shared_data, "maxstat/expected_maxstat.tsv")
    expected = table[(table["dataset"] == dataset) & (table["var"] == feature)].set_index("pmethod")
    found = cut_for_survival(data[feature], data["time"], data["status"])
    assert found.statistic == pytest.approx(expected.loc["Lau92", "M"], rel=1e-12)
    assert found.cut == expected.loc["Lau92", "cut"]
    assert found.p_lau92 == pytest.approx(expected.loc["Lau92", "p"], abs=1e-8)
    assert found.p_lau94 == pytest.approx(min(expected.loc["Lau94", "p"], 1.0), abs=1e-8)
    p = expected.loc["condMC", "p"]
    if p == 0.0:
        assert found.p_permutation < 1e-3
    else:
        error = np.sqrt(p * (1 - p) * (1 / 9_999 + 1 / found.n_permutations))
        assert found.p_permutation == pytest.approx(p, abs=4 * error)


def test_r_maxstat_on_lymphoma_with_exact_gauss(shared_data) -> None:
    data = _expected(shared_data, "dlbcl/data_mge.tsv")
    expected = _expected(shared_data, "dlbcl/expected_maxstat_MGE.tsv").set_index("pmethod")
    found = cut_for_survival(data["MGE"], data["time"], data["cens"])
    assert found.n == 40
    assert found.statistic == pytest.approx(expected.loc["Lau92", "M"], rel=1e-12)
    assert found.cut == pytest.approx(expected.loc["Lau92", "cut"], rel=1e-14)
    assert found.p_naive == pytest.approx(expected.loc["Lau92", "naive_logrank_p_at_cut"], abs=1e-10)
    assert found.p_lau92 == pytest.approx(expected.loc["Lau92", "p"], abs=1e-8)
    assert found.p_lau94 == pytest.approx(expected.loc["Lau94", "p"], abs=1e-8)
    assert found.p_exact_gauss == pytest.approx(expected.loc["exactGauss", "p"], abs=5e-4)  # theirs is quasi-random
    p = expected.loc["condMC", "p"]
    assert found.p_permutation == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) * (1 / 9_999 + 1 / 10_000)))


def test_six_genes_are_significant_until_one_remembers_that_the_cut_was_looked_for(shared_data) -> None:
    data = _expected(shared_data, "myeloma/data.tsv")
    expected = _expected(shared_data, "myeloma/expected_univariate_cox_log2.tsv").set_index("gene")
    found = {
        gene: cut_for_survival(np.log2(data[gene] + 1), data["time"], data["event"], search=ALONE)
        for gene in expected.index
    }
    for gene, cut in found.items():
        assert cut.statistic == pytest.approx(expected.loc[gene, "M"], rel=1e-12)
        assert cut.cut == pytest.approx(expected.loc[gene, "cut"], rel=1e-13)
        assert cut.p_naive == pytest.approx(expected.loc[gene, "p_naive"], abs=1e-10)
        assert cut.p_lau94 == pytest.approx(min(expected.loc[gene, "p_lau94"], 1.0), abs=1e-8)
    naive = np.array([cut.p_naive for cut in found.values()])
    corrected = np.array([cut.p_lau94 for cut in found.values()])
    assert (naive < 0.05).sum() == 6
    assert (corrected < 0.05).sum() == 2
    assert (benjamini_hochberg(corrected) < 0.05).sum() == 1


def test_by_hand() -> None:
    # scores: event - sum of 1/3, 1/2, 1 over the events so far
    np.testing.assert_allclose(log_rank_scores([1.0, 2, 3], [1, 1, 1]), [2 / 3, 1 / 6, -5 / 6])
    # two tied events and one censored with them: both are counted against 4 - 3 + 1
    np.testing.assert_allclose(log_rank_scores([1.0, 1, 1, 2], [1, 1, 0, 1]), [0, 0, -1, -1])
    found = cut_for_classes([1.0, 2, 3, 4], [0, 0, 1, 1], search=QUICK)
    # after two: sum 0, expected 1, variance 2 * 2 / (4 * 3) = 1/3
    assert found.statistic == pytest.approx(np.sqrt(3))
    assert (found.cut, found.n_low, found.n_high, found.direction, found.n_cuts) == (2.0, 2, 2, 1, 3)
    assert found.p_naive == pytest.approx(2 * stats.norm.sf(np.sqrt(3)))


def test_without_ties_the_squared_statistic_is_near_the_log_rank_test() -> None:
    rng = np.random.default_rng(5)
    x, t, d = rng.normal(size=300), rng.exponential(size=300), rng.random(300) < 0.7
    found = cut_for_survival(x, t * np.exp(-0.6 * x), d, search=ALONE)
    assert found.statistic**2 == pytest.approx(log_rank(t * np.exp(-0.6 * x), d, x > found.cut).statistic, rel=0.1)
    assert found.direction == 1


def test_ranks_are_wilcoxon_at_the_cut() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=50).round(1)
    y = 1.5 * (x > 0.4) + rng.normal(size=50).round(1)
    found = cut_for_ranks(x, y, search=QUICK)
    test = stats.mannwhitneyu(y[x > found.cut], y[x <= found.cut], method="asymptotic", use_continuity=False)
    assert found.p_naive == pytest.approx(test.pvalue, rel=1e-9)
    assert max(found.p_lau92, found.p_lau94, found.p_exact_gauss, found.p_permutation) < 0.05


def test_classes_are_chi_square_at_the_cut() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=60)
    y = rng.random(60) < stats.norm.cdf(x)
    found = cut_for_classes(x, y, search=QUICK)
    table = pd.crosstab(x > found.cut, y)
    assert found.statistic**2 == pytest.approx(stats.chi2_contingency(table, correction=False).statistic * 59 / 60)


def test_the_maximum_is_that_of_every_cut_tried_one_by_one() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.integers(0, 12, 40).astype(float), rng.random(40) < 0.4
    found = cut_for_classes(x, y, search=ALONE)
    seen = {}
    for cut in np.unique(x)[:-1]:
        low = x <= cut
        if 4 <= low.sum() <= 36:
            m, n = low.sum(), 40
            variance = (
                m * (n - m) / (n * (n - 1)) * (y.astype(float) ** 2).sum()
                - m * (n - m) / (n * n * (n - 1)) * y.sum() ** 2
            )
            seen[cut] = abs(y[low].sum() - m * y.mean()) / np.sqrt(variance)
    assert found.n_cuts == len(seen)
    assert found.statistic == pytest.approx(max(seen.values()))
    assert seen[found.cut] == pytest.approx(found.statistic)


def test_of_equal_cuts_the_lowest_is_taken() -> None:
    # symmetric: after one and after three the statistic is the same
    found = cut_for_classes([1.0, 2, 3, 4], [1, 0, 0, 1], search=ALONE)
    assert found.cut == 1.0


cohorts = st.lists(st.tuples(st.integers(-8, 8), st.integers(0, 9), st.booleans()), min_size=6, max_size=40)


@settings(max_examples=60, deadline=None)
@given(cohorts, st.randoms())
def test_the_order_of_patients_does_not_matter(rows, random) -> None:
    x, t, d = (np.array(v, dtype=float) for v in zip(*rows, strict=True))
    order = list(range(x.size))
    random.shuffle(order)
    a = cut_for_survival(x, t, d, search=QUICK)
    b = cut_for_survival(x[order], t[order], d[order], search=QUICK)
    _same(a, b)
    assert (a.cut == b.cut) or (np.isnan(a.cut) and np.isnan(b.cut))


@settings(max_examples=60, deadline=None)
@given(cohorts, st.sampled_from([np.exp, np.arctan, lambda v: v**3, lambda v: 7 * v - 2]))
def test_a_rising_transformation_moves_the_cut_alone(rows, rising) -> None:
    x, t, d = (np.array(v, dtype=float) for v in zip(*rows, strict=True))
    a = cut_for_survival(x, t, d, search=QUICK)
    b = cut_for_survival(rising(x), t, d, search=QUICK)
    _same(a, b)
    if not a.reason:
        assert b.cut == rising(np.array([a.cut]))[0]


@pytest.mark.parametrize(
    ("x", "t", "d", "cut"),
    [
        ([0.0, 0, 0, 1, 2, 1], [0.0, 1, 0, 1, 0, 0], [0, 1, 0, 0, 0, 1], 0.0),
        ([0.0, 0, 0, 0, 1, 1], [0.0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], 0.0),
    ],
)
def test_where_no_cut_differs_rounding_does_not_choose_one(x, t, d, cut: float) -> None:
    x, t, d = (np.array(v, dtype=float) for v in (x, t, d))
    for order in permutations(range(6)):
        found = cut_for_survival(x[list(order)], t[list(order)], d[list(order)], search=CutSearch(n_permutations=20))
        assert (found.statistic, found.cut, found.direction) == (0.0, cut, 0)
        assert (found.p_permutation, found.p_exact_gauss, found.p_lau92, found.p_lau94) == (1.0, 1.0, 1.0, 1.0)


def _same(a, b) -> None:
    assert (a.reason, a.n, a.n_low, a.n_high, a.n_cuts) == (b.reason, b.n, b.n_low, b.n_high, b.n_cuts)
    # to the last bit: Lausen and Schumacher's formula of 1992 jumps at 1, and so would p by a rounding of M
    for name in ("statistic", "p_naive", "p_lau92", "p_lau94", "p_exact_gauss", "p_permutation"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_a_falling_transformation_swaps_the_groups() -> None:
    rng = np.random.default_rng(9)
    x, t, d = rng.normal(size=41), rng.exponential(size=41), np.ones(41)
    search = CutSearch(0.2, 0.8, n_permutations=0)
    a, b = cut_for_survival(x, t, d, search=search), cut_for_survival(-x, t, d, search=search)
    assert (a.n_low, a.n_high, a.direction) == (b.n_high, b.n_low, -b.direction)
    assert a.statistic == pytest.approx(b.statistic)


def test_missing_values_are_dropped_and_counted() -> None:
    x = np.array([1.0, 2, 3, 4, np.nan, 6, 7, 8])
    t = np.array([8.0, 7, 6, np.nan, 4, 3, 2, 1])
    found = cut_for_survival(x, t, np.ones(8), search=QUICK)
    keep = ~np.isnan(x) & ~np.isnan(t)
    assert found.n == found.n_events == 6
    assert found == cut_for_survival(x[keep], t[keep], np.ones(6), search=QUICK)


@pytest.mark.parametrize(
    ("x", "t", "d", "reason"),
    [
        ([], [], [], "empty"),
        ([np.nan, 1.0], [1.0, np.nan], [1, 1], "empty"),
        ([1.0, 2, 3], [1.0, 2, 3], [0, 0, 0], "no_events"),
        ([2.0, 2, 2], [1.0, 2, 3], [1, 1, 1], "constant"),
        ([1.0], [1.0], [1], "constant"),
        ([0.0] + [1.0] * 29, [*np.arange(1.0, 31)], [1] * 30, "no_cut"),
        ([1.0, 2, 3], [5.0, 5, 5], [1, 1, 1], "constant_outcome"),
    ],
)
def test_what_has_no_cut_is_missing_with_the_reason(x, t, d, reason: str) -> None:
    found = cut_for_survival(x, t, d)
    assert found.reason == reason
    assert found.method == "not estimated"
    numbers = (found.cut, found.statistic, found.p_naive, found.p_lau92, found.p_lau94, found.p_exact_gauss)
    assert np.isnan([*numbers, found.p_permutation]).all()
    assert (found.n_low, found.n_high, found.n_cuts, found.n_permutations) == (0, 0, 0, 0)


def test_one_class_and_one_rank_have_no_cut() -> None:
    assert cut_for_classes([1.0, 2, 3], [1, 1, 1]).reason == "constant_outcome"
    assert cut_for_ranks([1.0, 2, 3], [4, 4, 4]).reason == "constant_outcome"


def test_the_same_seed_gives_the_same_answer_and_another_a_near_one() -> None:
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=80), rng.random(80) < 0.5
    a, b = (cut_for_classes(x, y, rng=np.random.default_rng(s)) for s in (1, 1))
    c = cut_for_classes(x, y, rng=np.random.default_rng(2))
    assert a == b
    assert c.p_permutation == pytest.approx(a.p_permutation, abs=4 * np.sqrt(0.5 / 10_000))


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match=r"between the shares 0.9 and 0.1"):
        CutSearch(0.9, 0.1)
    with pytest.raises(InputError, match="permutations is -1"):
        CutSearch(n_permutations=-1)
    with pytest.raises(EndpointError, match="negative"):
        cut_for_survival([1.0, 2], [-1.0, 2], [1, 1])
    with pytest.raises(InputError, match="1 times or events are missing"):
        log_rank_scores([1.0, np.nan], [1, 1])
    with pytest.raises(InputError, match="neither 0 nor 1"):
        cut_for_classes([1.0, 2], [1, 2])
    with pytest.raises(InputError, match="infinite"):
        cut_for_ranks([1.0, np.inf], [1, 2])
