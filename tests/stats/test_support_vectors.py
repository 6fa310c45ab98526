"""Linear nu support vector regression beside scikit-learn's solver and a general one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.svm import NuSVR

from tmescope.foundation.errors import MethodError
from tmescope.stats.support_vectors import dual_objective, fit_nu_svr


def problem(n: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.lognormal(0.0, 1.0, (n, k))
    targets = rng.dirichlet(np.ones(k), 3) @ features.T * rng.lognormal(0.0, 0.3, (3, n))
    targets -= targets.mean(axis=1, keepdims=True)
    return (features - features.mean()) / features.std(), targets / targets.std(axis=1, keepdims=True)


def of_scikit_learn(features: np.ndarray, target: np.ndarray, nu: float, cost: float) -> np.ndarray:
    model = NuSVR(kernel="linear", nu=nu, C=cost, tol=1e-9).fit(features, target)
    dual = np.zeros(len(target))
    dual[model.support_] = model.dual_coef_.ravel()
    return dual


@pytest.mark.parametrize("nu", [0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("cost", [0.2, 1.0])
def test_the_dual_objective_is_that_of_scikit_learn(nu: float, cost: float) -> None:
    features, targets = problem(120, 6, seed=1)
    fits = fit_nu_svr(features, targets, nu=nu, cost=cost)
    for target, dual in zip(targets, fits.duals, strict=True):
        theirs = dual_objective(features, target, of_scikit_learn(features, target, nu, cost))
        assert dual_objective(features, target, dual) == pytest.approx(theirs, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), n=st.integers(8, 60), k=st.integers(1, 6), nu=st.sampled_from([0.1, 0.25, 0.5, 0.75])
)
def test_random_problems_end_at_the_same_objective(seed: int, n: int, k: int, nu: float) -> None:
    features, targets = problem(n, k, seed)
    fits = fit_nu_svr(features, targets[:1], nu=nu)
    theirs = dual_objective(features, targets[0], of_scikit_learn(features, targets[0], nu, 1.0))
    assert dual_objective(features, targets[0], fits.duals[0]) == pytest.approx(theirs, abs=1e-6)
    assert fits.gaps[0] < 1e-6


def test_a_general_solver_finds_the_same_small_problem() -> None:
    features, targets = problem(10, 2, seed=5)
    target, n, nu = targets[0], 10, 0.5
    kernel = features @ features.T
    signs = np.concatenate([np.ones(n), -np.ones(n)])

    def value(u: np.ndarray) -> float:
        dual = u[:n] - u[n:]
        return float(0.5 * dual @ kernel @ dual - dual @ target)

    def slope(u: np.ndarray) -> np.ndarray:
        one = kernel @ (u[:n] - u[n:]) - target
        return np.concatenate([one, -one])

    limits = [
        {"type": "eq", "fun": lambda u: signs @ u, "jac": lambda u: signs},
        {"type": "eq", "fun": lambda u: u.sum() - nu * n, "jac": lambda u: np.ones(2 * n)},
    ]
    start = np.full(2 * n, nu / 2)
    options = {"maxiter": 1000, "ftol": 1e-13}
    found = minimize(value, start, jac=slope, bounds=[(0, 1)] * 2 * n, constraints=limits, options=options)
    assert found.success
    dual = fit_nu_svr(features, targets[:1], nu=nu).duals[0]
    assert dual_objective(features, target, dual) == pytest.approx(found.fun, abs=1e-6)


def test_multipliers_keep_their_bounds_and_weights_come_from_them() -> None:
    features, targets = problem(80, 4, seed=2)
    fits = fit_nu_svr(features, targets, nu=0.3, cost=0.7)
    assert np.abs(fits.duals).max() <= 0.7 + 1e-9
    assert np.abs(fits.duals).sum(axis=1) == pytest.approx(np.full(3, 0.7 * 0.3 * 80), rel=1e-6)
    assert np.abs(fits.duals.sum(axis=1)).max() < 1e-9
    np.testing.assert_array_equal(fits.weights, fits.duals @ features)


def test_a_target_is_solved_alike_alone_and_beside_others() -> None:
    features, targets = problem(90, 5, seed=4)
    together = fit_nu_svr(features, targets, nu=0.5).weights
    alone = np.vstack([fit_nu_svr(features, targets[i : i + 1], nu=0.5).weights for i in range(3)])
    np.testing.assert_allclose(together, alone, atol=1e-7)


def test_features_that_are_alike_do_no_harm() -> None:
    features, targets = problem(60, 3, seed=7)
    twice = np.column_stack([features, features[:, 0]])
    weights = fit_nu_svr(twice, targets, nu=0.5).weights
    np.testing.assert_allclose(weights[:, 0], weights[:, 3], atol=1e-6)


@pytest.mark.parametrize(("nu", "cost", "rows"), [(0.0, 1.0, 20), (1.1, 1.0, 20), (0.5, 0.0, 20), (0.5, 1.0, 19)])
def test_what_makes_no_sense_is_refused(nu: float, cost: float, rows: int) -> None:
    with pytest.raises(MethodError, match="nu is"):
        fit_nu_svr(np.ones((20, 2)), np.ones((1, rows)), nu=nu, cost=cost)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("nu", [0.1, 0.5, 1.0])
def test_few_rows_with_ties_leave_no_problem_unsolved(seed: int, nu: float) -> None:
    rng = np.random.default_rng(seed)
    features = rng.lognormal(0.0, 1.0, (7, 2))
    features = (features - features.mean()) / features.std()
    targets = np.round(rng.lognormal(0.0, 2.0, (2, 7)))
    targets[:, :3] = targets[:, :1]
    fits = fit_nu_svr(features, targets, nu=nu)
    assert (fits.gaps <= 1e-6 * np.maximum(1.0, np.abs(targets).max() ** 2)).all()
    assert np.abs(fits.duals.sum(axis=1)).max() < 1e-6
