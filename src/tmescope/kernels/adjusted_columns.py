"""One Cox or logistic model for each column of a matrix beside the same covariates, many columns side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled
from tmescope.kernels.cox_columns import MONOTONE, NOT_CONVERGED
from tmescope.kernels.exponentials import exponentials

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COLLINEAR", "COVARIATES", "adjusted_columns"]

COLLINEAR = 4.0
"""The column says nothing that the covariates do not say."""

COVARIATES = 5.0
"""The covariates say nothing that those before them do not say."""

_STEPS = 60
_TOLERANCE = 1e-9
_WORTH_PACKING = 0.75
_LONGEST = 25.0

_FLAT = 1e-9
"""Information that is left of a column once the others are known, as a share of what it has alone."""

_VANISHED = 1e-8
"""Information that is left, as a share of that at the start: beyond this the likelihood rises without end."""


@compiled
def _scaled(scale: float, source: NDArray[np.float64], target: NDArray[np.float64]) -> None:
    for j in range(source.shape[0]):
        target[j] += scale * source[j]


@compiled
def _product(left: NDArray[np.float64], right: NDArray[np.float64], target: NDArray[np.float64]) -> None:
    for j in range(left.shape[0]):
        target[j] = left[j] * right[j]


@compiled
def _moments(
    row: NDArray[np.float64],
    others: NDArray[np.float64],
    e: NDArray[np.float64],
    ex: NDArray[np.float64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
) -> None:
    """Add one subject's weighted values (to `first`) and products (to `second`, lower triangle, the column last)."""
    k = others.shape[0]
    at = 0
    for a in range(k):
        _scaled(others[a], e, first[a])
        for b in range(a + 1):
            _scaled(others[a] * others[b], e, second[at])
            at += 1
    _product(e, row, ex)
    _scaled(1.0, ex, first[k])
    for a in range(k):
        _scaled(others[a], ex, second[at])
        at += 1
    last = second[at]
    for j in range(row.shape[0]):
        last[j] += ex[j] * row[j]


@compiled
def _predict(
    row: NDArray[np.float64], others: NDArray[np.float64], theta: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    k = others.shape[0]
    slope = theta[k]
    for j in range(row.shape[0]):
        out[j] = slope[j] * row[j]
    for a in range(k):
        _scaled(others[a], theta[a], out)


@compiled
def _take(
    sums: NDArray[np.float64],
    tied: NDArray[np.float64],
    share: float,
    spare: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Subtract the mean of those at risk from the score, add their covariance to the information."""
    p = spare.shape[0] - 1
    risk = spare[p]
    for j in range(risk.shape[0]):
        total = sums[0, j] - share * tied[0, j]
        out[0, j] -= np.log(total)
        risk[j] = 1.0 / total
    at = 0
    for a in range(p):
        source, less, mean, score = sums[1 + a], tied[1 + a], spare[a], out[1 + a]
        for j in range(risk.shape[0]):
            mean[j] = (source[j] - share * less[j]) * risk[j]
            score[j] -= mean[j]
        for b in range(a + 1):
            source, less, other, target = sums[1 + p + at], tied[1 + p + at], spare[b], out[1 + p + at]
            for j in range(risk.shape[0]):
                target[j] += (source[j] - share * less[j]) * risk[j] - mean[j] * other[j]
            at += 1


@compiled
def _cox(
    z: NDArray[np.float64],
    covariates: NDArray[np.float64],
    starts: NDArray[np.int32],
    deaths: NDArray[np.int32],
    efron: bool,
    theta: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write log-likelihood, score and information of Cox models, one column each."""
    p, width = theta.shape
    sums, tied = np.zeros_like(out), np.zeros_like(out)
    spare, means = np.empty((5, width)), np.empty((p + 1, width))
    eta, e, ex = spare[2], spare[3], spare[4]
    out[:] = 0.0
    for g in range(starts.shape[0] - 1):
        first, last, d = starts[g], starts[g + 1], deaths[g]
        split = efron and d > 1
        tied[:] = 0.0
        for i in range(first, last):
            _predict(z[i], covariates[i], theta, eta)
            if i < first + d:
                _scaled(1.0, eta, out[0])
                for a in range(p - 1):
                    out[1 + a] += covariates[i, a]
                _scaled(1.0, z[i], out[p])
            exponentials(eta, spare, e)
            into = tied if split and i < first + d else sums
            _scaled(1.0, e, into[0])
            _moments(z[i], covariates[i], e, ex, into[1 : p + 1], into[p + 1 :])
        if split:
            sums += tied
        for k in range(d):
            _take(sums, tied, k / d if split else 0.0, means, out)


@compiled
def _logistic(
    z: NDArray[np.float64],
    covariates: NDArray[np.float64],
    y: NDArray[np.float64],
    theta: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write log-likelihood, score and information of logistic models, one column each."""
    p, width = theta.shape
    spare, unwanted = np.empty((7, width)), np.zeros((p, width))
    eta, e, ex, weight, residual = spare[2], spare[3], spare[4], spare[5], spare[6]
    out[:] = 0.0
    for i in range(z.shape[0]):
        _predict(z[i], covariates[i], theta, eta)
        sign = 2.0 * y[i] - 1.0
        for j in range(width):
            ex[j] = -abs(eta[j])
        exponentials(ex, spare, e)
        for j in range(width):
            small, chance = e[j] / (1.0 + e[j]), 1.0 / (1.0 + e[j])
            out[0, j] += min(sign * eta[j], 0.0) - np.log1p(e[j])
            weight[j] = small * chance
            residual[j] = y[i] - (chance if eta[j] >= 0.0 else small)
        for a in range(p - 1):
            _scaled(covariates[i, a], residual, out[1 + a])
        _product(residual, z[i], ex)
        _scaled(1.0, ex, out[p])
        _moments(z[i], covariates[i], weight, ex, unwanted, out[p + 1 :])


@compiled
def _factorise(triangle: NDArray[np.float64], factor: NDArray[np.float64], pivots: NDArray[np.float64]) -> None:
    """Write ``L`` and ``D`` of ``L D L'``."""
    p = pivots.shape[0]
    for a in range(p):
        for b in range(a + 1):
            v = triangle[a * (a + 1) // 2 + b]
            for c in range(b):
                v -= factor[a, c] * factor[b, c] * pivots[c]
            if a == b:
                pivots[a] = v
                factor[a, a] = 1.0
            else:
                factor[a, b] = v / pivots[b] if pivots[b] > 0.0 else 0.0


@compiled
def _solve(
    factor: NDArray[np.float64], pivots: NDArray[np.float64], score: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Write the Newton step, and after it what is left of the last score once the others are fitted."""
    p = pivots.shape[0]
    for a in range(p):
        out[a] = score[a]
        for b in range(a):
            out[a] -= factor[a, b] * out[b]
    out[p] = out[p - 1]
    for a in range(p):
        out[a] /= pivots[a]
    for a in range(p - 1, -1, -1):
        for b in range(a + 1, p):
            out[a] -= factor[b, a] * out[b]


@compiled
def _check(
    triangle: NDArray[np.float64],
    pivots: NDArray[np.float64],
    before: NDArray[np.float64],
    first: bool,
    out: NDArray[np.float64],
) -> None:
    """Write why there is no step to be taken, or `NOT_CONVERGED`."""
    p = pivots.shape[0]
    out[0] = NOT_CONVERGED
    for a in range(p):
        if first and not pivots[a] > _FLAT * triangle[a * (a + 1) // 2 + a]:
            out[0] = COLLINEAR if a == p - 1 else COVARIATES
            break
        if not first and not pivots[a] > _VANISHED * before[a]:
            out[0] = MONOTONE
            break


@compiled
def _move_one(
    found: NDArray[np.float64],
    first: bool,
    theta: NDArray[np.float64],
    before: NDArray[np.float64],
    row: NDArray[np.float64],
) -> None:
    """Take one careful step: `before` holds the last good place, its log-likelihood, that at 0 and the first pivots."""
    p = theta.shape[0]
    row[4] += 1.0
    if not first and not found[0] >= before[p] - 1e-9 * (1.0 + abs(before[p])):
        for a in range(p):
            theta[a] = 0.5 * (theta[a] + before[a])
        return
    factor, pivots, step = np.zeros((p, p)), np.empty(p), np.empty(p + 1)
    triangle = found[p + 1 :]
    _factorise(triangle, factor, pivots)
    _check(triangle, pivots, before[p + 2 :], first, row[5:6])
    if row[5] != NOT_CONVERGED:
        return
    _solve(factor, pivots, found[1 : p + 1], step)
    if first:
        before[p + 1] = found[0]
        before[p + 2 :] = pivots
        row[2] = step[p] * step[p] / pivots[p - 1]
    before[:p] = theta
    before[p] = found[0]
    longest, size = np.abs(step[:p]).max(), np.abs(theta).max()
    theta += step[:p] * min(1.0, _LONGEST / longest if longest > 0.0 else 1.0)
    row[0], row[1], row[3] = theta[p - 1], pivots[p - 1], max(2.0 * (found[0] - before[p + 1]), 0.0)
    if longest <= _TOLERANCE * (1.0 + size):
        row[5] = 0.0


@compiled
def _move(
    found: NDArray[np.float64],
    places: NDArray[np.int64],
    first: bool,
    theta: NDArray[np.float64],
    before: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Take one careful step in each column that is not done."""
    for j in range(places.shape[0]):
        row = out[places[j]]
        if row[5] == NOT_CONVERGED:
            _move_one(np.ascontiguousarray(found[:, j]), first, theta[j], before[j], row)
            if row[5] == 0.0:
                coefficients[places[j]] = theta[j]


@compiled
def adjusted_columns(
    z: NDArray[np.float64],
    covariates: NDArray[np.float64],
    begin: NDArray[np.float64],
    starts: NDArray[np.int32],
    deaths: NDArray[np.int32],
    y: NDArray[np.float64],
    efron: bool,
    coefficients: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Fit a model of the covariates and one column to each column in turn.

    Parameters
    ----------
    z : array of float64, n x n_columns
        Values, centred and of unit spread; for a Cox model in the order of
        `tmescope.kernels.cox_columns.cox_columns`.
    covariates : array of float64, n x k
        Of about unit spread; for a logistic model the first is a column of ones.
    begin : array of float64, k
        Their coefficients in the model without any column.
    starts, deaths : array of int32
        As there; a logistic model has none (`starts` empty).
    y : array of float64, n
        1 and 0 for a logistic model; empty for a Cox model.
    efron : bool
        Efron's treatment of ties, else Breslow's.
    coefficients : array of float64, n_columns x k + 1
        Of the covariates, then of the column; NaN where there is no maximum.
    out : array of float64, n_columns x 6
        Slope of the column, information about it once the covariates are fitted, score statistic and
        likelihood-ratio statistic against the model of the covariates, evaluations, and 0 or the reason why there is
        no slope.
    """
    k, width = covariates.shape[1], z.shape[1]
    p = k + 1
    places, packed = np.arange(width), z.copy()
    theta, before = np.zeros((width, p)), np.zeros((width, 2 * p + 2))
    for j in range(width):
        theta[j, :k] = begin
    out[:] = np.nan
    coefficients[:] = np.nan
    out[:, 4], out[:, 5] = 0.0, NOT_CONVERGED
    for step in range(_STEPS):
        if places.shape[0] == 0:
            break
        found = np.empty((1 + p + p * (p + 1) // 2, places.shape[0]))
        if starts.shape[0] > 0:
            _cox(packed, covariates, starts, deaths, efron, np.ascontiguousarray(theta.T), found)
        else:
            _logistic(packed, covariates, y, np.ascontiguousarray(theta.T), found)
        _move(found, places, step == 0, theta, before, coefficients, out)
        keep = np.flatnonzero(out[places, 5] == NOT_CONVERGED)
        if keep.shape[0] < _WORTH_PACKING * places.shape[0]:
            packed, places = np.ascontiguousarray(packed[:, keep]), places[keep]
            theta, before = theta[keep], before[keep]
    for j in range(width):
        if out[j, 5] != 0.0:
            out[j, :4] = np.nan
