"""Robust regression of many samples on one design: iterated re-weighted least squares in an orthonormal basis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["reweighted_rows"]

_NORMAL = 0.6745
"""Median absolute deviation of a standard normal variable, to the digits that the original takes."""

_WELL_POSED = 1e-4
"""Smallest pivot of the Gram matrix that is trusted where it was made by taking out what is lacking in weight."""

_SINGULAR = 1e-14
"""Smallest pivot of a Gram matrix of which anything is left but rounding."""


@compiled
def _order_middle(spare: NDArray[np.float64], middle: int) -> None:
    """Reorder so that entry `middle` is what it would be if all were sorted, with nothing larger before it."""
    first, last = 0, spare.shape[0] - 1
    while first < last:
        pivot = spare[(first + last) // 2]
        i, j = first, last
        while i <= j:
            while spare[i] < pivot:
                i += 1
            while spare[j] > pivot:
                j -= 1
            if i <= j:
                spare[i], spare[j] = spare[j], spare[i]
                i += 1
                j -= 1
        if middle <= j:
            last = j
        elif middle >= i:
            first = i
        else:
            return


@compiled
def _median_size(
    values: NDArray[np.float64], guess: float, spare: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Write the median of the absolute values; only those near a good guess are ordered."""
    n = values.shape[0]
    low, high = 0.8 * guess, 1.25 * guess
    n_below, n_near = 0, 0
    for i in range(n):
        size = abs(values[i])
        n_below += size < low
        spare[n_near] = size
        n_near += low <= size <= high
    middle = n // 2
    first = middle - 1 if n % 2 == 0 and n > 1 else middle
    if not n_below <= first <= middle < n_below + n_near:
        for i in range(n):
            spare[i] = abs(values[i])
        n_below, n_near = 0, n
    near = spare[:n_near]
    place = middle - n_below
    _order_middle(near, place)
    out[0] = near[place]
    if first < middle:
        below = near[0]
        for i in range(1, place):
            below = max(below, near[i])
        out[0] = (out[0] + below) / 2.0


@compiled
def _weigh(
    residuals: NDArray[np.float64], scale: float, psi: int, limits: NDArray[np.float64], weights: NDArray[np.float64]
) -> None:
    """Write psi(u) / u of the scaled residuals: 0 Huber, 1 Hampel, 2 bisquare."""
    a, b, c = limits
    for i in range(residuals.shape[0]):
        u = abs(residuals[i]) / scale
        if psi == 2:
            inside = max(0.0, 1.0 - (u / a) * (u / a))
            weights[i] = inside * inside
        elif u <= a:
            weights[i] = 1.0
        elif psi == 0 or u <= b:
            weights[i] = a / u
        else:
            weights[i] = a * max(0.0, c - u) / (c - b) / u


@compiled
def _gram(
    products: NDArray[np.float64],
    weights: NDArray[np.float64],
    lacking: bool,
    spare: NDArray[np.int64],
    packed: NDArray[np.float64],
) -> None:
    """Write the weighted sum of the products of each gene; of what is lacking to weight 1, where that is asked for."""
    packed[:] = 0.0
    n = 0
    whole = 1.0 if lacking else 0.0  # the weight of a gene that adds nothing
    for g in range(products.shape[0]):
        spare[n] = g
        n += weights[g] != whole
    sign = -1.0 if lacking else 1.0
    for t in range(0, n - 3, 4):  # four at once: the sums are read and written a quarter as often
        a, b, c, d = spare[t], spare[t + 1], spare[t + 2], spare[t + 3]
        wa, wb = sign * (weights[a] - whole), sign * (weights[b] - whole)
        wc, wd = sign * (weights[c] - whole), sign * (weights[d] - whole)
        pa, pb, pc, pd = products[a], products[b], products[c], products[d]
        for i in range(packed.shape[0]):
            packed[i] += (wa * pa[i] + wb * pb[i]) + (wc * pc[i] + wd * pd[i])
    for t in range(n - n % 4, n):
        weight = sign * (weights[spare[t]] - whole)
        own = products[spare[t]]
        for i in range(packed.shape[0]):
            packed[i] += weight * own[i]


@compiled
def _factor(packed: NDArray[np.float64], lacking: bool, lower: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write the Cholesky factor and, into `out`, its smallest squared pivot; it ends where that is not above zero."""
    k = lower.shape[0]
    place = 0
    for i in range(k):
        for j in range(i + 1):
            lower[i, j] = (1.0 if i == j else 0.0) - packed[place] if lacking else packed[place]
            place += 1
    out[0] = np.inf
    for i in range(k):
        for j in range(i + 1):
            value = lower[i, j]
            for t in range(j):
                value -= lower[i, t] * lower[j, t]
            if i == j:
                out[0] = min(out[0], value)
                if not value > 0.0:
                    return
                lower[i, i] = np.sqrt(value)
            else:
                lower[i, j] = value / lower[j, j]


@compiled
def _step(
    coordinates: NDArray[np.float64],
    weights: NDArray[np.float64],
    residuals: NDArray[np.float64],
    lower: NDArray[np.float64],
    step: NDArray[np.float64],
) -> None:
    """Write how far the weighted fit is from the present one, in coordinates of the basis."""
    k = step.shape[0]
    step[:] = 0.0
    for g in range(residuals.shape[0]):
        value = weights[g] * residuals[g]
        own = coordinates[g]
        for i in range(k):
            step[i] += value * own[i]
    for i in range(k):
        for j in range(i):
            step[i] -= lower[i, j] * step[j]
        step[i] /= lower[i, i]
    for i in range(k - 1, -1, -1):
        for j in range(i + 1, k):
            step[i] -= lower[j, i] * step[j]
        step[i] /= lower[i, i]


@compiled
def _start(basis: NDArray[np.float64], own: NDArray[np.float64], residuals: NDArray[np.float64]) -> None:
    """Write the coordinates of plain least squares, and leave its residuals; turn two takes what rounding left."""
    own[:] = 0.0
    for _ in range(2):
        for i in range(basis.shape[0]):
            along = 0.0
            for g in range(basis.shape[1]):
                along += basis[i, g] * residuals[g]
            own[i] += along
            residuals -= along * basis[i]


@compiled
def _weighted_factor(
    products: NDArray[np.float64],
    weights: NDArray[np.float64],
    spare: NDArray[np.int64],
    packed: NDArray[np.float64],
    lower: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the Cholesky factor of the weighted Gram matrix, and its smallest squared pivot."""
    full = 0
    for g in range(weights.shape[0]):
        full += weights[g] == 1.0
    out[0] = 0.0
    if 2 * full > weights.shape[0]:
        _gram(products, weights, True, spare, packed)
        _factor(packed, True, lower, out)
    if not out[0] > _WELL_POSED:
        _gram(products, weights, False, spare, packed)
        _factor(packed, False, lower, out)


@compiled
def _go(
    basis: NDArray[np.float64],
    step: NDArray[np.float64],
    own: NDArray[np.float64],
    residuals: NDArray[np.float64],
    spare: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Take a step, and write the length of what changed over the length that the residuals had."""
    before, change = 0.0, 0.0
    spare[:] = 0.0
    for i in range(basis.shape[0]):
        own[i] += step[i]
        spare += step[i] * basis[i]
    for g in range(residuals.shape[0]):
        before += residuals[g] * residuals[g]
        change += spare[g] * spare[g]
        residuals[g] -= spare[g]
    out[0] = np.sqrt(change / max(1e-20, before))


@compiled
def reweighted_rows(
    values: NDArray[np.float64],
    basis: NDArray[np.float64],
    coordinates: NDArray[np.float64],
    products: NDArray[np.float64],
    psi: int,
    limits: NDArray[np.float64],
    most: int,
    tolerance: float,
    out: NDArray[np.float64],
    steps: NDArray[np.int64],
) -> None:
    """Fit each row by M-estimation with the scale of its residuals' median.

    Parameters
    ----------
    values : array of float64, n x p
        One row of p genes a sample.
    basis : array of float64, k x p
        Orthonormal rows that span the design.
    coordinates : array of float64, p x k
        The same, gene by gene in memory.
    products : array of float64, p x k (k + 1) / 2
        For each gene the products of its coordinates, ``basis[i] * basis[j]`` for j <= i, row by row.
    psi : int
        0 Huber, 1 Hampel, 2 bisquare.
    limits : array of float64, 3
        k of Huber; a, b, c of Hampel; c of bisquare.
    most : int
        Steps after which a sample is given up.
    tolerance : float
        Relative change of the residuals at which it ends.
    out : array of float64, n x k
        Gets the coordinates of each fit, those of the last step where it was given up.
    steps : array of int64, n
        Gets the number of steps; minus that where the sample was given up, and -(most + 1) where the weighted genes do
        not determine the fit.

    Notes
    -----
    From least squares: scale ``median |r| / 0.6745``, weights ``psi(u) / u``, weighted least squares, until
    ``|r_new - r| / |r| <= tolerance``; a scale of zero ends it. Where most weights are 1, the Gram matrix is the
    identity less what is lacking. O(p k**2) a step.
    """
    n = values.shape[1]
    k = basis.shape[0]
    residuals, spare, weights, chosen = np.empty(n), np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    packed, lower, step, one = np.empty(products.shape[1]), np.zeros((k, k)), np.empty(k), np.empty(1)
    for row in range(values.shape[0]):
        residuals[:] = values[row]
        _start(basis, out[row], residuals)
        steps[row] = -most
        median = 0.0
        for turn in range(1, most + 1):
            _median_size(residuals, median, spare, one)
            median = one[0]
            if median == 0.0:
                steps[row] = turn
                break
            _weigh(residuals, median / _NORMAL, psi, limits, weights)
            _weighted_factor(products, weights, chosen, packed, lower, one)
            if not one[0] > _SINGULAR:
                steps[row] = -(most + 1)
                break
            _step(coordinates, weights, residuals, lower, step)
            _go(basis, step, out[row], residuals, spare, one)
            if one[0] <= tolerance:
                steps[row] = turn
                break
