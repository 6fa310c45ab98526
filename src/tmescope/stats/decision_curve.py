"""What it would bring to treat by a prediction: net benefit over thresholds (decision curve)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_vector, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["DecisionCurve", "measure_net_benefit"]


@dataclass(frozen=True, kw_only=True)
class DecisionCurve:
    """Net benefit of treating by a prediction, of treating all, and of treating nobody (zero).

    Parameters
    ----------
    n, n_events : int
        Patients without a missing value, and those with the outcome.
    thresholds, net_benefit, treat_all : array of float64, shape (m,)
        Chance from which one would treat, and the benefits there in true positives per patient.
    reason : str
        ``empty``; empty otherwise.
    """

    n: int
    n_events: int
    thresholds: NDArray[np.float64]
    net_benefit: NDArray[np.float64]
    treat_all: NDArray[np.float64]
    reason: str = ""


def measure_net_benefit(chance: ArrayLike, outcome: ArrayLike, thresholds: ArrayLike) -> DecisionCurve:
    """Compute the net benefit of treating patients whose predicted chance reaches a threshold.

    Parameters
    ----------
    chance : array-like of float, shape (n,)
        Predicted chance of the outcome, 0 to 1, for patients that did not train the prediction; NaN is missing.
    outcome : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    thresholds : array-like of float, shape (m,)
        Between 0 and 1.

    Raises
    ------
    InputError
        If a chance lies outside 0 to 1 or a threshold is not between 0 and 1.

    Notes
    -----
    ``true positives / n - false positives / n * t / (1 - t)``. Cost O((n + m) log n).

    References
    ----------
    Vickers and Elkin, Medical Decision Making 2006, doi:10.1177/0272989X06295361.
    """
    p, y = complete(chance=as_vector(chance, name="chance"), outcome=as_binary(outcome, name="outcome"))
    t = as_vector(thresholds, name="thresholds")
    if ((p < 0.0) | (p > 1.0)).any():
        raise InputError("chances lie outside 0 to 1", where="argument chance", expected="predicted chances")
    if not ((t > 0.0) & (t < 1.0)).all():
        raise InputError("a threshold is not between 0 and 1", where="argument thresholds")
    n, n_events = p.size, int(y.sum())
    if n == 0:
        nothing = np.full(t.size, np.nan)
        return DecisionCurve(n=0, n_events=0, thresholds=t, net_benefit=nothing, treat_all=nothing, reason="empty")
    order = np.argsort(p, kind="stable")
    below = np.searchsorted(p[order], t, side="left")
    events_below = np.concatenate([[0.0], np.cumsum(y[order])])[below]
    true = n_events - events_below
    false = n - below - true
    odds = t / (1.0 - t)
    return DecisionCurve(
        n=n,
        n_events=n_events,
        thresholds=t,
        net_benefit=true / n - false / n * odds,
        treat_all=(n_events - (n - n_events) * odds) / n,
    )
