"""How often a marker ranks two patients as their survival does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.stats.arguments import as_binary, as_codes, as_times, as_vector, check_confidence, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ConcordanceDifference", "SurvivalConcordance", "compare_concordances", "survival_concordance"]

_BLOCK = 2_000_000
"""Pairs that are looked at in one piece."""


@dataclass(frozen=True, kw_only=True)
class SurvivalConcordance:
    """Harrell's concordance with its standard error.

    Parameters
    ----------
    n, n_events : int
        Subjects with all values known, and their events.
    concordance : float
        Share of the comparable pairs in which the subject with the higher marker has the event first; half of the
        pairs with equal markers count. 0.5 is no better than chance.
    std_error, ci_low, ci_high : float
        Infinitesimal jackknife, and the normal interval clipped to [0, 1].
    n_concordant, n_discordant, n_tied : int
        Comparable pairs.
    method : str
        For the methods column.
    confidence : float
        Level of the interval.
    reason : str
        ``empty`` or ``no_comparable_pairs``; empty otherwise.
    """

    n: int
    n_events: int
    concordance: float
    std_error: float
    ci_low: float
    ci_high: float
    n_concordant: int
    n_discordant: int
    n_tied: int
    method: str
    confidence: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ConcordanceDifference:
    """Difference of the concordances of two markers in the same subjects.

    Parameters
    ----------
    n, n_events : int
        Subjects with all values known, and their events.
    first, second, difference : float
        The concordances, and first minus second.
    std_error, ci_low, ci_high, p_value : float
        Of the difference; two-sided.
    method : str
        For the methods column.
    confidence : float
        Level of the interval.
    reason : str
        ``empty``, ``no_comparable_pairs``, ``no_difference_in_ranks`` (the variance is zero); empty otherwise.
    """

    n: int
    n_events: int
    first: float
    second: float
    difference: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    method: str
    confidence: float
    reason: str = ""


def survival_concordance(
    marker: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    confidence: float = 0.95,
) -> SurvivalConcordance:
    """Estimate how well a marker, or the linear predictor of a Cox model, ranks subjects by time to event.

    Judged on the patients that a model was fitted on it is optimistic. It depends on the censoring where that cuts
    off late events.

    Parameters
    ----------
    marker : array-like of float, shape (n,)
        Higher means an earlier event. NaN is missing.
    time : array-like of float, shape (n,)
        Follow-up, any unit. NaN is missing.
    event : array-like, shape (n,)
        True/1 for an event, False/0 for censoring. NaN is missing.
    strata : array-like of int, shape (n,), optional
        Only subjects of one stratum are compared.
    confidence : float
        Level of the two-sided interval.

    Returns
    -------
    SurvivalConcordance

    Raises
    ------
    InputError
        If lengths differ, or events or codes are not what is expected.
    EndpointError
        If a time is negative.

    Notes
    -----
    A pair is comparable where the earlier time is an event, or where times are equal and exactly one is an
    event (it counts as the earlier). The variance is the sum of squared changes of the ratio when one subject's weight
    changes, as in R's ``concordance``. All pairs are looked at: O(n^2) time, constant memory.

    References
    ----------
    Harrell et al., JAMA 1982, doi:10.1001/jama.1982.03320430047030.
    """
    check_confidence(confidence)
    z, t, d, s = complete(
        marker=as_vector(marker, name="marker"),
        time=as_times(time, name="time"),
        event=as_binary(event, name="event"),
        strata=np.zeros(np.size(np.asarray(time))) if strata is None else as_codes(strata, name="strata"),
    )
    counts = np.zeros((t.size, 3))
    for code in np.unique(s):
        inside = np.flatnonzero(s == code)
        counts[inside] = _count(z[inside], t[inside], d[inside])
    concordant, discordant, tied = (float(v) / 2.0 for v in counts.sum(axis=0))
    ratio, own = _influence(counts)
    reason = "empty" if t.size == 0 else "no_comparable_pairs" if np.isnan(ratio) else ""
    error = float("nan") if reason else float(np.sqrt((own**2).sum()))
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    return SurvivalConcordance(
        n=t.size,
        n_events=int(d.sum()),
        concordance=ratio,
        std_error=error,
        ci_low=float(np.maximum(ratio - half, 0.0)),
        ci_high=float(np.minimum(ratio + half, 1.0)),
        n_concordant=round(concordant),
        n_discordant=round(discordant),
        n_tied=round(tied),
        method="not estimated" if reason else "Harrell's concordance; infinitesimal jackknife interval",
        confidence=confidence,
        reason=reason,
    )


def compare_concordances(
    first: ArrayLike, second: ArrayLike, *, time: ArrayLike, event: ArrayLike, confidence: float = 0.95
) -> ConcordanceDifference:
    """Compare how well two markers of the same subjects rank them by time to event.

    Two markers of which one was fitted to these subjects are not compared fairly by this.

    Parameters
    ----------
    first, second : array-like of float, shape (n,)
        Higher means an earlier event. NaN in either leaves the subject out.
    time, event : array-like, shape (n,)
        Follow-up, and True/1 where it ended with the event; NaN is missing.
    confidence : float
        Level of the interval.

    Raises
    ------
    InputError
        If lengths differ, a marker is infinite, or an event is neither 0 nor 1.
    EndpointError
        If a time is negative.

    Notes
    -----
    The variance of the difference is the sum of squared differences of what each subject contributes to the two ratios
    (infinitesimal jackknife, as in R's ``concordance`` of several models). O(n^2) time, constant memory.

    References
    ----------
    Harrell et al., JAMA 1982, doi:10.1001/jama.1982.03320430047030.
    """
    check_confidence(confidence)
    a, b, t, d = complete(
        first=as_vector(first, name="first"),
        second=as_vector(second, name="second"),
        time=as_times(time, name="time"),
        event=as_binary(event, name="event"),
    )
    (one, own_a), (two, own_b) = (_influence(_count(z, t, d)) for z in (a, b))
    reason = "empty" if t.size == 0 else "no_comparable_pairs" if np.isnan(one) else ""
    error = p_value = float("nan")
    if not reason:
        error = float(np.sqrt(((own_a - own_b) ** 2).sum()))
        reason = "no_difference_in_ranks" if error == 0.0 else ""
    if reason:
        error = float("nan")
    else:
        p_value = float(2.0 * stats.norm.sf(abs(one - two) / error))
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    return ConcordanceDifference(
        n=t.size,
        n_events=int(d.sum()),
        first=one,
        second=two,
        difference=one - two,
        std_error=error,
        ci_low=one - two - half,
        ci_high=one - two + half,
        p_value=p_value,
        method="not estimated" if reason else "difference of two concordances of the same subjects",
        confidence=confidence,
        reason=reason,
    )


def _influence(counts: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return a concordance, and by how much each subject moves it."""
    concordant, _, tied = (float(v) / 2.0 for v in counts.sum(axis=0))
    pairs = float(counts.sum()) / 2.0
    if not pairs:
        return float("nan"), np.zeros(len(counts))
    ratio = (concordant + tied / 2.0) / pairs
    return ratio, (counts[:, 0] + counts[:, 2] / 2.0 - ratio * counts.sum(axis=1)) / pairs


def _count(z: NDArray[np.float64], t: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, per subject, its concordant, discordant and tied comparable pairs."""
    found = np.zeros((t.size, 3))
    events = np.flatnonzero(d == 1.0)
    block = max(_BLOCK // max(t.size, 1), 1)
    for start in range(0, events.size, block):
        rows = events[start : start + block]
        later = (t > t[rows, None]) | ((t == t[rows, None]) & (d == 0.0))
        parts = (later & (z < z[rows, None]), later & (z > z[rows, None]), later & (z == z[rows, None]))
        for column, part in enumerate(parts):
            found[rows, column] += part.sum(axis=1)
            found[:, column] += part.sum(axis=0)
    return found
