"""Which names a study's own questions use that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.foundation.errors import StudyFileError, TmescopeError, UnknownNameError, examples
from tmescope.study.asking import has_visits
from tmescope.study.carry_references import carry_references
from tmescope.study.schema_endpoints import ResponseEndpoint

if TYPE_CHECKING:
    from tmescope.study.schema import Study
    from tmescope.study.schema_questions import Question

__all__ = ["SAMPLE_COLUMNS", "question_references"]

SAMPLE_COLUMNS = ("sex", "age_years", "cancer_type", "treatment", "timepoint")
"""Columns of the table samples that a question may adjust for beside the study's features."""

_WANTED = {"response": True, "survival": False, "change": True}


def question_references(study: Study, where: str) -> Iterator[TmescopeError]:
    """Yield one error for each name in ``[[question]]`` that the study does not know.

    Parameters
    ----------
    study : Study
        The study.
    where : str
        Its file.
    """
    ids = [q.id for q in study.question]
    if repeated := sorted({i for i in ids if ids.count(i) > 1}):
        yield StudyFileError(
            f"ids of questions are not unique: {examples(repeated)}",
            where=f"{where}: question",
            expected="each id once",
        )
    for question in study.question:
        place = f"{where}: question[{question.id}]"
        if question.endpoint:
            yield from _endpoint(study, question, place)
        cohorts = [c.id for c in study.cohorts]
        named = [*(question.cohorts or []), *(question.pool.strata if question.pool else [])]
        named += [c for of_cohorts in (question.pool.moderators.values() if question.pool else ()) for c in of_cohorts]
        named += list(question.visits.cohorts) if question.visits else []
        for name in dict.fromkeys(named):
            if name not in cohorts:
                yield UnknownNameError.of("cohort", name, cohorts, where=place)
        yield from _columns(study, question, place)
        yield from _visits(study, question, place)
        yield from carry_references(study, question, place)


def _endpoint(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    names = list(study.endpoints)
    binary = [n for n, e in study.endpoints.items() if isinstance(e, ResponseEndpoint)]
    wants_binary = _WANTED.get(question.kind)
    if wants_binary is not None:
        names = [n for n in names if (n in binary) == wants_binary]
    if question.endpoint not in names:
        kind = {True: "response endpoint", False: "time-to-event endpoint", None: "endpoint"}[wants_binary]
        yield UnknownNameError.of(kind, question.endpoint, names, where=f"{place}.endpoint")


def _columns(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    tables = [t for c in study.cohorts for t in c.features]
    known = [*dict.fromkeys([*(n for t in tables for n in (*t.numeric, *t.categorical)), *SAMPLE_COLUMNS])]
    asked = [(f"{place}.confounders", name) for name in question.confounders]
    if question.treatment is not None:
        asked.append((f"{place}.treatment.feature", question.treatment.feature))
    for key, name in asked:
        if name not in known and not name.startswith("subtype"):
            yield UnknownNameError.of("feature or column", name, known, where=key)


def _visits(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    if question.visits is None:
        return
    for cohort in (c for c in study.cohorts if c.id in (question.cohorts or [])):
        if not has_visits(cohort):
            yield StudyFileError(
                f"cohort {cohort.id} does not say whose a sample is, or when it was taken",
                where=f"{place}.visits",
                expected="columns.patient_id and columns.timepoint of each cohort that is asked for a change",
                next_step="map both columns, or leave the cohort out of the question's cohorts",
            )
    if not any(has_visits(c) for c in study.cohorts):
        yield StudyFileError(
            "no cohort says whose a sample is and when it was taken",
            where=f"{place}.visits",
            expected="columns.patient_id and columns.timepoint",
            next_step="map both columns in a cohort that took samples before and on treatment",
        )
