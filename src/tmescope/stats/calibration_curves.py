"""Calibration along the range of predicted chances: groups of patients, and a smooth curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.stats.lowess import smooth_locally
from tmescope.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CalibrationCurve", "draw_curve", "kaplan_meier_at", "pseudo_risks"]


@dataclass(frozen=True, kw_only=True)
class CalibrationCurve:
    """What was observed along the range of predicted chances.

    Parameters
    ----------
    group_n, group_events : array of int, shape (g,)
        Patients of each group by chance, and their events (by the horizon).
    group_predicted, group_observed, group_ci_low, group_ci_high : array of float64, shape (g,)
        Mean chance, and share with the outcome (Wilson's interval; at a horizon one less Kaplan-Meier's survival with
        its log-log interval, NaN where the group was not followed to it).
    predicted, smooth : array of float64, shape (n,)
        Chances in order, and the smooth share with the outcome there, between 0 and 1; empty where there is no curve.
    ici, e50, e90, e_max : float
        Mean, median, 90th percentile and maximum of ``abs(smooth - predicted)`` over the patients.
    """

    group_n: NDArray[np.int64]
    group_events: NDArray[np.int64]
    group_predicted: NDArray[np.float64]
    group_observed: NDArray[np.float64]
    group_ci_low: NDArray[np.float64]
    group_ci_high: NDArray[np.float64]
    predicted: NDArray[np.float64]
    smooth: NDArray[np.float64]
    ici: float
    e50: float
    e90: float
    e_max: float


def draw_curve(
    p: NDArray[np.float64],
    outcome: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    horizon: float | None,
    n_groups: int,
    confidence: float,
) -> CalibrationCurve:
    """Group patients by predicted chance, and smooth their outcomes over it.

    Parameters
    ----------
    p : array of float64, shape (n,)
        Complete.
    outcome : tuple of array of float64, shape (n,)
        Time and event; without a horizon the second is the binary outcome.
    horizon : float or None
    n_groups : int
        Groups of equal size; equal chances stay together, which may leave fewer.
    confidence : float
    """
    t, d = outcome
    edges = np.quantile(p, np.linspace(0.0, 1.0, n_groups + 1)[1:-1]) if p.size else np.zeros(0)
    _, group = np.unique(np.searchsorted(edges, p, side="right"), return_inverse=True)
    rows = []
    for code in range(int(group.max()) + 1 if p.size else 0):
        inside = group == code
        observed = _observed(t[inside], d[inside], horizon=horizon, confidence=confidence)
        rows.append((int(inside.sum()), float(p[inside].mean()), *observed))
    table = np.array(rows).reshape(len(rows), 6)
    own = d if horizon is None else pseudo_risks(t, d, horizon) if p.size and horizon <= t.max() else np.zeros(0)
    predicted, smooth = np.zeros(0), np.zeros(0)
    if own.size >= 2:
        predicted, found = smooth_locally(p, own, n_robust=0)
        smooth = np.clip(found, 0.0, 1.0)
    gaps = np.abs(smooth - predicted)
    gaps = gaps if gaps.size else np.array([np.nan])
    return CalibrationCurve(
        group_n=table[:, 0].astype(np.int64),
        group_events=table[:, 2].astype(np.int64),
        group_predicted=table[:, 1],
        group_observed=table[:, 3],
        group_ci_low=table[:, 4],
        group_ci_high=table[:, 5],
        predicted=predicted,
        smooth=smooth,
        ici=float(gaps.mean()),
        e50=float(np.median(gaps)),
        e90=float(np.quantile(gaps, 0.9)),
        e_max=float(gaps.max()),
    )


def kaplan_meier_at(time: NDArray[np.float64], event: NDArray[np.float64], horizon: float) -> tuple[float, float]:
    """Return the survival at a horizon and its standard error (Greenwood); 1 and 0 before the first event.

    Parameters
    ----------
    time, event : array of float64, shape (n,)
    horizon : float
    """
    curve = kaplan_meier(time, event)
    place = int(np.searchsorted(curve.time, horizon, side="right")) - 1
    if place < 0:
        return 1.0, 0.0
    return float(curve.survival[place]), float(curve.std_error[place])


def pseudo_risks(time: NDArray[np.float64], event: NDArray[np.float64], horizon: float) -> NDArray[np.float64]:
    """Return for each patient the pseudo-observation of the event by a horizon.

    Parameters
    ----------
    time, event : array of float64, shape (n,)
        Complete, at least one followed to the horizon.
    horizon : float

    Returns
    -------
    array of float64, shape (n,)
        ``n F(t) - (n - 1) F_i(t)`` with F one less Kaplan-Meier's survival, and F_i that of all others; their mean is F
        for large n, and without censoring each is the outcome itself.

    Notes
    -----
    All curves that leave one out come from three running products: O(n log n).
    """
    n = time.size
    times, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, weights=event, minlength=times.size)
    leaving = np.bincount(place, minlength=times.size)
    at_risk = n - np.concatenate([[0], np.cumsum(leaving)[:-1]]).astype(np.float64)
    used = times <= horizon
    full = np.where(used, 1.0 - events / at_risk, 1.0)
    fewer = np.maximum(at_risk - 1.0, 1.0)
    without = np.where(used, 1.0 - events / fewer, 1.0)  # factors up to the own time, one less at risk
    before = np.concatenate([[1.0], np.cumprod(without)[:-1]])
    after = np.append(np.cumprod(full[::-1])[::-1][1:], 1.0)
    own = np.where(used[place], 1.0 - (events[place] - event) / fewer[place], 1.0)
    left_out = before[place] * own * after[place]
    survival = float(np.prod(full))
    return np.asarray(n * (1.0 - survival) - (n - 1) * (1.0 - left_out), dtype=np.float64)


def _observed(
    t: NDArray[np.float64], d: NDArray[np.float64], *, horizon: float | None, confidence: float
) -> tuple[int, float, float, float]:
    """Return the events of a group, the share with the outcome, and its limits."""
    if horizon is None:
        return int(d.sum()), float(d.mean()), *_wilson(int(d.sum()), d.size, confidence=confidence)
    count = int(((t <= horizon) & (d == 1.0)).sum())
    curve = kaplan_meier(t, d, confidence=confidence)
    place = int(np.searchsorted(curve.time, horizon, side="right")) - 1
    if place < 0:
        return count, 0.0, float("nan"), float("nan")
    if horizon > t.max() and curve.survival[-1] > 0.0:
        return count, float("nan"), float("nan"), float("nan")
    survival = float(curve.survival[place])
    return count, 1.0 - survival, 1.0 - float(curve.ci_high[place]), 1.0 - float(curve.ci_low[place])


def _wilson(count: int, n: int, *, confidence: float) -> tuple[float, float]:
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    share, spread = count / n, z * z / n
    middle = (share + spread / 2.0) / (1.0 + spread)
    half = z * np.sqrt(share * (1.0 - share) / n + spread / (4.0 * n)) / (1.0 + spread)
    return float(middle - half), float(middle + half)
