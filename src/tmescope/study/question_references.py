"""Which names a study's own questions use that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.foundation.errors import StudyFileError, TmescopeError, UnknownNameError, examples
from tmescope.study.schema_endpoints import ResponseEndpoint

if TYPE_CHECKING:
    from tmescope.study.schema import Study
    from tmescope.study.schema_questions import Question

__all__ = ["SAMPLE_COLUMNS", "question_references"]

SAMPLE_COLUMNS = ("sex", "age_years", "cancer_type", "treatment", "timepoint")
"""Columns of the table samples that a question may adjust for beside the study's features."""

_WANTED = {"response": True, "survival": False, "expression": True}


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
        yield from _endpoint(study, question, place)
        cohorts = [c.id for c in study.cohorts]
        named = [*(question.cohorts or []), *(question.pool.strata if question.pool else [])]
        for name in dict.fromkeys(named):
            if name not in cohorts:
                yield UnknownNameError.of("cohort", name, cohorts, where=place)
        yield from _columns(study, question, place)


def _endpoint(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    if not question.endpoint:  # a feature tells the groups, which the schema sees to
        return
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
    if question.expression is not None:
        stated = question.expression
        asked += [(f"{place}.expression.{key}", name) for key in ("feature", "batch") if (name := getattr(stated, key))]
    for key, name in asked:
        if name not in known and not name.startswith("subtype"):
            yield UnknownNameError.of("feature or column", name, known, where=key)
