"""Logistic and Cox models with an elastic-net penalty, at one strength or along a path of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tmescope.stats.penalised_problems import (
    Found,
    PathOptions,
    Penalty,
    Problem,
    check_options,
    check_penalty,
    read_cox,
    read_logistic,
    strengths_of_path,
    walk,
    warm_strengths,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PathOptions",
    "PenalisedModel",
    "Penalty",
    "PenaltyPath",
    "cox_path",
    "fit_penalised_cox",
    "fit_penalised_logistic",
    "logistic_path",
]


@dataclass(frozen=True, kw_only=True)
class PenalisedModel:
    """Coefficients that minimise a penalised deviance.

    Parameters
    ----------
    intercept : float
        Log odds where all columns are zero; NaN for a Cox model.
    coefficients : array of float64, shape (p,)
        Log odds or hazard ratio per unit of each column. Biased towards zero on purpose: no standard errors.
    n, n_events : int
        Complete rows, and those with the event (the positive class).
    n_dropped : int
        Rows with a missing value.
    deviance : float
        Minus twice the log (partial) likelihood, without the penalty.
    penalty : Penalty
    converged : bool
        Whether the conditions of the minimum hold (to 1e-10 per standardised column, 1e-8 where rounding ends it).
    reason : str
        Why numbers are NaN: ``empty``, ``one_class``, ``no_events``; for columns without a penalty ``constant``,
        ``collinear``, ``too_few_samples``, ``separation``, ``monotone_likelihood``; ``not_converged``; empty otherwise.
    method : str
        For the methods column of the answers.
    """

    intercept: float
    coefficients: NDArray[np.float64]
    n: int
    n_events: int
    n_dropped: int
    deviance: float
    penalty: Penalty
    converged: bool
    reason: str
    method: str


@dataclass(frozen=True, kw_only=True)
class PenaltyPath:
    """Models of decreasing strength.

    Parameters
    ----------
    strengths : array of float64, shape (k,)
        Decreasing.
    intercepts, deviances : array of float64, shape (k,)
    coefficients : array of float64, shape (k, p)
        NaN from the first model that has none.
    converged : array of bool, shape (k,)
    n, n_events, n_dropped : int
    l1_ratio : float
    reason, method : str
        As in `PenalisedModel`; `reason` is that of a path without any model.
    """

    strengths: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    deviances: NDArray[np.float64]
    converged: NDArray[np.bool_]
    n: int
    n_events: int
    n_dropped: int
    l1_ratio: float
    reason: str
    method: str


def fit_penalised_logistic(
    x: ArrayLike, y: ArrayLike, *, penalty: Penalty, penalised: ArrayLike | None = None
) -> PenalisedModel:
    """Fit ``logit P(y) = a + x b`` with an elastic-net penalty on b.

    For more columns than the patients carry, or columns that go together: coefficients are shrunk, and with a lasso
    part some are zero. For prediction, not for tests: use `fit_logistic` or `fit_firth` where an interval is wanted.

    Parameters
    ----------
    x : array-like of float, shape (n, p)
        Columns, standardised by the caller if the penalty is to treat them alike. NaN is missing and drops the row.
    y : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    penalty : Penalty
        Its strength is chosen on patients that do not judge the model (cross-validation).
    penalised : array-like of bool, shape (p,), optional
        Columns that the penalty falls on; all by default. The intercept is never penalised.

    Returns
    -------
    PenalisedModel
        A penalised column that is constant has the coefficient 0. NaN, with `reason`, where there is no model.

    Raises
    ------
    InputError
        If shapes differ, a value is infinite, y is neither 0 nor 1, or the penalty makes no sense.

    Notes
    -----
    Minimises ``-log L / n + strength (l1_ratio |b|_1 + (1 - l1_ratio) / 2 |b|^2)``: coordinate descent (Friedman,
    Hastie and Tibshirani 2010) on the exact quadratic approximation of a working set of columns, started at
    decreasing strengths. Strength 0 is maximum likelihood. A ridge penalty on more columns than rows is solved in the
    space of the rows.

    References
    ----------
    Friedman, Hastie and Tibshirani, J Stat Softw 2010, doi:10.18637/jss.v033.i01.
    """
    return _fit_one(read_logistic(x, y, penalised=penalised), penalty)


def fit_penalised_cox(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    penalty: Penalty,
    strata: ArrayLike | None = None,
    penalised: ArrayLike | None = None,
    ties: Literal["efron", "breslow"] = "efron",
) -> PenalisedModel:
    """Fit a Cox model with an elastic-net penalty on its coefficients.

    For prediction, not for tests: use `fit_cox` where an interval is wanted.

    Parameters
    ----------
    x : array-like of float, shape (n, p)
        Columns, standardised by the caller if the penalty is to treat them alike. NaN is missing and drops the row.
    time, event : array-like, shape (n,)
        Follow-up (zero or more, any unit), and True/1 where it ended with the event.
    penalty : Penalty
        Its strength is chosen on patients that do not judge the model (cross-validation).
    strata : array-like of int, shape (n,), optional
        Codes 0, 1, 2 ... with a baseline hazard each (cohorts).
    penalised : array-like of bool, shape (p,), optional
        Columns that the penalty falls on; all by default.
    ties : {"efron", "breslow"}
        Treatment of tied event times. (R's glmnet knows Breslow's alone.)

    Returns
    -------
    PenalisedModel
        A penalised column that is constant has the coefficient 0. NaN, with `reason`, where there is no model.

    Raises
    ------
    InputError
        If shapes differ, a value is infinite, an event is neither 0 nor 1, or an option makes no sense.
    EndpointError
        If a time is negative.

    Notes
    -----
    Minimises ``-log L / n + strength (l1_ratio |b|_1 + (1 - l1_ratio) / 2 |b|^2)`` with the log partial likelihood, as
    `fit_penalised_logistic` does.

    References
    ----------
    Simon, Friedman, Hastie and Tibshirani, J Stat Softw 2011, doi:10.18637/jss.v039.i05.
    """
    return _fit_one(read_cox(x, (time, event, strata), penalised=penalised, ties=ties), penalty)


def logistic_path(
    x: ArrayLike, y: ArrayLike, *, options: PathOptions, penalised: ArrayLike | None = None
) -> PenaltyPath:
    """Fit penalised logistic models of decreasing strength, each started at the one before.

    Parameters
    ----------
    x, y, penalised : array-like
        As in `fit_penalised_logistic`.
    options : PathOptions

    Raises
    ------
    InputError
        If arguments make no sense.
    """
    return _fit_path(read_logistic(x, y, penalised=penalised), options)


def cox_path(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    options: PathOptions,
    strata: ArrayLike | None = None,
    penalised: ArrayLike | None = None,
    ties: Literal["efron", "breslow"] = "efron",
) -> PenaltyPath:
    """Fit penalised Cox models of decreasing strength, each started at the one before.

    Parameters
    ----------
    x, time, event, strata, penalised, ties
        As in `fit_penalised_cox`.
    options : PathOptions

    Raises
    ------
    InputError
        If arguments make no sense.
    EndpointError
        If a time is negative.
    """
    return _fit_path(read_cox(x, (time, event, strata), penalised=penalised, ties=ties), options)


def _fit_one(problem: Problem, penalty: Penalty) -> PenalisedModel:
    check_penalty(penalty)
    found = Found.none(problem.x.shape[1], problem.reason)
    if not problem.reason:
        strengths = warm_strengths(problem, penalty)
        for found in walk(problem, strengths, l1_ratio=penalty.l1_ratio):
            if found.reason:
                break
    return PenalisedModel(
        intercept=found.intercept,
        coefficients=found.coefficients,
        n=len(problem.x),
        n_events=problem.n_events,
        n_dropped=problem.n_dropped,
        deviance=found.deviance,
        penalty=penalty,
        converged=not found.reason,
        reason=found.reason,
        method=_method(problem, penalty.l1_ratio, reason=found.reason),
    )


def _fit_path(problem: Problem, options: PathOptions) -> PenaltyPath:
    check_options(options)
    strengths = strengths_of_path(problem, options)
    none = Found.none(problem.x.shape[1], problem.reason)
    found = [] if problem.reason else list(walk(problem, strengths, l1_ratio=options.l1_ratio))
    found += [none] * (strengths.size - len(found))
    reason = problem.reason or (found[0].reason if found else "")
    return PenaltyPath(
        strengths=strengths,
        intercepts=np.array([f.intercept for f in found]),
        coefficients=np.array([f.coefficients for f in found]).reshape(len(found), problem.x.shape[1]),
        deviances=np.array([f.deviance for f in found]),
        converged=np.array([not f.reason for f in found], dtype=bool),
        n=len(problem.x),
        n_events=problem.n_events,
        n_dropped=problem.n_dropped,
        l1_ratio=options.l1_ratio,
        reason=reason,
        method=_method(problem, options.l1_ratio, reason=reason),
    )


def _method(problem: Problem, l1_ratio: float, *, reason: str) -> str:
    if reason:
        return "not estimated"
    kind = "ridge" if l1_ratio == 0.0 else "lasso" if l1_ratio == 1.0 else f"elastic net ({l1_ratio:g} lasso)"
    return f"{problem.words}, {kind} penalty"
