from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.logistic import odds_ratio_per_sd
from tmescope.stats.logistic_models import find_separation, fit_logistic, logistic_likelihood_ratio


def _data(seed: int, n: int = 150, k: int = 3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k)) * 10.0 ** rng.integers(-3, 4, k) + rng.normal(size=k)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    y = (rng.random(n) < 1 / (1 + np.exp(-(z @ rng.normal(size=k) * 0.7 - 0.4)))).astype(float)
    return x, y


@pytest.mark.parametrize("seed", range(5))
def test_statsmodels_agrees(seed: int) -> None:
    x, y = _data(seed)
    spread = x.std(axis=0)
    fit = sm.Logit(y, sm.add_constant(x / spread)).fit(disp=0, method="newton", tol=1e-10, maxiter=100)
    found = fit_logistic(x, y)
    np.testing.assert_allclose(found.coefficients * spread, fit.params[1:], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.std_errors * spread, fit.bse[1:], rtol=1e-8)
    np.testing.assert_allclose(found.p_values, fit.pvalues[1:], rtol=1e-7)
    assert found.intercept == pytest.approx(fit.params[0], rel=1e-8)
    assert found.log_likelihood == pytest.approx(fit.llf, rel=1e-10)
    assert found.null_log_likelihood == pytest.approx(fit.llnull, rel=1e-8)
    test = logistic_likelihood_ratio(found, fit_logistic(x[:, :1], y))
    less = sm.Logit(y, sm.add_constant(x[:, :1] / spread[0])).fit(disp=0, method="newton", tol=1e-10)
    assert test.p_value == pytest.approx(stats.chi2.sf(2 * (fit.llf - less.llf), 2), rel=1e-6)


def test_one_covariate_gives_what_the_odds_ratio_per_sd_gives() -> None:
    x, y = _data(9, k=1)
    one, many = odds_ratio_per_sd(x[:, 0], y), fit_logistic(x, y)
    assert many.coefficients[0] * one.sd == pytest.approx(one.log_odds_ratio, rel=1e-9)
    assert many.p_values[0] == pytest.approx(one.p_value, rel=1e-8)


@pytest.mark.parametrize(
    ("x", "y", "reason", "columns"),
    [
        (np.zeros((0, 2)), [], "empty", ()),
        ([[1.0], [2], [3]], [1, 1, 1], "one_class", ()),
        ([[1.0, 5], [2, 5], [3, 5], [4, 5]], [0, 1, 0, 1], "constant", (1,)),
        ([[1.0, 2], [2, 4], [3, 6], [5, 10]], [0, 1, 0, 1], "collinear", (1,)),
        ([[1.0, 2], [2, 0], [3, 1]], [0, 1, 0], "too_few_samples", ()),
        ([[1.0, 0], [2, 1], [3, 0], [4, 1], [5, 1]], [0, 0, 1, 1, 1], "separation", (0,)),
        ([[1.0, 0], [2, 1], [3, 0], [0, 1], [4, 1], [1, 0]], [0, 0, 0, 0, 1, 0], "separation", (0,)),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(x, y, reason: str, columns) -> None:
    found = fit_logistic(x, y)
    assert (found.reason, found.method) == (reason, "not estimated")
    assert np.isnan(found.coefficients).all()
    assert np.isnan(found.covariance).all()
    if reason != "separation":
        assert found.columns == columns
    else:
        assert set(columns) <= set(found.columns)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.booleans()), min_size=5, max_size=25))
def test_newton_settles_exactly_where_no_plane_separates(rows) -> None:
    x = np.array([[a, b] for a, b, _ in rows], dtype=float)
    y = np.array([c for *_, c in rows], dtype=float)
    found = fit_logistic(x, y)
    if found.reason in {"one_class", "constant", "collinear", "too_few_samples"}:
        return
    assert found.reason in {"", "separation"}
    assert bool(find_separation(x, y)) is (found.reason == "separation")
    if not found.reason:  # the score is zero at the maximum
        p = 1 / (1 + np.exp(-(found.intercept + x @ found.coefficients)))
        np.testing.assert_allclose(np.column_stack([np.ones(y.size), x]).T @ (y - p), 0.0, atol=1e-8)


def test_classes_that_nearly_separate_still_have_their_maximum() -> None:
    x = np.concatenate([np.arange(20.0), np.arange(20.0) + 20.0 - 1.0 - 1e-9])
    y = np.repeat([0.0, 1.0], 20)
    assert fit_logistic(x, y).reason == ""
    assert fit_logistic(np.concatenate([np.arange(20.0), np.arange(20.0) + 19.0]), y).reason == "separation"


def test_missing_samples_are_dropped_and_tests_need_the_same_samples() -> None:
    x, y = _data(1)
    holes = x.copy()
    holes[:7, 1] = np.nan
    found = fit_logistic(holes, y)
    assert found.n == 143
    np.testing.assert_allclose(found.coefficients, fit_logistic(x[7:], y[7:]).coefficients)
    with pytest.raises(InputError, match="different samples"):
        logistic_likelihood_ratio(found, fit_logistic(x[:, :1], y))
    with pytest.raises(InputError, match="more covariates"):
        logistic_likelihood_ratio(found, found)
    with pytest.raises(InputError, match="confidence"):
        fit_logistic(x, y, confidence=95)
