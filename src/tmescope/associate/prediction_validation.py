"""Predictions for patients whom the model never saw: leave one cohort out, or nested folds of one cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.associate.prediction_folds import split_folds
from tmescope.associate.prediction_models import FittedModel, LearningPlan, Predicted, learn_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.prediction_data import PredictionData

__all__ = ["OUT_OF_COHORT", "OUT_OF_FOLD", "Validation", "ValidationPlan", "validate_model"]

OUT_OF_COHORT, OUT_OF_FOLD = "out_of_cohort", "out_of_fold"


@dataclass(frozen=True, kw_only=True)
class ValidationPlan:
    """How a model is validated.

    Parameters
    ----------
    learning : LearningPlan
        What is done anew with the training patients of every split.
    n_folds, n_repeats : int
        Outer folds and their repeats where there is one cohort alone.
    """

    learning: LearningPlan = field(default_factory=LearningPlan)
    n_folds: int = 5
    n_repeats: int = 10


@dataclass(frozen=True)
class Validation:
    """Predictions by models that did not see the patient.

    Parameters
    ----------
    scheme : str
        ``out_of_cohort`` or ``out_of_fold``.
    predictions : pandas.DataFrame
        One row a patient, in the order of the data: cohort_id, sample_id, linear, predicted, observed (1 or 0),
        time_months (NaN for response), reason (why there is no prediction), filled and outside (names of predictors).
    fits : mapping of str to FittedModel
        By the cohort that was held out, or ``repeat 1 fold 1`` and so on.
    """

    scheme: str
    predictions: pd.DataFrame
    fits: Mapping[str, FittedModel]


def validate_model(data: PredictionData, plan: ValidationPlan) -> Validation:
    """Predict each patient by a model that saw neither the patient nor, where there are several, the cohort.

    Parameters
    ----------
    data : PredictionData
        Patients of one or more cohorts.
    plan : ValidationPlan
        How.

    Returns
    -------
    Validation

    Notes
    -----
    A held-out cohort takes no part in anything that makes the model that predicts it: neither imputation nor scaling
    nor the choice of the penalty. A patient of it who is in another cohort too is left out of the training. With one
    cohort, folds by patient are dealt `n_repeats` times, and a patient's prediction is the mean over the repeats (of
    log odds or log hazard ratios, and of chances).
    """
    if len(data.cohort_ids) > 1:
        return _by_cohort(data, plan)
    return _by_fold(data, plan)


def _by_cohort(data: PredictionData, plan: ValidationPlan) -> Validation:
    parts, fits = [], {}
    for cohort in data.cohort_ids:
        held = data.cohorts == cohort
        training = ~held & ~np.isin(data.patients, data.patients[held])
        fits[cohort] = learn_model(data.take(training), plan.learning)
        parts.append(_table(data.take(held), fits[cohort].predict(data.values[held]), fits[cohort].reason))
    order = np.concatenate([np.flatnonzero(data.cohorts == c) for c in data.cohort_ids])
    table = pd.concat(parts, ignore_index=True)
    table.index = pd.Index(order)
    return Validation(OUT_OF_COHORT, table.sort_index().reset_index(drop=True), fits)


def _by_fold(data: PredictionData, plan: ValidationPlan) -> Validation:
    fits: dict[str, FittedModel] = {}
    repeats = []
    for repeat in range(plan.n_repeats):
        rng = np.random.default_rng([plan.learning.seed, repeat])
        fold = split_folds(data, n_folds=plan.n_folds, rng=rng)
        learning = replace(plan.learning, seed=plan.learning.seed + repeat)
        repeats.append(_one_deal(data, fold, learning))
        fits |= {f"repeat {repeat + 1} fold {k + 1}": model for k, model in enumerate(repeats[-1][1])}
    tables = [table for table, _ in repeats]
    return Validation(OUT_OF_FOLD, _mean(tables), fits)


def _one_deal(
    data: PredictionData, fold: NDArray[np.int64], learning: LearningPlan
) -> tuple[pd.DataFrame, list[FittedModel]]:
    parts, models = [], []
    for k in np.unique(fold):
        held = fold == k
        models.append(learn_model(data.take(~held), learning))
        part = _table(data.take(held), models[-1].predict(data.values[held]), models[-1].reason)
        part.index = pd.Index(np.flatnonzero(held))
        parts.append(part)
    return pd.concat(parts).sort_index(), models


def _mean(tables: list[pd.DataFrame]) -> pd.DataFrame:
    found = tables[0].copy()
    for name in ("linear", "predicted"):
        stacked = np.stack([t[name].to_numpy(dtype=np.float64) for t in tables])
        known = ~np.isnan(stacked)
        total = np.where(known, stacked, 0.0).sum(axis=0)
        found[name] = np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
    for name in ("reason", "filled", "outside"):
        found[name] = [_joined(words) for words in zip(*(t[name] for t in tables), strict=True)]
    found.loc[found["linear"].notna(), "reason"] = ""
    return found


def _joined(words: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(part for w in words for part in w.split(", ") if part))


def _table(held: PredictionData, found: Predicted, why: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort_id": held.cohorts.astype(object),
            "sample_id": held.samples.astype(object),
            "linear": found.linear,
            "predicted": found.chance,
            "observed": held.happened,
            "time_months": np.full(held.n, np.nan) if held.time is None else held.time,
            "reason": list(_reasons(found, why)),
            "filled": list(found.prepared.filled),
            "outside": list(found.prepared.outside),
        }
    )


def _reasons(found: Predicted, why: str) -> Iterator[str]:
    for own in found.prepared.reasons:
        yield f"no model: {why}" if why else own
