"""Firth's estimates beside two other derivations: augmented data, and the penalised likelihood put into a maximiser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from tmescope.stats.firth import fit_firth, penalised_likelihood_ratio
from tmescope.stats.logistic_models import fit_logistic


def _data(seed: int, n: int = 30, k: int = 2, strength: float = 1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k))
    x[:, 0] = rng.random(n) < 0.3
    y = (rng.random(n) < special.expit(x @ np.full(k, strength) - 0.5)).astype(float)
    y[0], y[1] = 0.0, 1.0
    return x, y


def _augmented(x, y):
    """Estimates from data in which each sample also stands with weight h/2 in either class, h being its leverage."""
    z = np.column_stack([np.ones(len(x)), x])
    slope = np.zeros(z.shape[1])
    for _ in range(400):
        p = special.expit(z @ slope)
        root = z * np.sqrt(p * (1 - p))[:, None]
        h = (np.linalg.qr(root)[0] ** 2).sum(axis=1)
        total, yes = 1 + h, y + h / 2  # weighted logistic regression, by iterated least squares to its end
        start = slope.copy()
        for _ in range(100):
            p = special.expit(z @ slope)
            w = total * p * (1 - p)
            working = z @ slope + (yes - total * p) / w
            new = np.linalg.lstsq(z * np.sqrt(w)[:, None], working * np.sqrt(w), rcond=None)[0]
            done, slope = np.abs(new - slope).max() < 1e-14, new
            if done:
                break
        if np.abs(start - slope).max() < 1e-13:
            break
    return slope


def _penalised(slope, x, y):
    z = np.column_stack([np.ones(len(x)), x])
    eta = z @ slope
    p = special.expit(eta)
    singular = np.linalg.svd(z * np.sqrt(p * (1 - p))[:, None], compute_uv=False)
    return float(y @ eta - np.logaddexp(0, eta).sum() + np.log(singular).sum())


@pytest.mark.parametrize(("seed", "strength"), [(0, 1.0), (1, 0.0), (2, 2.0), (3, 6.0), (4, 30.0)])
def test_augmented_data_give_the_same_estimates(seed: int, strength: float) -> None:
    x, y = _data(seed, strength=strength)
    found = fit_firth(x, y)
    np.testing.assert_allclose([found.intercept, *found.coefficients], _augmented(x, y), atol=1e-8, rtol=1e-8)
    assert found.penalised_log_likelihood == pytest.approx(_penalised(_augmented(x, y), x, y), rel=1e-8)
    if strength == 30.0:
        assert fit_logistic(x, y).reason == "separation"


@pytest.mark.parametrize("separated", [False, True])
def test_a_general_maximiser_finds_the_same_maximum_and_the_same_limits(separated: bool) -> None:
    x, y = _data(0)
    if separated:
        y[x[:, 0] == 1.0] = 1.0
        assert fit_logistic(x, y).reason == "separation"
    found = fit_firth(x, y, profile=[0])
    best = optimize.minimize(lambda b: -_penalised(b, x, y), np.zeros(3), method="BFGS", options={"gtol": 1e-7})
    assert found.penalised_log_likelihood == pytest.approx(-best.fun, abs=1e-10)
    assert np.isnan(found.ci_low[1])
    for limit in (found.ci_low[0], found.ci_high[0]):
        others = best.x[[0, 2]]
        for value in np.linspace(best.x[1], limit, 12)[1:]:  # in steps: far away a cold start falls off the ridge
            held = optimize.minimize(
                lambda b, value=value: -_penalised(np.array([b[0], value, b[1]]), x, y),
                others,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000},
            )
            others = held.x
        assert 2 * (held.fun - best.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-8)
    zero = optimize.minimize(lambda b: -_penalised(np.array([b[0], 0.0, b[1]]), x, y), np.zeros(2), method="BFGS")
    assert found.p_values[0] == pytest.approx(stats.chi2.sf(2 * (zero.fun - best.fun), 1), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_a_two_by_two_table_is_that_with_a_half_in_each_cell(cells: list[int]) -> None:
    # Heinze and Schemper 2002: with one 0/1 covariate the penalty adds one half to each cell
    a, b, c, d = cells
    if min(a + b, c + d, a + c, b + d) == 0 or sum(cells) < 3:
        return
    x = np.repeat([1.0, 1, 0, 0], cells)
    y = np.repeat([1.0, 0, 1, 0], cells)
    found = fit_firth(x, y, profile=[])
    assert found.coefficients[0] == pytest.approx(
        np.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))), rel=1e-8, abs=1e-8
    )
    assert found.intercept == pytest.approx(np.log((c + 0.5) / (d + 0.5)), rel=1e-8, abs=1e-8)


def test_units_do_not_matter_and_the_test_mirrors_the_interval() -> None:
    x, y = _data(7, n=40)
    a, b = fit_firth(x, y), fit_firth(x * [1000.0, 0.01] + 5, y)
    np.testing.assert_allclose(a.coefficients, b.coefficients * [1000.0, 0.01], rtol=1e-8)
    np.testing.assert_allclose(a.ci_low, b.ci_low * [1000.0, 0.01], rtol=1e-7)
    np.testing.assert_allclose(a.p_values, b.p_values, rtol=1e-7)
    for column in range(2):
        for value in (a.ci_low[column], a.ci_high[column]):
            ratio = penalised_likelihood_ratio(x, y, column=column, value=value)
            assert ratio.p_value == pytest.approx(0.05, rel=1e-6)
    assert penalised_likelihood_ratio(x, y, column=1).p_value == pytest.approx(a.p_values[1], rel=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1.0, 2, 3], [1, 1, 1], "one_class"),
        ([1.0, 1, 1], [1, 0, 1], "constant"),
        ([[1.0, 2], [2, 4], [3, 6], [5, 10]], [0, 1, 0, 1], "collinear"),
        ([[1.0, 2], [2, 0], [3, 1]], [0, 1, 0], "too_few_samples"),
        ([np.nan], [1], "empty"),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(x, y, reason: str) -> None:
    found = fit_firth(x, y)
    assert (found.reason, found.method) == (reason, "not estimated")
    assert np.isnan(found.coefficients).all()
    assert penalised_likelihood_ratio(x, y, column=0).reason == reason


def test_a_profile_over_a_surface_that_bends_both_ways_is_followed_to_both_limits() -> None:
    rng = np.random.default_rng(49768)
    positive = rng.choice(["responder", "non_responder"], 9) == "responder"
    confounders, feature = rng.integers(0, 2, (9, 4)).astype(float), rng.integers(0, 2, 9).astype(float)
    x = np.column_stack([feature, confounders])
    fitted = fit_firth(x, positive, profile=[0])
    assert fitted.ci_low[0] < fitted.coefficients[0] < fitted.ci_high[0]
    for value in (fitted.ci_low[0], fitted.ci_high[0]):
        assert penalised_likelihood_ratio(x, positive, column=0, value=value).p_value == pytest.approx(0.05, abs=1e-7)
