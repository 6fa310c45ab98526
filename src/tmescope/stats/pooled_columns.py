"""Thousands of effects pooled at once: what `pool_effects` does to one, for every row of a matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tmescope.foundation.errors import InputError
from tmescope.stats.between_studies import usable_studies
from tmescope.stats.meta_analysis import PoolingOptions, name_of_pooling

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PooledColumns", "pool_columns"]

_GRID = 60
_HALVINGS = 70


Score = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]


@dataclass(frozen=True, kw_only=True)
class PooledColumns:
    """Pooled effects, one entry a row of the matrix that was pooled.

    Parameters
    ----------
    k : array of int64
        Studies used.
    estimate, std_error, ci_low, ci_high, p_value : array of float64
        As in `tmescope.stats.meta_analysis.PooledEffect`; NaN with fewer than two studies.
    tau2, i2 : array of float64
        How much studies differ.
    prediction_low, prediction_high : array of float64
        Interval for a further study.
    fixed_estimate, fixed_ci_low, fixed_ci_high : array of float64
        The same with no variance between studies.
    max1_ci_low, max1_ci_high, max1_p_value : array of float64
        What Hartung-Knapp not below one gives: to hold by where the interval is narrower than the fixed effect's.
    narrower_than_fixed : array of bool
        Whether the interval is narrower than the fixed effect's.
    used : array of bool, shape (n, k)
        Which studies were used.
    method : str
        For the methods column.
    """

    k: NDArray[np.int64]
    estimate: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_value: NDArray[np.float64]
    tau2: NDArray[np.float64]
    i2: NDArray[np.float64]
    prediction_low: NDArray[np.float64]
    prediction_high: NDArray[np.float64]
    fixed_estimate: NDArray[np.float64]
    fixed_ci_low: NDArray[np.float64]
    fixed_ci_high: NDArray[np.float64]
    max1_ci_low: NDArray[np.float64]
    max1_ci_high: NDArray[np.float64]
    max1_p_value: NDArray[np.float64]
    narrower_than_fixed: NDArray[np.bool_]
    used: NDArray[np.bool_]
    method: str


def pool_columns(effects: ArrayLike, std_errors: ArrayLike, *, options: PoolingOptions | None = None) -> PooledColumns:
    """Pool each row of a matrix of effects over its columns.

    Answers "which of these thousands of genes hold in other cohorts?" as `tmescope.stats.meta_analysis.pool_effects`
    does for one; limits of the heterogeneity are left out.

    Parameters
    ----------
    effects, std_errors : array-like of float, shape (n, k)
        One row a gene, one column a study. Studies that cannot be used are left out of the row, as there.
    options : PoolingOptions, optional
        Estimators reml, ml, dl, pm and fixed.

    Returns
    -------
    PooledColumns

    Raises
    ------
    InputError
        If shapes differ, or the estimator is another one.

    Notes
    -----
    Rows with the same studies are calculated together: 60 places of the likelihood and 70 halvings for each.

    References
    ----------
    As `tmescope.stats.meta_analysis.pool_effects`.
    """
    options = options or PoolingOptions()
    y, s = np.asarray(effects, dtype=np.float64), np.asarray(std_errors, dtype=np.float64)
    if y.ndim != 2 or y.shape != s.shape:
        raise InputError(
            f"effects have the shape {y.shape}, standard errors {s.shape}",
            expected="one row a gene, one column a study",
        )
    if options.tau2 not in _ESTIMATORS:
        raise InputError(
            f"the estimator is {options.tau2!r}", where="PoolingOptions.tau2", expected=", ".join(sorted(_ESTIMATORS))
        )
    used = np.array([usable_studies(a, b) for a, b in zip(y, s, strict=True)], dtype=bool).reshape(y.shape)
    found = {name: np.full(len(y), np.nan) for name in _NUMBERS}
    patterns, which = np.unique(used, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.sum() >= 2:
            rows = np.flatnonzero(which.ravel() == number)
            for name, values in _pool(y[np.ix_(rows, pattern)], s[np.ix_(rows, pattern)] ** 2, options).items():
                found[name][rows] = values
    width, fixed_width = found["ci_high"] - found["ci_low"], found["fixed_ci_high"] - found["fixed_ci_low"]
    with np.errstate(invalid="ignore"):
        narrower = (width < fixed_width * (1 - 1e-12)) & (options.tau2 != "fixed")
    return PooledColumns(
        k=used.sum(axis=1), used=used, narrower_than_fixed=narrower, method=name_of_pooling(options), **found
    )


_NUMBERS = (
    "estimate", "std_error", "ci_low", "ci_high", "p_value", "tau2", "i2", "prediction_low", "prediction_high",
    "fixed_estimate", "fixed_ci_low", "fixed_ci_high", "max1_ci_low",
    "max1_ci_high", "max1_p_value",
)  # fmt: skip


def _pool(y: NDArray[np.float64], v: NDArray[np.float64], options: PoolingOptions) -> dict[str, NDArray[np.float64]]:
    k = y.shape[1]
    tau2 = _ESTIMATORS[options.tau2](y, v)
    w = 1.0 / (v + tau2[:, None])
    estimate = (w * y).sum(axis=1) / w.sum(axis=1)
    variance, df = 1.0 / w.sum(axis=1), np.inf
    bounded = variance
    if options.test != "z" and options.tau2 != "fixed":
        df = float(k - 1)
        scale = (w * (y - estimate[:, None]) ** 2).sum(axis=1) / df
        bounded = variance * np.maximum(scale, 1.0)
        variance = bounded if options.test == "hartung_knapp_max1" else variance * scale
    error, bound = np.sqrt(variance), np.sqrt(bounded)
    tail = 0.5 + options.confidence / 2.0
    critical = _critical(tail, df)
    fixed = _fixed(y, v, tail)
    typical = _typical(v)
    q = _quadratic(y, v, np.zeros(len(y)))
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = np.where(q > 0.0, 100.0 * np.maximum(0.0, (q - (k - 1)) / q), 0.0)
    low, high = _prediction(estimate, error, tau2, k=k, options=options)
    return {
        "estimate": estimate,
        "std_error": error,
        "ci_low": estimate - critical * error,
        "ci_high": estimate + critical * error,
        "p_value": _two_sided(estimate, error, df),
        "max1_ci_low": estimate - critical * bound,
        "max1_ci_high": estimate + critical * bound,
        "max1_p_value": _two_sided(estimate, bound, df),
        "tau2": tau2,
        "i2": plain if options.tau2 == "fixed" else 100.0 * tau2 / (tau2 + typical),
        "prediction_low": low,
        "prediction_high": high,
        **fixed,
    }


def _two_sided(estimate: NDArray[np.float64], error: NDArray[np.float64], df: float) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(np.where((error == 0.0) & (estimate == 0.0), 0.0, estimate / error))
    return np.asarray(2.0 * (special.ndtr(-size) if np.isinf(df) else special.stdtr(df, -size)))


def _fixed(y: NDArray[np.float64], v: NDArray[np.float64], tail: float) -> dict[str, NDArray[np.float64]]:
    w = 1.0 / v
    estimate, half = (w * y).sum(axis=1) / w.sum(axis=1), special.ndtri(tail) / np.sqrt(w.sum(axis=1))
    return {"fixed_estimate": estimate, "fixed_ci_low": estimate - half, "fixed_ci_high": estimate + half}


def _prediction(
    estimate: NDArray[np.float64],
    error: NDArray[np.float64],
    tau2: NDArray[np.float64],
    *,
    k: int,
    options: PoolingOptions,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rule = "normal" if options.test == "z" else options.prediction_df
    df = {"k-1": float(k - 1), "k-2": float(k - 2), "normal": np.inf}[rule]
    if options.tau2 == "fixed" or df < 1.0:
        return np.full(estimate.size, np.nan), np.full(estimate.size, np.nan)
    half = _critical(0.5 + options.confidence / 2.0, df) * np.sqrt(tau2 + error**2)
    return estimate - half, estimate + half


def _critical(tail: float, df: float) -> float:
    return float(special.ndtri(tail) if np.isinf(df) else special.stdtrit(df, tail))


def _typical(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the typical sampling variance of Higgins and Thompson."""
    w = 1.0 / v
    total = w.sum(axis=1)
    return np.asarray((v.shape[1] - 1) / (total - (w**2).sum(axis=1) / total))


def _quadratic(y: NDArray[np.float64], v: NDArray[np.float64], tau2: NDArray[np.float64]) -> NDArray[np.float64]:
    w = 1.0 / (v + tau2[:, None])
    middle = (w * y).sum(axis=1) / w.sum(axis=1)
    return np.asarray((w * (y - middle[:, None]) ** 2).sum(axis=1))


def _dersimonian_laird(y: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    w = 1.0 / v
    total = w.sum(axis=1)
    q = _quadratic(y, v, np.zeros(len(y)))
    return np.asarray(np.maximum(0.0, (q - (y.shape[1] - 1)) / (total - (w**2).sum(axis=1) / total)))


def _paule_mandel(y: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    df = y.shape[1] - 1
    high = v.max(axis=1) + y.var(axis=1)
    for _ in range(600):
        short = _quadratic(y, v, high) > df
        if not short.any():
            break
        high = np.where(short, 4.0 * high, high)
    found = _root(lambda t: _quadratic(y, v, t) - df, np.zeros(len(y)), high)
    return np.where(_quadratic(y, v, np.zeros(len(y))) <= df, 0.0, found)


def _restricted(y: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    def loss(t: NDArray[np.float64]) -> NDArray[np.float64]:
        w = 1.0 / (v + t[:, None])
        return np.asarray(-np.log(w).sum(axis=1) + np.log(w.sum(axis=1)) + _quadratic(y, v, t))

    def score(t: NDArray[np.float64]) -> NDArray[np.float64]:
        w = 1.0 / (v + t[:, None])
        total = w.sum(axis=1)
        residual = w * (y - ((w * y).sum(axis=1) / total)[:, None])
        return np.asarray((residual**2).sum(axis=1) - total + (w**2).sum(axis=1) / total)

    return _highest(y, v, loss=loss, score=score)


def _likelihood(y: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    def loss(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.log(v + t[:, None]).sum(axis=1) + _quadratic(y, v, t))

    def score(t: NDArray[np.float64]) -> NDArray[np.float64]:
        w = 1.0 / (v + t[:, None])
        residual = w * (y - ((w * y).sum(axis=1) / w.sum(axis=1))[:, None])
        return np.asarray((residual**2).sum(axis=1) - w.sum(axis=1))

    return _highest(y, v, loss=loss, score=score)


def _highest(y: NDArray[np.float64], v: NDArray[np.float64], *, loss: Score, score: Score) -> NDArray[np.float64]:
    """Return where each likelihood is highest: the score's root around the best point of a grid, or zero."""
    top = 4.0 * np.maximum(y.var(axis=1, ddof=1), 1e-300) + v.max(axis=1)
    low = 1e-8 * v.min(axis=1)
    steps = np.linspace(0.0, 1.0, _GRID)
    grid = np.vstack([np.zeros(len(y)), *(low ** (1.0 - s) * top**s for s in steps)])
    best = np.argmin([loss(t) for t in grid], axis=0)
    columns = np.arange(len(y))
    left, right = grid[np.maximum(best - 1, 0), columns], grid[np.minimum(best + 1, _GRID), columns]
    found = _root(score, left, right)
    found = np.where(score(right) >= 0.0, right, found)
    return np.where(score(left) <= 0.0, np.where(best <= 1, left, grid[best, columns]), found)


def _root(falling: Score, left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a function that falls through zero between the ends does so."""
    left, right = left.copy(), right.copy()
    for _ in range(_HALVINGS):
        middle = 0.5 * (left + right)
        above = falling(middle) > 0.0
        left, right = np.where(above, middle, left), np.where(above, right, middle)
    return np.asarray(0.5 * (left + right))


_ESTIMATORS: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]] = {
    "reml": _restricted,
    "ml": _likelihood,
    "dl": _dersimonian_laird,
    "pm": _paule_mandel,
    "fixed": lambda y, _v: np.zeros(len(y)),
}
