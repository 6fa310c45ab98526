"""One Cox model for each column of a matrix, many columns side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled
from tmescope.kernels.exponentials import exponentials

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MONOTONE", "NOT_CONVERGED", "NO_SPREAD", "cox_columns"]

NO_SPREAD = 1.0
"""No two subjects at risk at any event differ: the likelihood is flat."""

MONOTONE = 2.0
"""Each event befalls the largest (or the smallest) of those at risk: the likelihood has no maximum."""

NOT_CONVERGED = 3.0

_STEPS = 60
_TOLERANCE = 1e-9
_LONGEST = 2.0
_WORTH_PACKING = 0.75
"""Columns are copied together when less than this share of them is still on its way."""


@compiled
def _add(row: NDArray[np.float64], e: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
    """Let one subject enter the sums of weights, of weighted values and of weighted squares."""
    s0, s1, s2 = sums[0], sums[1], sums[2]
    for j in range(row.shape[0]):
        ex = e[j] * row[j]
        s0[j] += e[j]
        s1[j] += ex
        s2[j] += ex * row[j]


@compiled
def _take(sums: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Subtract the mean of those at risk from the score and add their variance to the information."""
    s0, s1, s2, score, information = sums[0], sums[1], sums[2], out[0], out[1]
    for j in range(s0.shape[0]):
        r = 1.0 / s0[j]
        m = s1[j] * r
        score[j] -= m
        information[j] += s2[j] * r - m * m


@compiled
def _take_part(sums: NDArray[np.float64], tied: NDArray[np.float64], share: float, out: NDArray[np.float64]) -> None:
    """As `_take`, with a share of those whose events are tied taken out of those at risk."""
    s0, s1, s2, score, information = sums[0], sums[1], sums[2], out[0], out[1]
    d0, d1, d2 = tied[0], tied[1], tied[2]
    for j in range(s0.shape[0]):
        r = 1.0 / (s0[j] - share * d0[j])
        m = (s1[j] - share * d1[j]) * r
        score[j] -= m
        information[j] += (s2[j] - share * d2[j]) * r - m * m


@compiled
def _log_risk(sums: NDArray[np.float64], tied: NDArray[np.float64], share: float, out: NDArray[np.float64]) -> None:
    for j in range(out.shape[0]):
        out[j] -= np.log(sums[0, j] - share * tied[0, j])


@compiled
def _weigh(
    row: NDArray[np.float64], slope: NDArray[np.float64], spare: NDArray[np.float64], e: NDArray[np.float64]
) -> None:
    power = spare[2]
    for j in range(row.shape[0]):
        power[j] = row[j] * slope[j]
    exponentials(power, spare, e)


@compiled
def _evaluate(
    z: NDArray[np.float64],
    starts: NDArray[np.int32],
    deaths: NDArray[np.int32],
    efron: bool,
    slope: NDArray[np.float64],
    at_zero: bool,
    logs: bool,
    out: NDArray[np.float64],
) -> None:
    """Write score without its events, information, and (with `logs`) the log-likelihood without its events."""
    width = z.shape[1]
    sums, tied = np.zeros((3, width)), np.zeros((3, width))
    spare, e = np.empty((3, width)), np.ones(width)
    out[:] = 0.0
    for g in range(starts.shape[0] - 1):
        first, last, d = starts[g], starts[g + 1], deaths[g]
        split = efron and d > 1
        tied[:] = 0.0
        for i in range(first, last):
            if not at_zero:
                _weigh(z[i], slope, spare, e)
            _add(z[i], e, tied if split and i < first + d else sums)
        if split:
            sums += tied
        for k in range(d):
            share = k / d if split else 0.0
            if split:
                _take_part(sums, tied, share, out)
            else:
                _take(sums, out)
            if logs:
                _log_risk(sums, tied, share, out[2])


@compiled
def _begin(
    z: NDArray[np.float64], starts: NDArray[np.int32], deaths: NDArray[np.int32], out: NDArray[np.float64]
) -> None:
    """Write the sum over events, and by how much all events together miss the largest and the smallest at risk."""
    width = z.shape[1]
    high, low = np.full(width, -np.inf), np.full(width, np.inf)
    total, above, below = out[0], out[1], out[2]
    out[:] = 0.0
    for g in range(starts.shape[0] - 1):
        for i in range(starts[g], starts[g + 1]):
            row = z[i]
            for j in range(width):
                high[j] = max(high[j], row[j])
                low[j] = min(low[j], row[j])
        for i in range(starts[g], starts[g] + deaths[g]):
            row = z[i]
            for j in range(width):
                total[j] += row[j]
                above[j] += high[j] - row[j]
                below[j] += row[j] - low[j]


@compiled
def _move(
    places: NDArray[np.int64],
    state: NDArray[np.float64],
    found: NDArray[np.float64],
    first: bool,
    out: NDArray[np.float64],
) -> None:
    """Take one Newton step in each column that is not done: `state` holds slope, bounds and the sum over events."""
    for j in range(places.shape[0]):
        row = out[places[j]]
        if row[5] != NOT_CONVERGED:
            continue
        slope, score, information = state[0, j], state[3, j] + found[0, j], found[1, j]
        if first:
            row[2] = score * score / information
        step = min(max(score / information, -_LONGEST), _LONGEST)
        row[0], row[1] = slope, information
        row[4] += 1.0
        if abs(step) <= _TOLERANCE * (1.0 + abs(slope)):
            row[0], row[5] = slope + step, 0.0
            continue
        # the score falls with the slope, so its sign says on which side of here the maximum is
        if score > 0.0:
            state[1, j] = slope
        else:
            state[2, j] = slope
        new = slope + step
        state[0, j] = new if state[1, j] < new < state[2, j] else 0.5 * (state[1, j] + state[2, j])


@compiled
def _judge(begin: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write which columns have a maximum at all."""
    out[:] = np.nan
    for j in range(out.shape[0]):
        above, below = begin[1, j], begin[2, j]
        out[j, 4] = 0.0
        if above == 0.0 and below == 0.0:
            out[j, 5] = NO_SPREAD
        else:
            out[j, 5] = MONOTONE if above == 0.0 or below == 0.0 else NOT_CONVERGED


@compiled
def _climb(
    z: NDArray[np.float64],
    starts: NDArray[np.int32],
    deaths: NDArray[np.int32],
    efron: bool,
    total: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Take Newton steps in all columns that have a maximum; those that have reached it are packed away."""
    places = np.flatnonzero(out[:, 5] == NOT_CONVERGED)
    packed = np.ascontiguousarray(z[:, places])
    state = np.zeros((4, places.shape[0]))
    state[1, :], state[2, :] = -np.inf, np.inf
    state[3, :] = total[places]
    for step in range(_STEPS):
        if places.shape[0] == 0:
            break
        found = np.empty((3, places.shape[0]))
        _evaluate(packed, starts, deaths, efron, state[0], step == 0, False, found)
        _move(places, state, found, step == 0, out)
        keep = np.flatnonzero(out[places, 5] == NOT_CONVERGED)
        if keep.shape[0] < _WORTH_PACKING * places.shape[0]:
            packed = np.ascontiguousarray(packed[:, keep])
            state = np.ascontiguousarray(state[:, keep])
            places = places[keep]


@compiled
def _compare(
    z: NDArray[np.float64],
    starts: NDArray[np.int32],
    deaths: NDArray[np.int32],
    efron: bool,
    total: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the likelihood-ratio statistics."""
    width = z.shape[1]
    slopes = np.zeros(width)
    for j in range(width):
        slopes[j] = out[j, 0] if out[j, 5] == 0.0 else 0.0
    here, there = np.empty((3, width)), np.empty((3, width))
    _evaluate(z, starts, deaths, efron, slopes, False, True, here)
    _evaluate(z, starts, deaths, efron, slopes, True, True, there)
    for j in range(width):
        if out[j, 5] == 0.0:
            out[j, 3] = max(2.0 * (total[j] * slopes[j] + here[2, j] - there[2, j]), 0.0)


@compiled
def cox_columns(
    z: NDArray[np.float64],
    starts: NDArray[np.int32],
    deaths: NDArray[np.int32],
    efron: bool,
    likelihood: bool,
    out: NDArray[np.float64],
) -> None:
    """Fit a Cox model to each column by itself.

    Parameters
    ----------
    z : array of float64, n x n_columns
        Values, centred and of unit spread, the latest times first; within a time those with an event first.
    starts : array of int32, n_times + 1
        First row of each time.
    deaths : array of int32, n_times
        Events at each time.
    efron : bool
        Efron's treatment of ties, else Breslow's.
    likelihood : bool
        Whether the likelihood-ratio statistic is wanted.
    out : array of float64, n_columns x 6
        Slope, information at it, score statistic at 0, likelihood-ratio statistic (NaN where it is not wanted),
        evaluations, and 0 or the reason why there is no slope.
    """
    begin = np.empty((3, z.shape[1]))
    _begin(z, starts, deaths, begin)
    _judge(begin, out)
    _climb(z, starts, deaths, efron, begin[0], out)
    for j in range(z.shape[1]):
        if out[j, 5] != 0.0:
            out[j, :4] = np.nan
    if likelihood:
        _compare(z, starts, deaths, efron, begin[0], out)
