"""Rows of a matrix in a given order, each column centred and divided by its standard deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["standardise_columns"]

_CONSTANT = 1e-12
"""A range below this share of the largest size is rounding, not a spread."""
_VANISHING = 1e-150
"""Below this size the squares of deviations vanish in floating point, and so does the spread."""


@compiled
def _sum(
    values: NDArray[np.float64],
    order: NDArray[np.int64],
    first: int,
    z: NDArray[np.float64],
    total: NDArray[np.float64],
    ends: NDArray[np.float64],
) -> None:
    """Copy rows in order and write the sum, the smallest and the largest value of each column."""
    low, high = ends[0], ends[1]
    total[:] = 0.0
    low[:] = np.inf
    high[:] = -np.inf
    for i in range(order.shape[0]):
        source, row = values[order[i], first : first + z.shape[1]], z[i]
        for j in range(row.shape[0]):
            v = np.float64(source[j])
            row[j] = v
            total[j] += v
            low[j] = min(low[j], v)
            high[j] = max(high[j], v)


@compiled
def _divide(z: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
    for i in range(z.shape[0]):
        row = z[i]
        for j in range(row.shape[0]):
            row[j] = row[j] * scale[j] if scale[j] > 0.0 else 0.0


@compiled
def standardise_columns(
    values: NDArray[np.float64],
    order: NDArray[np.int64],
    first: int,
    z: NDArray[np.float64],
    moments: NDArray[np.float64],
) -> None:
    """Write the rows ``order`` of some columns of a matrix, each column centred and divided by its standard deviation.

    Parameters
    ----------
    values : array of float64 or float32, n_rows x n_columns
        Finite or NaN.
    order : array of int64, n
        Which rows, in which order.
    first : int
        First of the columns; as many follow as `z` has.
    z : array of float64, n x width
        What becomes of them: ``(value - mean) / sd``; 0 in columns that are constant or hold a NaN.
    moments : array of float64, 3 x width
        Mean, standard deviation (n - 1), and 1 where the column is constant, 2 where it holds a NaN, else 0.
    """
    n, width = z.shape
    mean, sd, state = moments[0], moments[1], moments[2]
    ends = np.empty((2, width))
    _sum(values, order, first, z, mean, ends)
    for j in range(width):
        mean[j] /= max(n, 1)
    sd[:] = 0.0
    for i in range(n):
        row = z[i]
        for j in range(width):
            d = row[j] - mean[j]
            row[j] = d
            sd[j] += d * d
    scale = np.zeros(width)
    for j in range(width):
        sd[j] = np.sqrt(sd[j] / max(n - 1, 1))
        low, high = ends[0, j], ends[1, j]
        flat = n < 2 or high - low <= _CONSTANT * max(abs(high), abs(low)) or sd[j] < _VANISHING
        state[j] = 2.0 if np.isnan(mean[j]) else (1.0 if flat else 0.0)
        if state[j] == 0.0:
            scale[j] = 1.0 / sd[j]
    _divide(z, scale)
