from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.roc import auc

CASES = ("continuous", "ties", "small", "large", "zero_inflated", "wide", "perfect")


@pytest.mark.parametrize("case", CASES)
def test_golden_numbers_of_proc_and_wilcoxon(golden, case: str) -> None:
    data = golden("stats_roc/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_roc/expected.tsv").set_index("case").loc[case]
    found = auc(data["score"], data["positive"])
    assert (found.n, found.n_positive) == (expected["n"], expected["n_positive"])
    assert found.auc == pytest.approx(expected["auc"], abs=1e-12)
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-10)
    assert found.method.endswith("exact Mann-Whitney p") == bool(expected["exact"])
    assert found.degenerate == (case in {"wide", "perfect"})
    if not found.degenerate:
        assert found.std_error == pytest.approx(expected["std_error"], abs=1e-12)
        narrow = auc(data["score"], data["positive"], confidence=0.9)
        for estimate, limits, tail in ((found, "ci", 0.025), (narrow, "ci90", 0.05)):
            half = stats.norm.ppf(1 - tail) * estimate.std_error  # pROC's interval is that of the area itself
            symmetric = (max(0.0, found.auc - half), min(1.0, found.auc + half))
            assert symmetric == pytest.approx((expected[f"{limits}_low"], expected[f"{limits}_high"]), abs=1e-12)


def test_limits_are_those_of_the_normal_quantile_of_the_area() -> None:
    rng = np.random.default_rng(3)
    found = auc(np.append(rng.normal(1.2, 1, 14), rng.normal(0, 1, 26)), np.arange(40) < 14)
    low, middle, high = stats.norm.ppf([found.ci_low, found.auc, found.ci_high])
    assert high - middle == pytest.approx(middle - low)
    # the slope of the quantile, by differences instead of the density
    slope = (stats.norm.ppf(found.auc + 1e-6) - stats.norm.ppf(found.auc - 1e-6)) / 2e-6
    assert high - middle == pytest.approx(stats.norm.ppf(0.975) * slope * found.std_error, rel=1e-6)
    assert "DeLong interval on the probit scale" in found.method


@pytest.mark.parametrize("distance", [0.0, 1.19])  # areas of 0.5 and 0.8
@pytest.mark.simulation
def test_the_interval_covers_in_small_cohorts(distance: float) -> None:
    rng = np.random.default_rng(20261126)
    area, positive, runs = float(stats.norm.cdf(distance / 2**0.5)), np.arange(40) < 14, 500
    found = [auc(rng.normal(size=40) + distance * positive, positive) for _ in range(runs)]
    low, high = stats.binom.interval(0.999, runs, 0.95)
    assert low <= sum(e.ci_low <= area <= e.ci_high for e in found) <= high


def _plain_delong(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The definition of DeLong's variance, pair by pair."""
    kernel = np.array([[(a > b) + 0.5 * (a == b) for b in y] for a in x])
    variance = np.var(kernel.mean(axis=1), ddof=1) / x.size + np.var(kernel.mean(axis=0), ddof=1) / y.size
    return float(kernel.mean()), float(variance**0.5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=12),
    st.lists(st.integers(0, 6), min_size=2, max_size=12),
)
def test_midranks_equal_the_definition(above: list[int], below: list[int]) -> None:
    x, y = np.array(above, dtype=float), np.array(below, dtype=float)
    found = auc(np.concatenate([x, y]), [1] * x.size + [0] * y.size)
    if found.reason == "constant":
        assert np.ptp(above + below) == 0
        return
    area, std_error = _plain_delong(x, y)
    assert found.auc == pytest.approx(area, abs=1e-14)
    if found.degenerate:
        assert std_error == 0.0
    else:
        assert found.std_error == pytest.approx(std_error, abs=1e-14)
        assert found.std_error > 0.0


def test_sign_and_labels_mirror() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=50), rng.random(50) < 0.4
    plain, flipped, relabelled = auc(x, y), auc(-x, y), auc(x, ~y)
    for other in (flipped, relabelled):
        assert other.auc == pytest.approx(1 - plain.auc)
        assert (other.ci_low, other.ci_high) == pytest.approx((1 - plain.ci_high, 1 - plain.ci_low))
        assert other.p_value == pytest.approx(plain.p_value)


def test_limits_stay_in_range() -> None:
    found = auc([1.0, 2, 3, 4, 3.5, 6, 7, 8], [0, 0, 0, 0, 1, 1, 1, 1])
    assert found.auc < found.ci_high < 1.0


@pytest.mark.parametrize(("m", "n"), [(3, 4), (1, 6), (10, 2), (25, 40)])
def test_no_overlap_gives_the_exact_bound(m: int, n: int) -> None:
    scores, positive = np.arange(m + n, dtype=float), np.arange(m + n) >= n
    best, worst = auc(scores, positive), auc(-scores, positive)
    # Clopper-Pearson for k of k concordant disjoint pairs
    bound = stats.binomtest(min(m, n), min(m, n)).proportion_ci(0.95, method="exact").low
    assert (best.auc, best.ci_low, best.ci_high) == pytest.approx((1.0, bound, 1.0))
    assert (worst.auc, worst.ci_low, worst.ci_high) == pytest.approx((0.0, 0.0, 1.0 - bound))
    assert best.degenerate
    assert best.reason == "perfect_separation"
    assert np.isnan(best.std_error)
    assert "do not overlap" in best.method
    assert best.p_value == pytest.approx(2 / np.exp(_log_choose(m + n, m)), rel=1e-9)


def _log_choose(n: int, k: int) -> float:
    return sum(np.log((n - i) / (i + 1)) for i in range(k))


@pytest.mark.simulation
def test_the_exact_bound_covers_in_the_worst_case() -> None:
    """Three positives, the negatives all at one point: non-overlap has its largest probability, AUC^3."""
    area = 0.025 ** (1 / 3)  # just what a 95% interval may exclude half of its error for
    found = auc([1.0, 1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0])
    assert found.ci_low == pytest.approx(area)
    patterns = list(itertools.product([0, 1], repeat=3))
    chance = sum(np.prod([area if hit else 1 - area for hit in p]) for p in patterns if all(p))
    assert chance == pytest.approx(0.025)


def test_one_sample_in_a_class_has_no_variance() -> None:
    found = auc([2.0, 1.0, 3.0, 4.0], [1, 0, 0, 0])
    assert found.auc == pytest.approx(1 / 3)
    assert found.reason == "one_sample_in_a_class"
    assert np.isnan([found.std_error, found.ci_low, found.ci_high]).all()
    assert found.p_value == 1.0


@pytest.mark.parametrize(
    ("scores", "positive", "reason", "n"),
    [
        ([1.0, 2.0, 3.0], [1, 1, 1], "one_class", 3),
        ([1.0, 2.0, 3.0], [0, 0, 0], "one_class", 3),
        ([2.0, 2.0, 2.0], [0, 1, 0], "constant", 3),
        ([np.nan, 2.0], [1, np.nan], "empty", 0),
        ([], [], "empty", 0),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(scores, positive, reason: str, n: int) -> None:
    found = auc(scores, positive)
    assert (found.reason, found.n) == (reason, n)
    assert np.isnan([found.auc, found.std_error, found.ci_low, found.ci_high, found.p_value]).all()
    assert not found.degenerate


def test_missing_pairs_are_dropped_and_counted() -> None:
    x = np.array([1.0, 5, np.nan, 2, 7, 3, 9, 4])
    y = np.array([0.0, 1, 1, np.nan, 1, 0, 0, 1])
    keep = ~(np.isnan(x) | np.isnan(y))
    assert auc(x, y) == auc(x[keep], y[keep])
    assert auc(x, y).n == 6


def test_only_the_order_of_scores_matters() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=40), rng.random(40) < 0.5
    order = rng.permutation(40)
    a, b = auc(x, y), auc(np.exp(x[order]), y[order])
    assert (a.auc, a.std_error, a.p_value) == pytest.approx((b.auc, b.std_error, b.p_value), rel=1e-12)


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match="differ in length"):
        auc([1.0], [1, 0])
    with pytest.raises(InputError, match="neither 0 nor 1"):
        auc([1.0, 2.0], [1, 2])
    with pytest.raises(InputError, match="infinite"):
        auc([1.0, -np.inf], [1, 0])
    with pytest.raises(InputError, match="confidence"):
        auc([1.0, 2.0], [1, 0], confidence=95)
