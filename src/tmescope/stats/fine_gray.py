"""Regression on the cumulative incidence of one cause among competing ones (Fine and Gray)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_codes, check_confidence
from tmescope.stats.cox_model import wald_interval
from tmescope.stats.cox_newton import alias_reasons, maximise
from tmescope.stats.cox_rows import read_rows
from tmescope.stats.risk_sets import LEAST_RISK, Moments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FineGrayModel", "fit_fine_gray"]


@dataclass(frozen=True, kw_only=True)
class FineGrayModel:
    """A fitted proportional subdistribution hazards model.

    Parameters
    ----------
    n, n_events, n_other, n_dropped : int
        Complete rows, events of the cause, events of other causes, rows with a missing value.
    names : tuple of str
        Covariates.
    coefficients, std_error, hazard_ratio, ci_low, ci_high, p_value : array of float, shape (p,)
        Log subdistribution hazard ratio per unit with its robust error, the ratio with its Wald interval, and
        the two-sided Wald p-value. NaN for a covariate that has none.
    covariance : array of float, shape (p, p)
    term_reasons : tuple of str
        ``constant``, ``collinear``; empty otherwise.
    log_likelihood_null, log_likelihood : float
        Of the weighted partial likelihood.
    cause : int
        Code of the cause.
    method : str
        For the methods column.
    confidence : float
        Level of the intervals.
    reason : str
        Why all numbers are NaN, as in `CoxModel`; empty otherwise.
    """

    n: int
    n_events: int
    n_other: int
    n_dropped: int
    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    std_error: NDArray[np.float64]
    hazard_ratio: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_value: NDArray[np.float64]
    covariance: NDArray[np.float64]
    term_reasons: tuple[str, ...]
    log_likelihood_null: float
    log_likelihood: float
    cause: int
    method: str
    confidence: float
    reason: str = ""


@dataclass(frozen=True)
class _Weighted:
    """Rows in order of time, with the weights of those who had another event."""

    x: NDArray[np.float64]
    time: NDArray[np.float64]
    own: NDArray[np.bool_]
    other: NDArray[np.bool_]
    censored: NDArray[np.bool_]
    times: NDArray[np.float64]
    deaths: NDArray[np.int64]
    first: NDArray[np.int64]
    uncensored: NDArray[np.float64]
    """Chance to be under observation just before each event time."""
    inverse: NDArray[np.float64]
    """One over that chance at the row's own time, zero for rows without another event."""

    @property
    def n_terms(self) -> int:
        return int(self.x.shape[1])

    def risks(self, beta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        eta = self.x @ beta
        shift = float(eta.max())
        return eta, np.exp(eta - shift), shift

    def hazards(self, risk: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return sum of risks and mean of covariates over the weighted risk set of each event time."""
        values = risk[:, None] * np.column_stack([np.ones(risk.size), self.x])
        still = np.concatenate([np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, values.shape[1]))])[self.first]
        gone = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values * self.inverse[:, None], axis=0)])
        sums = still + self.uncensored[:, None] * gone[self.first]
        with np.errstate(
            divide="ignore", invalid="ignore", over="ignore"
        ):  # risks that vanish in floating point: the step is halved
            return sums[:, 0], sums[:, 1:] / sums[:, :1]

    def accumulate(self, per_time: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum a value of the event times over those at which each row is in the risk set, with its weights."""
        columns = per_time.reshape(per_time.shape[0], -1)
        place = np.searchsorted(self.times, self.time, side="right")
        zero = np.zeros((1, columns.shape[1]))
        passed = np.concatenate([zero, np.cumsum(columns, axis=0)])[place]
        weighted = np.concatenate([np.cumsum((self.uncensored[:, None] * columns)[::-1], axis=0)[::-1], zero])[place]
        found: NDArray[np.float64] = passed + self.inverse[:, None] * weighted
        return found.reshape(-1, *per_time.shape[1:])

    def moments(self, beta: NDArray[np.float64]) -> Moments:
        eta, risk, shift = self.risks(beta)
        total, mean = self.hazards(risk)
        if not (total > LEAST_RISK).all():
            return Moments(float("nan"), np.zeros(self.n_terms), np.zeros((self.n_terms, self.n_terms)))
        log_likelihood = float((eta[self.own] - shift).sum() - self.deaths @ np.log(total))
        score = self.x[self.own].sum(axis=0) - self.deaths @ mean
        reach = self.accumulate(self.deaths / total)
        information = (self.x.T * (risk * reach)) @ self.x - (mean.T * self.deaths) @ mean
        return Moments(log_likelihood, score, information)

    def reach(self, step: NDArray[np.float64]) -> float:
        return float(np.ptp(self.x @ step))

    def never_falls(self, direction: NDArray[np.float64], slack: float) -> bool:
        along = self.x @ direction
        room = slack * float(np.ptp(along))
        for time in self.times:
            inside = (self.time >= time) | self.other
            if along[self.own & (self.time == time)].min() < along[inside].max() - room:
                return False
        return True

    def influences(self, beta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each row adds to the score, with what it adds by way of the censoring weights."""
        _, risk, _ = self.risks(beta)
        total, mean = self.hazards(risk)
        hazard = self.deaths / total
        found = -risk[:, None] * (self.x * self.accumulate(hazard)[:, None] - self.accumulate(hazard[:, None] * mean))
        place = np.searchsorted(self.times, self.time[self.own])
        found[self.own] += self.x[self.own] - mean[place]
        return found + self._by_weights(risk, mean, hazard=hazard)

    def _by_weights(
        self, risk: NDArray[np.float64], mean: NDArray[np.float64], *, hazard: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        leave, n_leave = np.unique(self.time[self.censored], return_counts=True)
        if leave.size == 0:
            return np.zeros_like(self.x)
        weight = risk * self.inverse
        products = weight[:, None] * np.column_stack([np.ones(risk.size), self.x])
        gone = np.concatenate([np.zeros((1, self.n_terms + 1)), np.cumsum(products, axis=0)])
        gone = gone[np.searchsorted(self.time, leave, side="left")]
        values = (self.uncensored * hazard)[:, None] * np.column_stack([np.ones(hazard.size), mean])
        ahead = np.concatenate([np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, values.shape[1]))])
        ahead = ahead[np.searchsorted(self.times, leave, side="left")]
        effect = gone[:, 1:] * ahead[:, :1] - gone[:, :1] * ahead[:, 1:]
        at_risk = self.time.size - np.searchsorted(self.time, leave, side="left")
        per_head = effect / at_risk[:, None]
        path = np.concatenate([np.zeros((1, self.n_terms)), np.cumsum(per_head * (n_leave / at_risk)[:, None], axis=0)])
        found = -path[np.searchsorted(leave, self.time, side="right")]
        found[self.censored] += per_head[np.searchsorted(leave, self.time[self.censored])]
        return found


def fit_fine_gray(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    cause: int = 1,
    names: Sequence[str] = (),
    confidence: float = 0.95,
) -> FineGrayModel:
    """Fit a proportional subdistribution hazards model: covariates against the incidence of one cause.

    Its ratios say how the probability of the event moves, whether through its own hazard or through that of the
    others. For what drives the cause itself, fit Cox models that censor the other causes.

    Parameters
    ----------
    x : array-like of float, shape (n, p) or (n,)
        Covariates. A row with a NaN is dropped.
    time : array-like of float, shape (n,)
        Follow-up, any unit. NaN is missing.
    event : array-like of int, shape (n,)
        0 censored, 1, 2 ... causes. NaN and -1 are missing.
    cause : int
        Which one.
    names : sequence of str
        Of the covariates.
    confidence : float
        Level of the two-sided intervals.

    Returns
    -------
    FineGrayModel

    Raises
    ------
    InputError
        If shapes differ, a value is infinite, a code is no whole number, or the cause is not above zero.
    EndpointError
        If a time is negative.

    Notes
    -----
    Subjects with another event stay in the risk set with weight ``G(t-) / G(T-)``, G the Kaplan-Meier
    estimate of the censoring, one for all. Ties as Breslow's. The error is the sandwich of Fine and Gray, with
    the part that comes from estimating G; it supposes that censoring does not depend on the covariates.

    References
    ----------
    Fine and Gray, JASA 1999, doi:10.1080/01621459.1999.10474144.
    """
    check_confidence(confidence)
    if cause < 1:
        raise InputError(f"the cause is {cause!r}", where="argument cause", expected="a code from 1; 0 is censored")
    code = as_codes(event, name="event")
    known = np.where(np.isnan(code), np.nan, code == cause)
    rows = read_rows(x, time=time, event=known, design=None, names=names)
    code = code[rows.kept]
    z, per_unit = _standardise(rows.x)
    reason, term_reasons = _why_not(z, rows.event)
    kept = np.flatnonzero([not r for r in term_reasons])
    coefficients, covariance = np.full(len(rows.names), np.nan), np.full((len(rows.names),) * 2, np.nan)
    likelihoods, sets = (np.nan, np.nan), _weigh(z[:, kept], rows.time, code=code, cause=cause)
    if not reason:
        beta, reason = maximise(sets)
        if not reason:
            likelihoods = (sets.moments(np.zeros(kept.size)).log_likelihood, sets.moments(beta).log_likelihood)
            coefficients[kept] = beta / per_unit[kept]
            covariance[np.ix_(kept, kept)] = _sandwich(sets, beta) / np.outer(per_unit[kept], per_unit[kept])
    error = np.sqrt(np.diag(covariance))
    ratio, low, high = wald_interval(coefficients, error, confidence=confidence)
    return FineGrayModel(
        n=code.size,
        n_events=int(rows.event.sum()),
        n_other=int((code > 0).sum() - rows.event.sum()),
        n_dropped=rows.n_missing,
        names=rows.names,
        coefficients=coefficients,
        std_error=error,
        hazard_ratio=ratio,
        ci_low=low,
        ci_high=high,
        p_value=2.0 * stats.norm.sf(np.abs(coefficients) / error),
        covariance=covariance,
        term_reasons=term_reasons,
        log_likelihood_null=likelihoods[0],
        log_likelihood=likelihoods[1],
        cause=int(cause),
        method="not estimated" if reason else "Fine-Gray model, robust standard error; Wald interval and p",
        confidence=confidence,
        reason=reason,
    )


def _why_not(z: NDArray[np.float64], own: NDArray[np.float64]) -> tuple[str, tuple[str, ...]]:
    """Return why nothing, and which covariates, cannot be estimated."""
    all_kept = ("",) * z.shape[1]
    if own.size == 0 or not own.any():
        return ("empty" if own.size == 0 else "no_events"), all_kept
    if z.shape[1] > own.size:
        return "more_terms_than_subjects", all_kept
    found = alias_reasons(z, strata=np.zeros(own.size), used=np.ones(own.size, dtype=bool))
    return ("" if "" in found else "no_informative_covariate"), found


def _sandwich(sets: _Weighted, beta: NDArray[np.float64]) -> NDArray[np.float64]:
    shifts = sets.influences(beta) @ np.linalg.inv(sets.moments(beta).information)
    return np.asarray(shifts.T @ shifts)


def _standardise(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if x.shape[0] == 0:
        return x, np.ones(x.shape[1])
    spread = x.std(axis=0)
    flat = np.ptp(x, axis=0) <= 1e-12 * np.abs(x).max(axis=0)
    per_unit = np.where(flat | (spread == 0.0), 1.0, spread)
    return (x - np.where(flat, x[0], x.mean(axis=0))) / per_unit, per_unit


def _weigh(x: NDArray[np.float64], time: NDArray[np.float64], *, code: NDArray[np.float64], cause: int) -> _Weighted:
    order = np.argsort(time, kind="stable")
    x, time, code = x[order], time[order], code[order]
    own, censored = code == cause, code == 0
    other = ~own & ~censored
    leave, n_leave = np.unique(time[censored], return_counts=True)
    at_risk = time.size - np.searchsorted(time, leave, side="left")
    path = np.concatenate([[1.0], np.cumprod(1.0 - n_leave / at_risk)])
    before = path[np.searchsorted(leave, time, side="left")]
    times, deaths = np.unique(time[own], return_counts=True)
    return _Weighted(
        x=x,
        time=time,
        own=own,
        other=other,
        censored=censored,
        times=times,
        deaths=deaths,
        first=np.searchsorted(time, times, side="left"),
        uncensored=path[np.searchsorted(leave, times, side="left")],
        inverse=np.where(other, 1.0 / np.where(other, before, 1.0), 0.0),
    )
