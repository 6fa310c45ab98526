"""Whether predicted chances are right: what was observed beside what was predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, as_vector, check_confidence, complete
from tmescope.stats.calibration_curves import CalibrationCurve, draw_curve, kaplan_meier_at
from tmescope.stats.censoring_weights import check_horizon
from tmescope.stats.cox_model import CoxOptions, fit_cox
from tmescope.stats.logistic_models import fit_logistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Calibration", "CountCalibration", "calibrate", "calibrate_at", "calibrate_counts"]

_EDGE = 1e-12
"""Chances nearer to 0 or 1 are taken as this near where their logarithm is needed."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Calibration of predicted chances.

    Parameters
    ----------
    n, n_events : int
        Patients without a missing value, and their events (by the horizon).
    observed, expected : float
        Share with the outcome (at a horizon: one less Kaplan-Meier's survival), and mean predicted chance.
    ratio, ratio_ci_low, ratio_ci_high : float
        `observed` / `expected`: above 1 where risk was understated.
    in_the_large, in_the_large_ci_low, in_the_large_ci_high : float
        Difference of the log odds (at a horizon: of the log cumulative hazard) of what was observed and predicted, the
        slope taken as 1: above 0 where risk was understated.
    slope, slope_ci_low, slope_ci_high : float
        Coefficient of the logit of the chance (at a horizon: of ``log(-log(1 - risk))`` in a Cox model): below 1 where
        predictions are too extreme.
    intercept : float
        Of the regression that gives the slope; NaN at a horizon.
    curve : CalibrationCurve
        Groups of patients, the smooth curve, ICI, E50, E90.
    method : str
    confidence : float
    reason : str
        ``empty``, ``one_class``, ``no_events``, ``beyond_follow_up``; empty otherwise.
    slope_reason : str
        Why the slope alone is NaN (``constant``, ``separation`` and so on); empty otherwise.
    """

    n: int
    n_events: int
    observed: float
    expected: float
    ratio: float
    ratio_ci_low: float
    ratio_ci_high: float
    in_the_large: float
    in_the_large_ci_low: float
    in_the_large_ci_high: float
    slope: float
    slope_ci_low: float
    slope_ci_high: float
    intercept: float
    curve: CalibrationCurve
    method: str
    confidence: float
    reason: str = ""
    slope_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CountCalibration:
    """Events observed over all follow-up beside those that a model expected in it.

    Parameters
    ----------
    n, n_events : int
    expected : float
        Sum of the cumulative hazards that the model gave each patient for the own time of follow-up.
    ratio, ci_low, ci_high : float
        `n_events` / `expected` with its exact Poisson limits.
    in_the_large, in_the_large_std_error : float
        Its logarithm: the intercept of a Poisson regression with the logarithm of the expected hazard as offset.
    method : str
    confidence : float
    reason : str
        ``empty``, ``no_events``, ``nothing_expected``; empty otherwise.
    """

    n: int
    n_events: int
    expected: float
    ratio: float
    ci_low: float
    ci_high: float
    in_the_large: float
    in_the_large_std_error: float
    method: str
    confidence: float
    reason: str = ""


def calibrate(chance: ArrayLike, outcome: ArrayLike, *, n_groups: int = 10, confidence: float = 0.95) -> Calibration:
    """Compare predicted chances of a binary outcome with what was observed.

    Parameters
    ----------
    chance : array-like of float, shape (n,)
        0 to 1, for patients that did not train the prediction; NaN is missing.
    outcome : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    n_groups : int
        Groups of equal size, by chance, for the binned curve; fewer where chances are tied.
    confidence : float
        Level of all intervals.

    Raises
    ------
    InputError
        If a chance lies outside 0 to 1, lengths differ, or there is no group.

    Notes
    -----
    In the large: intercept of a logistic regression with the logit of the chance as offset. Slope: coefficient of that
    logit. Wald intervals. Observed over expected: normal interval of its logarithm with the error ``sqrt((1 - o) /
    events)`` (Debray 2017). Chances of 0 and 1 are taken as 1e-12 from there in logits. ICI, E50 and E90: mean, median
    and 90th percentile of the distance of a smooth curve (lowess, no reweighting) from the predictions (Austin and
    Steyerberg 2019).

    References
    ----------
    Austin and Steyerberg, Stat Med 2019, doi:10.1002/sim.8281. Debray et al., BMJ 2017, doi:10.1136/bmj.i6460.
    """
    check_confidence(confidence)
    p, y = complete(chance=_as_chances(chance, "chance"), outcome=as_binary(outcome, name="outcome"))
    _check_groups(n_groups)
    reason = "empty" if y.size == 0 else "one_class" if y.min() == y.max() else ""
    curve = draw_curve(p, (np.zeros(y.size), y), horizon=None, n_groups=n_groups, confidence=confidence)
    logit = special.logit(np.clip(p, _EDGE, 1.0 - _EDGE))
    large = _shift(logit, y) if not reason else (float("nan"), float("nan"))
    found, told = None, ""
    if not reason:
        model = fit_logistic(logit, y, confidence=confidence)
        found, told = (model.coefficients[0], model.ci_low[0], model.ci_high[0], model.intercept), model.reason
    rate = float(y.mean()) if y.size else float("nan")
    error = float(np.sqrt((1.0 - rate) / y.sum())) if y.any() else float("nan")
    return _result(
        p, (y.size, int(y.sum())), observed=(rate, error), large=large, slope=(found, told),
        curve=curve, words=("logistic recalibration; Wald intervals", confidence, reason),
    )  # fmt: skip


def calibrate_at(
    risk: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    horizon: float,
    n_groups: int = 5,
    confidence: float = 0.95,
) -> Calibration:
    """Compare predicted risks of the event by a horizon with what was observed, with censoring.

    Parameters
    ----------
    risk : array-like of float, shape (n,)
        Chance of the event by the horizon, 0 to 1, for patients that did not train the prediction; NaN is missing.
    time, event : array-like, shape (n,)
        Follow-up and whether it ended with the event; NaN is missing.
    horizon : float
        In the unit of the times.
    n_groups : int
        Groups of equal size, by risk, for the binned curve; fewer where risks are tied.
    confidence : float
        Level of all intervals.

    Raises
    ------
    InputError
        If a risk lies outside 0 to 1, lengths differ, the horizon is no time, or there is no group.
    EndpointError
        If a time is negative.

    Notes
    -----
    Observed: one less Kaplan-Meier's survival at the horizon, with Greenwood's error in the interval of the ratio. In
    the large: ``log(-log S(t))`` of Kaplan-Meier's survival less that of the mean predicted survival. Slope:
    coefficient of ``log(-log(1 - risk))`` in a Cox model of follow-up cut at the horizon. The smooth curve runs through
    pseudo-observations of the survival (Andersen, Klein and Rosthøj 2003), to which ICI, E50 and E90 refer.

    References
    ----------
    Crowson, Atkinson and Therneau, Stat Methods Med Res 2016, doi:10.1177/0962280213497434. Andersen, Klein and
    Rosthøj, Biometrika 2003, doi:10.1093/biomet/90.1.15. Debray et al., BMJ 2017, doi:10.1136/bmj.i6460.
    """
    check_confidence(confidence)
    own = check_horizon(horizon)
    _check_groups(n_groups)
    p, t, d = complete(
        risk=_as_chances(risk, "risk"), time=as_times(time, name="time"), event=as_binary(event, name="event")
    )
    early = (d == 1.0) & (t <= own)
    reason = "empty" if t.size == 0 else "beyond_follow_up" if own > t.max() else "" if early.any() else "no_events"
    curve = draw_curve(p, (t, d), horizon=own, n_groups=n_groups, confidence=confidence)
    survival = error = float("nan")
    large, found, told = (float("nan"), float("nan")), None, ""
    if not reason:
        survival, error = kaplan_meier_at(t, d, own)
        large = _hazard_shift(survival, error, float(p.mean()))
        predictor = np.log(-np.log1p(-np.clip(p, _EDGE, 1.0 - _EDGE)))
        model = fit_cox(predictor, np.minimum(t, own), early, options=CoxOptions(confidence=confidence))
        found = (model.coefficients[0], np.log(model.ci_low[0]), np.log(model.ci_high[0]), float("nan"))
        told = model.reason or model.term_reasons[0]
    rate = 1.0 - survival
    words = f"calibration at {own:g}: Kaplan-Meier and Cox model of the predictor; Wald intervals"
    return _result(
        p, (t.size, int(early.sum())), observed=(rate, error / rate if rate else float("nan")), large=large,
        slope=(found, told), curve=curve, words=(words, confidence, reason),
    )  # fmt: skip


def calibrate_counts(expected_hazard: ArrayLike, event: ArrayLike, *, confidence: float = 0.95) -> CountCalibration:
    """Compare the events of all follow-up with those that a model expected in it.

    Parameters
    ----------
    expected_hazard : array-like of float, shape (n,)
        Cumulative hazard that the model gives each patient at the end of the own follow-up (``-log`` of predicted
        survival then), zero or more; NaN is missing.
    event : array-like, shape (n,)
        Whether follow-up ended with the event; NaN is missing.
    confidence : float
        Level of the interval.

    Raises
    ------
    InputError
        If an expected hazard is negative or lengths differ.

    Notes
    -----
    Poisson regression of the events with ``log(expected hazard)`` as offset: its intercept is ``log(observed /
    expected)``, error ``1 / sqrt(observed)``.

    References
    ----------
    Crowson, Atkinson and Therneau, Stat Methods Med Res 2016, doi:10.1177/0962280213497434.
    """
    check_confidence(confidence)
    h, d = complete(
        expected_hazard=as_vector(expected_hazard, name="expected_hazard"), event=as_binary(event, name="event")
    )
    if (h < 0.0).any():
        raise InputError("an expected hazard is negative", where="argument expected_hazard", expected="zero or more")
    count, expected = int(d.sum()), float(h.sum())
    reason = "empty" if d.size == 0 else "nothing_expected" if expected == 0.0 else "" if count else "no_events"
    tail = (1.0 - confidence) / 2.0
    low, high = float(stats.chi2.ppf(tail, 2 * count)) / 2.0, float(stats.chi2.ppf(1.0 - tail, 2 * count + 2)) / 2.0
    usable = expected > 0.0
    return CountCalibration(
        n=d.size,
        n_events=count,
        expected=expected,
        ratio=count / expected if usable else float("nan"),
        ci_low=(low if count else 0.0) / expected if usable else float("nan"),
        ci_high=high / expected if usable else float("nan"),
        in_the_large=float("nan") if reason else float(np.log(count / expected)),
        in_the_large_std_error=float("nan") if reason else float(count**-0.5),
        method="events over the sum of expected hazards; exact Poisson interval",
        confidence=confidence,
        reason=reason,
    )


def _result(
    p: NDArray[np.float64],
    counts: tuple[int, int],
    *,
    observed: tuple[float, float],
    large: tuple[float, float],
    slope: tuple[tuple[float, ...] | None, str],
    curve: CalibrationCurve,
    words: tuple[str, float, str],
) -> Calibration:
    """Put estimates and their errors together; that of `observed` is the error of its logarithm."""
    method, confidence, reason = words
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    expected = float(p.mean()) if p.size else float("nan")
    known = not reason and expected > 0.0
    ratio = observed[0] / expected if known else float("nan")
    own = slope[0] or (float("nan"),) * 4
    return Calibration(
        n=counts[0],
        n_events=counts[1],
        observed=observed[0],
        expected=expected,
        ratio=ratio,
        ratio_ci_low=float(ratio * np.exp(-z * observed[1])),
        ratio_ci_high=float(ratio * np.exp(z * observed[1])),
        in_the_large=large[0],
        in_the_large_ci_low=large[0] - z * large[1],
        in_the_large_ci_high=large[0] + z * large[1],
        slope=float(own[0]),
        slope_ci_low=float(own[1]),
        slope_ci_high=float(own[2]),
        intercept=float(own[3]),
        curve=curve,
        method="not estimated" if reason else method,
        confidence=confidence,
        reason=reason,
        slope_reason=slope[1],
    )


def _shift(logit: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return the intercept with the logit as offset, and its error; both classes are there, so there is a maximum."""
    low, high = -60.0, 60.0
    shift = 0.0
    for _ in range(200):
        chance = special.expit(logit + shift)
        excess, information = float((y - chance).sum()), float((chance * (1.0 - chance)).sum())
        low, high = (shift, high) if excess > 0.0 else (low, shift)
        step = excess / information if information > 0.0 else np.inf
        if abs(step) <= 1e-13 * (1.0 + abs(shift)):
            break
        shift = shift + step if low < shift + step < high else (low + high) / 2.0
    return shift, float(information**-0.5) if information > 0.0 else float("nan")


def _hazard_shift(survival: float, error: float, expected: float) -> tuple[float, float]:
    """Return the difference of the log cumulative hazards, and its error by the delta method."""
    if not (0.0 < survival < 1.0 and 0.0 < expected < 1.0):
        return float("nan"), float("nan")
    shift = np.log(-np.log(survival)) - np.log(-np.log1p(-expected))
    return float(shift), float(error / (survival * abs(np.log(survival))))


def _as_chances(values: ArrayLike, name: str) -> NDArray[np.float64]:
    found = as_vector(values, name=name)
    if ((found < 0.0) | (found > 1.0)).any():
        raise InputError(f"{name} lies outside 0 to 1", where=f"argument {name}", expected="predicted chances")
    return found


def _check_groups(n_groups: int) -> None:
    if n_groups < 1:
        raise InputError(f"{n_groups} groups are asked for", where="argument n_groups", expected="one or more")
