"""Weights that let the patients followed to a horizon speak for those censored before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HorizonWeights", "check_horizon", "share_of_weights", "uncensored_before", "weigh_at_horizon"]


@dataclass(frozen=True, kw_only=True)
class HorizonWeights:
    """What is known of each patient at a horizon, and for how many patients each speaks.

    Parameters
    ----------
    weights : array of float64, shape (n,)
        One over the chance of not being censored by then: at the event for those who had it by the horizon, at the
        horizon for those who outlived it; 0 for those censored before.
    had_event : array of bool, shape (n,)
        Whether the event came by the horizon.
    n_events, n_censored : int
        Events by the horizon, and patients censored before it.
    reason : str
        ``empty``, ``beyond_follow_up`` (nobody was followed to the horizon), or empty.
    """

    weights: NDArray[np.float64]
    had_event: NDArray[np.bool_]
    n_events: int
    n_censored: int
    reason: str


def check_horizon(horizon: float) -> float:
    """Refuse a horizon that is no time.

    Raises
    ------
    InputError
        If it is not above zero and finite.
    """
    if not (np.isfinite(horizon) and horizon > 0.0):
        raise InputError(f"the horizon is {horizon!r}", where="argument horizon", expected="a time above zero")
    return float(horizon)


def uncensored_before(
    time: NDArray[np.float64], event: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the chance of not having been censored before given times (Kaplan-Meier of the censoring).

    Parameters
    ----------
    time, event : array of float64, shape (n,)
        Complete.
    at : array of float64, shape (k,)

    Returns
    -------
    array of float64, shape (k,)
        ``G(t-)``. Who has the event at a time is not at risk of being censored at it.
    """
    times, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, weights=event, minlength=times.size)
    censored = np.bincount(place, weights=1.0 - event, minlength=times.size)
    at_risk = time.size - np.concatenate([[0.0], np.cumsum(events + censored)[:-1]]) - events
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(censored > 0.0, 1.0 - censored / at_risk, 1.0)
    path = np.concatenate([[1.0], np.cumprod(steps)])
    return np.asarray(path[np.searchsorted(times, at, side="left")], dtype=np.float64)


def weigh_at_horizon(time: NDArray[np.float64], event: NDArray[np.float64], *, horizon: float) -> HorizonWeights:
    """Weigh patients by the inverse of their chance of being followed for long enough.

    Parameters
    ----------
    time, event : array of float64, shape (n,)
        Complete. Censoring must not depend on the outcome or on what predicts it.
    horizon : float
        Above zero.

    Notes
    -----
    An event counts where it came at or before the horizon; who is censored exactly at the horizon outlived it. The
    weights of all patients sum to n where the last to leave before the horizon is not the last of all.
    """
    had = (event == 1.0) & (time <= horizon)
    outlived = ~had & (time >= horizon)
    n_censored = int(time.size - had.sum() - outlived.sum())
    reason = "empty" if time.size == 0 else "beyond_follow_up" if horizon > time.max() else ""
    weights = np.zeros(time.size)
    if not reason:
        chance = uncensored_before(time, event, np.minimum(time, horizon))
        known = had | outlived
        weights[known] = 1.0 / chance[known]
    return HorizonWeights(weights=weights, had_event=had, n_events=int(had.sum()), n_censored=n_censored, reason=reason)


def share_of_weights(
    parts: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.float64], *, horizon: float
) -> NDArray[np.float64]:
    """Return what each patient adds to a weighted sum through the weights, which are estimated from all patients.

    Parameters
    ----------
    parts : array of float64, shape (n,)
        Terms of the sum, each with the weight of its patient as a factor.
    time, event : array of float64, shape (n,)
        Complete.
    horizon : float

    Returns
    -------
    array of float64, shape (n,)
        To be added to `parts` before their squares give the variance of the sum.

    Notes
    -----
    ``integral of A(u) / Y(u) dM(u)`` up to the horizon, with M the patient's martingale of being censored, Y the number
    at risk of it and A the sum of the parts whose weight rests on the curve at u.
    """
    times, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, weights=event, minlength=times.size)
    censored = np.bincount(place, weights=1.0 - event, minlength=times.size)
    at_risk = time.size - np.concatenate([[0.0], np.cumsum(events + censored)[:-1]]) - events
    rests = np.bincount(place, weights=parts, minlength=times.size)[::-1].cumsum()[::-1]
    later = np.append(rests[1:], 0.0)  # a part of a later time, or of the horizon, rests on the curve at this one
    counts = (censored > 0.0) & (times < horizon)
    pull = np.where(counts, later / np.where(at_risk > 0.0, at_risk, 1.0), 0.0)
    path = np.cumsum(pull * censored / np.where(at_risk > 0.0, at_risk, 1.0))
    before = np.concatenate([[0.0], path[:-1]])
    return np.asarray(np.where(event == 1.0, -before[place], pull[place] - path[place]), dtype=np.float64)
