"""Hazard ratio of one group of patients against another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from tmescope.stats.arguments import as_binary, as_times, check_confidence, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["HazardRatio", "hazard_ratio_of_group"]

_MAX_STEPS = 100
_STEP_TOLERANCE = 1e-11
_LONGEST_STEP = 2.0


@dataclass(frozen=True, kw_only=True)
class HazardRatio:
    """Hazard ratio of a group against the rest with its Wald interval.

    Parameters
    ----------
    n, n_events : int
        Subjects with time, event and group known, and their events.
    n_group, n_events_group : int
        Those of them in the group.
    hazard_ratio : float
        Above 1 where the group has the event earlier.
    log_hazard_ratio, std_error : float
        Natural logarithm of the hazard ratio, and its standard error (on the log scale).
    ci_low, ci_high : float
        Confidence limits of the hazard ratio.
    p_value : float
        Two-sided Wald test.
    method : str
        For the methods column of the answers.
    confidence : float
        Level of the interval.
    reason : str
        Why numbers are NaN: ``empty``, ``one_group``, ``no_events``, ``monotone_likelihood``,
        ``not_converged``; empty otherwise.
    """

    n: int
    n_events: int
    n_group: int
    n_events_group: int
    hazard_ratio: float
    log_hazard_ratio: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    method: str
    confidence: float
    reason: str = ""


def hazard_ratio_of_group(
    time: ArrayLike, event: ArrayLike, in_group: ArrayLike, *, confidence: float = 0.95
) -> HazardRatio:
    """Estimate the hazard ratio of a group against the rest in a Cox model with Efron's treatment of ties.

    Supposes that the ratio is the same at all times. To compare two of three groups, set the third to NaN.

    Parameters
    ----------
    time : array-like of float, shape (n,)
        Follow-up, any unit, zero or more. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    in_group : array-like, shape (n,)
        True/1 in the group, False/0 in the reference. NaN is left out.
    confidence : float
        Level of the two-sided interval.

    Returns
    -------
    HazardRatio
        All numbers NaN, with `reason`, where a group is empty, there are no events, or the likelihood has no
        maximum (``monotone_likelihood``: for example no event in one of the groups).

    Raises
    ------
    InputError
        If lengths differ, or a value is neither 0, 1 nor missing.
    EndpointError
        If a time is negative.

    Notes
    -----
    With one binary covariate, Efron's partial likelihood is a sum over events of two-class
    logistic terms: at the l-th of m tied events, the chance that it is the group's is ``w1 e^b / (w0 + w1
    e^b)`` with ``w = at_risk - (l / m) * tied_events`` in each group. It is concave in b and maximised by
    Newton steps. The score at b = -inf and +inf is known exactly, so a missing maximum is decided before the
    fit. Subjects with a missing value are dropped. Cost: one sort, then O(events) a step.

    References
    ----------
    Cox, J R Stat Soc B 1972, doi:10.1111/j.2517-6161.1972.tb00899.x. Efron, JASA 1977,
    doi:10.1080/01621459.1977.10480613.
    """
    check_confidence(confidence)
    t, d, g = complete(
        time=as_times(time, name="time"),
        event=as_binary(event, name="event"),
        in_group=as_binary(in_group, name="in_group"),
    )
    w1, w0 = _weights(t, d, g == 1.0), _weights(t, d, g == 0.0)
    n_events_group = int(d[g == 1.0].sum())
    slope = variance = float("nan")
    reason = _why_not(g, w1=w1, w0=w0, n_events_group=n_events_group)
    if not reason:
        slope, variance = _fit(w1, w0, n_events_group)
        reason = "not_converged" if np.isnan(slope) else ""
    std_error = float(np.sqrt(variance))
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * std_error
    return HazardRatio(
        n=t.size,
        n_events=w1.size,
        n_group=int(g.sum()),
        n_events_group=n_events_group,
        hazard_ratio=float(np.exp(slope)),
        log_hazard_ratio=slope,
        std_error=std_error,
        ci_low=float(np.exp(slope - half)),
        ci_high=float(np.exp(slope + half)),
        p_value=float(2.0 * stats.norm.sf(abs(slope) / std_error)),
        method="not estimated" if reason else "Cox model, Efron ties; Wald interval and p",
        confidence=confidence,
        reason=reason,
    )


def _weights(t: NDArray[np.float64], d: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return Efron's number at risk in one group, one value per event of any group, in order of time."""
    event_times, n_tied = np.unique(t[d == 1.0], return_counts=True)
    at_risk = inside.sum() - np.searchsorted(np.sort(t[inside]), event_times, side="left")
    own = t[inside & (d == 1.0)]
    tied = np.bincount(np.searchsorted(event_times, own), minlength=event_times.size)
    repeat = np.repeat(np.arange(event_times.size), n_tied)
    nth = np.arange(repeat.size) - np.repeat(np.cumsum(n_tied) - n_tied, n_tied)
    return np.asarray(at_risk[repeat] - nth / n_tied[repeat] * tied[repeat], dtype=np.float64)


def _why_not(g: NDArray[np.float64], *, w1: NDArray[np.float64], w0: NDArray[np.float64], n_events_group: int) -> str:
    if g.size == 0:
        return "empty"
    if g.min() == g.max():
        return "one_group"
    if w1.size == 0:
        return "no_events"
    # the score falls from its value at -inf to that at +inf; a maximum lies between them only if it changes
    # sign
    score_at_low = n_events_group - int((w0 == 0.0).sum())
    score_at_high = n_events_group - int((w1 > 0.0).sum())
    return "" if score_at_high < 0 < score_at_low else "monotone_likelihood"


def _fit(w1: NDArray[np.float64], w0: NDArray[np.float64], n_events_group: int) -> tuple[float, float]:
    """Return the log hazard ratio and its variance; NaN where the steps do not settle."""
    both = (w1 > 0.0) & (w0 > 0.0)
    offset = np.log(w1[both] / w0[both])
    certain = int(((w1 > 0.0) & (w0 == 0.0)).sum())  # events while only the group is at risk say nothing about b
    slope, low, high = 0.0, -np.inf, np.inf
    for _ in range(_MAX_STEPS):
        p = special.expit(slope + offset)
        information = float((p * (1.0 - p)).sum())
        score = n_events_group - certain - float(p.sum())
        step = min(max(score / information, -_LONGEST_STEP), _LONGEST_STEP)
        if abs(step) <= _STEP_TOLERANCE:
            return slope, 1.0 / information
        # the score falls with the slope, so each sign says on which side the maximum is: steps cannot run in
        # circles
        low, high = (slope, high) if score > 0.0 else (low, slope)
        slope = slope + step if low < slope + step < high else (low + high) / 2.0
    return float("nan"), float("nan")
