"""Effects of many features, each drawn towards zero as far as all of them together suggest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_vector, check_confidence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ShrunkEffects", "shrink_effects"]

_STEPS = 2000
_TOLERANCE = 1e-8
_BISECTIONS = 45
_NULL_WEIGHT = 10.0
_FEWEST = 10


@dataclass(frozen=True, kw_only=True)
class ShrunkEffects:
    """Posterior of each effect under a prior that all of them share.

    Parameters
    ----------
    effect, std_error : array of float64
        Posterior mean and standard deviation; NaN where the estimate is missing.
    ci_low, ci_high : array of float64
        Limits of the central posterior interval.
    scales, weights : array of float64
        Standard deviations of the normal components of the prior and their shares.
    n : int
        Estimates used.
    method : str
        For the methods column.
    confidence : float
        Level of the interval.
    reason : str
        ``too_few`` where fewer than ten estimates are there to learn a prior from: all numbers are then NaN.
    """

    effect: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    scales: NDArray[np.float64]
    weights: NDArray[np.float64]
    n: int
    method: str
    confidence: float
    reason: str = ""


def shrink_effects(estimates: ArrayLike, std_errors: ArrayLike, *, confidence: float = 0.95) -> ShrunkEffects:
    """Shrink many estimates towards zero by empirical Bayes.

    Answers "how large is this effect likely to be, given that it was picked out of thousands?". The largest raw
    estimates of a screen are too large on average; these are not. Not for a handful of effects.

    Parameters
    ----------
    estimates : array-like of float, shape (n,)
        On a scale where no effect is 0, such as log hazard ratios. NaN is missing.
    std_errors : array-like of float, shape (n,)
        Their standard errors, above 0; missing where the estimate is.
    confidence : float
        Level of the posterior interval.

    Returns
    -------
    ShrunkEffects

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, or a standard error is not above zero.

    Notes
    -----
    ``estimate ~ N(effect, se ** 2)`` and ``effect ~ sum of w_k N(0, s_k ** 2)`` with a fixed grid of scales, from a
    tenth of the smallest standard error by factors of sqrt 2 to twice the largest excess of estimates over their
    errors. The weights maximise the penalised likelihood by EM, the penalty favouring the smallest scale by nine
    pseudo-counts (adaptive shrinkage of Stephens with normal components and no point at zero). Each effect's posterior
    is a mixture of normals; limits by bisection. Estimates are taken as independent; correlated genes make the prior
    less certain than it looks, not biased in a known direction.

    References
    ----------
    Stephens, Biostatistics 2017, doi:10.1093/biostatistics/kxw041.
    """
    check_confidence(confidence)
    b, s = as_vector(estimates, name="estimates"), as_vector(std_errors, name="std_errors")
    if b.size != s.size:
        raise InputError(f"{b.size} estimates and {s.size} standard errors", expected="one of each per feature")
    known = np.flatnonzero(~(np.isnan(b) | np.isnan(s)))
    if (s[known] <= 0.0).any():
        raise InputError(
            f"{int((s[known] <= 0).sum())} standard errors are not above zero", where="argument std_errors"
        )
    columns = np.full((4, b.size), np.nan)
    scales, weights, reason = np.zeros(0), np.zeros(0), "too_few"
    if known.size >= _FEWEST:
        scales, reason = _grid(b[known], s[known]), ""
        weights = _weights(b[known], s[known], scales)
        columns[:, known] = _posterior(b[known], s[known], scales=scales, weights=weights, confidence=confidence)
    return ShrunkEffects(
        effect=columns[0],
        std_error=columns[1],
        ci_low=columns[2],
        ci_high=columns[3],
        scales=scales,
        weights=weights,
        n=int(known.size),
        method="not estimated" if reason else "empirical Bayes, mixture of normals around 0 (Stephens 2017)",
        confidence=confidence,
        reason=reason,
    )


def _grid(b: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    smallest = float(s.min()) / 10.0
    excess = float((b**2 - s**2).max())
    largest = 2.0 * np.sqrt(excess) if excess > 0.0 else 8.0 * smallest
    steps = max(int(np.ceil(np.log2(largest / smallest) * 2.0)), 1)
    return np.asarray(smallest * np.sqrt(2.0) ** np.arange(min(steps, 60) + 1))


def _weights(b: NDArray[np.float64], s: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares of the components by EM, from equal ones."""
    log_density = _log_density(b, s, scales)
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    extra = np.zeros(scales.size)
    extra[0] = _NULL_WEIGHT - 1.0
    w = np.full(scales.size, 1.0 / scales.size)
    for _ in range(_STEPS):
        total = density @ w
        new = w * ((1.0 / total) @ density) + extra
        new /= new.sum()
        if np.abs(new - w).max() < _TOLERANCE:
            return np.asarray(new)
        w = new
    return w


def _log_density(b: NDArray[np.float64], s: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    variance = s[:, None] ** 2 + scales[None, :] ** 2
    return np.asarray(-0.5 * (b[:, None] ** 2 / variance + np.log(variance)))


def _posterior(
    b: NDArray[np.float64],
    s: NDArray[np.float64],
    *,
    scales: NDArray[np.float64],
    weights: NDArray[np.float64],
    confidence: float,
) -> NDArray[np.float64]:
    used = weights > 1e-10
    scales = scales[used]
    log_share = _log_density(b, s, scales) + np.log(weights[used])
    share = special.softmax(log_share, axis=1)
    kept = scales**2 / (s[:, None] ** 2 + scales**2)
    centre, spread = kept * b[:, None], np.sqrt(kept) * s[:, None]
    mean = (share * centre).sum(axis=1)
    variance = (share * (spread**2 + (centre - mean[:, None]) ** 2)).sum(axis=1)
    tail = (1.0 - confidence) / 2.0
    limits = [_quantile(share, centre, spread, at=at) for at in (tail, 1.0 - tail)]
    return np.vstack([mean, np.sqrt(variance), *limits])


def _quantile(
    share: NDArray[np.float64], centre: NDArray[np.float64], spread: NDArray[np.float64], *, at: float
) -> NDArray[np.float64]:
    """Return one quantile of each mixture: it lies between those of its components."""
    own = centre + special.ndtri(at) * spread
    low, high = own.min(axis=1), own.max(axis=1)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        below = (share * special.ndtr((middle[:, None] - centre) / spread)).sum(axis=1) < at
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2.0)
