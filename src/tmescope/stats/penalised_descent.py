"""Minimum of a loss with an elastic-net penalty, and of a path of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.coordinate_descent import descend_quadratic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.stats.penalised_losses import Loss

__all__ = ["Columns", "Fit", "largest_strength", "minimise", "prepare_columns"]

_MAX_STEPS = 100
_MAX_ROUNDS = 60
_TURNS = (5, 20, 80)
"""Turns of coordinate descent between two attempts to solve for the columns that it left in."""

_TOLERANCE = 1e-10
"""How far from the conditions of a minimum the gradient may be, per column of standard deviation 1."""

_ENOUGH = 1e-8
"""How far it may be where rounding lets it come no nearer."""

_FLOOR = 1e-13
_FIRST = 100
"""Columns that enter the working set in the first round."""


@dataclass(frozen=True)
class Columns:
    """A matrix made fit for descent, and the way back to the columns as they were given.

    Parameters
    ----------
    z : array of float64, shape (n, m)
        Centred columns of standard deviation 1; a first one of ones where there is an intercept; where a pure ridge
        penalty falls on more columns than rows, their coordinates in the space of the rows.
    free : array of bool, shape (m,)
        Columns without a penalty.
    scale, centre : array of float64, shape (m,)
        What was divided by, and taken off before.
    rotation : array of float64, shape (p penalised, r), or None
        Penalised columns as given = coordinates x rotation'.
    given_free : array of bool, shape (p,)
        Columns without a penalty, as given.
    intercept : bool
        Whether the first column is the intercept.
    """

    z: NDArray[np.float64]
    free: NDArray[np.bool_]
    scale: NDArray[np.float64]
    centre: NDArray[np.float64]
    rotation: NDArray[np.float64] | None
    given_free: NDArray[np.bool_]
    intercept: bool

    def give_back(self, found: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the intercept (NaN where there is none) and the coefficients of the columns as given."""
        own = found / self.scale
        level = float("nan")
        if self.intercept:
            level = float(own[0] - own[1:] @ self.centre[1:])
            own = own[1:]
        if self.rotation is None:
            return level, own
        free = self.free[1:] if self.intercept else self.free
        given = np.empty(self.given_free.size)
        given[self.given_free] = own[free]
        given[~self.given_free] = self.rotation @ own[~free]
        return level, given


@dataclass(frozen=True)
class Fit:
    """A minimum.

    Parameters
    ----------
    found : array of float64, shape (m,)
        Coefficients of the prepared columns.
    loss : float
        Without the penalty, per row.
    converged : bool
    violation : float
        Largest distance from the conditions of a minimum.
    """

    found: NDArray[np.float64]
    loss: float
    converged: bool
    violation: float


def prepare_columns(
    x: NDArray[np.float64], given_free: NDArray[np.bool_], *, intercept: bool, pure_ridge: bool
) -> Columns:
    """Centre and scale columns, and turn them into the space of the rows where that is smaller.

    Parameters
    ----------
    x : array of float64, shape (n, p)
        Complete.
    given_free : array of bool, shape (p,)
        Columns without a penalty.
    intercept, pure_ridge : bool
        Whether the model has an intercept, and whether the penalty is ridge alone.
    """
    rotation, matrix, free = None, x, given_free
    if pure_ridge and np.count_nonzero(~given_free) > x.shape[0]:
        own = x[:, ~given_free]
        rotation = np.linalg.qr((own - own.mean(axis=0)).T)[0]
        matrix = np.column_stack([x[:, given_free], own @ rotation])
        free = np.arange(matrix.shape[1]) < np.count_nonzero(given_free)
    top = np.abs(matrix).max(axis=0)
    top = np.where(top > 0.0, top, 1.0)  # squares of values of any size stay finite
    centre, spread = matrix.mean(axis=0), (matrix / top).std(axis=0) * top
    flat = np.ptp(matrix, axis=0) <= 1e-12 * top
    scale = np.where(flat | (spread == 0.0), 1.0, spread)
    z = np.where(flat, 0.0, (matrix - centre) / scale)
    if intercept:
        z = np.column_stack([np.ones(len(z)), z])
        free, scale, centre = np.append(True, free), np.append(1.0, scale), np.append(0.0, centre)
    return Columns(np.asfortranarray(z), free, scale, centre, rotation, given_free, intercept)


def largest_strength(loss: Loss, columns: Columns, null: NDArray[np.float64], *, l1_ratio: float) -> float:
    """Return the smallest strength at which no penalised column has a coefficient.

    Parameters
    ----------
    loss : Loss
    columns : Columns
    null : array of float64, shape (m,)
        Minimum without the penalised columns.
    l1_ratio : float
        Below 0.001 it is taken as 0.001: a ridge penalty has no such strength.
    """
    _, by_row = loss.measure(columns.z @ null)
    pull = np.abs(columns.z.T @ by_row) * columns.scale
    return float(pull[~columns.free].max(initial=0.0)) / max(l1_ratio, 1e-3)


def minimise(
    loss: Loss, columns: Columns, start: NDArray[np.float64], *, lasso: NDArray[np.float64], ridge: NDArray[np.float64]
) -> Fit:
    """Minimise a loss with a penalty of its own on each column.

    Parameters
    ----------
    loss : Loss
    columns : Columns
    start : array of float64, shape (m,)
        Where to begin: the minimum of a neighbouring strength.
    lasso, ridge : array of float64, shape (m,)
        Strengths of each column; ``inf`` for lasso keeps a column out.

    Notes
    -----
    Steps of Newton's kind: the loss is replaced by its exact quadratic approximation on a working set of columns, that
    is minimised with its penalty by coordinate descent and then, signs being known, by a linear solve; the step is
    halved where the penalised loss does not fall. Columns outside the set whose gradient breaks the conditions of a
    minimum join it, the worst first, until none is left.
    """
    found = start.copy()
    working = np.flatnonzero(((found != 0.0) | columns.free | (lasso == 0.0)) & np.isfinite(lasso))
    value, by_row = loss.measure(columns.z @ found)
    violation = np.inf
    for _ in range(_MAX_ROUNDS):
        gaps = _violations(columns.z.T @ by_row, found, lasso=lasso, ridge=ridge)
        violation = float(gaps.max(initial=0.0))
        if violation <= _TOLERANCE:
            return Fit(found, value, True, violation)
        gaps[working] = 0.0
        missing = np.flatnonzero(gaps > _TOLERANCE)
        most = max(_FIRST, working.size)
        if missing.size > most:
            missing = missing[np.argsort(-gaps[missing], kind="stable")[:most]]
        working = np.sort(np.concatenate([working, missing]))
        part = np.ascontiguousarray(columns.z[:, working])
        found[working], value, by_row, moved = _descend(
            loss, part, found[working], lasso=lasso[working], ridge=ridge[working]
        )
        if not moved and missing.size == 0:
            break
    return Fit(found, value, violation <= _ENOUGH, violation)


def _descend(
    loss: Loss,
    z: NDArray[np.float64],
    start: NDArray[np.float64],
    *,
    lasso: NDArray[np.float64],
    ridge: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float, NDArray[np.float64], bool]:
    """Return the minimum over a working set, the loss, its gradient by row, and whether anything moved."""
    here, moved = start, False
    value, by_row = loss.measure(z @ here)
    for _ in range(_MAX_STEPS):
        slope = z.T @ by_row
        if float(_violations(slope, here, lasso=lasso, ridge=ridge).max(initial=0.0)) <= _TOLERANCE:
            break
        target = _quadratic_minimum(loss.bend(z @ here, z), slope, here, lasso=lasso, ridge=ridge)
        step = target - here
        before = _penalty(here, lasso=lasso, ridge=ridge)
        promise = float(slope @ step) + _penalty(target, lasso=lasso, ridge=ridge) - before
        taken = _halve(loss, z, (here, step), most=value + before, promise=promise, penalties=(lasso, ridge))
        if taken is None:
            break
        here, value, by_row = taken
        moved = True
    return here, value, by_row, moved


def _halve(
    loss: Loss,
    z: NDArray[np.float64],
    way: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    most: float,
    promise: float,
    penalties: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]] | None:
    """Return where a step leads, its loss and gradient by row: halved until the penalised loss falls."""
    share = 1.0
    slack = 1e-13 * (1.0 + abs(most))  # near the minimum the loss wobbles in its last digits
    for _ in range(40):
        there = way[0] + share * way[1]
        value, by_row = loss.measure(z @ there)
        after = value + _penalty(there, lasso=penalties[0], ridge=penalties[1])
        if after <= most + 1e-4 * share * promise + slack:
            return there, value, by_row
        share /= 2.0
    return None


def _quadratic_minimum(
    curvature: NDArray[np.float64],
    slope: NDArray[np.float64],
    here: NDArray[np.float64],
    *,
    lasso: NDArray[np.float64],
    ridge: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the minimum of the quadratic approximation with its penalty."""
    k = here.size
    if not lasso.any():
        exact = _solve(curvature, slope, here, support=np.ones(k, dtype=bool), pull=np.zeros(k), ridge=ridge)
        if exact is not None:
            return exact
    out, gradient, turns = np.empty(k), np.empty(k), np.empty(1, dtype=np.int64)
    start, begin = here, slope
    for most in _TURNS:
        descend_quadratic(curvature, begin, start, lasso, ridge, most, 1e-20, out, gradient, turns)
        support = (out != 0.0) | (lasso == 0.0)
        exact = _solve(curvature, slope, here, support=support, pull=lasso * np.sign(out), ridge=ridge)
        if exact is not None:
            left = _violations(slope + curvature @ (exact - here), exact, lasso=lasso, ridge=ridge)
            if float(left.max(initial=0.0)) <= _TOLERANCE / 10.0:
                return exact
        if turns[0] > 0:
            break
        start, begin = out.copy(), gradient.copy()
    return out


def _solve(
    curvature: NDArray[np.float64],
    slope: NDArray[np.float64],
    here: NDArray[np.float64],
    *,
    support: NDArray[np.bool_],
    pull: NDArray[np.float64],
    ridge: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Return the minimum with signs known and zero outside the support; None where it is not determined."""
    found = np.zeros(here.size)
    side = curvature @ here - slope - pull
    matrix = curvature[np.ix_(support, support)] + np.diag(ridge[support])
    spread = np.sqrt(np.clip(np.diag(matrix), 0.0, None))
    used = spread > 0.0
    if not used.all():
        return None
    try:
        factor = np.linalg.cholesky(matrix / np.outer(spread, spread))
    except np.linalg.LinAlgError:
        return None
    if np.diag(factor).min(initial=1.0) ** 2 < _FLOOR:
        return None
    right = side[support] / spread
    found[support] = np.linalg.solve(factor.T, np.linalg.solve(factor, right)) / spread
    return found


def _penalty(b: NDArray[np.float64], *, lasso: NDArray[np.float64], ridge: NDArray[np.float64]) -> float:
    return float(lasso @ np.abs(b) + 0.5 * (ridge @ (b * b)))


def _violations(
    slope: NDArray[np.float64], b: NDArray[np.float64], *, lasso: NDArray[np.float64], ridge: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far each coefficient is from the conditions of a minimum."""
    pull = slope + ridge * b
    inside = np.maximum(np.abs(pull) - lasso, 0.0)
    return np.where(b == 0.0, inside, np.abs(pull + np.where(b == 0.0, 0.0, lasso) * np.sign(b)))
