"""What a penalised model is fitted to, and the walk from strong penalties to weak ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_codes, as_times
from tmescope.stats.designs import as_matrix, check_columns, complete_rows
from tmescope.stats.logistic_models import find_separation
from tmescope.stats.penalised_descent import Columns, largest_strength, minimise, prepare_columns
from tmescope.stats.penalised_losses import CoxLoss, LogisticLoss, cox_loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Found",
    "PathOptions",
    "Penalty",
    "Problem",
    "check_options",
    "check_penalty",
    "read_cox",
    "read_logistic",
    "strengths_of_path",
    "walk",
    "warm_strengths",
]

_LONG_WAY = 15.0
"""Range of linear predictors beyond which a maximum is doubted where nothing holds it back."""

_WARM = 8
"""Strengths on the way from the largest to the one asked for."""


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """Elastic-net penalty ``strength (l1_ratio |b|_1 + (1 - l1_ratio) / 2 |b|^2)``, added to the mean loss per patient.

    Parameters
    ----------
    strength : float
        Zero or more; that of the loss divided by the number of patients (lambda of R's glmnet). On columns as they are
        given: the caller standardises.
    l1_ratio : float
        0 ridge, 1 lasso, between them elastic net.
    """

    l1_ratio: float = 0.0
    strength: float


@dataclass(frozen=True, kw_only=True)
class PathOptions:
    """Which strengths a path goes through.

    Parameters
    ----------
    l1_ratio : float
        0 ridge, 1 lasso.
    n_strengths : int
        How many, evenly spaced in their logarithm.
    smallest : float, optional
        Smallest strength divided by the largest, which is the least at which all penalised coefficients are zero (for
        ridge that of ``l1_ratio = 0.001``); by default 0.0001 where there are more patients than columns, else 0.01.
    strengths : tuple of float
        These instead, decreasing.
    """

    l1_ratio: float
    n_strengths: int = 50
    smallest: float | None = None
    strengths: tuple[float, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Complete rows with what is fitted to them.

    Parameters
    ----------
    x : array of float64, shape (n, p)
    loss : LogisticLoss or CoxLoss
    free : array of bool, shape (p,)
        Columns without a penalty.
    n_events, n_dropped : int
    words : str
        Kind of the model.
    reason : str
        Why there is no model at any strength; empty otherwise.
    """

    x: NDArray[np.float64]
    loss: LogisticLoss | CoxLoss
    free: NDArray[np.bool_]
    n_events: int
    n_dropped: int
    words: str
    reason: str

    @property
    def logistic(self) -> bool:
        """Whether it has classes and an intercept."""
        return isinstance(self.loss, LogisticLoss)


@dataclass(frozen=True)
class Found:
    """A model, or why there is none.

    Parameters
    ----------
    intercept : float
    coefficients : array of float64, shape (p,)
    deviance : float
    reason : str
    """

    intercept: float
    coefficients: NDArray[np.float64]
    deviance: float
    reason: str

    @classmethod
    def none(cls, n_columns: int, reason: str) -> Found:
        """Say why there is no model."""
        return cls(float("nan"), np.full(n_columns, np.nan), float("nan"), reason)


def read_logistic(x: ArrayLike, y: ArrayLike, *, penalised: ArrayLike | None) -> Problem:
    """Check the arrays of a logistic model and keep the complete rows.

    Parameters
    ----------
    x, y, penalised : array-like
        As in `fit_penalised_logistic`.

    Raises
    ------
    InputError
        If they make no sense.
    """
    matrix = as_matrix(x, name="x")
    rows, positive = complete_rows(matrix, as_binary(y, name="y"))
    reason = "" if positive.size else "empty"
    if not reason and positive.min() == positive.max():
        reason = "one_class"
    return Problem(
        x=rows,
        loss=LogisticLoss(positive),
        free=~_as_chosen(penalised, matrix.shape[1]),
        n_events=int(positive.sum()),
        n_dropped=len(matrix) - positive.size,
        words="logistic regression",
        reason=reason,
    )


def read_cox(
    x: ArrayLike, outcome: tuple[ArrayLike, ArrayLike, ArrayLike | None], *, penalised: ArrayLike | None, ties: str
) -> Problem:
    """Check the arrays of a Cox model and keep the complete rows.

    Parameters
    ----------
    x, penalised : array-like
    outcome : tuple
        Time, event, and strata or None.
    ties : str
        As in `fit_penalised_cox`.

    Raises
    ------
    InputError
        If they make no sense.
    EndpointError
        If a time is negative.
    """
    if ties not in {"efron", "breslow"}:
        raise InputError(f"the treatment of ties is {ties!r}", where="argument ties", expected="efron, breslow")
    matrix, time = as_matrix(x, name="x"), as_times(outcome[0], name="time")
    strata = np.zeros(time.size) if outcome[2] is None else as_codes(outcome[2], name="strata")
    rows, t, d, s = complete_rows(matrix, time, as_binary(outcome[1], name="event"), strata)
    reason = "" if t.size else "empty"
    if not reason and not d.any():
        reason = "no_events"
    return Problem(
        x=rows,
        loss=cox_loss(t, d, s, efron=ties == "efron"),
        free=~_as_chosen(penalised, matrix.shape[1]),
        n_events=int(d.sum()),
        n_dropped=len(matrix) - t.size,
        words=f"{'stratified ' if np.unique(s).size > 1 else ''}Cox model, {ties.capitalize()} ties",
        reason=reason,
    )


def check_penalty(penalty: Penalty) -> None:
    """Refuse a penalty that makes no sense.

    Raises
    ------
    InputError
        If the ratio is not within 0 and 1, or the strength is below zero or not finite.
    """
    _check_ratio(penalty.l1_ratio, where="Penalty.l1_ratio")
    if not (np.isfinite(penalty.strength) and penalty.strength >= 0.0):
        raise InputError(
            f"the strength is {penalty.strength!r}", where="Penalty.strength", expected="a finite number, zero or more"
        )


def check_options(options: PathOptions) -> None:
    """Refuse a path that makes no sense.

    Raises
    ------
    InputError
        If the ratio is not within 0 and 1, there is no strength, or strengths do not fall.
    """
    _check_ratio(options.l1_ratio, where="PathOptions.l1_ratio")
    if options.strengths:
        given = np.asarray(options.strengths, dtype=np.float64)
        if not (np.isfinite(given).all() and (given >= 0.0).all() and (np.diff(given) < 0.0).all()):
            raise InputError(
                "the strengths are not finite, zero or more, and decreasing", where="PathOptions.strengths"
            )
        return
    if options.n_strengths < 1:
        raise InputError(f"{options.n_strengths} strengths are asked for", where="PathOptions.n_strengths")
    if options.smallest is not None and not 0.0 < options.smallest < 1.0:
        raise InputError(
            f"the smallest strength is {options.smallest!r} of the largest",
            where="PathOptions.smallest",
            expected="a number between 0 and 1",
        )


def strengths_of_path(problem: Problem, options: PathOptions) -> NDArray[np.float64]:
    """Return the strengths that a path goes through; NaN where there is no model at all.

    Parameters
    ----------
    problem : Problem
    options : PathOptions
        Checked.
    """
    if options.strengths:
        return np.asarray(options.strengths, dtype=np.float64)
    if problem.reason:
        return np.full(options.n_strengths, np.nan)
    largest = _largest(problem, options.l1_ratio)
    n, p = problem.x.shape
    smallest = options.smallest or (1e-4 if n > p else 1e-2)
    return np.asarray(largest * smallest ** np.linspace(0.0, 1.0, options.n_strengths), dtype=np.float64)


def warm_strengths(problem: Problem, penalty: Penalty) -> NDArray[np.float64]:
    """Return the strengths on the way to the one that is asked for, which is the last.

    Parameters
    ----------
    problem : Problem
    penalty : Penalty
    """
    asked = np.array([penalty.strength])
    if penalty.l1_ratio == 0.0 or penalty.strength == 0.0:
        return asked
    largest = _largest(problem, penalty.l1_ratio)
    if not penalty.strength < largest / 4.0:
        return asked
    return np.append(np.geomspace(largest, penalty.strength, _WARM)[:-1], asked)


def walk(problem: Problem, strengths: NDArray[np.float64], *, l1_ratio: float) -> Iterator[Found]:
    """Yield the model of each strength, started at the one before; the first without a model ends it.

    Parameters
    ----------
    problem : Problem
        Without a reason against any model.
    strengths : array of float64, shape (k,)
        Decreasing.
    l1_ratio : float
    """
    p = problem.x.shape[1]
    columns = _prepare(problem, l1_ratio)
    start = np.zeros(columns.z.shape[1])
    for strength in strengths:
        free = problem.free | (strength == 0.0)
        if np.isnan(strength) or (reason := _why_not(problem.x[:, free])):
            yield Found.none(p, "" if np.isnan(strength) else reason)
            return
        held = np.where(columns.free, 0.0, strength)
        ridge = held * (1.0 - l1_ratio) / columns.scale**2
        fit = minimise(problem.loss, columns, start, lasso=held * l1_ratio / columns.scale, ridge=ridge)
        intercept, coefficients = columns.give_back(fit.found)
        reason = _why_endless(problem, coefficients, free=free) or ("" if fit.converged else "not_converged")
        if reason:
            yield Found.none(p, reason)
            return
        start = fit.found
        yield Found(intercept, coefficients, 2.0 * len(problem.x) * fit.loss, "")


def _prepare(problem: Problem, l1_ratio: float) -> Columns:
    return prepare_columns(problem.x, problem.free, intercept=problem.logistic, pure_ridge=l1_ratio == 0.0)


def _largest(problem: Problem, l1_ratio: float) -> float:
    columns = _prepare(problem, 1.0)
    kept_out = np.where(columns.free, 0.0, np.inf)
    nothing = np.zeros(columns.z.shape[1])
    null = minimise(problem.loss, columns, nothing, lasso=kept_out, ridge=nothing)
    return largest_strength(problem.loss, columns, null.found, l1_ratio=l1_ratio)


def _why_not(x: NDArray[np.float64]) -> str:
    """Say why columns without a penalty have no single coefficient each."""
    if x.shape[1] == 0:
        return ""
    check = check_columns(x)
    if check.constant:
        return "constant"
    return "too_few_samples" if len(x) <= x.shape[1] + 1 else check.reason


def _why_endless(problem: Problem, coefficients: NDArray[np.float64], *, free: NDArray[np.bool_]) -> str:
    """Say whether columns without a penalty tell the outcomes apart: their coefficients then grow without end."""
    if not free.any():
        return ""
    along = problem.x[:, free] @ coefficients[free]
    if np.ptp(along) < _LONG_WAY:
        return ""
    if isinstance(problem.loss, LogisticLoss):
        return "separation" if find_separation(problem.x[:, free], problem.loss.y) else ""
    return "monotone_likelihood" if problem.loss.never_falls(along) else ""


def _as_chosen(penalised: ArrayLike | None, n_columns: int) -> NDArray[np.bool_]:
    if penalised is None:
        return np.ones(n_columns, dtype=bool)
    chosen = as_binary(penalised, name="penalised")
    if chosen.size != n_columns or np.isnan(chosen).any():
        raise InputError(
            f"{chosen.size} values say which of {n_columns} columns are penalised",
            where="argument penalised",
            expected="True or False for each column",
        )
    return np.asarray(chosen == 1.0)


def _check_ratio(l1_ratio: float, *, where: str) -> None:
    if not 0.0 <= l1_ratio <= 1.0:
        raise InputError(f"the ratio is {l1_ratio!r}", where=where, expected="a number from 0 (ridge) to 1 (lasso)")
