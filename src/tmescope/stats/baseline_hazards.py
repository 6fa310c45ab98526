"""From the linear predictor of a Cox model to the chance of the event within a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, as_vector, complete

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["BaselineSurvival", "baseline_survival"]


@dataclass(frozen=True, kw_only=True)
class BaselineSurvival:
    """Breslow's estimate of what a patient with linear predictor zero has to expect.

    Parameters
    ----------
    horizons : array of float64, shape (m,)
        In the unit of the times.
    log_cumulative_hazard, survival : array of float64, shape (m,)
        Logarithm of the cumulative baseline hazard at each horizon (-inf before the first event), and
        ``exp(-cumulative hazard)``. NaN at a horizon that no patient was followed to.
    n, n_events : int
        Patients without a missing value, and their events.
    last_time : float
        Longest follow-up.
    reason : str
        ``empty`` or ``no_events``; empty otherwise.
    """

    horizons: NDArray[np.float64]
    log_cumulative_hazard: NDArray[np.float64]
    survival: NDArray[np.float64]
    n: int
    n_events: int
    last_time: float
    reason: str = ""

    def risks(self, linear_predictor: ArrayLike) -> NDArray[np.float64]:
        """Return the chance of the event within each horizon.

        Parameters
        ----------
        linear_predictor : array-like of float, shape (k,)
            Of the same model, on the same scale as the patients that gave the baseline. NaN is missing.

        Returns
        -------
        array of float64, shape (k, m)
            ``1 - exp(-H0(t) exp(linear predictor))``.
        """
        own = as_vector(linear_predictor, name="linear_predictor")
        with np.errstate(over="ignore"):
            return np.asarray(-np.expm1(-np.exp(self.log_cumulative_hazard[None, :] + own[:, None])))


def baseline_survival(
    time: ArrayLike, event: ArrayLike, linear_predictor: ArrayLike, *, horizons: ArrayLike
) -> BaselineSurvival:
    """Estimate the baseline survival that belongs to a Cox model, at stated horizons.

    Parameters
    ----------
    time, event : array-like, shape (n,)
        Follow-up and whether it ended with the event, of the patients that the model was fitted on. NaN is missing.
    linear_predictor : array-like of float, shape (n,)
        Of that model: any coefficients, penalised or not. NaN is missing.
    horizons : array-like of float, shape (m,)
        Times at which risks are wanted; zero or more.

    Returns
    -------
    BaselineSurvival

    Raises
    ------
    InputError
        If lengths differ, or a horizon is missing.
    EndpointError
        If a time is negative.

    Notes
    -----
    ``H0(t) = sum over events up to t of 1 / sum of exp(linear predictor) of those at risk``, in logarithms, so that
    predictors of any size are taken. Tied events have the same risk set (Breslow). Cost: one sort.

    References
    ----------
    Breslow, Biometrics 1974, doi:10.2307/2529620.
    """
    t, d, eta = complete(
        time=as_times(time, name="time"),
        event=as_binary(event, name="event"),
        linear_predictor=as_vector(linear_predictor, name="linear_predictor"),
    )
    wanted = as_times(horizons, name="horizons")
    if np.isnan(wanted).any():
        raise InputError("a horizon is missing", where="argument horizons", expected="times, zero or more")
    n_events = int(d.sum())
    reason = "empty" if t.size == 0 else "no_events" if n_events == 0 else ""
    hazard = np.full(wanted.size, np.nan)
    if not reason:
        hazard = np.where(wanted <= t.max(), _log_cumulative_hazard(t, d, eta, horizons=wanted), np.nan)
    return BaselineSurvival(
        horizons=wanted,
        log_cumulative_hazard=hazard,
        survival=np.exp(-np.exp(hazard)),
        n=t.size,
        n_events=n_events,
        last_time=float(t.max()) if t.size else float("nan"),
        reason=reason,
    )


def _log_cumulative_hazard(
    t: NDArray[np.float64], d: NDArray[np.float64], eta: NDArray[np.float64], *, horizons: NDArray[np.float64]
) -> NDArray[np.float64]:
    order = np.argsort(t, kind="stable")
    t, d, eta = t[order], d[order], eta[order]
    at_risk = np.logaddexp.accumulate(eta[::-1])[::-1]
    times, counts = np.unique(t[d == 1.0], return_counts=True)
    steps = np.log(counts) - at_risk[np.searchsorted(t, times, side="left")]
    path = np.append(-np.inf, np.logaddexp.accumulate(steps))
    return np.asarray(path[np.searchsorted(times, horizons, side="right")], dtype=np.float64)
