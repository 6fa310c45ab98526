"""One logistic model for each column of a matrix, many columns side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled
from tmescope.kernels.cox_columns import MONOTONE, NOT_CONVERGED
from tmescope.kernels.exponentials import exponentials
from tmescope.kernels.moment_nodes import N_NODES, moment_nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["logistic_columns"]

_STEPS = 12
_TOLERANCE = 1e-9
_LONGEST = 2.0
_WORTH_PACKING = 0.75
_TILE = 128
"""Columns whose sums fit into the fastest cache."""
_NEAR = 0.6
"""Linear predictors within it of the intercept are summed over 13 nodes to 1e-12: the logistic function has its poles
pi away, and the error falls as the twelfth power of 10.6, the sum of the half axes of the ellipse through them."""
_USABLE = 1.5
"""Up to it nodes tell where to begin with the rows."""


@compiled
def _begin(z: NDArray[np.float64], y: NDArray[np.float64], first: int, out: NDArray[np.float64]) -> None:
    """Write smallest and largest value of the positive class and of the other, the sum of its values, that of squares.

    Of the columns from `first` on, as many as `out` has.
    """
    out[0:4:2] = np.inf
    out[1:4:2] = -np.inf
    out[4:] = 0.0
    total, squares, width = out[4], out[5], out.shape[1]
    for i in range(z.shape[0]):
        row, ends = z[i, first : first + width], out[0:2] if y[i] > 0.0 else out[2:4]
        low, high = ends[0], ends[1]
        for j in range(width):
            low[j] = min(low[j], row[j])
            high[j] = max(high[j], row[j])
            total[j] += row[j] * y[i]
            squares[j] += row[j] * row[j]


@compiled
def _weigh(
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
    both: NDArray[np.float64],
    spare: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the sums of `_evaluate` over weighted nodes, but of probabilities instead of residuals."""
    out[:] = 0.0
    intercept, slope = both[0], both[1]
    power, e = spare[2], spare[3]
    s0, s1, s2, r0, r1 = out[0], out[1], out[2], out[3], out[4]
    for q in range(nodes.shape[0]):
        node, weight = nodes[q], weights[q]
        for j in range(node.shape[0]):
            power[j] = -intercept[j] - slope[j] * node[j]
        exponentials(power, spare, e)
        for j in range(node.shape[0]):
            p = 1.0 / (1.0 + e[j])
            wp = weight[j] * p
            w = wp * p * e[j]
            wx = w * node[j]
            s0[j] += w
            s1[j] += wx
            s2[j] += wx * node[j]
            r0[j] += wp
            r1[j] += wp * node[j]


@compiled
def _settle(
    z: NDArray[np.float64],
    first: int,
    begin: NDArray[np.float64],
    rate: float,
    out: NDArray[np.float64],
) -> None:
    """Fit columns whose linear predictors spread little: a few nodes stand for all their rows."""
    width = begin.shape[1]
    reach, largest = np.empty(width), np.empty(width)
    nodes, weights = np.empty((N_NODES, width)), np.empty((N_NODES, width))
    both, found, spare = np.empty((2, width)), np.empty((5, width)), np.empty((4, width))
    for j in range(width):
        reach[j] = max(begin[1, j], begin[3, j], -min(begin[0, j], begin[2, j]), 1e-300)
        both[0, j], both[1, j] = np.log(rate / (1.0 - rate)), out[first + j, 0]
        largest[j] = _USABLE / reach[j]
    moment_nodes(z, first, reach, nodes, weights)
    positive = z.shape[0] * rate
    for _ in range(_STEPS):
        open_columns = 0
        _weigh(nodes, weights, both, spare, found)
        for j in range(width):
            row = out[first + j]
            s0, s1, s2 = found[0, j], found[1, j], found[2, j]
            information = s2 - s1 * s1 / s0 if s0 > 0.0 else 0.0
            if row[5] != NOT_CONVERGED or not abs(both[1, j]) <= largest[j] or not information > 0.0:
                both[1, j] = 0.0
                largest[j] = -1.0  # left to the rows themselves
                continue
            r0, r1 = positive - found[3, j], begin[4, j] - found[4, j]
            step = (r1 - s1 / s0 * r0) / information
            shift = (r0 - s1 * step) / s0
            both[0, j] += shift
            both[1, j] += step
            row[4] += 1.0
            row[0], row[1], row[3] = both[1, j], information, both[0, j]
            if max(abs(step), abs(shift)) > _TOLERANCE * (1.0 + abs(both[1, j])):
                open_columns += 1
            elif abs(both[1, j]) * reach[j] <= _NEAR:
                row[5] = 0.0
            else:
                largest[j] = -1.0
        if open_columns == 0:
            break


@compiled
def _evaluate(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    both: NDArray[np.float64],
    spare: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the sums of weights, weighted values and squares, of residuals, and of residuals times values."""
    out[:] = 0.0
    intercept, slope = both[0], both[1]
    power, e = spare[2], spare[3]
    s0, s1, s2, r0, r1 = out[0], out[1], out[2], out[3], out[4]
    for i in range(z.shape[0]):
        row, yi = z[i], y[i]
        for j in range(row.shape[0]):
            power[j] = -intercept[j] - slope[j] * row[j]
        exponentials(power, spare, e)
        for j in range(row.shape[0]):
            p = 1.0 / (1.0 + e[j])
            w = p * p * e[j]
            wx = w * row[j]
            r = yi - p
            s0[j] += w
            s1[j] += wx
            s2[j] += wx * row[j]
            r0[j] += r
            r1[j] += r * row[j]


@compiled
def _move(
    places: NDArray[np.int64], found: NDArray[np.float64], both: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Take one Newton step in each column."""
    for j in range(places.shape[0]):
        row = out[places[j]]
        s0, s1, s2, r0, r1 = found[0, j], found[1, j], found[2, j], found[3, j], found[4, j]
        information = s2 - s1 * s1 / s0 if s0 > 0.0 else 0.0
        row[4] += 1.0
        if not information > 0.0:
            both[:, j] = 0.0
            continue
        step = (r1 - s1 / s0 * r0) / information
        shift = (r0 - s1 * step) / s0
        step, shift = min(max(step, -_LONGEST), _LONGEST), min(max(shift, -_LONGEST), _LONGEST)
        both[0, j] += shift
        both[1, j] += step
        row[0], row[1] = both[1, j], information
        if max(abs(step), abs(shift)) <= _TOLERANCE * (1.0 + abs(both[1, j])):
            row[5] = 0.0


@compiled
def _climb(z: NDArray[np.float64], y: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Fit what is open by its rows, from the slope and the intercept (fourth) that stand there."""
    places = np.flatnonzero(out[:, 5] == NOT_CONVERGED)
    packed = np.ascontiguousarray(z[:, places])
    both = np.empty((2, places.shape[0]))
    for j in range(places.shape[0]):
        both[0, j] = out[places[j], 3]
        both[1, j] = min(max(out[places[j], 0], -_LONGEST), _LONGEST)
    for _ in range(_STEPS):
        if places.shape[0] == 0:
            break
        found, spare = np.empty((5, places.shape[0])), np.empty((4, places.shape[0]))
        _evaluate(packed, y, both, spare, found)
        _move(places, found, both, out)
        keep = np.flatnonzero(out[places, 5] == NOT_CONVERGED)
        if keep.shape[0] < _WORTH_PACKING * places.shape[0]:
            packed, both = np.ascontiguousarray(packed[:, keep]), np.ascontiguousarray(both[:, keep])
            places = places[keep]


@compiled
def _compare(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    both: NDArray[np.float64],
    rate: float,
    out: NDArray[np.float64],
) -> None:
    """Write the likelihood-ratio statistics."""
    n = z.shape[0]
    null = n * (rate * np.log(rate) + (1.0 - rate) * np.log(1.0 - rate))
    for j in range(z.shape[1]):
        total = 0.0
        for i in range(n):
            eta = (2.0 * y[i] - 1.0) * (both[0, j] + both[1, j] * z[i, j])
            total += min(eta, 0.0) - np.log1p(np.exp(-abs(eta)))
        if out[j, 5] == 0.0:
            out[j, 3] = max(2.0 * (total - null), 0.0)


@compiled
def _intercepts(z: NDArray[np.float64], y: NDArray[np.float64], both: NDArray[np.float64]) -> None:
    """Write the intercept that goes with each slope: the one at which the residuals sum to nothing."""
    for j in range(z.shape[1]):
        for _ in range(_STEPS * 4):
            weight, residual = 0.0, 0.0
            for i in range(z.shape[0]):
                p = 1.0 / (1.0 + np.exp(-both[0, j] - both[1, j] * z[i, j]))
                weight += p * (1.0 - p)
                residual += y[i] - p
            shift = min(max(residual / weight, -1.0), 1.0) if weight > 0.0 else 0.0
            both[0, j] += shift
            if abs(shift) < _TOLERANCE:
                break


@compiled
def logistic_columns(
    z: NDArray[np.float64], y: NDArray[np.float64], likelihood: bool, out: NDArray[np.float64]
) -> None:
    """Fit a logistic model with an intercept to each column by itself.

    Parameters
    ----------
    z : array of float64, n x n_columns
        Values, centred and of unit spread.
    y : array of float64, n
        1 and 0, both present.
    likelihood : bool
        Whether the likelihood-ratio statistic is wanted.
    out : array of float64, n_columns x 6
        As from `tmescope.kernels.cox_columns.cox_columns`. A column whose plain Newton steps do not settle in twelve
        evaluations is not converged: careful steps are for `tmescope.kernels.adjusted_columns`.
    """
    n, width = z.shape
    rate = y.sum() / n
    out[:] = np.nan
    for first in range(0, width, _TILE):
        begin = np.empty((6, min(_TILE, width - first)))
        _begin(z, y, first, begin)
        for j in range(begin.shape[1]):
            row = out[first + j]
            information = rate * (1.0 - rate) * max(begin[5, j], 1e-300)
            separated = begin[0, j] >= begin[3, j] or begin[1, j] <= begin[2, j]
            row[0] = begin[4, j] / information
            row[2] = begin[4, j] * begin[4, j] / information
            row[3] = np.log(rate / (1.0 - rate))
            row[4] = 1.0
            row[5] = MONOTONE if separated else NOT_CONVERGED
        _settle(z, first, begin, rate, out)
    _climb(z, y, out)
    out[:, 3] = np.nan
    for j in range(width):
        if out[j, 5] != 0.0:
            out[j, :3] = np.nan
    if likelihood:
        both = np.zeros((2, width))
        both[0, :] = np.log(rate / (1.0 - rate))
        for j in range(width):
            both[1, j] = out[j, 0] if out[j, 5] == 0.0 else 0.0
        _intercepts(z, y, both)
        _compare(z, y, both, rate, out)
