"""How near measurements are to what is known: correlation with its interval, distance, and concordance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.correlation import spearman_matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Closeness", "measure_closeness"]

_FEWEST = 3


@dataclass(frozen=True)
class Closeness:
    """How near one measurement is to another.

    Parameters
    ----------
    n : int
        Pairs with both values.
    pearson, ci_low, ci_high : float
        Pearson's correlation with its interval; NaN below three pairs or where one side is constant, the interval
        below four.
    spearman : float
        Spearman's correlation.
    rmse : float
        Root of the mean squared difference, in the unit of the values; NaN without a pair.
    ccc : float
        Lin's concordance: 1 only where both are the same, not merely proportional; NaN below three pairs or where both
        are constant.
    """

    n: int
    pearson: float
    ci_low: float
    ci_high: float
    spearman: float
    rmse: float
    ccc: float


def measure_closeness(measured: ArrayLike, known: ArrayLike, *, confidence: float = 0.95) -> Closeness:
    """Compare measurements with what is known.

    Parameters
    ----------
    measured, known : array-like of float, shape (n_samples,)
        NaN is missing; only pairs count.
    confidence : float
        Of the interval, between 0 and 1.

    Returns
    -------
    Closeness

    Raises
    ------
    InputError
        If the shapes differ, values are infinite, or the confidence is out of range.

    Notes
    -----
    The interval is ``tanh(artanh(r) ± q / sqrt(n - 3))`` (Fisher 1921). Concordance is
    ``2 s_xy / (s_x^2 + s_y^2 + (mean x - mean y)^2)`` with variances over n (Lin 1989). RMSE and concordance say
    something only where both sides are in one unit.
    """
    from scipy.stats import norm

    x, y = np.asarray(measured, dtype=np.float64), np.asarray(known, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1 or np.isinf(x).any() or np.isinf(y).any():
        raise InputError(
            f"values of shape {x.shape} and {y.shape}, or infinite ones",
            where="argument measured",
            expected="two rows of finite numbers of one length, NaN where one is missing",
        )
    if not 0 < confidence < 1:
        raise InputError(f"confidence = {confidence}", where="argument confidence", expected="between 0 and 1")
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    n = len(x)
    rmse = float(np.sqrt(np.mean((x - y) ** 2))) if n else np.nan
    if n < _FEWEST:
        return Closeness(n, np.nan, np.nan, np.nan, np.nan, rmse, np.nan)
    dx, dy = x - x.mean(), y - y.mean()
    sxy, sxx, syy = float(np.mean(dx * dy)), float(np.mean(dx**2)), float(np.mean(dy**2))
    # roots first: a product of tiny variances would vanish
    spread = np.sqrt(sxx) * np.sqrt(syy)
    r = float(np.clip(sxy / spread, -1, 1)) if spread > 0 else np.nan
    low = high = np.nan
    if n > _FEWEST and abs(r) < 1:
        half = float(norm.ppf((1 + confidence) / 2)) / np.sqrt(n - 3)
        low, high = float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))
    whole = sxx + syy + (x.mean() - y.mean()) ** 2
    ccc = float(2 * sxy / whole) if whole > 0 else np.nan
    spearman = float(spearman_matrix(np.column_stack([x, y]))[0][0, 1])
    return Closeness(n, r, low, high, spearman, rmse, ccc)
