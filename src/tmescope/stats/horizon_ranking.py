"""How well a marker ranks patients by their time to event, freed from the pattern of censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.stats.arguments import as_binary, as_times, as_vector, check_confidence, complete
from tmescope.stats.censoring_weights import check_horizon, share_of_weights, uncensored_before, weigh_at_horizon

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["HorizonAuc", "UnoConcordance", "auc_at", "uno_concordance"]

_BLOCK = 2_000_000
"""Pairs that are looked at in one piece."""


@dataclass(frozen=True, kw_only=True)
class HorizonAuc:
    """Area under the cumulative/dynamic ROC curve at a horizon.

    Parameters
    ----------
    n, n_cases, n_controls, n_censored : int
        Patients without a missing value; with the event by the horizon; who outlived it; censored before it.
    auc, std_error, ci_low, ci_high : float
        Chance that a patient with the event by the horizon has the higher marker than one who outlives it, with its
        normal interval clipped to 0 and 1.
    method : str
    confidence : float
    reason : str
        ``empty``, ``beyond_follow_up``, ``no_cases``, ``no_controls``; empty otherwise.
    """

    n: int
    n_cases: int
    n_controls: int
    n_censored: int
    auc: float
    std_error: float
    ci_low: float
    ci_high: float
    method: str
    confidence: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class UnoConcordance:
    """Uno's concordance.

    Parameters
    ----------
    n, n_events : int
        Patients without a missing value, and their events before the horizon.
    concordance, std_error, ci_low, ci_high : float
        Chance that of two patients the one with the earlier event (before the horizon) has the higher marker; 0.5 is no
        better than chance. Normal interval clipped to 0 and 1, the weights taken as known.
    method : str
    confidence : float
    reason : str
        ``empty``, ``no_comparable_pairs``; empty otherwise.
    """

    n: int
    n_events: int
    concordance: float
    std_error: float
    ci_low: float
    ci_high: float
    method: str
    confidence: float
    reason: str = ""


def auc_at(
    marker: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizon: float, confidence: float = 0.95
) -> HorizonAuc:
    """Estimate how well a marker tells who has the event by a horizon from who outlives it.

    Parameters
    ----------
    marker : array-like of float, shape (n,)
        Higher means an earlier event. NaN is missing.
    time, event : array-like, shape (n,)
        Follow-up and whether it ended with the event; NaN is missing.
    horizon : float
        In the unit of the times.
    confidence : float
        Level of the interval.

    Raises
    ------
    InputError
        If lengths differ or the horizon is no time.
    EndpointError
        If a time is negative.

    Notes
    -----
    Cases weigh one over their chance of not having been censored before their event; controls weigh alike. Equal
    markers count one half. The standard error is that of the influence of each patient, on the statistic and through
    the estimated weights. Cost O(n log n).

    References
    ----------
    Uno, Cai, Tian and Wei, JASA 2007, doi:10.1198/016214507000000149.
    """
    check_confidence(confidence)
    own = check_horizon(horizon)
    z, t, d = complete(
        marker=as_vector(marker, name="marker"), time=as_times(time, name="time"), event=as_binary(event, name="event")
    )
    known = weigh_at_horizon(t, d, horizon=own)
    case, control = known.had_event, ~known.had_event & (known.weights > 0.0)
    reason = known.reason or ("" if case.any() else "no_cases") or ("" if control.any() else "no_controls")
    area = error = float("nan")
    if not reason:
        w, v = known.weights[case], known.weights[control]
        by_case, by_control = _below(z[case], z[control], weight=v), _below(-z[control], -z[case], weight=w)
        total = float(w.sum() * v.sum())
        area = float((w * by_case).sum()) / total
        parts = np.zeros(t.size)
        parts[case] = w * (by_case - area * v.sum()) / total
        parts[control] = v * (by_control - area * w.sum()) / total
        parts += share_of_weights(parts, t, d, horizon=own)
        error = float(np.sqrt((parts**2).sum()))
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    method = f"cumulative/dynamic AUC at {own:g}, weighted by the inverse chance of being followed; normal interval"
    return HorizonAuc(
        n=t.size,
        n_cases=known.n_events,
        n_controls=int(t.size - known.n_events - known.n_censored),
        n_censored=known.n_censored,
        auc=area,
        std_error=error,
        ci_low=float(np.maximum(area - half, 0.0)),
        ci_high=float(np.minimum(area + half, 1.0)),
        method="not estimated" if reason else method,
        confidence=confidence,
        reason=reason,
    )


def uno_concordance(
    marker: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizon: float | None = None, confidence: float = 0.95
) -> UnoConcordance:
    """Estimate how well a marker ranks patients by time to event, whatever the censoring was.

    Unlike Harrell's concordance it does not depend on the pattern of censoring. Late events weigh much: a horizon keeps
    the weights bounded.

    Parameters
    ----------
    marker : array-like of float, shape (n,)
        Higher means an earlier event. NaN is missing.
    time, event : array-like, shape (n,)
        Follow-up and whether it ended with the event; NaN is missing.
    horizon : float, optional
        Events before it count; by default all.
    confidence : float
        Level of the interval.

    Raises
    ------
    InputError
        If lengths differ or the horizon is no time.
    EndpointError
        If a time is negative.

    Notes
    -----
    Pairs in which the earlier time is an event (or both times are equal and one is an event) weigh ``G(t-)^-2``, G the
    Kaplan-Meier curve of the censoring; equal markers count one half. The standard error is the infinitesimal jackknife
    with known weights. O(n^2) time, in blocks.

    References
    ----------
    Uno, Cai, Pencina, D'Agostino and Wei, Stat Med 2011, doi:10.1002/sim.4154.
    """
    check_confidence(confidence)
    last = np.inf if horizon is None else check_horizon(horizon)
    z, t, d = complete(
        marker=as_vector(marker, name="marker"), time=as_times(time, name="time"), event=as_binary(event, name="event")
    )
    early = np.flatnonzero((d == 1.0) & (t < last))
    with np.errstate(divide="ignore"):
        weights = uncensored_before(t, d, t[early]) ** -2.0
    won, pairs = np.zeros(t.size), np.zeros(t.size)
    block = max(_BLOCK // max(t.size, 1), 1)
    for start in range(0, early.size, block):
        rows = early[start : start + block]
        w = weights[start : start + block, None]
        later = w * ((t > t[rows, None]) | ((t == t[rows, None]) & (d == 0.0)))
        good = later * ((z < z[rows, None]) + 0.5 * (z == z[rows, None]))
        won += good.sum(axis=0)
        won[rows] += good.sum(axis=1)
        pairs += later.sum(axis=0)
        pairs[rows] += later.sum(axis=1)
    n_pairs = float(pairs.sum()) / 2.0
    reason = "empty" if t.size == 0 else "" if n_pairs > 0.0 else "no_comparable_pairs"
    ratio = error = float("nan")
    if not reason:
        ratio = float(won.sum()) / 2.0 / n_pairs
        error = float(np.sqrt(((won - ratio * pairs) ** 2).sum())) / n_pairs
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    words = "" if horizon is None else f" before {last:g}"
    return UnoConcordance(
        n=t.size,
        n_events=early.size,
        concordance=ratio,
        std_error=error,
        ci_low=float(np.maximum(ratio - half, 0.0)),
        ci_high=float(np.minimum(ratio + half, 1.0)),
        method="not estimated" if reason else f"Uno's concordance{words}; normal interval",
        confidence=confidence,
        reason=reason,
    )


def _below(
    values: NDArray[np.float64], others: NDArray[np.float64], *, weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weight of the others below each value; of equal ones one half."""
    order = np.argsort(others, kind="stable")
    path = np.concatenate([[0.0], np.cumsum(weight[order])])
    left, right = (np.searchsorted(others[order], values, side=side) for side in ("left", "right"))
    return np.asarray((path[left] + path[right]) / 2.0, dtype=np.float64)
