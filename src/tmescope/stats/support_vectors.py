"""Linear nu support vector regression of many targets on the same features, solved to a small duality gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import MethodError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NuSvrFits", "dual_objective", "fit_nu_svr"]

_NEAR = 0.995
_MOST_STEPS = 100
_REGULAR = 1e-8
_RELATIVE = 1e-12
"""Added to the diagonal of each step, so that free multipliers do not drown in rounding; the optimum stays the same."""


@dataclass(frozen=True, eq=False)
class NuSvrFits:
    """Regressions of several targets.

    Parameters
    ----------
    weights : array of float64, n_targets x n_features
        Slopes.
    duals : array of float64, n_targets x n_rows
        Difference of the two multipliers of each row.
    gaps : array of float64, n_targets
        Upper bound of how far each dual objective lies above its minimum.
    """

    weights: NDArray[np.float64]
    duals: NDArray[np.float64]
    gaps: NDArray[np.float64]


@dataclass(eq=False)
class _Point:
    """Multipliers of the rows above (first half) and below the tube, their room, and those of their bounds."""

    u: NDArray[np.float64]
    s: NDArray[np.float64]
    z: NDArray[np.float64]
    t: NDArray[np.float64]
    ties: NDArray[np.float64]

    def take(self, rows: NDArray[np.bool_]) -> _Point:
        return _Point(self.u[rows], self.s[rows], self.z[rows], self.t[rows], self.ties[rows])


def fit_nu_svr(
    features: NDArray[np.float64],
    targets: NDArray[np.float64],
    *,
    nu: float,
    cost: float = 1.0,
    tolerance: float = 1e-9,
) -> NuSvrFits:
    """Fit a linear nu support vector regression of each target.

    Parameters
    ----------
    features : array of float64, n_rows x n_features
        The same for all targets.
    targets : array of float64, n_targets x n_rows
        Each row is one regression.
    nu : float
        Above 0, at most 1: upper bound of the share of rows outside the tube, lower bound of that of support vectors.
    cost : float
        Bound C of each multiplier, above zero.
    tolerance : float
        Largest duality gap, relative to the objective where that is above one.

    Returns
    -------
    NuSvrFits

    Raises
    ------
    MethodError
        If nu or cost are out of range, or shapes differ.

    Notes
    -----
    The problem is that of Schölkopf et al. 2000 (10.1162/089976600300015565) with the bounds of libsvm: minimise
    ``1/2 |X' (a - b)|^2 - y'(a - b)`` over ``0 <= a, b <= C``, ``sum(a) = sum(b)``, ``sum(a + b) = C nu n``. It is
    solved by a primal-dual interior-point method with predictor and corrector steps, for all targets at once. The
    matrix of the problem has the rank of the features, so that each step solves a system of n_features + 2 unknowns;
    cost is n_targets x n_rows x n_features^2 for each of some twenty steps.
    """
    n = len(features)
    if not (0 < nu <= 1 and cost > 0) or targets.ndim != 2 or targets.shape[1] != n:
        raise MethodError(
            f"nu is {nu}, cost {cost}, features are {features.shape} and targets {targets.shape}",
            where="nu_svr",
            expected="0 < nu <= 1, cost > 0, and targets with a value for each row of the features",
        )
    wide = np.column_stack([features, np.ones(n)])
    products = np.einsum("ij,ik->ijk", wide, wide).reshape(n, -1)
    start = np.full((len(targets), 2 * n), cost * nu / 2)
    ones = np.ones_like(start)
    final = np.array(start)
    gaps = np.full(len(targets), np.inf)
    active = np.arange(len(targets))
    y = targets
    point = _Point(start, cost - start, ones, ones, np.zeros((len(targets), 2)))
    for _ in range(_MOST_STEPS):
        wrong, gap, scale = _residuals(features, y, point=point)
        done = (gap <= tolerance * scale) & (np.abs(wrong).max(axis=1) <= tolerance * scale)
        final[active], gaps[active] = point.u, gap
        if done.all():
            break
        active, y, point, wrong = active[~done], y[~done], point.take(~done), wrong[~done]
        _move(features, products, point=point, wrong=wrong, total=cost * nu * n)
    duals = final[:, :n] - final[:, n:]
    return NuSvrFits(duals @ features, duals, gaps)


def dual_objective(features: NDArray[np.float64], target: NDArray[np.float64], dual: NDArray[np.float64]) -> float:
    """Return the value that a regression minimises, from its multipliers.

    Parameters
    ----------
    features : array of float64, n_rows x n_features
        The features.
    target : array of float64, n_rows
        One target.
    dual : array of float64, n_rows
        Difference of the two multipliers of each row.

    Returns
    -------
    float
        ``1/2 |X' dual|^2 - y' dual``.
    """
    weights = dual @ features
    return float(0.5 * weights @ weights - dual @ target)


def _residuals(
    features: NDArray[np.float64], y: NDArray[np.float64], *, point: _Point
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return by how much the slopes of the Lagrangian differ from zero, the gap, and the scale of the objective."""
    n = y.shape[1]
    dual = point.u[:, :n] - point.u[:, n:]
    weights = dual @ features
    slope = weights @ features.T - y
    first, second = point.ties[:, :1], point.ties[:, 1:]
    wrong = np.hstack([slope - first, first - slope]) - second - point.z + point.t
    gap = (point.u * point.z + point.s * point.t).sum(axis=1)
    objective = 0.5 * (weights**2).sum(axis=1) - (dual * y).sum(axis=1)
    return wrong, gap, np.maximum(1.0, np.abs(objective))


def _move(
    features: NDArray[np.float64],
    products: NDArray[np.float64],
    *,
    point: _Point,
    wrong: NDArray[np.float64],
    total: float,
) -> None:
    """Move a point by one predictor and corrector step, in place."""
    u, s, z, t = point.u, point.s, point.z, point.t
    inverse = 1.0 / (z / u + t / s + _REGULAR)
    system = _system(features, products, inverse)
    above, below = np.split(u, 2, axis=1)
    off = np.column_stack([(below - above).sum(axis=1), total - u.sum(axis=1)])
    mean = ((u * z + s * t).sum(axis=1, keepdims=True)) / (2 * u.shape[1])
    du, _ = _solve(features, system, inverse=inverse, right=-wrong - z + t, off=off)
    dz, dt = -z - z / u * du, -t + t / s * du
    length = np.minimum(1.0, _inside((u, du), (s, -du), (z, dz), (t, dt)))
    far = ((u + length * du) * (z + length * dz) + (s - length * du) * (t + length * dt)).sum(axis=1, keepdims=True)
    aim = mean * (far / (2 * u.shape[1]) / mean) ** 3
    push, pull = (aim - du * dz) / u, (aim + du * dt) / s
    du, ties = _solve(features, system, inverse=inverse, right=-wrong - z + push + t - pull, off=off)
    dz, dt = push - z - z / u * du, pull - t + t / s * du
    length = np.minimum(1.0, _NEAR * _inside((u, du), (s, -du), (z, dz), (t, dt)))
    point.u, point.s = u + length * du, s - length * du
    point.z, point.t = z + length * dz, t + length * dt
    point.ties = point.ties + length * ties


def _system(
    features: NDArray[np.float64], products: NDArray[np.float64], inverse: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the matrix of the small system of each target: features, then the two sums that are fixed."""
    n, k = features.shape
    both, apart = inverse[:, :n] + inverse[:, n:], inverse[:, :n] - inverse[:, n:]
    system = np.empty((len(inverse), k + 2, k + 2))
    system[:, : k + 1, : k + 1] = (both @ products).reshape(-1, k + 1, k + 1)
    system[:, :k, k] *= -1
    system[:, k, :k] *= -1
    system[:, :k, k + 1] = system[:, k + 1, :k] = -(apart @ features)
    system[:, k, k + 1] = system[:, k + 1, k] = apart.sum(axis=1)
    system[:, k + 1, k + 1] = both.sum(axis=1)
    system[:, np.arange(k), np.arange(k)] += 1.0
    corner = np.arange(k, k + 2)
    system[:, corner, corner] += _REGULAR * _REGULAR + _RELATIVE * both.sum(axis=1)[:, None]
    return system


def _solve(
    features: NDArray[np.float64],
    system: NDArray[np.float64],
    *,
    inverse: NDArray[np.float64],
    right: NDArray[np.float64],
    off: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the changes of the multipliers, which bring both sums to where they belong, and of what ties the sums."""
    n, k = features.shape
    scaled = right * inverse
    above, below = scaled[:, :n], scaled[:, n:]
    difference = above - below
    sums = [difference @ features, off[:, 0] - difference.sum(axis=1), off[:, 1] - (above + below).sum(axis=1)]
    found = np.linalg.solve(system, np.column_stack(sums)[:, :, None])[:, :, 0]
    slope = found[:, :k] @ features.T
    first, second = found[:, k : k + 1], found[:, k + 1 :]
    change = (right + np.hstack([first - slope, slope - first]) + second) * inverse
    return change, found[:, k:]


def _inside(*pairs: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return for each target how far it can move until a value is zero."""
    lengths = [
        np.where(change < 0, -value / np.where(change < 0, change, -1.0), np.inf).min(axis=1) for value, change in pairs
    ]
    return np.asarray(np.min(lengths, axis=0)[:, None])
