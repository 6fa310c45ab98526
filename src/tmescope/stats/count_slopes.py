"""Slopes of many series of counts at once: what is counted more and more often than the whole would make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from tmescope.foundation.errors import InputError, examples
from tmescope.stats.arguments import check_confidence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Matrix = NDArray[np.float64]

__all__ = ["CountSlopes", "fit_count_slopes", "pool_dispersion"]

_ITERATIONS = 100
_TOLERANCE = 1e-11
_LARGEST_STEP = 3.0
_DISPERSIONS = (1e-6, 20.0)
_MOST_SERIES = 2000
"""Series from which the dispersion is pooled; of more, evenly spread ones are taken."""


@dataclass(frozen=True, kw_only=True)
class CountSlopes:
    """Log-linear trends of n series.

    Parameters
    ----------
    slope, std_error, ci_low, ci_high, p_value : array of float, shape (n,)
        Change of the logarithm of the rate for one unit of time, its standard error from the expected information,
        Wald limits and two-sided p-value. NaN where it cannot be estimated.
    level : array of float, shape (n,)
        Logarithm of the rate per exposure at the mean time.
    pearson : array of float, shape (n,)
        Pearson's statistic over its degrees of freedom: well above one where a series varies more than the pooled
        dispersion allows.
    total : array of int, shape (n,)
        Sum of the counts that were used.
    reason : tuple of str
        Why numbers are NaN: ``no_counts``; ``one_end`` where all counts lie in the first or in the last period, so that
        no slope is too steep; empty otherwise.
    dispersion : float
        Negative binomial dispersion that was assumed.
    confidence : float
        Level of the limits.
    """

    slope: Matrix
    std_error: Matrix
    ci_low: Matrix
    ci_high: Matrix
    p_value: Matrix
    level: Matrix
    pearson: Matrix
    total: NDArray[np.int64]
    reason: tuple[str, ...]
    dispersion: float
    confidence: float


@dataclass(frozen=True)
class _Fit:
    level: Matrix
    slope: Matrix
    mean: Matrix
    information: tuple[Matrix, Matrix, Matrix]

    def determinant(self) -> Matrix:
        a, b, c = self.information
        return np.asarray(a * c - b**2)


def fit_count_slopes(
    counts: ArrayLike,
    exposure: ArrayLike,
    time: ArrayLike,
    *,
    dispersion: float,
    confidence: float = 0.95,
) -> CountSlopes:
    """Fit the log-linear trend of each of many series of counts, relative to the size of the whole.

    Not for counts that depend on each other from period to period beyond the trend: the errors would be too small.

    Parameters
    ----------
    counts : array-like of int, shape (n, k)
        Series in rows, periods in columns.
    exposure : array-like of float, shape (k,)
        Size of the whole in each period; its logarithm is the offset. A period without any is left out.
    time : array-like of float, shape (k,)
        Time of each period, in the unit of the slope.
    dispersion : float
        Of the negative binomial (variance ``mu + dispersion mu^2``), zero for Poisson; see `pool_dispersion`.
    confidence : float
        Level of the limits.

    Returns
    -------
    CountSlopes

    Raises
    ------
    InputError
        If shapes differ, a count is negative or no whole number, there are counts where there is no exposure, or fewer
        than three periods are left.

    Notes
    -----
    ``log E[y] = log exposure + level + slope (time - mean time)``, by Newton's method for all series side by
    side; with the dispersion held fixed the likelihood is concave. Cost: a few passes over the
    matrix.

    References
    ----------
    Hilbe, Negative Binomial Regression, 2nd ed. 2011.
    """
    check_confidence(confidence)
    if not dispersion >= 0.0:
        raise InputError(f"the dispersion is {dispersion!r}", where="argument dispersion", expected="zero or more")
    y, size, centred = _checked(counts, exposure, time)
    total = y.sum(axis=1)
    reason = _reasons(y, centred)
    can = np.array([not r for r in reason], dtype=bool)
    fit = _scored(y[can], size, centred, dispersion=dispersion)
    a = fit.information[0]
    error = np.sqrt(a / fit.determinant())
    pearson = ((y[can] - fit.mean) ** 2 / (fit.mean * (1.0 + dispersion * fit.mean))).sum(axis=1)
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    return CountSlopes(
        slope=_spread(fit.slope, can),
        std_error=_spread(error, can),
        ci_low=_spread(fit.slope - z * error, can),
        ci_high=_spread(fit.slope + z * error, can),
        p_value=_spread(2.0 * special.ndtr(-np.abs(fit.slope / error)), can),
        level=_spread(fit.level, can),
        pearson=_spread(pearson / max(centred.size - 2, 1), can),
        total=total.astype(np.int64),
        reason=reason,
        dispersion=float(dispersion),
        confidence=confidence,
    )


def pool_dispersion(counts: ArrayLike, exposure: ArrayLike, time: ArrayLike, *, least: int = 10) -> float:
    """Estimate the one dispersion that many series of counts share around their own trends.

    Parameters
    ----------
    counts, exposure, time : array-like
        As for `fit_count_slopes`.
    least : int
        Series with fewer counts than this are left out: they say nearly nothing of it.

    Returns
    -------
    float
        Zero where no series is left, or where none varies more than a Poisson count.

    Raises
    ------
    InputError
        As for `fit_count_slopes`.

    Notes
    -----
    Maximum of the sum over series of the profile likelihood with the adjustment of Cox and Reid,
    ``log L - 1/2 log |X' W X|``, between 1e-6 and 20. Above 2,000 series evenly spread ones are used.

    References
    ----------
    Cox and Reid, J R Stat Soc B 1987, doi:10.1111/j.2517-6161.1987.tb01422.x. McCarthy, Chen and Smyth, Nucleic Acids
    Research 2012, doi:10.1093/nar/gks042.
    """
    y, size, centred = _checked(counts, exposure, time)
    y = y[[not r for r in _reasons(y, centred)]]
    y = y[y.sum(axis=1) >= least]
    if not len(y):
        return 0.0
    y = y[np.unique(np.linspace(0, len(y) - 1, min(len(y), _MOST_SERIES)).astype(np.int64))]
    low, high = (float(np.log(v)) for v in _DISPERSIONS)
    start: _Fit | None = None

    def loss(log_dispersion: float) -> float:
        nonlocal start
        alpha = float(np.exp(log_dispersion))
        start = _scored(y, size, centred, dispersion=alpha, start=start)
        return -float((_log_likelihood(y, start.mean, alpha) - 0.5 * np.log(start.determinant())).sum())

    found = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-3})
    # at the lower end the counts vary no more than chance
    return float(np.exp(found.x)) if found.x > low + 0.1 else 0.0


def _log_likelihood(y: Matrix, mean: Matrix, alpha: float) -> Matrix:
    """Return the log-likelihood of each series without terms that the mean and the dispersion leave alone."""
    size = 1.0 / alpha
    most = int(y.max())
    if most <= 100_000:  # counts are few distinct numbers: look them up
        table = special.gammaln(np.arange(most + 1) + size) - special.gammaln(size)
        first = table[y.astype(np.int64)]
    else:
        first = special.gammaln(y + size) - special.gammaln(size)
    return np.asarray((first + y * np.log(alpha * mean) - (y + size) * np.log1p(alpha * mean)).sum(axis=1))


def _checked(counts: ArrayLike, exposure: ArrayLike, time: ArrayLike) -> tuple[Matrix, Matrix, Matrix]:
    """Return counts, exposure and centred time of the periods with exposure."""
    y, size, t = (np.asarray(v, dtype=np.float64) for v in (counts, exposure, time))
    if y.ndim != 2 or size.shape != (y.shape[1],) or t.shape != size.shape:
        raise InputError(
            f"counts are of shape {y.shape}, exposure of {size.shape}, time of {t.shape}",
            expected="n series by k periods, and k numbers each",
        )
    bad = ~((y >= 0.0) & (y == np.floor(y)))
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} counts are no counts, for example {examples(float(v) for v in y[bad][:4])}",
            where="argument counts",
            expected="whole numbers, zero or more",
        )
    used = size > 0.0
    if (y[:, ~used] > 0).any() or used.sum() < 3 or np.ptp(t[used]) == 0.0:
        raise InputError(
            f"{int(used.sum())} of {size.size} periods have exposure, with {int(y[:, ~used].sum())} counts in the "
            "others",
            where="argument exposure",
            expected="three periods of different time or more, and no count where there is nothing to count",
        )
    return y[:, used], size[used], t[used] - t[used].mean()


def _reasons(y: Matrix, t: Matrix) -> tuple[str, ...]:
    ends = (y[:, t > t.min()].sum(axis=1) == 0) | (y[:, t < t.max()].sum(axis=1) == 0)
    none = y.sum(axis=1) == 0
    return tuple(np.where(none, "no_counts", np.where(ends, "one_end", "")).tolist())


def _scored(y: Matrix, size: Matrix, t: Matrix, *, dispersion: float, start: _Fit | None = None) -> _Fit:
    """Return the maximum of the likelihood of each series, which is concave, by Newton steps that never lead down."""
    level = np.log(y.sum(axis=1) / size.sum()) if start is None else start.level.copy()
    slope = np.zeros(len(y)) if start is None else start.slope.copy()
    offset = np.log(size)
    limit = _LARGEST_STEP / max(float(np.abs(t).max()), 1e-12)
    up, along = np.zeros(len(y)), np.zeros(len(y))
    reached = np.full(len(y), -np.inf)
    active = np.arange(len(y))
    for _ in range(_ITERATIONS):
        line = offset + (level + up)[active, None] + (slope + along)[active, None] * t
        mean, own = np.exp(line), y[active]
        height = _height(own, line, mean, dispersion=dispersion)
        is_up = height >= reached[active] - 1e-12 * np.abs(reached[active])
        up[active[~is_up]] /= 2.0
        along[active[~is_up]] /= 2.0
        active, mean, own = active[is_up], mean[is_up], own[is_up]
        reached[active] = height[is_up]
        level[active] += up[active]
        slope[active] += along[active]
        up[active], along[active] = _newton(own, mean, t, dispersion=dispersion)
        up, along = np.clip(up, -_LARGEST_STEP, _LARGEST_STEP), np.clip(along, -limit, limit)
        active = np.flatnonzero(np.maximum(np.abs(up), np.abs(along) / limit) > _TOLERANCE)
        if not active.size:
            break
    mean = np.exp(offset + level[:, None] + slope[:, None] * t)
    pull = mean / (1.0 + dispersion * mean)
    return _Fit(level, slope, mean, (pull.sum(axis=1), pull @ t, pull @ t**2))


def _height(y: Matrix, line: Matrix, mean: Matrix, *, dispersion: float) -> Matrix:
    """Return the part of the log-likelihood that the coefficients change."""
    if dispersion == 0.0:
        return np.asarray((y * line - mean).sum(axis=1))
    return np.asarray((y * line - (y + 1.0 / dispersion) * np.log1p(dispersion * mean)).sum(axis=1))


def _newton(y: Matrix, mean: Matrix, t: Matrix, *, dispersion: float) -> tuple[Matrix, Matrix]:
    """Return the step to the top of the parabola that touches the likelihood: of the level, and of the slope."""
    weight = 1.0 / (1.0 + dispersion * mean)
    rest, pull = (y - mean) * weight, mean * (1.0 + dispersion * y) * weight**2
    a, b, c = pull.sum(axis=1), pull @ t, pull @ t**2
    u, v = rest.sum(axis=1), rest @ t
    determinant = np.maximum(a * c - b**2, 1e-300)
    return np.asarray((c * u - b * v) / determinant), np.asarray((a * v - b * u) / determinant)


def _spread(values: Matrix, can: NDArray[np.bool_]) -> Matrix:
    out = np.full(can.size, np.nan)
    out[can] = values
    return out
