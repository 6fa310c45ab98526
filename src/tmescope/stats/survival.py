"""Survival of groups of patients: Kaplan-Meier curves, their medians, and the log-rank test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_codes, as_times, check_confidence, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["KaplanMeierCurve", "LogRankTest", "kaplan_meier", "log_rank"]

_HALF_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))
"""How near to 0.5 a survival counts as exactly one half: products of ratios round."""


@dataclass(frozen=True, kw_only=True)
class KaplanMeierCurve:
    """Kaplan-Meier estimate at each distinct time at which a subject has an event or leaves.

    Parameters
    ----------
    time : array of float, shape (k,)
        Increasing, in the unit of the input. The curve is 1 before the first; time zero is there only if
        observed.
    at_risk, n_events, n_censored : array of int, shape (k,)
        Subjects under observation just before the time, and how many have the event or are censored at it.
    survival : array of float, shape (k,)
        Probability of being event-free after the time.
    std_error : array of float, shape (k,)
        Greenwood standard error of `survival`; NaN once survival is zero.
    ci_low, ci_high : array of float, shape (k,)
        Pointwise limits; NaN where the transformation has none (log-log: survival 1 or 0; log: survival 0).
    n, n_events_total : int
        Subjects with time and event known, and their events.
    median, median_ci_low, median_ci_high : float
        Time at which survival falls to one half, and the times at which the two limits do; NaN where they do
        not.
    ci_type : str
        Transformation behind the limits.
    confidence : float
        Level of the limits.
    """

    time: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    n_events: NDArray[np.int64]
    n_censored: NDArray[np.int64]
    survival: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    n: int
    n_events_total: int
    median: float
    median_ci_low: float
    median_ci_high: float
    ci_type: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class LogRankTest:
    """Log-rank or Peto-Peto test of equal hazards in k groups.

    Parameters
    ----------
    n, n_events : int
        Subjects with time, event and group known, and their events.
    groups : tuple of int
        Codes of the groups that have subjects, increasing.
    observed, expected : tuple of float
        Events of each group, and those expected under equal hazards; weighted where `rho` is not 0.
    statistic : float
        Chi-square; NaN where it is not defined.
    df : int
        Degrees of freedom: groups with events expected, less one.
    p_value : float
    method : str
        For the methods column of the answers.
    rho : float
        Power of the survival that weights the event times.
    n_strata : int
        Strata within which the groups were compared.
    reason : str
        Why numbers are NaN: ``empty``, ``one_group``, ``no_events``; empty otherwise.
    """

    n: int
    n_events: int
    groups: tuple[int, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    statistic: float
    df: int
    p_value: float
    method: str
    rho: float = 0.0
    n_strata: int = 1
    reason: str = ""


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    confidence: float = 0.95,
    ci_type: Literal["log-log", "log", "plain"] = "log-log",
) -> KaplanMeierCurve:
    """Estimate the probability of being event-free over time, with pointwise limits and the median.

    Censoring must not depend on the outcome. Not for competing risks, where it overstates the risk.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up from a common start, any unit, zero or more. NaN is missing.
    event : array-like, shape (n,)
        True/1 where the event happened at `time`, False/0 where follow-up ended without it. NaN is missing.
    confidence : float
        Level of the two-sided limits.
    ci_type : {"log-log", "log", "plain"}
        Scale on which the limits are symmetric. The default, log(-log S), keeps them inside [0, 1] and covers
        best in small groups; R's ``survfit`` uses "log" unless told otherwise.

    Returns
    -------
    KaplanMeierCurve
        Empty arrays and a NaN median where no subject is left.

    Raises
    ------
    InputError
        If lengths differ, an event is neither 0 nor 1, or an option is unknown.
    EndpointError
        If a time is negative.

    Notes
    -----
    ``S(t) = prod (1 - d / n)`` over the event times up to t, with Greenwood's variance. Subjects
    censored at an event time count as at risk at it. Limits are clipped to [0, 1]. The median is the first
    time with S below one half, or the midpoint of the flat stretch where S is exactly one half (as R does);
    its limits are those of Brookmeyer and Crowley, read from the limits of the curve by the same rule.
    Subjects with a missing value are dropped, and `n` says how many are left. Cost: one sort.

    References
    ----------
    Kaplan and Meier, JASA 1958, doi:10.1080/01621459.1958.10501452. Brookmeyer and Crowley, Biometrics 1982,
    doi:10.2307/2530286.
    """
    check_confidence(confidence)
    if ci_type not in {"log-log", "log", "plain"}:
        raise InputError(
            f"the interval type is {ci_type!r}", where="argument ci_type", expected="log-log, log or plain"
        )
    t, d = complete(time=as_times(time, name="time"), event=as_binary(event, name="event"))
    times, at_risk, events, left = _life_table(t, d)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival: NDArray[np.float64] = np.cumprod(1.0 - events / at_risk, dtype=np.float64)
        hazard_error = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        # S = 0 has no finite error: 0 * inf is NaN, which is what is meant
        std_error = survival * hazard_error
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    low, high = _limits(survival, hazard_error, z=z, ci_type=ci_type)
    return KaplanMeierCurve(
        time=times,
        at_risk=at_risk,
        n_events=events,
        n_censored=left - events,
        survival=survival,
        std_error=std_error,
        ci_low=low,
        ci_high=high,
        n=t.size,
        n_events_total=int(events.sum()),
        median=_time_at_half(survival, times),
        median_ci_low=_time_at_half(low, times),
        median_ci_high=_time_at_half(high, times),
        ci_type=ci_type,
        confidence=confidence,
    )


def log_rank(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None, rho: float = 0.0
) -> LogRankTest:
    """Test whether two or more groups share one hazard (log-rank: all event times weighted alike).

    Has most power where hazards are proportional; weak where curves cross.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit, zero or more. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    group : array-like of int, shape (n,)
        Codes 0, 1, 2 ...; -1 and NaN are missing. Order and gaps between codes do not matter.
    strata : array-like of int, shape (n,), optional
        Codes of strata: groups are compared within them, and the comparisons added up.
    rho : float
        0 for the log-rank test, 1 for that of Peto and Peto, which gives early events more weight.

    Returns
    -------
    LogRankTest
        Statistic and p-value NaN, with `reason`, where fewer than two groups are comparable or there is no
        event.

    Raises
    ------
    InputError
        If lengths differ, events or codes are not what is expected, or `rho` is negative.
    EndpointError
        If a time is negative.

    Notes
    -----
    ``(O - E)' V^-1 (O - E)`` with the hypergeometric variance, summed over event times; tied
    events are handled by that variance. With rho, each event time has the weight ``S(t-)^rho``, S being the
    Kaplan-Meier estimate of all subjects of the stratum. A group that left before the first event has no
    expected events and is set aside, as in R's ``survdiff``. Subjects with a missing value are dropped.

    References
    ----------
    Peto and Peto, J R Stat Soc A 1972, doi:10.2307/2344317. Harrington and Fleming, Biometrika 1982,
    doi:10.1093/biomet/69.3.553.
    """
    if not 0.0 <= rho < np.inf:
        raise InputError(f"rho is {rho!r}", where="argument rho", expected="0 (log-rank), 1 (Peto-Peto), or above 0")
    t, d, g, s = complete(
        time=as_times(time, name="time"),
        event=as_binary(event, name="event"),
        group=as_codes(group, name="group"),
        strata=np.zeros(np.size(np.asarray(time))) if strata is None else as_codes(strata, name="strata"),
    )
    codes, levels = np.unique(g), np.unique(s)
    observed, expected = np.zeros(codes.size), np.zeros(codes.size)
    variance = np.zeros((codes.size, codes.size))
    for level in levels:
        k = s == level
        parts = _log_rank_moments(t[k], d[k], g[k] == codes[:, None], rho=rho)
        observed, expected, variance = observed + parts[0], expected + parts[1], variance + parts[2]
    kept = np.flatnonzero(expected > 0.0)
    reason = _why_no_test(t.size, kept.size, float(d.sum()))
    statistic, p_value, df = float("nan"), float("nan"), max(kept.size - 1, 0)
    if not reason:
        used = kept[:-1]  # the differences sum to zero: one group says nothing new
        excess = (observed - expected)[used]
        try:
            statistic = float(excess @ np.linalg.solve(variance[np.ix_(used, used)], excess))
        except np.linalg.LinAlgError:  # groups that are never at risk together
            reason = "one_group"
        p_value = float(stats.chi2.sf(statistic, df))
    return LogRankTest(
        n=t.size,
        n_events=int(d.sum()),
        groups=tuple(int(c) for c in codes),
        observed=tuple(float(v) for v in observed),
        expected=tuple(float(v) for v in expected),
        statistic=statistic,
        df=df,
        p_value=p_value,
        method=_name_of_test(rho, stratified=levels.size > 1),
        rho=float(rho),
        n_strata=int(levels.size),
        reason=reason,
    )


def _name_of_test(rho: float, *, stratified: bool) -> str:
    known = {0.0: "log-rank test", 1.0: "Peto-Peto test"}
    return ("stratified " if stratified else "") + known.get(float(rho), f"G-rho test (rho {rho:g})")


def _life_table(
    t: NDArray[np.float64], d: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct times and, at each: at risk, events, and all who end (events and censored)."""
    times, position = np.unique(t, return_inverse=True)
    left = np.bincount(position, minlength=times.size).astype(np.int64)
    events = np.bincount(position, weights=d, minlength=times.size).astype(np.int64)
    at_risk = t.size - np.concatenate([[0], np.cumsum(left)[:-1]]).astype(np.int64)
    return times, at_risk[: times.size], events, left


def _limits(
    survival: NDArray[np.float64], error: NDArray[np.float64], *, z: float, ci_type: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return pointwise limits from S and the standard error of log S."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if ci_type == "plain":
            low, high = survival - z * survival * error, survival + z * survival * error
        elif ci_type == "log":
            positive = np.where(survival > 0.0, survival, np.nan)
            low, high = positive * np.exp(-z * error), positive * np.exp(z * error)
        else:
            inner = np.where((survival > 0.0) & (survival < 1.0), survival, np.nan)
            shift = z * error / np.log(inner)
            loglog = np.log(-np.log(inner))
            low, high = np.exp(-np.exp(loglog - shift)), np.exp(-np.exp(loglog + shift))
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def _time_at_half(curve: NDArray[np.float64], times: NDArray[np.float64]) -> float:
    """Return the first time with the curve below 0.5, or the middle of the stretch where it is 0.5."""
    at_most = np.flatnonzero(curve < 0.5 + _HALF_TOLERANCE)  # NaN compares false and is passed over
    if at_most.size == 0:
        return float("nan")
    first = at_most[0]
    below = at_most[curve[at_most] < curve[first]]
    if abs(curve[first] - 0.5) < _HALF_TOLERANCE and below.size:
        return float((times[first] + times[below[0]]) / 2.0)
    return float(times[first])


def _log_rank_moments(
    t: NDArray[np.float64], d: NDArray[np.float64], member: NDArray[np.bool_], *, rho: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return per group (rows of `member`) observed and expected events, and the variance of O - E, all weighted."""
    event_times, deaths = np.unique(t[d == 1.0], return_counts=True)
    k = member.shape[0]
    at_risk = np.empty((k, event_times.size))
    observed = np.empty((k, event_times.size))
    for i, inside in enumerate(member):
        at_risk[i] = inside.sum() - np.searchsorted(np.sort(t[inside]), event_times, side="left")
        own = np.searchsorted(event_times, t[inside & (d == 1.0)])
        observed[i] = np.bincount(own, minlength=event_times.size)
    total = at_risk.sum(axis=0)
    survival = np.concatenate([[1.0], np.cumprod(1.0 - deaths / total)])[:-1]
    weight = survival**rho
    share = at_risk / total
    spread = weight**2 * deaths * (total - deaths) / np.maximum(total - 1.0, 1.0)
    variance = np.diag((spread * share).sum(axis=1)) - (spread * share) @ share.T
    return observed @ weight, (weight * deaths * share).sum(axis=1), variance


def _why_no_test(n: int, n_comparable: int, n_events: float) -> str:
    if n == 0:
        return "empty"
    if n_events == 0.0:
        return "no_events"
    return "one_group" if n_comparable < 2 else ""
