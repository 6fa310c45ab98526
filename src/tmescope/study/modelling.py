"""The steps that learn a study's models, validate them out of cohort, and keep each as one file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.associate.prediction import Baseline, PredictionPlan, predict_outcome
from tmescope.associate.prediction_files import write_prediction
from tmescope.associate.prediction_models import LearningPlan
from tmescope.associate.prediction_performance import MODEL, POOLED, JudgePlan
from tmescope.associate.prediction_saved import SavedModel
from tmescope.associate.prediction_validation import OUT_OF_COHORT, OUT_OF_FOLD, ValidationPlan
from tmescope.foundation.provenance import versions
from tmescope.foundation.result import RunWarning
from tmescope.stats.meta_analysis import PoolingOptions
from tmescope.store.tables import empty_table, shape_table, write_table
from tmescope.store.threads import one_blas_thread
from tmescope.study.ledger import RECORD, Step
from tmescope.study.model_material import gather_model_material, model_cohorts
from tmescope.study.notices import warning_table
from tmescope.study.shared_patients import COUNTING_RULE

if TYPE_CHECKING:
    from tmescope.associate.prediction import PredictionOutcome
    from tmescope.study.context import Context
    from tmescope.study.model_material import ModelMaterial
    from tmescope.study.schema_models import PredictionModel

__all__ = ["MODEL_TABLES", "model_step", "model_steps", "publish_step", "scale_of", "withdraw_models"]

MODEL_TABLES = ("predictions", "model_performance", "model_curves", "model_coefficients")
"""Tables that each model fills."""


def model_steps(context: Context) -> list[Step]:
    """Return one step for each model of the study.

    Parameters
    ----------
    context : Context
        The run; cohorts are read and profiled, overlaps are known.
    """
    return [model_step(context, model) for model in context.study.model]


def model_step(context: Context, model: PredictionModel) -> Step:
    """Return the step that learns and validates one model.

    Parameters
    ----------
    context : Context
        The run.
    model : PredictionModel
        Which.
    """
    cohorts = [c.id for c in model_cohorts(context, model)]

    def make(folder: Path) -> None:
        context.progress.start(f"model {model.id}")
        material = gather_model_material(context, model)
        with one_blas_thread():
            outcome = predict_outcome(material.data, _plan(context, model, material))
        for name, table in (
            ("predictions", outcome.predictions),
            ("model_performance", outcome.performance),
            ("model_curves", outcome.curves),
            ("model_coefficients", outcome.coefficients),
        ):
            write_table(shape_table(name, table) if len(table) else empty_table(name), folder / f"{name}.parquet")
        lost = _not_learnt(model, outcome.final.reason)
        write_table(warning_table([*material.warnings, *outcome.warnings, *lost]), folder / "warnings.parquet")
        if not lost:
            write_prediction(_saved(context, model, outcome=outcome, cohorts=cohorts), folder / "model.json")
        context.progress.finish(f"model {model.id}")

    return Step(f"model-{model.id}", _ingredients(context, model, cohorts), make)


def _ingredients(context: Context, model: PredictionModel, cohorts: list[str]) -> dict[str, object]:
    return {
        "step": "model",
        "rule": COUNTING_RULE,
        "release": context.release,
        "model": model.model_dump(mode="json"),
        "endpoint": context.study.endpoints[model.endpoint].model_dump(mode="json"),
        "seed": context.study.study.seed,
        "cohorts": {c: context.outcomes[f"cohort-{c}"] for c in cohorts},
        "scores": {c: context.outcomes[f"profile-{c}"]["scores.parquet"] for c in cohorts},
        "fractions": {c: context.outcomes.get(f"fractions-{c}", {}).get("fractions.parquet") for c in cohorts},
        "subtypes": {c: context.outcomes.get(f"subtypes-{c}", {}).get("subtypes.parquet") for c in cohorts},
        "overlaps": context.outcomes["overlaps"]["overlaps.parquet"],
        "answers": context.study.answers.methods,
        "facts": context.needs.facts,
    }


def _not_learnt(model: PredictionModel, reason: str) -> list[RunWarning]:
    if not reason:
        return []
    message = (
        f"no model of all patients could be learnt ({reason.replace('_', ' ')}): there is no models/{model.id}.json; "
        'ask for missing = "median", an earlier horizon_months, or other features'
    )
    return [RunWarning("model.not_learnt", message, f"model {model.id}")]


def _plan(context: Context, model: PredictionModel, material: ModelMaterial) -> PredictionPlan:
    learning = LearningPlan(
        l1_ratios=tuple(model.l1_ratios),
        n_folds=model.folds,
        missing=model.missing,
        horizon_months=model.horizon_months,
        seed=context.study.study.seed if model.seed is None else model.seed,
    )
    pooling = PoolingOptions(tau2=model.pool.method, test=model.pool.test)
    return PredictionPlan(
        model_id=model.id,
        endpoint=model.endpoint,
        predictors=material.predictors,
        baselines=tuple(Baseline(name, keys) for name, keys in material.baselines.items()),
        validation=ValidationPlan(learning=learning, n_repeats=model.repeats),
        judge=JudgePlan(horizon_months=model.horizon_months, threshold=model.threshold, pooling=pooling),
        within_cohort=model.standardise == "within_cohort",
        n_bootstraps=model.bootstraps,
    )


def _saved(context: Context, model: PredictionModel, *, outcome: PredictionOutcome, cohorts: list[str]) -> SavedModel:
    table = outcome.performance
    pooled = table[(table["cohort_id"] == POOLED) & table["scheme"].isin([OUT_OF_COHORT, OUT_OF_FOLD])]
    own = outcome.predictions[outcome.predictions["predictor"] == MODEL]
    columns = ["predictor", "compared_with", "measure", "estimate", "ci_low", "ci_high", "k", "method"]
    used = [c for c in cohorts if (own["cohort_id"] == c).any()]
    return SavedModel(
        model_id=model.id,
        endpoint=model.endpoint,
        kind="survival" if model.horizon_months is not None else "response",
        fitted=outcome.final,
        horizon_months=model.horizon_months,
        standardise=model.standardise,
        scales=tuple(dict.fromkeys(scale_of(context, c) for c in used)),
        training=tuple(
            {
                "cohort_id": c,
                "n": int((own["cohort_id"] == c).sum()),
                "n_events": int(own.loc[own["cohort_id"] == c, "observed"].sum()),
            }
            for c in used
        ),
        performance=tuple({str(k): v for k, v in row.items()} for row in pooled[columns].to_dict(orient="records")),
        verdicts=tuple(v for v in pooled["verdict"] if v),
        scheme=str(own["scheme"].iloc[0]),
        intended_use=model.intended_use,
        software=versions(),
    )


def scale_of(context: Context, cohort_id: str) -> str:
    """Return the scale of a cohort's expression as it is scored.

    Parameters
    ----------
    context : Context
        The run; the cohort is read.
    cohort_id : str
        Which cohort.
    """
    marks = json.loads((context.ledger.folder(f"cohort-{cohort_id}") / "cohort.json").read_text(encoding="utf-8"))
    return str(marks["uns"]["scale"])


def publish_step(context: Context) -> Step:
    """Return the step that puts the models of the study into ``models/`` of the results.

    Parameters
    ----------
    context : Context
        The run; its models are learnt.
    """
    names = [m.id for m in context.study.model]
    ingredients = {
        "step": "models",
        "models": {name: context.outcomes[f"model-{name}"].get("model.json") for name in names},
    }

    def make(folder: Path) -> None:
        for name in names:
            if (made := context.ledger.folder(f"model-{name}") / "model.json").is_file():
                shutil.copyfile(made, folder / f"{name}.json")

    return Step("models", ingredients, make, public=True)


def withdraw_models(root: Path) -> None:
    """Remove the models of an earlier run for a study that has none: they would stand beside other tables.

    Parameters
    ----------
    root : pathlib.Path
        Folder of results.
    """
    if (root / "models" / RECORD).is_file():
        shutil.rmtree(root / "models")
