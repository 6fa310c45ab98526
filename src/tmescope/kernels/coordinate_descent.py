"""Minimum of a quadratic function with an elastic-net penalty, one coordinate at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["descend_quadratic"]


@compiled
def descend_quadratic(
    curvature: NDArray[np.float64],
    slope: NDArray[np.float64],
    start: NDArray[np.float64],
    lasso: NDArray[np.float64],
    ridge: NDArray[np.float64],
    most: int,
    tolerance: float,
    out: NDArray[np.float64],
    gradient: NDArray[np.float64],
    turns: NDArray[np.int64],
) -> None:
    """Minimise ``slope (b - start) + (b - start) curvature (b - start) / 2 + sum(lasso |b| + ridge b^2 / 2)``.

    Parameters
    ----------
    curvature : array of float64, k x k
        Symmetric, no eigenvalue below zero.
    slope, start : array of float64, k
        Gradient of the smooth function at `start`.
    lasso, ridge : array of float64, k
        Strengths of each coordinate, zero or more.
    most : int
        Turns over the coordinates after which it ends.
    tolerance : float
        It ends after a turn in which no coordinate lowered the function by more than half of this.
    out : array of float64, k
        Gets the coordinates.
    gradient : array of float64, k
        Gets the gradient of the quadratic part there.
    turns : array of int64, 1
        Gets the number of turns, minus that where it was given up.

    Notes
    -----
    Covariance updates (Friedman, Hastie and Tibshirani 2010): a coordinate that stays costs O(1), one that moves O(k).
    A coordinate without curvature stays where it is.
    """
    k = start.shape[0]
    out[:] = start
    gradient[:] = slope
    turns[0] = -most
    for turn in range(1, most + 1):
        largest = 0.0
        for j in range(k):
            row = curvature[j]
            bend = row[j] + ridge[j]
            if not bend > 0.0:
                continue
            pull = row[j] * out[j] - gradient[j]
            new = 0.0
            if pull > lasso[j]:
                new = (pull - lasso[j]) / bend
            elif pull < -lasso[j]:
                new = (pull + lasso[j]) / bend
            step = new - out[j]
            if step != 0.0:
                out[j] = new
                for i in range(k):
                    gradient[i] += step * row[i]
                largest = max(largest, bend * step * step)
        if largest <= tolerance:
            turns[0] = turn
            break
