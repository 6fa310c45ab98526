"""Mean time without the event up to a horizon: an effect in months that needs no proportional hazards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, check_confidence, complete
from tmescope.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["RestrictedMean", "RestrictedMeanDifference", "compare_restricted_means", "restricted_mean"]


@dataclass(frozen=True, kw_only=True)
class RestrictedMean:
    """Restricted mean survival time.

    Parameters
    ----------
    n, n_events : int
        Subjects with time and event known, and their events up to the horizon.
    mean, std_error, ci_low, ci_high : float
        Area under the Kaplan-Meier curve up to the horizon, in the unit of time, and its normal interval.
    horizon : float
        Where the area ends.
    confidence : float
        Level of the interval.
    reason : str
        ``empty``, or ``horizon_beyond_follow_up`` where the curve does not reach the horizon.
    """

    n: int
    n_events: int
    mean: float
    std_error: float
    ci_low: float
    ci_high: float
    horizon: float
    confidence: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RestrictedMeanDifference:
    """Restricted mean survival time of a group beside that of the rest.

    Parameters
    ----------
    n, n_events : int
        Subjects with all values known, and their events up to the horizon.
    group, reference : RestrictedMean
        Of each.
    difference, std_error, ci_low, ci_high, p_value : float
        Group less reference, in the unit of time.
    ratio, log_ratio_std_error, ratio_ci_low, ratio_ci_high, ratio_p_value : float
        Group over reference, with its interval on the log scale.
    horizon : float
        Where the areas end.
    method : str
        For the methods column.
    confidence : float
        Level of the intervals.
    reason : str
        ``empty``, ``one_group``, ``horizon_beyond_follow_up``, or ``no_events`` (both means are the horizon);
        empty otherwise.
    """

    n: int
    n_events: int
    group: RestrictedMean
    reference: RestrictedMean
    difference: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    ratio: float
    log_ratio_std_error: float
    ratio_ci_low: float
    ratio_ci_high: float
    ratio_p_value: float
    horizon: float
    method: str
    confidence: float
    reason: str = ""


def restricted_mean(time: ArrayLike, event: ArrayLike, *, horizon: float, confidence: float = 0.95) -> RestrictedMean:
    """Estimate the mean time without the event between the start and a horizon.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    horizon : float
        End of the area, above zero, in the unit of `time`. Fix it before looking at the data.
    confidence : float
        Level of the two-sided interval.

    Returns
    -------
    RestrictedMean
        NaN, with `reason`, where the last subject is censored before the horizon: the curve beyond is unknown.

    Raises
    ------
    InputError
        If the horizon is not above zero, lengths differ, or an event is neither 0 nor 1.
    EndpointError
        If a time is negative.

    Notes
    -----
    Area under the curve; variance ``sum a_i^2 d_i / (n_i (n_i - d_i))`` with a_i the area from the i-th
    event time to the horizon (Greenwood's terms). An event at the horizon itself changes nothing.

    References
    ----------
    Royston and Parmar, BMC Med Res Methodol 2013, doi:10.1186/1471-2288-13-152.
    """
    check_confidence(confidence)
    if not horizon > 0.0 or not np.isfinite(horizon):
        raise InputError(f"the horizon is {horizon!r}", where="argument horizon", expected="a time above zero")
    curve = kaplan_meier(time, event)
    reason = "empty" if curve.n == 0 else ""
    if not reason and curve.time[-1] < horizon and curve.survival[-1] > 0.0:
        reason = "horizon_beyond_follow_up"
    inside = curve.time < horizon
    times = np.concatenate([[0.0], curve.time[inside], [horizon]])
    steps = np.concatenate([[1.0], curve.survival[inside]]) * np.diff(times)
    ahead = np.cumsum(steps[::-1])[::-1]
    deaths, at_risk = curve.n_events[inside], curve.at_risk[inside]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = ahead[1:] ** 2 * deaths / (at_risk * (at_risk - deaths))
    mean = float("nan") if reason else float(steps.sum())
    error = float("nan") if reason else float(np.sqrt(terms[ahead[1:] > 0.0].sum()))
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    return RestrictedMean(
        n=curve.n,
        n_events=int(deaths.sum()),
        mean=mean,
        std_error=error,
        ci_low=mean - half,
        ci_high=mean + half,
        horizon=float(horizon),
        confidence=confidence,
        reason=reason,
    )


def compare_restricted_means(
    time: ArrayLike, event: ArrayLike, in_group: ArrayLike, *, horizon: float, confidence: float = 0.95
) -> RestrictedMeanDifference:
    """Compare the mean time without the event up to a horizon between a group and the rest.

    Holds where hazards are not proportional.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    in_group : array-like, shape (n,)
        True/1 in the group, False/0 in the reference. NaN is left out.
    horizon : float
        End of the areas, in the unit of `time`.
    confidence : float
        Level of the two-sided intervals.

    Returns
    -------
    RestrictedMeanDifference

    Raises
    ------
    InputError
        If an argument is not what is expected.
    EndpointError
        If a time is negative.

    Notes
    -----
    The two means are independent; the ratio has the delta-method error ``sqrt(sum (se / mean)^2)`` on
    the log scale. The normal interval is somewhat too narrow in groups of about 20.

    References
    ----------
    Uno et al., J Clin Oncol 2014, doi:10.1200/JCO.2014.55.2208.
    """
    t, d, g = complete(
        time=as_times(time, name="time"),
        event=as_binary(event, name="event"),
        in_group=as_binary(in_group, name="in_group"),
    )
    group = restricted_mean(t[g == 1.0], d[g == 1.0], horizon=horizon, confidence=confidence)
    reference = restricted_mean(t[g == 0.0], d[g == 0.0], horizon=horizon, confidence=confidence)
    reason = _why_not(group, reference)
    nan = float("nan")
    difference = nan if reason else group.mean - reference.mean
    error = nan if reason else float(np.hypot(group.std_error, reference.std_error))
    log_ratio = nan if reason else float(np.log(group.mean / reference.mean))
    log_error = nan if reason else float(np.hypot(group.std_error / group.mean, reference.std_error / reference.mean))
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    return RestrictedMeanDifference(
        n=t.size,
        n_events=group.n_events + reference.n_events,
        group=group,
        reference=reference,
        difference=difference,
        std_error=error,
        ci_low=difference - z * error,
        ci_high=difference + z * error,
        p_value=nan if reason else float(2.0 * stats.norm.sf(abs(difference) / error)),
        ratio=float(np.exp(log_ratio)),
        log_ratio_std_error=log_error,
        ratio_ci_low=float(np.exp(log_ratio - z * log_error)),
        ratio_ci_high=float(np.exp(log_ratio + z * log_error)),
        ratio_p_value=nan if reason else float(2.0 * stats.norm.sf(abs(log_ratio) / log_error)),
        horizon=float(horizon),
        method="not estimated" if reason else f"restricted mean survival time to {horizon:g}; normal interval and p",
        confidence=confidence,
        reason=reason,
    )


def _why_not(group: RestrictedMean, reference: RestrictedMean) -> str:
    if group.n + reference.n == 0:
        return "empty"
    if group.n == 0 or reference.n == 0:
        return "one_group"
    if group.reason or reference.reason:
        return group.reason or reference.reason
    return "no_events" if group.std_error == 0.0 and reference.std_error == 0.0 else ""
