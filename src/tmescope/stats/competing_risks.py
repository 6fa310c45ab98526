"""Competing events: how often each happens (Aalen-Johansen), and whether groups differ (Gray)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_codes, as_times, check_confidence, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CumulativeIncidence", "GrayTest", "cumulative_incidence", "gray_test"]


@dataclass(frozen=True, kw_only=True)
class CumulativeIncidence:
    """Aalen-Johansen estimate of one cause at the times at which a subject has an event or leaves.

    Parameters
    ----------
    time : array of float, shape (k,)
        Increasing.
    at_risk, n_events, n_other : array of int, shape (k,)
        Under observation just before the time; events of the cause, and of other causes, at it.
    incidence, std_error, ci_low, ci_high : array of float, shape (k,)
        Probability of the event by the time, its error, and log-log limits (NaN where the incidence is 0 or 1).
    event_free : array of float, shape (k,)
        Probability of no event of any cause.
    cause : int
        Code of the cause.
    n, n_events_total, n_other_total : int
        Subjects, events of the cause, events of other causes.
    confidence : float
        Level of the limits.
    """

    time: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    n_events: NDArray[np.int64]
    n_other: NDArray[np.int64]
    incidence: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    event_free: NDArray[np.float64]
    cause: int
    n: int
    n_events_total: int
    n_other_total: int
    confidence: float

    def at(self, times: ArrayLike) -> NDArray[np.float64]:
        """Return incidence and standard error at given times, shape (times, 2); zero before the first event.

        Parameters
        ----------
        times : array-like of float
            In the unit of the curve.
        """
        place = np.searchsorted(self.time, np.atleast_1d(np.asarray(times, dtype=np.float64)), side="right")
        table = np.column_stack([self.incidence, self.std_error])
        return np.concatenate([np.zeros((1, 2)), table])[place]


@dataclass(frozen=True, kw_only=True)
class GrayTest:
    """Gray's test of equal cumulative incidence of one cause in k groups.

    Parameters
    ----------
    n, n_events, n_other : int
        Subjects with all values known, events of the cause, events of other causes.
    groups : tuple of int
        Codes, increasing.
    statistic : float
        Chi-square; NaN where it is not defined.
    df : int
        Groups less one.
    p_value : float
    method : str
        For the methods column.
    reason : str
        ``empty``, ``one_group``, ``no_events``; empty otherwise.
    """

    n: int
    n_events: int
    n_other: int
    groups: tuple[int, ...]
    statistic: float
    df: int
    p_value: float
    method: str
    reason: str = ""


def cumulative_incidence(
    time: ArrayLike, event: ArrayLike, *, cause: int = 1, confidence: float = 0.95
) -> CumulativeIncidence:
    """Estimate the probability of one cause over time where other causes can come first.

    One less a Kaplan-Meier curve that censors the other causes would overstate it.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit. NaN is missing.
    event : array-like of int, shape (n,)
        0 censored, 1, 2 ... causes. NaN and -1 are missing.
    cause : int
        Which one.
    confidence : float
        Level of the two-sided limits.

    Returns
    -------
    CumulativeIncidence
        Empty arrays where no subject is left.

    Raises
    ------
    InputError
        If lengths differ, a code is no whole number, or the cause is not above zero.
    EndpointError
        If a time is negative.

    Notes
    -----
    ``F(t) = sum S(s-) d(s) / n(s)``, S being the Kaplan-Meier estimate of all causes together. The
    variance sums ``(sum c^2 h - (sum c h)^2) / n`` over event times, with ``c = S(s-) - G`` for the cause, ``-G``
    for the others, h their hazards and ``G = (F(t) - F(s)) / (1 - h of all)``: equal to the infinitesimal
    jackknife of R's ``survfit``, as its terms at different times are uncorrelated in the sample.

    References
    ----------
    Aalen and Johansen, Scand J Statist 1978, 5, 141-150.
    """
    check_confidence(confidence)
    _check_cause(cause)
    t, e = complete(time=as_times(time, name="time"), event=as_codes(event, name="event"))
    times, position = np.unique(t, return_inverse=True)
    own = np.bincount(position, weights=e == cause, minlength=times.size).astype(np.int64)
    other = np.bincount(position, weights=(e > 0) & (e != cause), minlength=times.size).astype(np.int64)
    at_risk = t.size - np.searchsorted(np.sort(t), times, side="left")
    free = np.cumprod(1.0 - (own + other) / at_risk, dtype=np.float64)
    before = np.concatenate([[1.0], free])[:-1]
    incidence = np.cumsum(before * own / at_risk)
    error = np.sqrt(_variance(incidence, before, hazards=(own / at_risk, other / at_risk), at_risk=at_risk))
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inner = np.where((incidence > 0.0) & (incidence < 1.0), incidence, np.nan)
        shift = z * error / (inner * np.log(inner))
        loglog = np.log(-np.log(inner))
        low, high = np.exp(-np.exp(loglog - shift)), np.exp(-np.exp(loglog + shift))
    return CumulativeIncidence(
        time=times,
        at_risk=at_risk,
        n_events=own,
        n_other=other,
        incidence=incidence,
        std_error=error,
        ci_low=low,
        ci_high=high,
        event_free=free,
        cause=int(cause),
        n=t.size,
        n_events_total=int(own.sum()),
        n_other_total=int(other.sum()),
        confidence=confidence,
    )


def gray_test(time: ArrayLike, event: ArrayLike, group: ArrayLike, *, cause: int = 1) -> GrayTest:
    """Test whether groups share one cumulative incidence of a cause.

    Groups may differ in it because their hazard of the cause differs, or that of the others.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit. NaN is missing.
    event : array-like of int, shape (n,)
        0 censored, 1, 2 ... causes. NaN and -1 are missing.
    group : array-like of int, shape (n,)
        Codes 0, 1, 2 ...; -1 and NaN are missing.
    cause : int
        Which one.

    Returns
    -------
    GrayTest
        NaN, with `reason`, where there are fewer than two groups or no event of the cause.

    Raises
    ------
    InputError
        If lengths differ, a code is no whole number, or the cause is not above zero.
    EndpointError
        If a time is negative.

    Notes
    -----
    Scores ``sum d_i - R_i d / R`` with ``R_i = n_i (1 - F_i(t-)) / S_i(t-)``. Each is a sum of martingales of
    the two kinds of events in each group, which gives the variance; in it the incidence is that of all groups
    together, and tied events shrink it by ``1 - (d - 1) / (N - 1)``, as in the R package cmprsk (rho 0).

    References
    ----------
    Gray, Ann Statist 1988, doi:10.1214/aos/1176350951.
    """
    _check_cause(cause)
    t, e, g = complete(
        time=as_times(time, name="time"),
        event=as_codes(event, name="event"),
        group=as_codes(group, name="group"),
    )
    codes = np.unique(g)
    own, other = e == cause, (e > 0) & (e != cause)
    reason = "empty" if t.size == 0 else "one_group" if codes.size < 2 else "" if own.any() else "no_events"
    statistic = p_value = float("nan")
    if not reason:
        score, variance = _gray_moments(t, own, other, member=g == codes[:, None])
        try:
            statistic = float(score[:-1] @ np.linalg.solve(variance[:-1, :-1], score[:-1]))
            p_value = float(stats.chi2.sf(statistic, codes.size - 1))
        except np.linalg.LinAlgError:  # a group that is never at risk beside the others
            reason = "one_group"
    return GrayTest(
        n=t.size,
        n_events=int(own.sum()),
        n_other=int(other.sum()),
        groups=tuple(int(c) for c in codes),
        statistic=statistic,
        df=max(codes.size - 1, 0),
        p_value=p_value,
        method="not estimated" if reason else "Gray's test",
        reason=reason,
    )


def _check_cause(cause: int) -> None:
    if cause < 1:
        raise InputError(f"the cause is {cause!r}", where="argument cause", expected="a code from 1; 0 is censored")


def _variance(
    incidence: NDArray[np.float64],
    before: NDArray[np.float64],
    *,
    hazards: tuple[NDArray[np.float64], NDArray[np.float64]],
    at_risk: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the variance of the incidence at each time: a quadratic in it whose coefficients are running sums."""
    own, other = hazards
    total = own + other
    # where all at risk have an event, nothing can happen later and G is zero
    inverse = np.divide(1.0, 1.0 - total, out=np.zeros_like(total), where=total < 1.0)
    # c of the cause is a - b F(t), that of the others -g - b F(t) with a = S(s-) + F(s) b, g = -F(s) b
    a, other_part = before + incidence * inverse, incidence * inverse
    first, second = a * own + other_part * other, a**2 * own + other_part**2 * other
    constant = np.cumsum((second - first**2) / at_risk)
    linear = np.cumsum(inverse * first * (1.0 - total) / at_risk)
    square = np.cumsum(inverse**2 * total * (1.0 - total) / at_risk)
    return np.clip(constant - 2.0 * linear * incidence + square * incidence**2, 0.0, None)


def _gray_moments(
    t: NDArray[np.float64], own: NDArray[np.bool_], other: NDArray[np.bool_], *, member: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the score of each group and the variance."""
    times = np.unique(t[own | other])
    at_risk = np.stack([m.sum() - np.searchsorted(np.sort(t[m]), times, side="left") for m in member]).astype(float)
    d1, d2 = (_per_time(times, t, member & kind) for kind in (own, other))
    someone = np.maximum(at_risk, 1.0)
    free = np.cumprod(1.0 - (d1 + d2) / someone, axis=1)
    before = np.concatenate([np.ones((len(member), 1)), free[:, :-1]], axis=1)
    incidence = np.cumsum(before * d1 / someone, axis=1)
    incidence_before = np.concatenate([np.zeros((len(member), 1)), incidence[:, :-1]], axis=1)
    # at risk without competing events: those at risk over the share that is left
    scaled = np.divide(at_risk, before, out=np.zeros_like(at_risk), where=at_risk > 0.0)
    sub = scaled * (1.0 - incidence_before)
    events = d1.sum(axis=0)
    score = (d1 - sub * (events / sub.sum(axis=0))).sum(axis=1)
    step = events / scaled.sum(axis=0)
    pooled = np.cumsum(step)
    variance = np.zeros((len(member), len(member)))
    for j in range(len(member)):
        share = scaled[j] * ((np.arange(len(member)) == j)[:, None] - scaled / scaled.sum(axis=0))
        # where nobody is left nothing more can happen
        left = 1.0 - pooled + step
        path = np.cumsum(share * step / np.where(left == 0.0, 1.0, left), axis=1)
        ahead = path[:, -1:] - path
        ratio = np.divide(1.0 - pooled, free[j], out=np.zeros_like(step), where=free[j] > 0.0)
        of_cause = share + np.where(free[j] > 0.0, 1.0 - ratio, 1.0) * ahead
        of_others = ratio * ahead
        alive = at_risk[j] > 0.0
        own_spread = before[j] * step / someone[j] * _tied(events, scaled.sum(axis=0) * before[j])
        other_spread = before[j] ** 2 * d2[j] / someone[j] ** 2 * _tied(d2[j], at_risk[j])
        variance += (of_cause * (own_spread * alive)) @ of_cause.T + (of_others * (other_spread * alive)) @ of_others.T
    return score, variance


def _per_time(times: NDArray[np.float64], t: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.stack([np.bincount(np.searchsorted(times, t[rows]), minlength=times.size) for rows in chosen]).astype(
        float
    )


def _tied(events: NDArray[np.float64], at_risk: NDArray[np.float64]) -> NDArray[np.float64]:
    shrink = np.divide(events - 1.0, at_risk - 1.0, out=np.zeros_like(at_risk), where=(events > 1.0) & (at_risk > 1.0))
    return 1.0 - shrink
