"""Measures of predictions in one cohort: how they rank, whether chances are true, and what acting by them brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.stats.auc_comparison import compare_aucs
from tmescope.stats.calibration import calibrate, calibrate_at
from tmescope.stats.decision_curve import measure_net_benefit, measure_net_benefit_at
from tmescope.stats.horizon_ranking import uno_concordance
from tmescope.stats.prediction_errors import prediction_error, prediction_error_at
from tmescope.stats.ranking import compare_concordances, survival_concordance
from tmescope.stats.roc import auc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.stats.calibration import Calibration

__all__ = ["Judged", "Measured", "measure_difference", "measure_predictions"]

_NAN = float("nan")


@dataclass(frozen=True)
class Judged:
    """Patients of one cohort with their predictions and what happened.

    Parameters
    ----------
    linear, chance : array of float, shape (n,)
        Log odds or log hazard ratio, and predicted chance; NaN where there is no prediction.
    observed : array of float, shape (n,)
        1 or 0.
    time : array of float, shape (n,), or None
        Months; None for response.
    horizon : float or None
        Months that the chance is about.
    """

    linear: NDArray[np.float64]
    chance: NDArray[np.float64]
    observed: NDArray[np.float64]
    time: NDArray[np.float64] | None = None
    horizon: float | None = None

    @property
    def until(self) -> float:
        """Months that the chance is about; the longest follow-up where none are stated."""
        longest = 0.0 if self.time is None or not self.time.size else float(self.time.max())
        return longest if self.horizon is None else self.horizon

    def known(self) -> Judged:
        """Return the patients that have a prediction."""
        keep = np.isfinite(self.linear) & np.isfinite(self.chance)
        time = None if self.time is None else self.time[keep]
        return Judged(self.linear[keep], self.chance[keep], self.observed[keep], time, self.horizon)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One measure in one cohort.

    Parameters
    ----------
    measure : str
        Its name.
    n, n_events : int
        Patients with a prediction, and those of them with the outcome.
    estimate, std_error, ci_low, ci_high, p_value : float
        95% limits.
    method, reason : str
        How, and why not.
    """

    measure: str
    n: int
    n_events: int
    estimate: float
    std_error: float = _NAN
    ci_low: float = _NAN
    ci_high: float = _NAN
    p_value: float = _NAN
    method: str = "not estimated"
    reason: str = ""


def measure_predictions(judged: Judged, *, threshold: float) -> Iterator[Measured]:
    """Yield every measure of the predictions of one cohort.

    Parameters
    ----------
    judged : Judged
        Patients; those without a prediction are left out.
    threshold : float
        Chance from which one would act.
    """
    known = judged.known()
    yield _ranking(known)
    yield from _ranking_to_horizon(known)
    yield from _truth(known)
    yield _benefit(known, threshold)


def measure_difference(judged: Judged, other: NDArray[np.float64]) -> Measured:
    """Compare the ranking by the model with that by another prediction of the same patients.

    Parameters
    ----------
    judged : Judged
        Patients with the model's predictions.
    other : array of float, shape (n,)
        The other prediction (log odds or log hazard ratio); NaN is missing.
    """
    other = np.where(np.isfinite(judged.linear), other, np.nan)
    linear = np.where(np.isfinite(other), judged.linear, np.nan)
    if judged.time is None:
        found = compare_aucs(linear, other, judged.observed)
        n_events, name = found.n_positive, "auc_difference"
    else:
        survival = compare_concordances(linear, other, time=judged.time, event=judged.observed)
        n_events, name = survival.n_events, "c_index_difference"
        measured = _from(name, survival, estimate=survival.difference, n_events=n_events)
        return _over_all(measured)
    return _from(name, found, estimate=found.difference, n_events=n_events)


def _ranking(known: Judged) -> Measured:
    if known.time is None:
        area = auc(known.linear, known.observed)
        return _from("auc", area, estimate=area.auc, n_events=area.n_positive)
    found = survival_concordance(known.linear, known.time, known.observed)
    measured = _from("c_index", found, estimate=found.concordance, n_events=found.n_events)
    return _over_all(measured)


def _over_all(measured: Measured) -> Measured:
    return measured if measured.reason else replace(measured, method=f"{measured.method}, over all follow-up")


def _ranking_to_horizon(known: Judged) -> Iterator[Measured]:
    """Yield how patients are ranked by events before the horizon, where the chance is about one."""
    if known.time is None or known.horizon is None:
        return
    found = uno_concordance(known.linear, known.time, known.observed, horizon=known.horizon)
    yield _from("c_index_to_horizon", found, estimate=found.concordance, n_events=found.n_events)


def _benefit(known: Judged, threshold: float) -> Measured:
    n, n_events = known.observed.size, int(known.observed.sum())
    name = "net_benefit"
    if not n:
        return Measured(measure=name, n=0, n_events=0, estimate=_NAN, reason="empty")
    method = f"net benefit at a chance of {threshold:g}"
    if known.time is not None:
        curve = measure_net_benefit_at(
            known.chance, known.time, known.observed, thresholds=[threshold], horizon=known.until
        )
        return Measured(measure=name, n=n, n_events=curve.n_events, estimate=float(curve.net_benefit[0]), method=method,
                        reason=curve.reason)  # fmt: skip
    estimate = float(measure_net_benefit(known.chance, known.observed, [threshold]).net_benefit[0])
    # a mean over patients of what acting brings: 1, minus the odds of the threshold, or nothing
    brought = (known.chance >= threshold) * np.where(known.observed == 1.0, 1.0, -threshold / (1.0 - threshold))
    error = float(brought.std(ddof=1) / np.sqrt(n)) if n > 1 else _NAN
    half = float(stats.norm.ppf(0.975)) * error
    return Measured(measure=name, n=n, n_events=n_events, estimate=estimate, std_error=error, ci_low=estimate - half,
                    ci_high=estimate + half, method=method)  # fmt: skip


def _truth(known: Judged) -> Iterator[Measured]:
    """Yield how true the chances are: slope, in the large, and Brier score."""
    if known.time is None:
        found = calibrate(known.chance, known.observed)
        error = prediction_error(known.chance, known.observed)
    else:
        found = calibrate_at(known.chance, known.time, known.observed, horizon=known.until)
        error = prediction_error_at(known.chance, known.time, known.observed, horizon=known.until)
    slope = (found.slope, found.slope_ci_low, found.slope_ci_high)
    yield _limited("calibration_slope", found, slope, null=1.0, reason=found.slope_reason or found.reason)
    large = (found.in_the_large, found.in_the_large_ci_low, found.in_the_large_ci_high)
    yield _limited("calibration_in_the_large", found, large, null=0.0, reason=found.reason)
    reason = error.reason if np.isnan(error.brier) else ""
    yield Measured(measure="brier", n=error.n, n_events=error.n_events, estimate=error.brier, std_error=error.std_error,
                   ci_low=error.ci_low, ci_high=error.ci_high, method=error.method, reason=reason)  # fmt: skip


def _limited(
    name: str, found: Calibration, values: tuple[float, float, float], *, null: float, reason: str
) -> Measured:
    estimate, low, high = values
    error = (high - low) / (2.0 * float(stats.norm.ppf(0.975)))
    p_value = float(2.0 * stats.norm.sf(abs(estimate - null) / error)) if error > 0.0 else _NAN
    return Measured(
        measure=name,
        n=found.n,
        n_events=found.n_events,
        estimate=estimate,
        std_error=error,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        method=found.method,
        reason=reason if np.isnan(estimate) else "",
    )


def _from(measure: str, found: object, *, estimate: float, n_events: int) -> Measured:
    return Measured(
        measure=measure,
        n=int(getattr(found, "n")),  # noqa: B009
        n_events=n_events,
        estimate=estimate,
        **{k: getattr(found, k) for k in ("std_error", "ci_low", "ci_high", "p_value", "method", "reason")
           if hasattr(found, k)},
    )  # fmt: skip
