"""The steps that apply saved prediction models to every cohort of a study."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.features import TABLE
from tmescope.associate.prediction_files import prediction_hash, read_prediction
from tmescope.associate.prediction_performance import MODEL
from tmescope.associate.prediction_saved import SavedModel, apply_model
from tmescope.foundation.errors import StudyFileError, TmescopeError
from tmescope.store.tables import empty_table, shape_table, write_table
from tmescope.study.ledger import Step
from tmescope.study.model_material import cohort_values
from tmescope.study.modelling import scale_of
from tmescope.study.notices import warning_table
from tmescope.study.question_material import GENE

if TYPE_CHECKING:
    from tmescope.foundation.result import RunWarning
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort, Study

__all__ = ["APPLIED", "predict_problems", "predict_step", "read_applied"]

APPLIED = "applied"
"""Scheme of predictions by a model that was learnt elsewhere."""


def read_applied(study: Study) -> dict[str, SavedModel]:
    """Return the models that a study applies, by their file as the study writes it.

    Parameters
    ----------
    study : Study
        Its ``predict``.

    Raises
    ------
    TmescopeError
        If a file is no such model.
    """
    return {path: _read(study.resolve(path), _stamp(study.resolve(path))) for path in study.predict}


@lru_cache(maxsize=4)
def _read(path: Path, stamp: tuple[int, int]) -> SavedModel:  # noqa: ARG001 - a part of the cache's key
    return read_prediction(path)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def predict_problems(study: Study) -> Iterator[TmescopeError]:
    """Yield what is wrong with the models that a study applies, before a cohort is read.

    Parameters
    ----------
    study : Study
        The study.
    """
    ids: dict[str, str] = {m.id: "the study" for m in study.model}
    for path in study.predict:
        where = f"predict: {path}"
        try:
            saved = _read(study.resolve(path), _stamp(study.resolve(path)))
        except TmescopeError as error:
            error.where = where
            yield error
            continue
        if saved.model_id in ids:
            told = f"the model {saved.model_id!r} stands in {ids[saved.model_id]} too"
            yield StudyFileError(told, where=where, expected="each model once")
        ids[saved.model_id] = path
        measured = {*study.profile.methods, *study.deconvolution.methods, GENE, TABLE}
        absent = sorted({p.source for p in saved.fitted.preparation.predictors} - measured)
        if absent and not (study.profile.models or study.deconvolution.models):
            yield StudyFileError(
                f"the model {saved.model_id} needs scores by {', '.join(absent)}",
                where=where,
                next_step="add them to profile.methods or deconvolution.methods",
            )


def predict_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that applies the models to one cohort.

    Parameters
    ----------
    context : Context
        The run; the cohort is read and profiled.
    cohort : Cohort
        Which.
    """
    models = read_applied(context.study)
    ingredients = {
        "step": "predicted",
        "release": context.release,
        "models": {path: prediction_hash(saved) for path, saved in models.items()},
        "cohort": context.outcomes[f"cohort-{cohort.id}"],
        "scores": context.outcomes[f"profile-{cohort.id}"]["scores.parquet"],
        "fractions": context.outcomes.get(f"fractions-{cohort.id}", {}).get("fractions.parquet"),
        "facts": context.needs.facts,
    }

    def make(folder: Path) -> None:
        parts: list[pd.DataFrame] = []
        warnings: list[RunWarning] = []
        for saved in models.values():
            table, noted = _applied(context, cohort, saved)
            parts.append(table)
            warnings += noted
        table = pd.concat(parts, ignore_index=True) if parts else empty_table("predictions")
        write_table(shape_table("predictions", table), folder / "predictions.parquet")
        write_table(warning_table(warnings), folder / "warnings.parquet")

    return Step(f"predicted-{cohort.id}", ingredients, make)


def _applied(context: Context, cohort: Cohort, saved: SavedModel) -> tuple[pd.DataFrame, list[RunWarning]]:
    predictors = saved.fitted.preparation.predictors
    found = cohort_values(
        context,
        cohort.id,
        methods=list(dict.fromkeys(p.source for p in predictors if p.source not in {GENE, TABLE})),
        genes=[p.name for p in predictors if p.source == GENE],
    )
    here = {p.key: p for p in found.predictors}
    for predictor in predictors:
        other = here.get(predictor.key)
        if other is not None and other.sha256 != predictor.sha256:
            raise StudyFileError(
                f"{predictor.name} has other genes here than where the model {saved.model_id} was learnt",
                where=f"cohort {cohort.id}",
                expected=f"a signature with the sha256 {predictor.sha256[:12]}...",
                next_step="score the signature as the model's file defines it, under profile.own_signatures",
            )
        if other is not None and other.kind != predictor.kind:
            raise StudyFileError(
                f"{predictor.name} is {other.kind} here and {predictor.kind} in the model {saved.model_id}",
                where=f"cohort {cohort.id}: features",
            )
    applied = apply_model(saved, found.values, scale=scale_of(context, cohort.id), where=f"cohort {cohort.id}")
    table = applied.table.assign(
        model=saved.model_id, predictor=MODEL, cohort_id=cohort.id, endpoint=saved.endpoint, scheme=APPLIED,
        observed=float("nan"), time_months=float("nan"),
    )  # fmt: skip
    return table, list(applied.warnings)
