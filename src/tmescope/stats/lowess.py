"""Locally weighted regression of one variable on another (lowess)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["smooth_locally"]


def smooth_locally(
    x: ArrayLike, y: ArrayLike, *, fraction: float = 2.0 / 3.0, n_robust: int = 3, delta: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smooth y over x by local straight lines with tricube weights, made robust by bisquare weights.

    Parameters
    ----------
    x, y : array-like of float, shape (n,)
        At least two values, none missing.
    fraction : float
        Share of the points in each neighbourhood.
    n_robust : int
        Rounds of reweighting.
    delta : float, optional
        Lines are fitted at points at least this far apart and joined straight in between; a hundredth of the range of x
        by default.

    Returns
    -------
    x : array of float64, shape (n,)
        Sorted.
    smooth : array of float64, shape (n,)
        At those.

    Raises
    ------
    InputError
        If lengths differ, a value is missing, or there are fewer than two.

    Notes
    -----
    Cleveland's algorithm with its rules for flat neighbourhoods; agrees with R's ``lowess``. Cost O(n) for each of some
    hundred lines a round.

    References
    ----------
    Cleveland, JASA 1979, doi:10.1080/01621459.1979.10481038.
    """
    u, v = as_vector(x, name="x"), as_vector(y, name="y")
    if u.size != v.size or u.size < 2 or np.isnan(u).any() or np.isnan(v).any():
        raise InputError(f"x has {u.size} values, y {v.size}", expected="two or more pairs without missing values")
    order = np.argsort(u, kind="stable")
    u, v = u[order], v[order]
    span = float(u[-1] - u[0])
    if span == 0.0:
        return u, np.full(u.size, v.mean())
    size = max(min(int(fraction * u.size + 1e-7), u.size), 2)
    anchors = _anchors(u, 0.01 * span if delta is None else delta)
    starts = _windows(u, anchors, size)
    weights = np.ones(u.size)
    smooth = v.copy()
    for round_ in range(n_robust + 1):
        heights = np.array(
            [_line(u, v, i, at=(s, size, weights), span=span) for i, s in zip(anchors, starts, strict=True)]
        )
        smooth = np.interp(u, u[anchors], heights)
        if round_ == n_robust:
            break
        residual = np.abs(v - smooth)
        limit = 6.0 * float(np.median(residual))
        if limit < 1e-7 * residual.mean():
            break
        share = residual / limit
        weights = np.where(share <= 0.001, 1.0, np.where(share <= 0.999, (1.0 - share**2) ** 2, 0.0))
    return u, smooth


def _anchors(u: NDArray[np.float64], delta: float) -> NDArray[np.intp]:
    """Return where lines are fitted: the last point within delta of the one before, or the next point."""
    found, last, n = [0], 0, u.size
    last = int(np.searchsorted(u, u[0], side="right")) - 1  # points equal to an anchor share its height
    while last < n - 1:
        reach = int(np.searchsorted(u, u[last] + delta, side="right")) - 1
        nxt = max(last + 1, reach)
        found.append(nxt)
        last = int(np.searchsorted(u, u[nxt], side="right")) - 1
    return np.unique(np.array(found))


def _windows(u: NDArray[np.float64], anchors: NDArray[np.intp], size: int) -> list[int]:
    """Return the first point of each neighbourhood, moved to the right while that brings it nearer."""
    starts, start = [], 0
    for i in anchors:
        while start + size < u.size and u[i] - u[start] > u[start + size] - u[i]:
            start += 1
        starts.append(start)
    return starts


def _line(
    u: NDArray[np.float64],
    v: NDArray[np.float64],
    i: int,
    *,
    at: tuple[int, int, NDArray[np.float64]],
    span: float,
) -> float:
    start, size, weights = at
    here = u[i]
    width = max(here - u[start], u[start + size - 1] - here)
    end = int(np.searchsorted(u, here + width, side="right"))  # ties with the edge belong to the neighbourhood
    x = u[start:end]
    r = np.abs(x - here)
    if width > 0.0:
        w = np.where(r <= 0.001 * width, 1.0, np.where(r <= 0.999 * width, (1.0 - (r / width) ** 3) ** 3, 0.0))
    else:
        w = np.where(r == 0.0, 1.0, 0.0)
    w = w * weights[start:end]
    total = w.sum()
    if total <= 0.0:
        return float(v[i])
    w = w / total
    if width > 0.0:
        centre = float(w @ x)
        spread = float(w @ (x - centre) ** 2)
        if np.sqrt(spread) > 0.001 * span:
            w = w * ((here - centre) / spread * (x - centre) + 1.0)
    return float(w @ v[start:end])
