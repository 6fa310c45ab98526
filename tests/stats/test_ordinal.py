"""The proportional-odds model beside statsmodels, a general maximiser and binary regressions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

from tmescope.stats.logistic_models import fit_logistic
from tmescope.stats.ordinal import check_proportional_odds, fit_ordinal


def _data(seed: int, n: int = 120, cuts=(-1.0, 0.3, 1.5)):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    latent = x @ [0.8, -0.4] + rng.logistic(size=n)
    return x, np.searchsorted(cuts, latent).astype(float)


def _likelihood(b, x, c):
    cuts = np.concatenate([[-np.inf], b[: int(c.max())], [np.inf]])
    eta = x @ b[int(c.max()) :]
    i = c.astype(int)
    return np.log(special.expit(cuts[i + 1] - eta) - special.expit(cuts[i] - eta)).sum()


@pytest.mark.parametrize("seed", range(3))
def test_statsmodels_and_the_likelihood_agree(seed: int) -> None:
    x, c = _data(seed)
    found = fit_ordinal(x, c)
    fit = OrderedModel(c.astype(int), x, distr="logit").fit(method="newton", disp=0, tol=1e-12, maxiter=100)
    np.testing.assert_allclose(found.coefficients, fit.params[:2], atol=1e-8)
    np.testing.assert_allclose(found.thresholds, fit.model.transform_threshold_params(fit.params)[1:-1], atol=1e-8)
    np.testing.assert_allclose(found.std_errors, fit.bse[:2], rtol=1e-4)  # theirs is a numerical derivative
    assert found.log_likelihood == pytest.approx(fit.llf, rel=1e-10)
    best = np.concatenate([found.thresholds, found.coefficients])
    assert found.log_likelihood == pytest.approx(_likelihood(best, x, c), rel=1e-12)
    steps = 1e-5 * np.eye(best.size)  # central differences of the plain likelihood: score zero, information right
    slope = [(_likelihood(best + s, x, c) - _likelihood(best - s, x, c)) / 2e-5 for s in steps]
    np.testing.assert_allclose(slope, 0.0, atol=1e-5)
    general = optimize.minimize(lambda b: -_likelihood(b, x, c), best + 0.1, method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(best, general.x, atol=1e-5)


def test_the_covariance_is_the_inverse_of_second_differences() -> None:
    x, c = _data(5, n=60)
    found = fit_ordinal(x, c)
    best = np.concatenate([found.thresholds, found.coefficients])
    h = 1e-4 * np.eye(best.size)

    def second(i, j):
        value = sum(si * sj * _likelihood(best + si * h[i] + sj * h[j], x, c) for si in (1, -1) for sj in (1, -1))
        return -value / 4e-8

    information = np.array([[second(i, j) for j in range(best.size)] for i in range(best.size)])
    np.testing.assert_allclose(np.linalg.inv(information), found.covariance, rtol=1e-4, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2)), min_size=5, max_size=25))
def test_small_integer_data_either_have_a_zero_score_or_a_reason(rows) -> None:
    x = np.array([a for a, _ in rows], dtype=float)
    c = np.array([b for _, b in rows], dtype=float)
    found, mirrored = fit_ordinal(x, c), fit_ordinal(-x, c)
    assert found.reason == mirrored.reason
    assert found.reason in {"", "one_class", "constant", "too_few_samples", "separation"}
    if found.reason:
        assert np.isnan(found.coefficients).all()
        return
    assert mirrored.coefficients[0] == pytest.approx(-found.coefficients[0], rel=1e-7, abs=1e-9)
    levels, i = np.unique(c, return_inverse=True)
    if levels.size == 2:
        binary = fit_logistic(x, i)
        assert found.coefficients[0] == pytest.approx(binary.coefficients[0], rel=1e-8, abs=1e-9)
        assert found.std_errors[0] == pytest.approx(binary.std_errors[0], rel=1e-8)
    # the score of the slope, from the fitted chances: sum of x (F(upper) + F(lower) - 1)
    cuts = np.concatenate([[-np.inf], found.thresholds, [np.inf]])
    eta = found.coefficients[0] * x
    score = (x * (special.expit(cuts[i + 1] - eta) + special.expit(cuts[i] - eta) - 1)).sum()
    assert score == pytest.approx(0.0, abs=1e-7)


def test_separation_and_gaps_between_codes() -> None:
    x, c = np.arange(9.0), np.repeat([0.0, 2, 3], 3)
    found = fit_ordinal(x, c)
    assert (found.reason, found.levels, found.counts, found.columns) == ("separation", (0, 2, 3), (3, 3, 3), (0,))
    x, c = _data(1)
    np.testing.assert_allclose(fit_ordinal(x, c).coefficients, fit_ordinal(x, c * 2 + 1).coefficients)
    assert fit_ordinal([], []).reason == "empty"
    assert fit_ordinal([1.0, 2], [3, 3]).reason == "one_class"


def test_the_test_of_proportional_odds_has_its_size_and_finds_departures() -> None:
    rng = np.random.default_rng(11)
    p_values = []
    for _ in range(400):
        x = rng.normal(size=200)
        p_values.append(
            check_proportional_odds(x, np.searchsorted([-0.8, 0.8], 0.7 * x + rng.logistic(size=200))).p_value
        )
    rejected = int((np.array(p_values) < 0.05).sum())
    assert stats.binom.ppf(0.0005, 400, 0.05) <= rejected <= stats.binom.ppf(0.9995, 400, 0.05)
    x = rng.normal(size=600)
    upper = rng.random(600) < special.expit(2 * x - 1)  # strong at one cut, absent at the other
    c = np.where(rng.random(600) < 0.4, 0, 1 + upper)
    found = check_proportional_odds(x, c)
    assert found.p_value < 1e-4
    assert found.degrees_of_freedom == 1.0
    assert check_proportional_odds(x, c > 0).reason == "two_levels"
    assert check_proportional_odds([1.0, 2, 3, 4], [0, 1, 2, 2]).reason == "separation"
