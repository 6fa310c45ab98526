from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from tmescope.stats.mixed_models import fit_random_intercepts


def _pairs(seed: int, n: int = 15, between: float = 2.0, effect: float = 0.5):
    rng = np.random.default_rng(seed)
    start = between * rng.normal(size=n) + 5
    pre, on = start + rng.normal(size=n), start + effect + rng.normal(size=n)
    return pre, on, np.concatenate([pre, on]), np.repeat([0.0, 1.0], n), np.tile(np.arange(n), 2)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 25))
def test_complete_pairs_give_the_paired_t_test(seed: int, n: int) -> None:
    pre, on, y, x, patient = _pairs(seed, n)
    found = fit_random_intercepts(y, x, patient)
    assert found.coefficients[0] == pytest.approx(np.mean(on - pre), rel=1e-9, abs=1e-11)
    if found.between_variance == 0.0:  # pairs are no more alike than strangers: the unpaired test
        assert found.p_values[0] == pytest.approx(stats.ttest_ind(on, pre).pvalue, rel=1e-8)
        return
    test = stats.ttest_rel(on, pre)
    assert found.p_values[0] == pytest.approx(test.pvalue, rel=1e-7)
    assert found.degrees_of_freedom[0] == pytest.approx(n - 1, rel=1e-7)
    interval = test.confidence_interval()
    assert (found.ci_low[0], found.ci_high[0]) == pytest.approx((interval.low, interval.high), rel=1e-7, abs=1e-9)
    assert found.within_variance == pytest.approx(np.var(on - pre, ddof=1) / 2, rel=1e-7)


def _reml(theta, y, z, patient):
    """Minus the restricted log likelihood from the whole covariance matrix."""
    v = theta[0] * np.eye(y.size) + theta[1] * (patient[:, None] == patient)
    inverse = np.linalg.inv(v)
    normal = z.T @ inverse @ z
    rest = y - z @ np.linalg.solve(normal, z.T @ inverse @ y)
    return 0.5 * (
        np.linalg.slogdet(v)[1]
        + np.linalg.slogdet(normal)[1]
        + rest @ inverse @ rest
        + (y.size - z.shape[1]) * np.log(2 * np.pi)
    )


@pytest.mark.parametrize("seed", range(3))
def test_unpaired_patients_too_beside_statsmodels_and_the_whole_matrix(seed: int) -> None:
    *_, y, x, patient = _pairs(seed, 20)
    keep = np.random.default_rng(seed).random(40) < 0.75
    responder = np.random.default_rng(seed + 9).random(20)[patient] < 0.5
    design = np.column_stack([x, responder, x * responder])[keep]
    y, patient = y[keep], patient[keep]
    found = fit_random_intercepts(y, design, patient)
    z = np.column_stack([np.ones(y.size), design])
    theta = np.array([found.within_variance, found.between_variance])
    assert found.restricted_log_likelihood == pytest.approx(-_reml(theta, y, z, patient), rel=1e-10)
    best = optimize.minimize(
        lambda t: _reml(np.exp(t), y, z, patient), np.log(theta) + 0.1, method="BFGS", options={"gtol": 1e-8}
    )
    assert found.restricted_log_likelihood == pytest.approx(-best.fun, abs=1e-10)
    np.testing.assert_allclose(theta, np.exp(best.x), rtol=1e-5)
    v = np.linalg.inv(theta[0] * np.eye(y.size) + theta[1] * (patient[:, None] == patient))
    covariance = np.linalg.inv(z.T @ v @ z)
    np.testing.assert_allclose(found.coefficients, (covariance @ z.T @ v @ y)[1:], rtol=1e-8)
    np.testing.assert_allclose(found.std_errors, np.sqrt(np.diag(covariance))[1:], rtol=1e-8)
    other = sm.MixedLM(y, z, patient).fit(reml=True, method="bfgs", gtol=1e-10)
    np.testing.assert_allclose(found.coefficients, other.fe_params[1:], rtol=1e-4)


def test_degrees_of_freedom_are_those_of_numerical_derivatives() -> None:
    *_, y, x, patient = _pairs(3, 12)
    keep = np.random.default_rng(2).random(24) < 0.8
    y, x, patient = y[keep], x[keep], patient[keep]
    found = fit_random_intercepts(y, x, patient)
    z = np.column_stack([np.ones(y.size), x])
    theta = np.array([found.within_variance, found.between_variance])
    same = (patient[:, None] == patient).astype(float)

    def projection(t):
        v = np.linalg.inv(t[0] * np.eye(y.size) + t[1] * same)
        c = np.linalg.inv(z.T @ v @ z)
        return v - v @ z @ c @ z.T @ v, c[1, 1]

    p, variance = projection(theta)
    parts = [np.eye(y.size), same]
    information = 0.5 * np.array([[np.trace(p @ a @ p @ b) for b in parts] for a in parts])
    steps = 1e-5 * np.diag(theta)
    gradient = np.array([(projection(theta + s)[1] - projection(theta - s)[1]) / (2 * s.sum()) for s in steps])
    expected = 2 * variance**2 / (gradient @ np.linalg.solve(information, gradient))
    assert found.degrees_of_freedom[0] == pytest.approx(expected, rel=1e-6)


def test_units_do_not_matter_and_reasons() -> None:
    *_, y, x, patient = _pairs(5)
    a, b = fit_random_intercepts(y, x, patient), fit_random_intercepts(y * 1e6 + 1e3, x * 10, patient)
    assert b.coefficients[0] == pytest.approx(a.coefficients[0] * 1e5, rel=1e-8)
    assert b.p_values[0] == pytest.approx(a.p_values[0], rel=1e-7)
    assert fit_random_intercepts(y, x, np.arange(30)).reason == "no_repeats"
    assert fit_random_intercepts(y, x * 0, patient).reason == "constant"
    assert fit_random_intercepts(y, np.column_stack([x, x]), patient).reason == "collinear"
    assert fit_random_intercepts(x * 2, x, patient).reason == "no_variance"
    assert fit_random_intercepts(y[[0, 15]], x[[0, 15]], patient[[0, 15]]).reason == "too_few_samples"
    assert fit_random_intercepts([np.nan], [1.0], [0]).reason == "empty"
    assert np.isnan(fit_random_intercepts([np.nan], [1.0], [0]).p_values).all()


@pytest.mark.simulation
def test_simulated_changes_are_covered() -> None:
    rng = np.random.default_rng(8)
    covered = 0
    for i in range(400):
        *_, y, x, patient = _pairs(int(rng.integers(1 << 30)), 20, between=1.0)
        keep = np.random.default_rng(i).random(40) < 0.8
        found = fit_random_intercepts(y[keep], x[keep], patient[keep])
        covered += bool(found.ci_low[0] <= 0.5 <= found.ci_high[0])
    assert stats.binom.ppf(0.0005, 400, 0.95) <= covered <= stats.binom.ppf(0.9995, 400, 0.95)
