"""Does a pooled effect hang on one study, or on small ones: leave-one-out and Egger's test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.stats.between_studies import usable_studies
from tmescope.stats.meta_analysis import PooledEffect, PoolingOptions, pool_effects

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["EggerTest", "egger_test", "leave_one_out"]

_DEFAULT = PoolingOptions()


@dataclass(frozen=True, kw_only=True)
class EggerTest:
    """Do small studies tell another story than large ones.

    Parameters
    ----------
    k : int
        Studies used.
    slope, std_error : float
        Change of the effect per unit of standard error.
    statistic, df, p_value : float
        Its t test.
    reason : str
        ``too_few_studies`` (fewer than three) or ``equal_errors``; empty otherwise.
    """

    k: int
    slope: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    reason: str = ""


def leave_one_out(
    effects: ArrayLike, std_errors: ArrayLike, *, options: PoolingOptions = _DEFAULT
) -> tuple[PooledEffect, ...]:
    """Pool all studies but one, for each in turn.

    Parameters
    ----------
    effects, std_errors : array-like of float, shape (k,)
        As in `tmescope.stats.meta_analysis.pool_effects`.
    options : PoolingOptions
        Estimator, test, level.

    Returns
    -------
    tuple of PooledEffect
        One for each study given, in order.
    """
    y, s = np.array(effects, dtype=np.float64), np.array(std_errors, dtype=np.float64)
    kept = ~np.eye(y.size, dtype=bool)
    return tuple(pool_effects(y[rest], s[rest], options=options) for rest in kept)


def egger_test(effects: ArrayLike, std_errors: ArrayLike) -> EggerTest:
    """Test whether the effect depends on a study's standard error (Egger's regression).

    A hint at missing small studies, and weak below ten studies. For odds ratios the effect and its error depend on each
    other, which makes the test find too much.

    Parameters
    ----------
    effects, std_errors : array-like of float, shape (k,)
        As in `tmescope.stats.meta_analysis.pool_effects`; NaN and infinite are left out.

    Returns
    -------
    EggerTest

    Notes
    -----
    Least squares of the effect on its standard error with weights ``1 / std_error**2`` and the residual variance
    estimated: the same as regressing effect / error on 1 / error and testing the intercept.

    References
    ----------
    Egger et al., BMJ 1997, doi:10.1136/bmj.315.7109.629.
    """
    y, s = np.array(effects, dtype=np.float64), np.array(std_errors, dtype=np.float64)
    used = usable_studies(y, s)
    y, s = y[used], s[used]
    reason = "too_few_studies" if y.size < 3 else ("equal_errors" if np.ptp(s) <= 1e-12 * s.max() else "")
    if reason:
        nan = float("nan")
        return EggerTest(k=y.size, slope=nan, std_error=nan, statistic=nan, df=nan, p_value=nan, reason=reason)
    x = np.column_stack([np.ones(y.size), s]) / s[:, None]
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ (x.T @ (y / s))
    df = y.size - 2
    error = float(np.sqrt(((y / s - x @ b) ** 2).sum() / df * inverse[1, 1]))
    statistic = float(b[1]) / error if error > 0.0 else float("inf")
    p_value = float(2.0 * stats.t.sf(abs(statistic), df))
    return EggerTest(k=y.size, slope=float(b[1]), std_error=error, statistic=statistic, df=float(df), p_value=p_value)
