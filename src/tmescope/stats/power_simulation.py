"""Power by simulated trials, analysed with the tests that studies use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.cox_model import compare_nested, fit_cox
from tmescope.stats.logistic_models import fit_logistic, logistic_likelihood_ratio
from tmescope.stats.power_designs import InteractionDesign, ResponseDesign, feature_points, plan_power

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.stats.power_designs import Design, FollowUp

__all__ = ["SimulatedPower", "simulate_design"]


@dataclass(frozen=True, kw_only=True)
class SimulatedPower:
    """Power of a design by simulated trials.

    Parameters
    ----------
    n : int
        Patients of each trial.
    n_events : float
        Mean of responders or events.
    power : float
        Share of trials that reject, among all of them.
    ci_low, ci_high : float
        Exact interval of the power (Clopper-Pearson): the error of simulation alone.
    n_runs, n_rejected, n_without : int
        Trials, those that reject, and those without an estimate; the last count as not rejecting.
    confidence : float
        Level of the interval.
    method : str
        The test.
    """

    n: int
    n_events: float
    power: float
    ci_low: float
    ci_high: float
    n_runs: int
    n_rejected: int
    n_without: int
    confidence: float
    method: str


def simulate_design(
    n: int, design: Design, *, rng: np.random.Generator, n_runs: int = 1000, confidence: float = 0.95
) -> SimulatedPower:
    """Return the power of a design by simulated trials.

    Parameters
    ----------
    n : int
        Patients of each trial.
    design : ResponseDesign, SurvivalDesign or InteractionDesign
        What is true in each of them.
    rng : numpy.random.Generator
        Source of the trials.
    n_runs : int
        How many.
    confidence : float
        Of the interval around the power.

    Returns
    -------
    SimulatedPower

    Raises
    ------
    InputError
        If a number makes no sense.

    Notes
    -----
    Features are normal or have two levels, drawn anew for each patient; arms and levels have fixed sizes. Response and
    survival are tested by Wald's test of a logistic or Cox model, an interaction by the likelihood-ratio test. A trial
    that has no estimate (separation, no events) does not reject.
    """
    plan_power(n, design)  # the same numbers are refused
    if n_runs < 1 or not 0.0 < confidence < 1.0:
        raise InputError(f"{n_runs} runs, confidence {confidence!r}", expected="1 run or more, confidence in (0, 1)")
    p_values, events = np.empty(n_runs), np.empty(n_runs)
    for run in range(n_runs):
        p_values[run], events[run] = _trial(n, design, rng)
    rejected = int((p_values < design.alpha).sum())
    tail = (1.0 - confidence) / 2.0
    return SimulatedPower(
        n=n,
        n_events=float(events.mean()),
        power=rejected / n_runs,
        ci_low=float(stats.beta.ppf(tail, rejected, n_runs - rejected + 1)) if rejected else 0.0,
        ci_high=float(stats.beta.isf(tail, rejected + 1, n_runs - rejected)) if rejected < n_runs else 1.0,
        n_runs=n_runs,
        n_rejected=rejected,
        n_without=int(np.isnan(p_values).sum()),
        confidence=confidence,
        method=_method(design),
    )


def _trial(n: int, design: Design, rng: np.random.Generator) -> tuple[float, float]:
    """Return the p-value and the responders or events of one trial."""
    if isinstance(design, InteractionDesign):
        return _interaction(n, design, rng)
    x, slope = _feature(n, design.share, rng), np.log(design.ratio)
    if isinstance(design, ResponseDesign):
        y = _respond(_intercept(design) + slope * x, rng)
        return float(fit_logistic(x, y).p_values[0]), float(y.sum())
    time, event = _watch(slope * x, design.follow_up, rng)
    return float(fit_cox(x, time, event).p_value[0]), float(event.sum())


def _interaction(n: int, design: InteractionDesign, rng: np.random.Generator) -> tuple[float, float]:
    treated = np.zeros(n)
    treated[: round(n * design.treated)] = 1.0
    x = _feature(n, design.share, rng)
    terms = np.column_stack([treated, x, treated * x])
    predictor = terms @ np.log([design.treatment_ratio, design.feature_ratio, design.ratio])
    if design.follow_up is None:
        y = _respond(special.logit(design.rate) + predictor, rng)
        test = logistic_likelihood_ratio(fit_logistic(terms, y), fit_logistic(terms[:, :2], y))
        return float(test.p_value), float(y.sum())
    time, event = _watch(predictor, design.follow_up, rng)
    compared = compare_nested(fit_cox(terms[:, :2], time, event), fit_cox(terms, time, event))
    return float(compared.p_value), float(event.sum())


def _feature(n: int, share: float | None, rng: np.random.Generator) -> NDArray[np.float64]:
    if share is None:
        return rng.normal(size=n)
    x = np.zeros(n)
    x[: round(n * share)] = 1.0
    return rng.permutation(x)


def _intercept(design: ResponseDesign) -> float:
    points, weights = feature_points(design.share)
    slope = float(np.log(design.ratio))

    def excess(a: float) -> float:
        return float(weights @ special.expit(a + slope * points)) - design.rate

    return float(optimize.brentq(excess, -60.0 - abs(slope), 60.0 + abs(slope)))


def _respond(predictor: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(rng.random(predictor.size) < special.expit(predictor), dtype=np.float64)


def _watch(
    predictor: NDArray[np.float64], follow_up: FollowUp, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = predictor.size
    time = rng.exponential(follow_up.median_months / np.log(2.0), n) * np.exp(-predictor)
    end = follow_up.follow_up_months + follow_up.accrual_months * rng.random(n)
    if follow_up.dropout_per_year:
        end = np.minimum(end, rng.exponential(1.0 / follow_up.dropout_hazard, n))
    return np.minimum(time, end), (time <= end).astype(np.float64)


def _method(design: Design) -> str:
    if isinstance(design, InteractionDesign):
        return f"likelihood-ratio test of the interaction, {'Cox' if design.follow_up else 'logistic'} model"
    return f"Wald test, {'logistic' if isinstance(design, ResponseDesign) else 'Cox'} model"
