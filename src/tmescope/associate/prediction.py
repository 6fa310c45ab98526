"""Models of an outcome, judged in cohorts that they never saw and beside what is simpler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.associate.prediction_curves import trace_curves
from tmescope.associate.prediction_models import FEWEST_EVENTS, FittedModel, learn_model
from tmescope.associate.prediction_optimism import OptimismPlan, correct_optimism
from tmescope.associate.prediction_performance import (
    MODEL,
    POOLED,
    JudgePlan,
    compare_with,
    judge_predictions,
    tell_verdict,
)
from tmescope.associate.prediction_validation import OUT_OF_FOLD, Validation, ValidationPlan, validate_model
from tmescope.associate.time_to_event import merge_warnings
from tmescope.foundation.errors import EndpointError, InputError, UnknownNameError
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from tmescope.associate.prediction_data import PredictionData

__all__ = ["Baseline", "PredictionOutcome", "PredictionPlan", "predict_outcome"]

_FEW_PATIENTS = 20
_FEW_EVENTS_EACH = 10


@dataclass(frozen=True)
class Baseline:
    """What a model is compared with.

    Parameters
    ----------
    name : str
        Such as ``TIS-18``.
    predictors : tuple of str
        Keys of its predictors; one alone is not penalised.
    """

    name: str
    predictors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PredictionPlan:
    """Everything that is decided before an outcome is looked at.

    Parameters
    ----------
    model_id, endpoint : str
        Names for the tables.
    predictors : tuple of str
        Keys of the predictors of the model; those of baselines may be others.
    baselines : tuple of Baseline
        What it is compared with.
    validation : ValidationPlan
        How it is learnt and validated.
    judge : JudgePlan
        How predictions are judged.
    within_cohort : bool
        Standardise numeric predictors within each cohort first: the model then needs a cohort, not a patient.
    n_bootstraps : int
        Of the optimism; 0 for none.
    """

    model_id: str
    endpoint: str
    predictors: tuple[str, ...]
    baselines: tuple[Baseline, ...] = ()
    validation: ValidationPlan = field(default_factory=ValidationPlan)
    judge: JudgePlan = field(default_factory=JudgePlan)
    within_cohort: bool = False
    n_bootstraps: int = 20


@dataclass(frozen=True)
class PredictionOutcome:
    """What came of it.

    Parameters
    ----------
    predictions : pandas.DataFrame
        One row for each patient and predictor (``model`` or a baseline): those of
        `tmescope.associate.prediction_validation.Validation`, with model, endpoint, predictor, scheme.
    performance : pandas.DataFrame
        Rows of `tmescope.associate.prediction_performance.judge_predictions`, with model, endpoint, predictor,
        compared_with, scheme and, where baselines are compared, the verdict in words.
    curves : pandas.DataFrame
        Of `tmescope.associate.prediction_curves.trace_curves`, with model.
    coefficients : pandas.DataFrame
        Of the model of all cohorts (left_out empty) and of each validation: column, predictor, coefficient.
    final : FittedModel
        Learnt from all patients: what is kept and applied.
    warnings : tuple of RunWarning
        Small or one-sided cohorts, models that could not be learnt, baselines that it does not beat.
    """

    predictions: pd.DataFrame
    performance: pd.DataFrame
    curves: pd.DataFrame
    coefficients: pd.DataFrame
    final: FittedModel
    warnings: tuple[RunWarning, ...]


def predict_outcome(data: PredictionData, plan: PredictionPlan) -> PredictionOutcome:
    """Learn a model, validate it out of cohort, and compare it with its baselines in the same patients.

    Parameters
    ----------
    data : PredictionData
        Patients with a known outcome; predictors of the model and of all baselines.
    plan : PredictionPlan
        What is done.

    Returns
    -------
    PredictionOutcome

    Raises
    ------
    UnknownNameError
        If the plan names a predictor that the data do not have.
    EndpointError
        If all patients together have too few outcomes of either kind for any model, or there is no horizon for a time
        to event.
    InputError
        If values are to be standardised within cohorts and there is one cohort alone.

    Notes
    -----
    Baselines are learnt and validated like the model, from the patients who have all of their predictors, and compared
    in patients who have both predictions. A model beats a baseline only where the lower limit of the difference, pooled
    over cohorts with random effects, is above 0.
    """
    _check(data, plan)
    if plan.within_cohort:
        data = data.standardised()
    own = data.choose([p for p in data.predictors if p.key in plan.predictors])
    validation = validate_model(own, plan.validation)
    final = learn_model(own, plan.validation.learning)
    predictions = [_named(validation.predictions, plan, scheme=validation.scheme, predictor=MODEL)]
    performance = [judge_predictions(validation.predictions, plan=plan.judge).assign(predictor=MODEL)]
    warnings = [*_of_cohorts(own, plan), *_of_fits(validation, plan)]
    for baseline in plan.baselines:
        other = _validate_baseline(data, baseline, plan=plan, validation=validation)
        predictions.append(_named(other.predictions, plan, scheme=validation.scheme, predictor=baseline.name))
        performance.append(judge_predictions(other.predictions, plan=plan.judge).assign(predictor=baseline.name))
        compared = compare_with(validation.predictions, other.predictions, plan=plan.judge)
        verdict = tell_verdict(compared, baseline=baseline.name, scheme=validation.scheme)
        performance.append(compared.assign(predictor=MODEL, compared_with=baseline.name, verdict=[
            verdict if c == POOLED else "" for c in compared["cohort_id"]
        ]))  # fmt: skip
        warnings += _of_baseline(other, baseline, plan, verdict=verdict)
    outside = pd.concat(performance, ignore_index=True).assign(scheme=validation.scheme)
    all_predictions = pd.concat(predictions, ignore_index=True)
    return PredictionOutcome(
        all_predictions,
        _tidy(pd.concat([outside, _inside(own, final, plan)], ignore_index=True), plan),
        trace_curves(all_predictions, plan=plan.judge).assign(model=plan.model_id),
        _coefficients(final, validation, plan),
        final,
        merge_warnings(warnings),
    )


def _inside(data: PredictionData, final: FittedModel, plan: PredictionPlan) -> pd.DataFrame:
    optimism = OptimismPlan(n_bootstraps=plan.n_bootstraps, threshold=plan.judge.threshold)
    found = correct_optimism(data, final, learning=plan.validation.learning, plan=optimism)
    return found.assign(predictor=MODEL, cohort_id=POOLED, k=len(data.cohort_ids))


def _tidy(table: pd.DataFrame, plan: PredictionPlan) -> pd.DataFrame:
    for name in ("compared_with", "verdict", "left_out"):
        table[name] = table[name].astype(object).fillna("") if name in table else ""
    return table.assign(model=plan.model_id, endpoint=plan.endpoint)


def _check(data: PredictionData, plan: PredictionPlan) -> None:
    known = [p.key for p in data.predictors]
    for name in (*plan.predictors, *(k for b in plan.baselines for k in b.predictors)):
        if name not in known:
            raise UnknownNameError.of("predictor", name, known, where=f"model {plan.model_id}")
    n_events = int(data.happened.sum())
    if data.is_survival and plan.validation.learning.horizon_months is None:
        raise EndpointError("a chance of an event needs a time", where=f"model {plan.model_id}",
                            expected="horizon_months")  # fmt: skip
    fewest = n_events if data.is_survival else min(n_events, data.n - n_events)
    if fewest < FEWEST_EVENTS:
        kinds = "events" if data.is_survival else "patients of the rarer outcome"
        raise EndpointError(
            f"all {data.n} patients together have {fewest} {kinds}",
            where=f"model {plan.model_id}: {plan.endpoint}",
            expected=f"{FEWEST_EVENTS} or more",
            next_step="predict another endpoint, or add cohorts",
        )
    if plan.within_cohort and len(data.cohort_ids) == 1:
        raise InputError(
            "values standardised within one cohort see the patients that they are judged on",
            where=f"model {plan.model_id}: within_cohort",
            expected="several cohorts",
            next_step="leave within_cohort out: training means and standard deviations are used",
        )


def _validate_baseline(
    data: PredictionData, baseline: Baseline, *, plan: PredictionPlan, validation: Validation
) -> Validation:
    chosen = data.choose([p for p in data.predictors if p.key in baseline.predictors])
    usable = chosen.take(chosen.complete())
    if not usable.n or (validation.scheme != OUT_OF_FOLD and len(usable.cohort_ids) < 2):
        nothing = validation.predictions.assign(linear=np.nan, predicted=np.nan, filled="", outside="")
        return Validation(
            validation.scheme, nothing.assign(reason=f"no two cohorts have {', '.join(baseline.predictors)}"), {}
        )
    return validate_model(usable, plan.validation)


def _named(table: pd.DataFrame, plan: PredictionPlan, *, scheme: str, predictor: str) -> pd.DataFrame:
    return table.assign(model=plan.model_id, endpoint=plan.endpoint, predictor=predictor, scheme=scheme)


def _coefficients(final: FittedModel, validation: Validation, plan: PredictionPlan) -> pd.DataFrame:
    rows = [
        {
            "model": plan.model_id,
            "left_out": left_out,
            "column": column.name,
            "predictor": column.predictor,
            "coefficient": float(coefficient),
            "centre": column.centre,
            "spread": column.spread,
            "l1_ratio": fitted.l1_ratio,
            "strength": fitted.strength,
            "n": fitted.n,
            "n_events": fitted.n_events,
        }
        for left_out, fitted in [("", final), *validation.fits.items()]
        if not fitted.reason
        for column, coefficient in zip(fitted.preparation.columns, fitted.coefficients, strict=True)
    ]
    return pd.DataFrame(rows)


def _of_cohorts(data: PredictionData, plan: PredictionPlan) -> Iterator[RunWarning]:
    for cohort in data.cohort_ids:
        happened = data.happened[data.cohorts == cohort]
        where, n, n_events = f"{cohort}: {plan.endpoint}", happened.size, int(happened.sum())
        if n_events in {0, n} and not (data.is_survival and n_events):
            message = f"all {n} patients have one outcome: no model can be judged by how it ranks them"
            yield RunWarning("model.one_class", message, where, n)
        elif n < _FEW_PATIENTS or (not data.is_survival and min(n_events, n - n_events) < _FEW_EVENTS_EACH):
            message = f"{n} patients, {n_events} with the outcome: what holds here rests on few patients"
            yield RunWarning("model.few_patients", message, where, n)


def _of_fits(validation: Validation, plan: PredictionPlan) -> Iterator[RunWarning]:
    failed = [name for name, fit in validation.fits.items() if fit.reason]
    if failed:
        reasons = ", ".join(sorted({validation.fits[name].reason for name in failed}))
        message = f"{len(failed)} of {len(validation.fits)} models could not be learnt ({reasons})"
        yield RunWarning("model.not_learnt", message, f"model {plan.model_id}", len(failed), tuple(failed[:3]))
    empty = [n for n, f in validation.fits.items() if not f.reason and not np.any(f.coefficients)]
    if empty:
        message = f"{len(empty)} of {len(validation.fits)} models use no predictor: they predict the same for everybody"
        yield RunWarning("model.no_predictor", message, f"model {plan.model_id}", len(empty), tuple(empty[:3]))
    table = validation.predictions
    for name, what in (("outside", "beyond the range of the training patients"), ("filled", "missing and filled")):
        n = int((table[name] != "").sum())
        if n:
            names = [v for words in table[name] for v in str(words).split(", ") if v]
            message = f"{n} of {len(table)} predictions use a value that is {what}"
            yield RunWarning(f"model.{name}", message, f"model {plan.model_id}", n, _common(names))
    without = table[table["reason"] != ""]
    if len(without):
        message = f"{len(without)} of {len(table)} patients have no prediction"
        why = tuple(dict.fromkeys(without["reason"].astype(str)))[:3]
        yield RunWarning("model.no_prediction", message, f"model {plan.model_id}", len(without), why)


def _common(names: Sequence[str]) -> tuple[str, ...]:
    counts = pd.Series(names).value_counts()
    return tuple(sorted(counts.index, key=lambda n: (-int(counts[n]), n))[:3])


def _of_baseline(
    validation: Validation, baseline: Baseline, plan: PredictionPlan, *, verdict: str
) -> Iterator[RunWarning]:
    where = f"model {plan.model_id}"
    if not verdict.startswith("beats"):
        yield RunWarning("model.not_better", f"the model {verdict}", where, 1, (baseline.name,))
    signs = {bool(f.coefficients[0] > 0) for f in validation.fits.values() if not f.reason and len(f.coefficients) == 1}
    if len(baseline.predictors) == 1 and len(signs) > 1:
        message = f"{baseline.name} points up in some training sets and down in others"
        yield RunWarning("model.baseline_direction", message, where, 1, (baseline.name,))
