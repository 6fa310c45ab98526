"""Outcomes of a screen, made ready once for thousands of columns: sorted, counted, fitted to the covariates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, as_vector, check_confidence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["OutcomeModel", "ScreenOptions", "cox_outcome", "fit_adjusted", "logistic_outcome", "make_ready"]

Kind = Literal["cox", "logistic"]

_NO_STARTS = np.zeros(0, dtype=np.int32)
_NOTHING = np.zeros(0)


@dataclass(frozen=True, kw_only=True)
class ScreenOptions:
    """How the models of a screen are fitted.

    Parameters
    ----------
    ties : str
        ``efron`` or ``breslow``; of Cox models.
    per_sd : bool
        Whether effects are per standard deviation (n - 1) of the column's own complete cases, else per unit.
    likelihood_ratio : bool
        Whether likelihood-ratio tests of unadjusted models are wanted too: they cost about as much again. Adjusted
        models have them in any case.
    confidence : float
        Level of the two-sided Wald intervals.
    """

    ties: Literal["efron", "breslow"] = "efron"
    per_sd: bool = True
    likelihood_ratio: bool = False
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        check_confidence(self.confidence)
        if self.ties not in ("efron", "breslow"):
            raise InputError(f"ties is {self.ties!r}", where="argument ties", expected="efron or breslow")


@dataclass(frozen=True)
class OutcomeModel:
    """An outcome with its covariates, made ready once for all columns.

    Parameters
    ----------
    kind : str
        ``cox`` or ``logistic``.
    rows : array of int64, n
        Rows of the matrix that have the outcome and all covariates; for ``cox`` the latest times first, events before
        censorings within a time.
    time, event : array of float64, n
        Of those rows; for ``logistic`` the event is the positive class and the time is 0.
    covariates : array of float64, n x k
        As given, of those rows.
    options : ScreenOptions
        How it is fitted.
    n_left_out : int
        Rows without outcome or covariate.
    design : array of float64, n x k
        Covariates centred and scaled; for ``logistic`` after a column of ones.
    starts, deaths : array of int32
        First row of each time and events at it; empty for ``logistic``.
    begin : array of float64
        Coefficients of the design in the model without any column.
    reason : str
        Why no column can be fitted; empty where it can.
    """

    kind: Kind
    rows: NDArray[np.int64]
    time: NDArray[np.float64]
    event: NDArray[np.float64]
    covariates: NDArray[np.float64]
    options: ScreenOptions
    n_left_out: int = 0
    design: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    starts: NDArray[np.int32] = field(default_factory=lambda: _NO_STARTS)
    deaths: NDArray[np.int32] = field(default_factory=lambda: _NO_STARTS)
    begin: NDArray[np.float64] = field(default_factory=lambda: _NOTHING)
    reason: str = ""

    @property
    def method(self) -> str:
        """For the methods column of the answers."""
        ties = "Breslow" if self.options.ties == "breslow" else "Efron"
        name = f"Cox model, {ties} ties" if self.kind == "cox" else "logistic regression"
        return f"{name}; Wald interval and p"


def cox_outcome(
    time: ArrayLike, event: ArrayLike, *, covariates: ArrayLike | None = None, options: ScreenOptions | None = None
) -> OutcomeModel:
    """Make a time to event ready for a screen: rows are sorted once, the covariates are fitted once.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit, zero or more. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    covariates : array-like of float, shape (n, k), optional
        What each model is adjusted for; NaN leaves the row out of all models.
    options : ScreenOptions, optional
        How it is fitted.

    Returns
    -------
    OutcomeModel
        With a reason where no column can be fitted: ``empty``, ``no_events``, ``covariates_collinear``,
        ``covariates_separate``.

    Raises
    ------
    InputError
        If lengths differ, a value is infinite, or an event is neither 0, 1 nor missing.
    EndpointError
        If a time is negative.
    """
    t, d = as_times(time, name="time"), as_binary(event, name="event")
    return _begin("cox", t, d, covariates=covariates, options=options)


def logistic_outcome(
    positive: ArrayLike, *, covariates: ArrayLike | None = None, options: ScreenOptions | None = None
) -> OutcomeModel:
    """Make a binary outcome ready for a screen.

    Parameters
    ----------
    positive : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    covariates, options
        As in `cox_outcome`.

    Returns
    -------
    OutcomeModel
        With a reason where no column can be fitted: ``empty``, ``one_class``, ``covariates_collinear``,
        ``covariates_separate``.

    Raises
    ------
    InputError
        As from `cox_outcome`.
    """
    y = as_binary(positive, name="positive")
    return _begin("logistic", np.zeros(y.size), y, covariates=covariates, options=options)


def _begin(
    kind: Kind,
    time: NDArray[np.float64],
    event: NDArray[np.float64],
    *,
    covariates: ArrayLike | None,
    options: ScreenOptions | None,
) -> OutcomeModel:
    beside = _covariates(covariates, time.size)
    if not time.size == event.size == len(beside):
        raise InputError(
            f"the arguments differ in length: {time.size} times, {event.size} events, {len(beside)} rows of covariates",
            expected="one value per sample in each",
        )
    rows = np.flatnonzero(~(np.isnan(time) | np.isnan(event) | np.isnan(beside).any(axis=1)))
    if kind == "cox":
        rows = rows[np.lexsort((-event[rows], -time[rows]))]
    found = OutcomeModel(kind, rows, time[rows], event[rows], beside[rows], options or ScreenOptions(), len(time))
    return make_ready(found, len(time))


def _covariates(values: ArrayLike | None, n: int) -> NDArray[np.float64]:
    if values is None:
        return np.zeros((n, 0))
    array = np.asarray(values)
    array = array[:, None] if array.ndim == 1 else array
    columns = [as_vector(array[:, j], name=f"covariate {j + 1}") for j in range(array.shape[1])]
    return np.column_stack(columns) if columns else np.zeros((len(array), 0))


def make_ready(model: OutcomeModel, n_all: int) -> OutcomeModel:
    """Return the model with what the kernels want of it.

    Parameters
    ----------
    model : OutcomeModel
        With rows, outcome, covariates and options.
    n_all : int
        Rows of the matrix.
    """
    c, n = model.covariates, model.rows.size
    if n == 0:
        return replace(model, n_left_out=n_all - model.rows.size, reason="empty")
    spread = c.std(axis=0)
    if (spread <= 1e-12 * np.abs(c).max(axis=0, initial=0.0)).any():
        return replace(model, n_left_out=n_all - model.rows.size, reason="covariates_collinear")
    design = (c - c.mean(axis=0)) / spread
    if model.kind == "logistic":
        rate = float(model.event.mean())
        if rate in (0.0, 1.0):
            return replace(model, n_left_out=n_all - model.rows.size, reason="one_class")
        design = np.column_stack([np.ones(n), design])
        begin = np.zeros(design.shape[1])
        begin[0] = np.log(rate / (1.0 - rate))
        ready = replace(model, n_left_out=n_all - model.rows.size, design=np.ascontiguousarray(design), begin=begin)
    else:
        if model.event.sum() == 0:
            return replace(model, n_left_out=n_all - model.rows.size, reason="no_events")
        starts = np.flatnonzero(np.append(True, np.diff(model.time) != 0.0))
        deaths = np.add.reduceat(model.event, starts).astype(np.int32)
        ready = replace(
            model,
            n_left_out=n_all - model.rows.size,
            design=np.ascontiguousarray(design),
            begin=np.zeros(design.shape[1]),
            starts=np.append(starts, n).astype(np.int32),
            deaths=deaths,
        )
    return _fit_covariates(ready, n_all) if c.shape[1] else ready


def _fit_covariates(model: OutcomeModel, n_all: int) -> OutcomeModel:
    """Return the model with the coefficients of its covariates where no column is beside them."""
    from tmescope.kernels.adjusted_columns import COLLINEAR, COVARIATES

    others, last = (np.ascontiguousarray(part) for part in (model.design[:, :-1], model.design[:, -1:]))
    coefficients, raw = fit_adjusted(replace(model, design=others, begin=model.begin[:-1]), last)
    code = raw[0, 5]
    if code:
        told = "covariates_collinear" if code in (COLLINEAR, COVARIATES) else "covariates_separate"
        return replace(model, n_left_out=n_all - model.rows.size, reason=told)
    return replace(model, n_left_out=n_all - model.rows.size, begin=coefficients[0])


def fit_adjusted(model: OutcomeModel, z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients of the design and each column, and what the kernel says of the column.

    Parameters
    ----------
    model : OutcomeModel
        Made ready.
    z : array of float64, n x n_columns
        Standardised columns in the order of its rows.
    """
    from tmescope.kernels.adjusted_columns import adjusted_columns

    coefficients, out = np.empty((z.shape[1], model.design.shape[1] + 1)), np.empty((z.shape[1], 6))
    y = model.event if model.kind == "logistic" else _NOTHING
    efron = model.options.ties == "efron"
    adjusted_columns(z, model.design, model.begin, model.starts, model.deaths, y, efron, coefficients, out)
    return coefficients, out
