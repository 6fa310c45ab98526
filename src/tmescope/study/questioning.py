"""Answers to a study's own questions in one cohort, and the step that pools them over cohorts."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.across_cohorts import PoolPlan, pool_answers
from tmescope.associate.pooled_screens import pool_screens
from tmescope.store.tables import empty_table, read_table, shape_table, write_table
from tmescope.study.asked_question import AskedQuestion, FoundAnswers
from tmescope.study.asking import is_asked
from tmescope.study.cell_questions import label_features
from tmescope.study.ledger import Step
from tmescope.study.moderating import moderate, pooling_options
from tmescope.study.notices import warning_table
from tmescope.study.question_kinds import ANSWERERS
from tmescope.study.question_material import QuestionMaterial, Surroundings, gather_material
from tmescope.study.shared_patients import find_elsewhere
from tmescope.study.stacked_tables import stack_tables
from tmescope.study.subtyping import subtype_features

if TYPE_CHECKING:
    from tmescope.associate.features import Feature
    from tmescope.foundation.result import RunWarning
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort
    from tmescope.study.schema_questions import Question

__all__ = ["answer_question", "asked_questions", "left_elsewhere", "name_answers", "pool_step", "pools", "surroundings"]


def asked_questions(context: Context, cohort: Cohort) -> list[Question]:
    """Return the study's own questions that one cohort is asked.

    Parameters
    ----------
    context : Context
        The run.
    cohort : Cohort
        Which; it must record the endpoint.
    """
    study = context.study
    return [q for q in study.question if q.kind != "expression" and is_asked(study, q, cohort)]  # see expression_step


def pools(context: Context) -> bool:
    """Return whether any question is pooled over cohorts."""
    return any(q.pool for q in context.study.question)


def left_elsewhere(context: Context, cohort: Cohort) -> dict[str, tuple[str, ...]]:
    """Return for each question the samples that this cohort leaves to another one of it.

    Parameters
    ----------
    context : Context
        The run; cohorts are read, overlaps are known.
    cohort : Cohort
        Which.
    """
    cohorts = context.study.cohorts
    return {
        q.id: find_elsewhere(context, q, [c.id for c in cohorts if q in asked_questions(context, c)]).get(cohort.id, ())
        for q in asked_questions(context, cohort)
    }


def answer_question(
    context: Context,
    question: Question,
    cohort: Cohort,
    *,
    features: tuple[Feature, ...],
    samples: pd.DataFrame,
    elsewhere: Collection[str] = (),
) -> FoundAnswers:
    """Answer one question in one cohort.

    Parameters
    ----------
    context : Context
        The run; the cohort is read and profiled, overlaps are known.
    question : Question
        The question.
    cohort : Cohort
        The cohort.
    features : tuple of Feature
        All features of the cohort by the methods that the question asks.
    samples : pandas.DataFrame
        Its table ``samples``, index sample_id.
    elsewhere : collection of str
        Samples whose patient counts in another cohort: see `left_elsewhere`.

    Returns
    -------
    FoundAnswers
    """
    folder = context.ledger.folder(f"cohort-{cohort.id}")
    extra = subtype_features(context, cohort.id, read_table(folder / "features.parquet"))
    around = surroundings(context, question, cohort.id)
    material, noted = gather_material(
        question, features, samples, extra=extra, folder=folder, elsewhere=elsewhere, around=around
    )
    stated = context.study.endpoints.get(question.endpoint)
    asked = AskedQuestion(question, material, cohort.id, context.study.study.seed, stated, context.progress)
    found = ANSWERERS[question.kind](asked)
    cuts, incidence = (None if t is None else t.assign(question_id=question.id) for t in (found.cuts, found.incidence))
    screens = None if found.screens is None else name_answers(found.screens, question, material)
    visits = None if found.visits is None else found.visits.assign(question_id=question.id, cohort_id=cohort.id)
    answers = name_answers(found.answers, question, material)
    return FoundAnswers(answers, (*noted, *found.warnings), cuts, incidence, screens, visits)


def surroundings(context: Context, question: Question, cohort_id: str) -> Surroundings:
    """Return where a question is asked, with the features that the cohorts that are asked it may have.

    Parameters
    ----------
    context : Context
        The run.
    question : Question
        The question.
    cohort_id : str
        The cohort that is asked, or that its cut-off is carried to.
    """
    study = context.study
    tables = [t for c in study.cohorts if is_asked(study, question, c) for t in c.features]
    measured = {n for t in tables for n in (*t.numeric, *t.categorical)}
    return Surroundings(cohort_id, frozenset(measured | context.needs.sets().keys() | label_features(context)))


def name_answers(answers: pd.DataFrame, question: Question, material: QuestionMaterial) -> pd.DataFrame:
    """Return answers with the question's name, and with those patients counted whom another cohort has.

    Parameters
    ----------
    answers : pandas.DataFrame
        Of one cohort.
    question : Question
        The question.
    material : QuestionMaterial
        What it was answered from.
    """
    if not len(answers):
        return answers
    named = answers.assign(question_id=question.id)
    if n := material.n_elsewhere:
        named["n_left_out"] = named["n_left_out"] + n
        words = f"{n} whose patient another cohort has"
        named["left_out"] = [f"{t}; {words}" if t else words for t in named["left_out"]]
    return named


def pool_step(context: Context) -> Step:
    """Return the step that pools the answers of every question that asks for it."""
    study = context.study
    asked = [q for q in study.question if q.pool]
    ingredients = {
        "step": "pooled",
        "release": context.release,
        "questions": [q.model_dump(mode="json") for q in asked],
        "answers": {c.id: context.outcomes[f"answers-{c.id}"]["answers.parquet"] for c in study.cohorts},
        "screens": {c.id: context.outcomes[f"answers-{c.id}"]["screens.parquet"] for c in study.cohorts},
        "carried": context.outcomes.get("carried"),
    }

    def make(folder: Path) -> None:
        steps = [*(f"answers-{c.id}" for c in study.cohorts), *(["carried"] if "carried" in context.outcomes else [])]
        tables = [read_table(context.ledger.folder(name) / "answers.parquet") for name in steps]
        answers = stack_tables("answers", tables)
        found = [pool_answers(answers[answers["question_id"] == q.id], plan=_plan(q)) for q in asked]
        for name in ("pooled", "leave_one_out"):
            table = shape_table(name, stack_tables(name, (getattr(f, name) for f in found)))
            write_table(table, folder / f"{name}.parquet")
        noted = _write_screens(context, folder, [q for q in asked if q.kind == "screen"])
        for name, table in moderate(asked, answers).items():
            write_table(table, folder / f"{name}.parquet")
        warnings = [*chain.from_iterable(f.warnings for f in found), *noted]
        write_table(warning_table(warnings), folder / "warnings.parquet")

    return Step("pooled", ingredients, make)


def _write_screens(context: Context, folder: Path, asked: list[Question]) -> list[RunWarning]:
    parts: list[pd.DataFrame] = []
    warnings: list[RunWarning] = []
    for question in asked:
        only = [("question_id", "==", question.id)]
        tables = [
            pd.read_parquet(context.ledger.folder(f"answers-{c.id}") / "screens.parquet", filters=only)
            for c in context.study.cohorts
        ]
        if filled := [t for t in tables if len(t)]:
            found = pool_screens(pd.concat(filled, ignore_index=True), plan=_plan(question))
            parts.append(found.pooled)
            warnings += found.warnings
    known = [p for p in parts if len(p)]
    table = pd.concat(known, ignore_index=True) if known else empty_table("screens_pooled")
    write_table(shape_table("screens_pooled", table), folder / "screens_pooled.parquet")
    return warnings


def _plan(question: Question) -> PoolPlan:
    pool = question.pool
    if pool is None:
        return PoolPlan()
    return PoolPlan(options=pooling_options(pool), strata=pool.strata, fewest_cohorts=pool.fewest_cohorts)
