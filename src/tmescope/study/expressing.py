"""The step that compares the expression of every gene between groups of one cohort's samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.expression import ExpressionAnswers, ExpressionPlan, associate_expression
from tmescope.associate.expression_scales import check_model
from tmescope.associate.families import adjust_families
from tmescope.foundation.errors import ScaleError, TmescopeError
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale, convert
from tmescope.store.matrices import map_matrix, read_genes
from tmescope.store.tables import empty_table, read_table, shape_table, write_table
from tmescope.study.asked_expression import asked_expression, expresses, options_of
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.profiling import COHORT_MATRIX
from tmescope.study.question_material import gather_material
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
    columns = material.confounders
    group = _groups(samples, columns, question=question, options=options)
    where = f"question {question.id}, cohort {cohort.id}"
    n_in, n_out = int((group == 1.0).sum()), int((group == 0.0).sum())
    if min(n_in, n_out) < _FEWEST:
        told = f"{n_in} samples are in the group and {n_out} in the reference: expression is not compared"
        return None, (*noted, RunWarning("expression.one_group", told, where, min(n_in, n_out)))
    noted = (*noted, *_repeated(samples["patient_id"][group.notna()], where=where))
    stated = columns[[c for c in columns if c in question.confounders]]
    batch = columns.get(options.batch)
    if batch is not None and not options.combat and options.batch not in stated:
        stated = stated.assign(**{options.batch: batch.astype("object").map(str, na_action="ignore")})
    table, scale = _matrix(folder, samples.index, options=options)
    sets = {s.name: tuple(s.genes) for s in context.needs.collections} | context.needs.sets()
    found = associate_expression(
        table,
        group,
        scale=scale,
        cohort_id=cohort.id,
        endpoint=question.endpoint or options.feature,
        confounders=stated,
        plan=ExpressionPlan(
            model=options.method or "auto",
            fewest_counts=options.fewest_counts,
            batch=batch if options.combat else None,
            gene_sets=sets,
        ),
    )
    return found, noted


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
    return levels.astype("object").map(words).astype("float64")


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
