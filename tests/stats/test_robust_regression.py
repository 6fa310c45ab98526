"""Robust regression: its definition, and another library where both say the same."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from tmescope.foundation.errors import InputError
from tmescope.stats.robust_regression import fit_robustly

NORMS = {"huber": sm.robust.norms.HuberT(1.345), "hampel": sm.robust.norms.Hampel(2.0, 4.0, 8.0)}


def data(seed=0, n=80, k=4, samples=6):
    rng = np.random.default_rng(seed)
    x = rng.gamma(0.7, size=(n, k)) * 10.0 ** rng.uniform(0, 3, size=k)
    truth = rng.uniform(-1, 2, size=(samples, k))
    return x, truth, truth @ x.T + rng.standard_t(2, size=(samples, n))


@pytest.mark.parametrize("psi", ["huber", "hampel", "bisquare"])
def test_it_is_a_fixed_point_of_its_definition(psi):
    x, _, y = data()
    found = fit_robustly(x, y, psi=psi, max_steps=500, tolerance=1e-12)
    assert found.has_converged.all()
    for one, b in zip(y, found.coefficients, strict=True):
        r = one - x @ b
        u = np.abs(r) / (np.median(np.abs(r)) / 0.6745)
        if psi == "huber":
            w = np.minimum(1, 1.345 / u)
        elif psi == "hampel":
            w = np.where(u <= 2, u, np.where(u <= 4, 2, np.where(u < 8, 2 * (8 - u) / 4, 0))) / u
        else:
            w = np.where(u < 4.685, (1 - (u / 4.685) ** 2) ** 2, 0)
        scale = np.linalg.norm(x, axis=0) * np.linalg.norm(r)
        assert (np.abs(x.T @ (w * r)) <= 1e-9 * scale).all()


@pytest.mark.parametrize("psi", ["huber", "hampel"])
def test_it_is_what_another_library_finds(psi):
    x, _, y = data(1)
    found = fit_robustly(x, y, psi=psi, max_steps=500, tolerance=1e-13).coefficients
    for one, b in zip(y, found, strict=True):
        fit = sm.RLM(one, x, M=NORMS[psi]).fit(maxiter=500, tol=1e-13, scale_est=_scale)
        np.testing.assert_allclose(b, fit.params, rtol=1e-8, atol=1e-8)


def _scale(model, residuals):
    del model
    return np.median(np.abs(residuals)) / 0.6745


def test_outliers_do_not_move_it():
    x, truth, _ = data(2)
    y = truth @ x.T + np.random.default_rng(3).normal(size=(6, 80)) * 1e-3
    y[:, 5:12] += 1e4
    plain = np.linalg.lstsq(x, y.T, rcond=None)[0].T
    found = fit_robustly(x, y, psi="bisquare", max_steps=200).coefficients
    assert np.abs(found - truth).max() < 0.01
    assert np.abs(plain - truth).max() > 1


def test_a_perfect_fit_is_itself():
    x, truth, _ = data(4)
    found = fit_robustly(x, truth @ x.T)
    np.testing.assert_allclose(found.coefficients, truth, rtol=1e-10)
    assert found.has_converged.all()
    zero = fit_robustly(x, np.zeros((1, 80)))
    np.testing.assert_array_equal(zero.coefficients, 0)


def test_a_sample_does_not_depend_on_the_others():
    x, _, y = data(5)
    whole = fit_robustly(x, y)
    one = fit_robustly(x, y[3:4])
    np.testing.assert_array_equal(one.coefficients[0], whole.coefficients[3])
    assert fit_robustly(x, y[:0]).coefficients.shape == (0, 4)


def test_what_has_not_settled_is_told():
    x, _, y = data(6)
    found = fit_robustly(x, y, max_steps=1)
    assert not found.has_converged.any()
    assert np.isfinite(found.coefficients).all()
    np.testing.assert_array_equal(found.n_steps, 1)


def test_coefficients_that_outliers_leave_undetermined_are_missing():
    x = np.zeros((31, 2))
    x[:30, 0], x[28:, 1] = 1.0, [1.0, -1.0, 0.0]
    y = np.random.default_rng(1).normal(size=(1, 31))
    y[0, 28:30] = 900.0
    found = fit_robustly(x, y, psi="bisquare")
    assert np.isnan(found.coefficients).all()
    assert not found.has_converged.any()


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((np.ones((3, 3)), np.ones((1, 3))), {}, "more genes than columns"),
        ((np.ones((3, 1)), np.ones((1, 4))), {}, "the same genes"),
        ((np.full((3, 1), np.nan), np.ones((1, 3))), {}, "design has 3 values that are not finite"),
        ((np.ones((3, 1)), np.full((1, 3), np.inf)), {}, "observed has 3 values"),
        ((np.ones((3, 2)), np.ones((1, 3))), {}, "collinear"),
        ((np.zeros((3, 1)), np.ones((1, 3))), {}, "collinear"),
        ((np.ones((3, 1)), np.ones((1, 3))), {"psi": "tukey"}, "psi is 'tukey'"),
        ((np.ones((3, 1)), np.ones((1, 3))), {"psi": "hampel", "limits": (2.0, 1.0, 8.0)}, "3 rising numbers"),
        ((np.ones((3, 1)), np.ones((1, 3))), {"limits": (1.0, 2.0)}, "1 rising numbers"),
        ((np.ones((3, 1)), np.ones((1, 3))), {"max_steps": 0}, "at least 1 step"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, options, says):
    with pytest.raises(InputError) as caught:
        fit_robustly(*arguments, **options)
    assert says in str(caught.value)
