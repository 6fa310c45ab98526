"""Odds ratios of a binary endpoint: per standard deviation of a score, or of one group against the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from tmescope.stats.arguments import as_binary, as_vector, check_confidence, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["OddsRatio", "odds_ratio_of_group", "odds_ratio_per_sd"]

_MAX_STEPS = 100
_STEP_TOLERANCE = 1e-11
_CONSTANT_TOLERANCE = 1e-12


@dataclass(frozen=True, kw_only=True)
class OddsRatio:
    """Odds ratio of the positive class with its Wald interval.

    Parameters
    ----------
    n, n_positive : int
        Samples in which neither value is missing, and how many of them are positive.
    odds_ratio : float
        Above 1 where the positive class goes with high values (or with the group).
    log_odds_ratio, std_error : float
        Natural logarithm of the odds ratio, and its standard error (on the log scale: what a meta-analysis
        takes).
    ci_low, ci_high : float
        Confidence limits of the odds ratio.
    p_value : float
        Two-sided; Wald's for a score, Fisher's exact for a group.
    method : str
        How it was found, for the methods column of the answers.
    confidence : float
        Level of the interval.
    sd : float
        Standard deviation (n - 1) of the values used, in their own unit; NaN for a group.
    reason : str
        Why numbers are NaN: ``empty``, ``one_class``, ``constant``, ``separation``, ``not_converged``; empty
        otherwise.
    """

    n: int
    n_positive: int
    odds_ratio: float
    log_odds_ratio: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    method: str
    confidence: float
    sd: float = float("nan")
    reason: str = ""


def odds_ratio_per_sd(x: ArrayLike, positive: ArrayLike, *, confidence: float = 0.95) -> OddsRatio:
    """Estimate how the odds of the positive class change per standard deviation of a score (logistic).

    Makes scores of different units comparable within one cohort. Not for values with two levels (see
    `odds_ratio_of_group`), and not comparable between cohorts whose spread differs.

    Parameters
    ----------
    x : array-like of float, shape (n,)
        Any unit; standardised here with the sample standard deviation (n - 1) of the complete pairs. NaN is
        missing.
    positive : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    confidence : float
        Level of the two-sided interval.

    Returns
    -------
    OddsRatio
        All numbers NaN, with `reason`, where a class is empty, the values are constant, or the classes do not
        overlap (``separation``): the likelihood then has no maximum, and software that prints one prints its
        stopping rule.

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, `positive` has other values, or `confidence` is not in (0, 1).

    Notes
    -----
    Maximum likelihood of ``logit P(positive) = a + b (x - mean) / sd`` by Newton steps, halved
    where the likelihood falls; the result does not depend on the start, as the likelihood is concave. With
    one covariate, a maximum exists if and only if the open ranges of the two classes overlap (Albert and
    Anderson 1984), so separation is decided before the fit, not from it. Values whose range is below 1e-12 of
    their size count as constant. Missing pairs are dropped. Cost: a few passes over the data.

    References
    ----------
    Albert and Anderson, Biometrika 1984, doi:10.1093/biomet/71.1.1.
    """
    check_confidence(confidence)
    v, y = complete(x=as_vector(x, name="x"), positive=as_binary(positive, name="positive"))
    reason = _why_not(v, y) or ("separation" if _separated(v, y) else "")
    if reason:
        return _missing(v.size, int(y.sum()), confidence=confidence, reason=reason)
    sd = float(v.std(ddof=1))
    slope, std_error = _fit((v - v.mean()) / sd, y)
    if np.isnan(slope):
        return _missing(v.size, int(y.sum()), confidence=confidence, reason="not_converged")
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * std_error
    return OddsRatio(
        n=v.size,
        n_positive=int(y.sum()),
        odds_ratio=_exp(slope),
        log_odds_ratio=slope,
        std_error=std_error,
        ci_low=_exp(slope - half),
        ci_high=_exp(slope + half),
        p_value=float(2.0 * stats.norm.sf(abs(slope) / std_error)),
        method="logistic regression on the score divided by its SD; Wald interval and p",
        confidence=confidence,
        sd=sd,
    )


def odds_ratio_of_group(in_group: ArrayLike, positive: ArrayLike, *, confidence: float = 0.95) -> OddsRatio:
    """Estimate the odds ratio of the positive class in a group against the rest, with Fisher's exact test.

    For features with two levels, such as a mutation.

    Parameters
    ----------
    in_group, positive : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    confidence : float
        Level of the two-sided interval.

    Returns
    -------
    OddsRatio
        All numbers NaN, with `reason`, where a class is empty or all samples are in one group.

    Raises
    ------
    InputError
        If lengths differ, a value is neither 0, 1 nor missing, or `confidence` is not in (0, 1).

    Notes
    -----
    With the table a, b (group: positive, negative) and c, d (rest), the odds ratio is ``ad / bc``
    and the variance of its logarithm ``1/a + 1/b + 1/c + 1/d`` (Woolf). Only where a cell is zero is one half
    added to each of the four (Haldane-Anscombe), and the method says so. The p-value comes from the table as
    counted; interval and p-value can disagree at the edge.

    References
    ----------
    Woolf, Annals of Human Genetics 1955, doi:10.1111/j.1469-1809.1955.tb01348.x.
    Haldane, Annals of Human Genetics 1956, doi:10.1111/j.1469-1809.1955.tb01285.x. Anscombe, Biometrika 1956,
    doi:10.1093/biomet/43.3-4.461.
    """
    check_confidence(confidence)
    g, y = complete(in_group=as_binary(in_group, name="in_group"), positive=as_binary(positive, name="positive"))
    reason = _why_not(g, y)
    if reason:
        return _missing(g.size, int(y.sum()), confidence=confidence, reason=reason)
    table = np.array([[np.sum((g == i) & (y == j)) for j in (1.0, 0.0)] for i in (1.0, 0.0)], dtype=np.int64)
    p_value = float(stats.fisher_exact(table).pvalue)
    corrected = bool((table == 0).any())
    cells = table + (0.5 if corrected else 0.0)
    slope = float(np.log(cells[0, 0]) + np.log(cells[1, 1]) - np.log(cells[0, 1]) - np.log(cells[1, 0]))
    std_error = float(np.sqrt((1.0 / cells).sum()))
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * std_error
    note = " with 0.5 added to each cell, as one is zero (Haldane-Anscombe)" if corrected else ""
    return OddsRatio(
        n=g.size,
        n_positive=int(y.sum()),
        odds_ratio=_exp(slope),
        log_odds_ratio=slope,
        std_error=std_error,
        ci_low=_exp(slope - half),
        ci_high=_exp(slope + half),
        p_value=p_value,
        method=f"2 x 2 table{note}; Woolf interval; Fisher exact p",
        confidence=confidence,
    )


def _why_not(values: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    if values.size == 0:
        return "empty"
    if y.min() == y.max():
        return "one_class"
    return "constant" if np.ptp(values) <= _CONSTANT_TOLERANCE * np.abs(values).max() else ""


def _separated(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    above, below = x[y == 1.0], x[y == 0.0]
    return bool(above.min() >= below.max() or above.max() <= below.min())


def _missing(n: int, n_positive: int, *, confidence: float, reason: str) -> OddsRatio:
    nan = float("nan")
    return OddsRatio(
        n=n,
        n_positive=n_positive,
        odds_ratio=nan,
        log_odds_ratio=nan,
        std_error=nan,
        ci_low=nan,
        ci_high=nan,
        p_value=nan,
        method="not estimated",
        confidence=confidence,
        reason=reason,
    )


def _exp(value: float) -> float:
    with np.errstate(over="ignore"):  # nearly separated classes: infinity is the honest limit in floating point
        return float(np.exp(value))


def _fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and standard error for standardised `x`; NaN where the steps do not settle."""
    rate = float(y.mean())
    a, b = float(special.logit(rate)), 0.0
    deviance = _deviance(a, b, x=x, y=y)
    for _ in range(_MAX_STEPS):
        step_a, step_b, variance = _newton(a, b, x=x, y=y)
        if not np.isfinite(variance):
            break
        new = _deviance(a + step_a, b + step_b, x=x, y=y)
        # rounding makes the deviance wobble in its last digits near the maximum: no halving for that
        while new > deviance + 1e-9 * abs(deviance):
            step_a, step_b = step_a / 2.0, step_b / 2.0
            new = _deviance(a + step_a, b + step_b, x=x, y=y)
        a, b, deviance = a + step_a, b + step_b, new
        if max(abs(step_a), abs(step_b)) <= _STEP_TOLERANCE * (1.0 + abs(b)):
            return b, float(np.sqrt(variance))
    return float("nan"), float("nan")


def _newton(a: float, b: float, *, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return one Newton step in intercept and slope, and the variance of the slope where it starts."""
    p = special.expit(a + b * x)
    w = p * (1.0 - p)
    # information about the slope once the intercept is fitted: deviations from the weighted mean, not s2 -
    # s1^2 / s0, which cancels where the weights sit far from zero
    total = float(w.sum())
    centre = float((w * x).sum()) / total if total > 0.0 else 0.0
    information = float((w * (x - centre) ** 2).sum())
    if information <= 0.0:  # every chance is 0 or 1 in floating point: values over many orders of magnitude
        return float("nan"), float("nan"), float("inf")
    step_b = float(((y - p) * (x - centre)).sum()) / information
    step_a = float((y - p).sum()) / total - centre * step_b
    return step_a, step_b, 1.0 / information


def _deviance(a: float, b: float, *, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(-2.0 * special.log_expit((2.0 * y - 1.0) * (a + b * x)).sum())
