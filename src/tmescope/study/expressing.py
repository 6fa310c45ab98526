"""The step that compares the expression of every gene between groups of one cohort's samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.covariates import encode_covariates
from tmescope.associate.expression import ExpressionAnswers, ExpressionPlan, associate_expression
from tmescope.associate.expression_scales import check_model
from tmescope.associate.families import adjust_families
from tmescope.foundation.errors import InputError, ScaleError, TmescopeError
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale, convert
from tmescope.store.matrices import map_matrix, read_genes
from tmescope.store.tables import empty_table, read_table, shape_table, write_table
from tmescope.study.asked_expression import asked_expression, expresses, options_of
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.profiling import COHORT_MATRIX
from tmescope.study.question_material import PLACING_RULE, gather_material, place_values
from tmescope.study.subtyping import subtype_features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_expression import ExpressionOptions
    from tmescope.study.schema_questions import Question

__all__ = ["EXPRESSION_TABLES", "expresses", "expression_problems", "expression_step"]

EXPRESSION_TABLES = ("expression", "expression_fits", "expression_sets")
"""Tables that the step writes."""

_FEWEST = 2


def expression_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that answers one cohort's questions about expression.

    Parameters
    ----------
    context : Context
        The run; the cohort is read, and placed into subtypes where that is asked.
    cohort : Cohort
        Which.
    """
    asked = asked_expression(context.study, cohort)
    data = context.outcomes[f"cohort-{cohort.id}"]
    ingredients: dict[str, Any] = {
        "step": "expression",
        "rule": PLACING_RULE,
        "release": context.release,
        "samples": data["obs.parquet"],
        "features": data["features.parquet"],
        "matrix": {n: data[n] for n in COHORT_MATRIX} if asked else None,
        "subtypes": context.outcomes.get(f"subtypes-{cohort.id}", {}).get("subtypes.parquet"),
        "questions": [q.model_dump(mode="json") for q in asked],
        "sets": context.needs.facts if asked else None,
    }

    def make(folder: Path) -> None:
        parts: dict[str, list[pd.DataFrame]] = {name: [] for name in EXPRESSION_TABLES}
        warnings: list[RunWarning] = []
        for question in asked:
            found, noted = _compare(context, question, cohort)
            warnings += noted
            if found is None:
                continue
            warnings += found.warnings
            for name, table in _named(found, question).items():
                parts[name].append(table)
        for name, tables in parts.items():
            filled = [t for t in tables if len(t)]
            table = shape_table(name, pd.concat(filled, ignore_index=True)) if filled else empty_table(name)
            write_table(table, folder / f"{name}.parquet")
        write_table(warning_table(list(dict.fromkeys(warnings))), folder / "warnings.parquet")

    return Step(f"expression-{cohort.id}", ingredients, make)


def expression_problems(study: Study, folders: Mapping[str, Path]) -> list[TmescopeError]:
    """Return the models that cohorts' scales forbid, before anything is computed.

    Parameters
    ----------
    study : Study
        The study.
    folders : mapping of str to pathlib.Path
        Folders of the cohorts that could be read.
    """
    problems: list[TmescopeError] = []
    for cohort in study.cohorts:
        for question in asked_expression(study, cohort) if cohort.id in folders else ():
            try:
                _target(folders[cohort.id], options=options_of(question))
            except ScaleError as error:
                place = f"question {question.id}, cohort {cohort.id}"
                problems.append(ScaleError(error.what, where=place, expected=error.expected, next_step=error.next_step))
    return problems


def _compare(
    context: Context, question: Question, cohort: Cohort
) -> tuple[ExpressionAnswers | None, tuple[RunWarning, ...]]:
    options = options_of(question)
    folder = context.ledger.folder(f"cohort-{cohort.id}")
    samples = read_table(folder / "samples.parquet").set_index("sample_id")
    extra = subtype_features(context, cohort.id, read_table(folder / "features.parquet"))
    also = [name for name in (options.feature, options.batch) if name and name not in question.confounders]
    wider = question.model_copy(update={"confounders": [*question.confounders, *also]})
    material, noted = gather_material(wider, (), samples, extra=extra, folder=folder)
    stated, batch = _design_columns(material.confounders, question=question, options=options)
    group = _groups(samples, material.confounders, question=question, options=options)
    for known in (stated, batch):
        if known is not None:
            group = group.where(group.index.isin(known.dropna().index))
    where = f"question {question.id}, cohort {cohort.id}"
    noted = (*noted, *_repeated(samples["patient_id"][group.notna()], where=where))
    few = _too_few(group, stated, batch, where=where)
    if few is not None:
        return None, (*noted, few)
    table, scale = _matrix(folder, samples.index, options=options)
    sets = {s.name: tuple(s.genes) for s in context.needs.collections} | context.needs.sets()
    plan = ExpressionPlan(
        model=options.method or "auto", fewest_counts=options.fewest_counts, batch=batch, gene_sets=sets
    )
    endpoint = question.endpoint or options.feature
    try:
        found = associate_expression(
            table, group, scale=scale, cohort_id=cohort.id, endpoint=endpoint, confounders=stated, plan=plan
        )
    except InputError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise type(error)(error.what, where=place, expected=error.expected, next_step=error.next_step) from error
    return found, noted


def _design_columns(
    columns: pd.DataFrame, *, question: Question, options: ExpressionOptions
) -> tuple[pd.DataFrame, pd.Series[Any] | None]:
    """Return the confounders of the design, and the batch where ComBat takes it out: it stands in one of the two."""
    batch = columns.get(options.batch)
    if batch is not None and options.combat:
        return columns[[c for c in columns if c in question.confounders and c != options.batch]], batch
    stated = columns[[c for c in columns if c in question.confounders]]
    if batch is not None and options.batch not in stated:
        stated = stated.assign(**{options.batch: batch.astype("object").map(str, na_action="ignore")})
    return stated, None


def _too_few(
    group: pd.Series[float], stated: pd.DataFrame, batch: pd.Series[Any] | None, *, where: str
) -> RunWarning | None:
    """Return why a cohort is passed over: a group that is too small, or no more samples than columns of the design."""
    n_in, n_out = int((group == 1.0).sum()), int((group == 0.0).sum())
    known = "" if stated.empty and batch is None else ", with confounders and batch known"
    if min(n_in, n_out) < _FEWEST:
        told = f"{n_in} samples are in the group and {n_out} in the reference{known}: expression is not compared"
        return RunWarning("expression.one_group", told, where, min(n_in, n_out))
    used = group.index[group.notna()]
    n_columns = 2 + encode_covariates(stated, sample_ids=used, where=where).matrix.shape[1]
    n_columns += 0 if batch is None else batch.loc[used].nunique() - 1
    if len(used) > n_columns:
        return None
    known += "," if known else ""
    told = f"{len(used)} samples{known} are too few for {n_columns} columns of the design: expression is not compared"
    return RunWarning("expression.few_samples", told, where, len(used))


def _repeated(patients: pd.Series[str], *, where: str) -> tuple[RunWarning, ...]:
    twice = patients[patients.notna() & patients.duplicated()].drop_duplicates()
    if not len(twice):
        return ()
    told = f"{len(twice)} patients have several samples in the comparison, which counts them as different patients"
    return (RunWarning("expression.repeated_patients", told, where, len(twice)),)


def _groups(
    samples: pd.DataFrame, columns: pd.DataFrame, *, question: Question, options: ExpressionOptions
) -> pd.Series[float]:
    if options.feature:
        levels = columns[options.feature] if options.feature in columns else pd.Series(pd.NA, index=samples.index)
        words = dict.fromkeys(options.group, 1.0) | dict.fromkeys(options.reference, 0.0)
    else:
        levels, words = samples[question.endpoint], {"responder": 1.0, "non_responder": 0.0}
    return place_values(levels, words).astype("float64")


def _matrix(folder: Path, sample_ids: pd.Index[str], *, options: ExpressionOptions) -> tuple[pd.DataFrame, Scale]:
    """Return samples x genes on a scale that the model takes, by the exact conversion."""
    values, scale, target = _target(folder, options=options)
    converted = convert(values, scale, target)[0]
    return pd.DataFrame(converted, index=sample_ids, columns=read_genes(folder)), target


def _target(folder: Path, *, options: ExpressionOptions) -> tuple[NDArray[np.float64], Scale, Scale]:
    """Return the matrix, its scale, and that which the model takes; or an error that says why there is none."""
    marks = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
    scale = Scale.parse(marks["uns"]["scale"], where=folder.name)
    values = np.asarray(map_matrix(folder), dtype=np.float64)
    target = scale
    if scale.unit == "counts":
        target = Scale("counts")
    elif scale != Scale("array", 2.0, 0.0) and options.method in (None, "limma"):
        target = Scale(scale.unit, 2.0, options.pseudocount)
    check_model(target, options.method or "auto", values=values)
    return values, scale, target


def _named(found: ExpressionAnswers, question: Question) -> dict[str, pd.DataFrame]:
    same = {"question_id": question.id, "contrast": options_of(question).contrast}
    sets = found.sets.assign(**same, effect_name="gene_set_direction")
    sets = adjust_families(sets).drop(columns="effect_name") if len(sets) else sets
    return {
        "expression": adjust_families(found.answers.assign(**same)),
        "expression_fits": found.fit.assign(**same),
        "expression_sets": sets,
    }
