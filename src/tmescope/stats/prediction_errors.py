"""How far predicted chances are from what happened: Brier score and logarithmic loss, with and without censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, as_vector, check_confidence, complete
from tmescope.stats.censoring_weights import HorizonWeights, check_horizon, share_of_weights, weigh_at_horizon
from tmescope.stats.designs import as_matrix, complete_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["IntegratedError", "PredictionError", "integrated_error", "prediction_error", "prediction_error_at"]


@dataclass(frozen=True, kw_only=True)
class PredictionError:
    """Error of predicted chances, beside that of predicting the same for all.

    Parameters
    ----------
    n, n_events, n_censored : int
        Patients without a missing value, events (by the horizon), and patients censored before the horizon (0 for a
        binary outcome).
    brier, std_error, ci_low, ci_high : float
        Mean squared difference of the chance and the outcome, with its normal interval; 0 is perfect.
    reference : float
        Brier score of the share of events among the same patients (Kaplan-Meier's at a horizon) as the chance of all.
    scaled : float
        ``1 - brier / reference``: 1 is perfect, 0 no better than the share, below 0 worse.
    log_loss, log_loss_reference : float
        Mean of minus the logarithm of the chance of what happened; inf where a chance of 0 or 1 was wrong.
    method : str
    confidence : float
    reason : str
        ``empty``, ``one_class`` (`scaled` alone is NaN then), ``beyond_follow_up``; empty otherwise.
    """

    n: int
    n_events: int
    n_censored: int
    brier: float
    std_error: float
    ci_low: float
    ci_high: float
    reference: float
    scaled: float
    log_loss: float
    log_loss_reference: float
    method: str
    confidence: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class IntegratedError:
    """Brier score over a span of horizons.

    Parameters
    ----------
    horizons, brier, reference : array of float64, shape (m,)
        At each horizon.
    integrated, integrated_reference, scaled : float
        Means over the span (trapezoids), and one less their ratio.
    n, n_events : int
        Patients without a missing value, and their events by the last horizon.
    reason : str
        ``empty``, ``beyond_follow_up``; empty otherwise.
    """

    horizons: NDArray[np.float64]
    brier: NDArray[np.float64]
    reference: NDArray[np.float64]
    integrated: float
    integrated_reference: float
    scaled: float
    n: int
    n_events: int
    reason: str = ""


def prediction_error(chance: ArrayLike, outcome: ArrayLike, *, confidence: float = 0.95) -> PredictionError:
    """Measure the error of predicted chances of a binary outcome.

    Parameters
    ----------
    chance : array-like of float, shape (n,)
        0 to 1, for patients that did not train the prediction; NaN is missing.
    outcome : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    confidence : float
        Level of the interval.

    Raises
    ------
    InputError
        If a chance lies outside 0 to 1, or lengths differ.

    Notes
    -----
    Patients are independent: the standard error is that of a mean.

    References
    ----------
    Brier, Monthly Weather Review 1950, 78:1-3.
    """
    check_confidence(confidence)
    p, y = complete(chance=_as_chances(chance, "chance"), outcome=as_binary(outcome, name="outcome"))
    known = HorizonWeights(
        weights=np.ones(p.size),
        had_event=y == 1.0,
        n_events=int(y.sum()),
        n_censored=0,
        reason="" if p.size else "empty",
    )
    return _error(p, known, through=np.zeros(p.size), confidence=confidence, method="Brier score; normal interval")


def prediction_error_at(
    risk: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizon: float, confidence: float = 0.95
) -> PredictionError:
    """Measure the error of predicted risks of the event by a horizon, with censoring.

    Parameters
    ----------
    risk : array-like of float, shape (n,)
        Chance of the event by the horizon, 0 to 1, for patients that did not train the prediction; NaN is missing.
    time, event : array-like, shape (n,)
        Follow-up and whether it ended with the event; NaN is missing.
    horizon : float
        In the unit of the times.
    confidence : float
        Level of the interval.

    Raises
    ------
    InputError
        If a risk lies outside 0 to 1, lengths differ, or the horizon is no time.
    EndpointError
        If a time is negative.

    Notes
    -----
    Inverse probability of censoring weights from the Kaplan-Meier curve of the censoring, which must not depend on what
    predicts the outcome. The standard error is that of the influence of each patient, also through the weights. Who is
    censored exactly at the horizon outlived it.

    References
    ----------
    Graf, Schmoor, Sauerbrei and Schumacher, Stat Med 1999, 18:2529-2545.
    """
    check_confidence(confidence)
    own = check_horizon(horizon)
    p, t, d = complete(
        risk=_as_chances(risk, "risk"), time=as_times(time, name="time"), event=as_binary(event, name="event")
    )
    known = weigh_at_horizon(t, d, horizon=own)
    parts = known.weights * (known.had_event - p) ** 2
    method = f"Brier score at {own:g}, weighted by the inverse chance of being followed; normal interval"
    through = share_of_weights(parts, t, d, horizon=own) if t.size else parts
    return _error(p, known, through=through, confidence=confidence, method=method)


def integrated_error(risks: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizons: ArrayLike) -> IntegratedError:
    """Average the Brier score over a span of horizons.

    Parameters
    ----------
    risks : array-like of float, shape (n, m)
        Chance of the event by each horizon; a row with NaN is dropped.
    time, event : array-like, shape (n,)
    horizons : array-like of float, shape (m,)
        Two or more, increasing.

    Raises
    ------
    InputError
        If shapes differ, a risk lies outside 0 to 1, or horizons do not increase.
    """
    wanted = as_vector(horizons, name="horizons")
    matrix = as_matrix(risks, name="risks")
    if wanted.size < 2 or not (np.diff(wanted) > 0.0).all() or matrix.shape[1] != wanted.size:
        raise InputError(
            f"{wanted.size} horizons for risks of shape {matrix.shape}",
            where="argument horizons",
            expected="two or more increasing times, one for each column of risks",
        )
    p, t, d = complete_rows(matrix, as_times(time, name="time"), as_binary(event, name="event"))
    found = [prediction_error_at(p[:, k], t, d, horizon=float(h)) for k, h in enumerate(wanted)]
    brier, reference = np.array([f.brier for f in found]), np.array([f.reference for f in found])
    span = float(wanted[-1] - wanted[0])
    own, other = float(np.trapezoid(brier, wanted)) / span, float(np.trapezoid(reference, wanted)) / span
    return IntegratedError(
        horizons=wanted,
        brier=brier,
        reference=reference,
        integrated=own,
        integrated_reference=other,
        scaled=1.0 - own / other if other > 0.0 else float("nan"),
        n=t.size,
        n_events=found[-1].n_events,
        reason=found[-1].reason if found[-1].reason != "one_class" else "",
    )


def _error(
    p: NDArray[np.float64], known: HorizonWeights, *, through: NDArray[np.float64], confidence: float, method: str
) -> PredictionError:
    n, w, y = p.size, known.weights, known.had_event.astype(np.float64)
    brier = error = reference = scaled = loss = loss_reference = float("nan")
    reason = known.reason
    if not reason:
        parts = w * (y - p) ** 2
        share = float((w * y).sum() / w.sum())
        brier = float(parts.mean())
        error = float((parts + through).std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
        reference = float((w * (y - share) ** 2).mean())
        loss, loss_reference = _log_loss(p, y, w), _log_loss(np.full(n, share), y, w)
        reason = "" if 0.0 < share < 1.0 else "one_class"
        scaled = float("nan") if reason else 1.0 - brier / reference
    half = float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
    return PredictionError(
        n=n,
        n_events=known.n_events,
        n_censored=known.n_censored,
        brier=brier,
        std_error=error,
        ci_low=float(np.maximum(brier - half, 0.0)),
        ci_high=brier + half,
        reference=reference,
        scaled=scaled,
        log_loss=loss,
        log_loss_reference=loss_reference,
        method="not estimated" if np.isnan(brier) else method,
        confidence=confidence,
        reason=reason,
    )


def _log_loss(p: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64]) -> float:
    return -float((special.xlogy(w * y, p) + special.xlogy(w * (1.0 - y), 1.0 - p)).mean())


def _as_chances(values: ArrayLike, name: str) -> NDArray[np.float64]:
    found = as_vector(values, name=name)
    if ((found < 0.0) | (found > 1.0)).any():
        raise InputError(f"{name} lies outside 0 to 1", where=f"argument {name}", expected="predicted chances")
    return found
