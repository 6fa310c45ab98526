"""Power by simulated trials, analysed with the tests that studies use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from tmescope.foundation.errors import InputError
from tmescope.stats.cox_model import compare_nested, fit_cox
from tmescope.stats.firth import penalised_likelihood_ratio
from tmescope.stats.logistic_models import fit_logistic, logistic_likelihood_ratio
from tmescope.stats.power_designs import InteractionDesign, ResponseDesign, plan_power, response_intercept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.stats.cox_model import CoxModel
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
        Trials, those that reject, and those that cannot be tested; the last count as not rejecting.
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
    survival are tested by Wald's test of a logistic or Cox model, an interaction by the likelihood-ratio test. Where
    the likelihood has no maximum, such as no responder among those with the feature, the trial is tested as a study
    tests it: response by the penalised likelihood ratio of Firth's logistic regression; survival by the score test. A
    trial that cannot be tested (no events, a feature of one value) does not reject.

    References
    ----------
    Firth, Biometrika 1993, doi:10.1093/biomet/80.1.27. Heinze and Schemper, Statistics in Medicine 2002,
    doi:10.1002/sim.1047.
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
        y = _respond(response_intercept(design) + slope * x, rng)
        fitted = fit_logistic(x, y)
        p_value = fitted.p_values[0] if fitted.reason != "separation" else _penalised(x[:, None], y)
        return float(p_value), float(y.sum())
    time, event = _watch(slope * x, design.follow_up, rng)
    model = fit_cox(x, time, event)
    p_value = model.p_value[0] if model.reason != "monotone_likelihood" else _score(model, held=np.empty(0))
    return float(p_value), float(event.sum())


def _interaction(n: int, design: InteractionDesign, rng: np.random.Generator) -> tuple[float, float]:
    treated = np.zeros(n)
    treated[: round(n * design.treated)] = 1.0
    x = _feature(n, design.share, rng)
    terms = np.column_stack([treated, x, treated * x])
    predictor = terms @ np.log([design.treatment_ratio, design.feature_ratio, design.ratio])
    if design.follow_up is None:
        y = _respond(special.logit(design.rate) + predictor, rng)
        test = logistic_likelihood_ratio(fit_logistic(terms, y), fit_logistic(terms[:, :2], y))
        return test.p_value if test.reason != "separation" else _penalised(terms, y), float(y.sum())
    time, event = _watch(predictor, design.follow_up, rng)
    smaller, larger = fit_cox(terms[:, :2], time, event), fit_cox(terms, time, event)
    if larger.reason == "monotone_likelihood":
        return _score(larger, held=smaller.standardised), float(event.sum())
    return float(compare_nested(smaller, larger).p_value), float(event.sum())


def _penalised(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the p-value of the last column where a plane separates the classes."""
    return penalised_likelihood_ratio(x, y, column=x.shape[1] - 1).p_value


def _score(model: CoxModel, *, held: NDArray[np.float64]) -> float:
    """Return the p-value of the last covariate by the score test, the others at their estimates without it."""
    if any(model.term_reasons) or not np.isfinite(held).all():
        return float("nan")
    moments = model.risk_sets.moments(np.append(held, 0.0))
    statistic = float(moments.score @ np.linalg.pinv(moments.information) @ moments.score)
    return float(stats.chi2.sf(statistic, 1))


def _feature(n: int, share: float | None, rng: np.random.Generator) -> NDArray[np.float64]:
    if share is None:
        return rng.normal(size=n)
    x = np.zeros(n)
    x[: round(n * share)] = 1.0
    return rng.permutation(x)


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
        cox, test = design.follow_up is not None, "likelihood-ratio test of the interaction"
    else:
        cox, test = not isinstance(design, ResponseDesign), "Wald test"
    return f"{test}, {'Cox' if cox else 'logistic'} model; {'score' if cox else 'Firth'} test where it has no maximum"
