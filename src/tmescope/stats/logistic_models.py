"""Logistic regression on several covariates, with the reasons for which it has no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, check_confidence
from tmescope.stats.designs import as_matrix, check_columns, complete_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "LikelihoodRatioTest",
    "LogisticModel",
    "find_separation",
    "fit_logistic",
    "logistic_likelihood_ratio",
    "why_not_logistic",
]

_MAX_STEPS = 60
_STEP_TOLERANCE = 1e-11
_SINGULAR = 3e-8


@dataclass(frozen=True, kw_only=True)
class LogisticModel:
    """Coefficients of a logistic regression with Wald's intervals.

    Parameters
    ----------
    n, n_positive : int
        Samples without a missing value, and how many of them are positive.
    intercept : float
        Log odds where all covariates are zero.
    coefficients, std_errors, ci_low, ci_high, p_values : array of float64, shape (k,)
        Log odds ratio per unit of each covariate, its standard error, limits (log scale) and two-sided Wald p.
    covariance : array of float64, shape (k + 1, k + 1)
        Of the estimates, intercept first: the inverse of the information.
    log_likelihood, null_log_likelihood : float
        At the maximum, and with an intercept alone.
    method : str
        How it was found, for the methods column of the answers.
    confidence : float
        Level of the intervals.
    reason : str
        Why numbers are NaN: ``empty``, ``one_class``, ``constant``, ``collinear``, ``too_few_samples`` (no more samples
        than coefficients), ``separation``, ``not_converged``; empty otherwise.
    columns : tuple of int
        The columns that the reason is about (constant or collinear ones, those that separate).
    """

    n: int
    n_positive: int
    intercept: float
    coefficients: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood: float
    null_log_likelihood: float
    method: str
    confidence: float
    reason: str = ""
    columns: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LikelihoodRatioTest:
    """Test of covariates that a larger model has and a smaller one lacks.

    Parameters
    ----------
    statistic, degrees_of_freedom, p_value : float
        Twice the difference of the log likelihoods, how many coefficients differ, and the chi-squared tail.
    reason : str
        Why they are NaN: that of the model without an answer; empty otherwise.
    """

    statistic: float
    degrees_of_freedom: float
    p_value: float
    reason: str = ""


def fit_logistic(x: ArrayLike, positive: ArrayLike, *, confidence: float = 0.95) -> LogisticModel:
    """Fit ``logit P(positive) = a + x b`` by maximum likelihood.

    Parameters
    ----------
    x : array-like of float, shape (n, k)
        Covariates in any units, without an intercept; a categorical one as 0/1 columns of all levels but one. NaN is
        missing and drops the sample.
    positive : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    confidence : float
        Level of the two-sided intervals.

    Returns
    -------
    LogisticModel
        All numbers NaN, with `reason` and the `columns` it is about, where the likelihood has no single maximum.

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, `positive` has other values, or `confidence` is not in (0, 1).

    Notes
    -----
    Newton steps on standardised covariates, halved where the likelihood falls. The likelihood is concave: steps that
    settle have found its one maximum. Where the classes are separated by a plane, completely or touching it
    (quasi-complete), there is none and each step is about as long as the last; a linear programme (Konis) then names
    the columns of a separating plane. No column is dropped silently. Cost O(n k^2) a step, about 6 steps.

    References
    ----------
    Albert and Anderson, Biometrika 1984, doi:10.1093/biomet/71.1.1. Konis, DPhil thesis, Oxford 2007.
    """
    check_confidence(confidence)
    v, y = complete_rows(as_matrix(x, name="x"), as_binary(positive, name="positive"))
    reason, columns = why_not_logistic(v, y)
    if reason:
        return _missing(v, y, confidence=confidence, reason=reason, columns=columns)
    centre, spread = v.mean(axis=0), v.std(axis=0, ddof=1)
    z = np.column_stack([np.ones(y.size), (v - centre) / spread])
    slope, covariance = _fit(z, y)
    if np.isnan(slope).any():
        columns = find_separation(v, y)
        reason = "separation" if columns else "not_converged"
        return _missing(v, y, confidence=confidence, reason=reason, columns=columns)
    log_likelihood = _log_likelihood(slope, z, y)
    # back to the units of the caller: b = b' / s, a = a' - sum(b m)
    back = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    back[0, 1:] = -centre / spread
    slope, covariance = back @ slope, back @ covariance @ back.T
    std_errors = np.sqrt(np.diag(covariance))[1:]
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * std_errors
    return LogisticModel(
        n=y.size,
        n_positive=int(y.sum()),
        intercept=float(slope[0]),
        coefficients=slope[1:],
        std_errors=std_errors,
        ci_low=slope[1:] - half,
        ci_high=slope[1:] + half,
        p_values=2.0 * stats.norm.sf(np.abs(slope[1:]) / std_errors),
        covariance=covariance,
        log_likelihood=log_likelihood,
        null_log_likelihood=_null(y),
        method="logistic regression; Wald interval and p",
        confidence=confidence,
    )


def logistic_likelihood_ratio(full: LogisticModel, reduced: LogisticModel) -> LikelihoodRatioTest:
    """Test whether a model is better than the same model with fewer covariates on the same samples.

    Parameters
    ----------
    full, reduced : LogisticModel
        The covariates of `reduced` are among (or combinations of) those of `full`.

    Raises
    ------
    InputError
        If the two used different samples, or `reduced` is not the smaller one.
    """
    if (full.n, full.n_positive) != (reduced.n, reduced.n_positive):
        raise InputError(
            f"the models rest on different samples: {full.n} ({full.n_positive} positive) and {reduced.n} "
            f"({reduced.n_positive} positive)",
            expected="two models of the same samples",
            next_step="drop samples with a missing covariate before both fits",
        )
    degrees = full.coefficients.size - reduced.coefficients.size
    if degrees <= 0:
        raise InputError(
            f"the full model has {full.coefficients.size} covariates, the reduced one {reduced.coefficients.size}",
            expected="more covariates in the full model",
        )
    reason = full.reason or reduced.reason
    if reason:
        nan = float("nan")
        return LikelihoodRatioTest(statistic=nan, degrees_of_freedom=nan, p_value=nan, reason=reason)
    statistic = max(0.0, 2.0 * (full.log_likelihood - reduced.log_likelihood))
    return LikelihoodRatioTest(
        statistic=statistic, degrees_of_freedom=float(degrees), p_value=float(stats.chi2.sf(statistic, degrees))
    )


def why_not_logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[str, tuple[int, ...]]:
    """Return why no logistic model can be fitted to complete data, before any fit, and which columns are at fault.

    Parameters
    ----------
    x : array of float64, shape (n, k)
    y : array of float64, shape (n,)
        1 and 0.

    Returns
    -------
    reason : str
        ``empty``, ``one_class``, ``constant``, ``too_few_samples``, ``collinear``, or empty.
    columns : tuple of int
        Constant or collinear columns.
    """
    if y.size == 0:
        return "empty", ()
    if y.min() == y.max():
        return "one_class", ()
    check = check_columns(x)
    if check.constant:
        return "constant", check.constant
    if y.size <= x.shape[1] + 1:
        return "too_few_samples", ()
    return check.reason, check.collinear


def find_separation(x: ArrayLike, positive: ArrayLike) -> tuple[int, ...]:
    """Find the columns of a plane that separates the classes, touching it or not.

    Parameters
    ----------
    x : array-like of float, shape (n, k)
        Complete, without an intercept.
    positive : array-like, shape (n,)
        1 and 0.

    Returns
    -------
    tuple of int
        Columns with a weight in a separating plane (all that can have one, in the plane of largest sum of margins);
        empty where there is none: maximum-likelihood estimates then exist, columns being independent.

    Notes
    -----
    Linear programme of Konis: maximise the sum of ``s_i (a + x_i b)``, s = +1 for positive and -1 for others, subject
    to each term being zero or more and all weights within [-1, 1]. The largest sum is zero if and only if no plane
    separates. Columns are standardised first; sums below 1e-7 count as zero.
    """
    matrix, y = as_matrix(x, name="x"), as_binary(positive, name="positive")
    spread = matrix.std(axis=0)
    z = np.column_stack([np.ones(y.size), (matrix - matrix.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)])
    signed = z * (2.0 * y - 1.0)[:, None]
    found = optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(y.size), bounds=(-1.0, 1.0), method="highs-ds"
    )
    if found.x is None or -found.fun <= 1e-7:
        return ()
    return tuple(int(i) for i in np.flatnonzero(np.abs(found.x[1:]) > 1e-9))


def _missing(
    x: NDArray[np.float64], y: NDArray[np.float64], *, confidence: float, reason: str, columns: tuple[int, ...]
) -> LogisticModel:
    nothing = np.full(x.shape[1], np.nan)
    return LogisticModel(
        n=y.size,
        n_positive=int(y.sum()),
        intercept=float("nan"),
        coefficients=nothing,
        std_errors=nothing,
        ci_low=nothing,
        ci_high=nothing,
        p_values=nothing,
        covariance=np.full((x.shape[1] + 1, x.shape[1] + 1), np.nan),
        log_likelihood=float("nan"),
        null_log_likelihood=_null(y) if y.size else float("nan"),
        method="not estimated",
        confidence=confidence,
        reason=reason,
        columns=columns,
    )


def _null(y: NDArray[np.float64]) -> float:
    rate = y.mean()
    return float(y.size * (special.xlogy(rate, rate) + special.xlogy(1.0 - rate, 1.0 - rate)))


def _log_likelihood(slope: NDArray[np.float64], z: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(special.log_expit((2.0 * y - 1.0) * (z @ slope)).sum())


def _fit(z: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slopes (first the intercept) and their covariance; NaN where the steps do not settle."""
    slope = np.zeros(z.shape[1])
    slope[0] = special.logit(y.mean())
    level = _log_likelihood(slope, z, y)
    for _ in range(_MAX_STEPS):
        p = special.expit(z @ slope)
        factor = _cholesky(z, p * (1.0 - p))
        if factor is None:
            break
        step = np.linalg.solve(factor.T, np.linalg.solve(factor, z.T @ (y - p)))
        new = _log_likelihood(slope + step, z, y)
        # rounding makes the likelihood wobble in its last digits near the maximum: no halving for that
        while new < level - 1e-9 * abs(level):
            step = step / 2.0
            new = _log_likelihood(slope + step, z, y)
        slope, level = slope + step, new
        if np.abs(step).max() <= _STEP_TOLERANCE * (1.0 + np.abs(slope).max()):
            p = special.expit(z @ slope)
            factor = _cholesky(z, p * (1.0 - p))
            if factor is None:
                break
            inverse = np.linalg.solve(factor, np.eye(slope.size))
            return slope, inverse.T @ inverse
    return np.full(slope.size, np.nan), np.full((slope.size, slope.size), np.nan)


def _cholesky(z: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the lower factor of the information; None where it is singular in floating point."""
    try:
        factor = np.asarray(np.linalg.cholesky(z.T @ (z * weights[:, None])), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    diagonal = np.diag(factor)
    return factor if diagonal.min() > _SINGULAR * diagonal.max() else None
