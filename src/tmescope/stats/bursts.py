"""Stretches of time in which a thing is talked of far more than it usually is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["find_bursts"]

_MOST = 0.9999


def find_bursts(counts: ArrayLike, corpus: ArrayLike, *, lift: float = 2.0, cost: float = 1.0) -> NDArray[np.bool_]:
    """Say in which periods each of many series of counts is in a burst.

    A description, not a test: there is no error rate behind it.

    Parameters
    ----------
    counts : array-like of int, shape (n, k)
        Documents of each series in each period.
    corpus : array-like of int, shape (k,)
        All documents of each period.
    lift : float
        How many times its usual share a series has in a burst; above 1.
    cost : float
        How hard it is to enter a burst, in units of the logarithm of the number of periods; leaving one is free.

    Returns
    -------
    array of bool, shape (n, k)
        True in a burst.

    Raises
    ------
    InputError
        If shapes differ, a count exceeds its corpus, or `lift` or `cost` make no sense.

    Notes
    -----
    Two states with binomial counts, the usual share ``sum r / sum d`` and ``lift`` times it (0.9999 at most); the path
    of least cost is found by dynamic programming for all series side by side. Where paths cost the same the usual state
    wins.

    References
    ----------
    Kleinberg, Data Mining and Knowledge Discovery 2003, doi:10.1023/A:1024940629314 (section 4, batched arrivals).
    """
    r, d = np.asarray(counts, dtype=np.float64), np.asarray(corpus, dtype=np.float64)
    _check(r, d, lift=lift, cost=cost)
    n, k = r.shape
    usual = r.sum(axis=1, keepdims=True) / max(float(d.sum()), 1.0)
    losses = [-(special.xlogy(r, p) + special.xlog1py(d - r, -p)) for p in (usual, np.minimum(lift * usual, _MOST))]
    enter = cost * float(np.log(max(k, 1)))
    calm, busy = losses[0][:, 0], losses[1][:, 0] + enter
    came_from = np.zeros((2, n, k), dtype=bool)
    for j in range(1, k):
        # into the usual state: free from either; into a burst: at a price
        came_from[0, :, j] = busy < calm
        came_from[1, :, j] = busy < calm + enter
        calm, busy = (
            losses[0][:, j] + np.where(came_from[0, :, j], busy, calm),
            losses[1][:, j] + np.where(came_from[1, :, j], busy, calm + enter),
        )
    out = np.zeros((n, k), dtype=bool)
    state = busy < calm
    for j in range(k - 1, -1, -1):
        out[:, j] = state
        state = np.where(state, came_from[1, :, j], came_from[0, :, j])
    return out


def _check(r: NDArray[np.float64], d: NDArray[np.float64], *, lift: float, cost: float) -> None:
    if r.ndim != 2 or d.shape != (r.shape[1],) or (r < 0).any() or (r > d[None, :]).any():
        raise InputError(
            f"counts are of shape {r.shape}, the corpus of {d.shape}",
            expected="n series by k periods, k sizes, and no count below zero or above its size",
        )
    if not (lift > 1.0 and cost >= 0.0):
        raise InputError(f"lift is {lift!r}, cost {cost!r}", expected="a lift above 1 and a cost of zero or more")
