from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from tmescope.foundation.errors import InputError
from tmescope.stats import logistic
from tmescope.stats.logistic import odds_ratio_of_group, odds_ratio_per_sd


@pytest.mark.parametrize("case", ["moderate", "strong", "rare", "skewed", "nearly_separated"])
def test_golden_numbers_of_glm(golden, case: str) -> None:
    data = golden("stats_logistic/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_logistic/expected.tsv").set_index("case").loc[case]
    found = odds_ratio_per_sd(data["score"], data["positive"])
    assert (found.n, found.n_positive, found.reason) == (expected["n"], expected["n_positive"], "")
    assert found.sd == pytest.approx(expected["sd"], rel=1e-12)
    assert found.log_odds_ratio == pytest.approx(expected["log_odds_ratio"], rel=1e-9, abs=1e-12)
    assert found.std_error == pytest.approx(expected["std_error"], rel=1e-9)
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-8)
    assert (found.ci_low, found.ci_high) == pytest.approx((expected["ci_low"], expected["ci_high"]), rel=1e-8)
    assert found.odds_ratio == pytest.approx(np.exp(expected["log_odds_ratio"]), rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_statsmodels_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.gamma(1.5, size=120) * 10**seed
    y = (rng.random(120) < 1 / (1 + np.exp(-(x - x.mean()) / x.std()))).astype(float)
    z = (x - x.mean()) / x.std(ddof=1)
    fit = sm.Logit(y, sm.add_constant(z)).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
    found = odds_ratio_per_sd(x, y)
    assert found.log_odds_ratio == pytest.approx(fit.params[1], rel=1e-10)
    assert found.std_error == pytest.approx(fit.bse[1], rel=1e-10)
    assert found.p_value == pytest.approx(fit.pvalues[1], rel=1e-9)


def test_unit_does_not_matter_and_sign_mirrors() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=60), rng.random(60) < 0.4
    a, b, c = odds_ratio_per_sd(x, y), odds_ratio_per_sd(1000 * x + 7, y), odds_ratio_per_sd(-x, y)
    assert b.log_odds_ratio == pytest.approx(a.log_odds_ratio, rel=1e-9)
    assert c.log_odds_ratio == pytest.approx(-a.log_odds_ratio, rel=1e-9)
    assert (c.ci_low, c.ci_high) == pytest.approx((1 / a.ci_high, 1 / a.ci_low), rel=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1.0, 2, 3, 4], [0, 0, 1, 1], "separation"),
        ([4.0, 3, 2, 1], [0, 0, 1, 1], "separation"),
        ([1.0, 2, 2, 4], [0, 0, 1, 1], "separation"),  # the ranges touch: quasi-complete
        ([0.0, 0, 0, 1], [0, 1, 0, 1], "separation"),
        ([5.0, 5, 5], [0, 1, 0], "constant"),
        ([0.1 + 0.2, 0.3, 0.3], [0, 1, 0], "constant"),
        ([1.0, 2], [1, 1], "one_class"),
        ([np.nan, 1.0], [1, np.nan], "empty"),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(x, y, reason: str) -> None:
    found = odds_ratio_per_sd(x, y)
    assert found.reason == reason
    assert np.isnan([found.odds_ratio, found.std_error, found.ci_low, found.ci_high, found.p_value]).all()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=3, max_size=25))
def test_a_maximum_is_found_exactly_where_ranges_overlap(pairs: list[tuple[int, bool]]) -> None:
    x = np.array([a for a, _ in pairs], dtype=float)
    y = np.array([b for _, b in pairs], dtype=float)
    found = odds_ratio_per_sd(x, y)
    if found.reason:
        assert found.reason in {"constant", "one_class", "separation"}
        return
    # both score equations hold at the maximum: find the intercept that meets the first, look at the second
    z = (x - x.mean()) / x.std(ddof=1)

    def excess(a: float) -> np.ndarray:
        return y - special.expit(a + found.log_odds_ratio * z)

    intercept = optimize.brentq(lambda a: excess(a).sum(), -500, 500, xtol=1e-14)
    assert excess(intercept) @ z == pytest.approx(0.0, abs=1e-8)


def test_steps_that_do_not_settle_are_told(monkeypatch) -> None:
    monkeypatch.setattr(logistic, "_MAX_STEPS", 1)
    found = odds_ratio_per_sd([1.0, 2, 3, 4, 5], [0, 1, 0, 1, 1])
    assert found.reason == "not_converged"
    assert np.isnan(found.odds_ratio)


def test_values_over_many_orders_of_magnitude_end_without_an_error() -> None:
    rng = np.random.default_rng(0)
    reasons = set()
    for _ in range(200):
        x = rng.normal(size=20) ** 15
        y = np.argsort(np.argsort(x)) > 9
        y[rng.integers(0, 20)] ^= True
        found = odds_ratio_per_sd(x, y)
        reasons.add(found.reason)
        assert np.isnan(found.odds_ratio) == bool(found.reason)
    assert "" in reasons
    assert "not_converged" in reasons  # some of them do meet the limits of floating point


def _expand(row) -> tuple[np.ndarray, np.ndarray]:
    counts = [int(row[k]) for k in "abcd"]
    return np.repeat([1.0, 1, 0, 0], counts), np.repeat([1.0, 0, 1, 0], counts)


@pytest.mark.parametrize("case", ["plain", "zero_cell", "small", "even", "two_zeros", "large"])
def test_golden_numbers_of_fisher(golden, case: str) -> None:
    row = golden("stats_logistic/expected_tables.tsv").set_index("case").loc[case]
    group, positive = _expand(row)
    found = odds_ratio_of_group(group, positive)
    assert found.p_value == pytest.approx(row["p_value"], rel=1e-9)
    cells = np.array([row[k] for k in "abcd"], dtype=float)
    zero = (cells == 0).any()
    assert ("Haldane-Anscombe" in found.method) == zero
    a, b, c, d = cells + 0.5 * zero
    assert found.odds_ratio == pytest.approx(a * d / (b * c))
    error = np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    assert found.std_error == pytest.approx(error)
    assert found.ci_low == pytest.approx(found.odds_ratio * np.exp(-1.959963984540054 * error))
    assert np.isfinite(found.ci_high)


def test_a_table_without_zeros_is_the_logistic_model(golden) -> None:
    row = golden("stats_logistic/expected_tables.tsv").set_index("case").loc["plain"]
    group, positive = _expand(row)
    per_sd = odds_ratio_per_sd(group, positive)
    assert odds_ratio_of_group(group, positive).log_odds_ratio == pytest.approx(
        per_sd.log_odds_ratio / per_sd.sd, rel=1e-9
    )


@pytest.mark.parametrize(
    ("group", "positive", "reason"),
    [([1, 1, 1], [0, 1, 0], "constant"), ([0, 0, 0], [0, 1, 0], "constant"), ([1, 0], [1, 1], "one_class")],
)
def test_an_empty_margin_has_no_odds_ratio(group, positive, reason: str) -> None:
    found = odds_ratio_of_group(group, positive)
    assert found.reason == reason
    assert np.isnan([found.odds_ratio, found.p_value]).all()


def test_arguments_are_checked() -> None:
    with pytest.raises(InputError, match="neither 0 nor 1"):
        odds_ratio_of_group([0, 1, 2], [0, 1, 1])
    with pytest.raises(InputError, match="confidence"):
        odds_ratio_per_sd([1.0, 2], [0, 1], confidence=1.0)
