"""Which names a study's own questions use that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.foundation.errors import StudyFileError, TmescopeError, UnknownNameError, examples
from tmescope.study.asking import has_visits
from tmescope.study.carry_references import carry_references
from tmescope.study.schema_endpoints import OrdinalEndpoint, ResponseEndpoint, TimeEndpoint
from tmescope.study.schema_kinds import TIMES_ONLY

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_questions import Question

__all__ = ["NO_CELLS", "SAMPLE_COLUMNS", "question_references"]

SAMPLE_COLUMNS = ("sex", "age_years", "cancer_type", "treatment", "timepoint")
"""Columns of the table samples that a question may adjust for beside the study's features."""

NO_CELLS = "a column of cells is no feature of patients: ask of pseudo-bulk, such as a label's share or SIGNATURE@LABEL"
"""What is added where a question names something unknown in a study of cells."""

_TABLE = "table:"
_EITHER = (ResponseEndpoint, TimeEndpoint)
_WANTED: dict[str, tuple[type, ...]] = {
    "response": (ResponseEndpoint,),
    "ordinal": (OrdinalEndpoint,),
    "survival": (TimeEndpoint,),
    "restricted_mean": (TimeEndpoint,),
    "competing_risks": (TimeEndpoint,),
    "expression": (ResponseEndpoint,),
    "change": (ResponseEndpoint,),
}
_CALLED: dict[tuple[type, ...], str] = {
    (ResponseEndpoint,): "response endpoint",
    (OrdinalEndpoint,): "ordered endpoint",
    (TimeEndpoint,): "time-to-event endpoint",
    _EITHER: "endpoint",
}


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
        yield from _with_reason(study, _columns(study, question, place))
        yield from _visits(study, question, place)
        yield from _timeless(study, question, place)
        yield from carry_references(study, question, place)


def _with_reason(study: Study, problems: Iterator[TmescopeError]) -> Iterator[TmescopeError]:
    """Yield problems; where cohorts are of cells a name may be one of their columns, so that the reason is added."""
    of_cells = any(c.kind == "cells" for c in study.cohorts)
    for problem in problems:
        if of_cells:
            problem.next_step = f"{problem.next_step}; {NO_CELLS}"
        yield problem


def _endpoint(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    if not question.endpoint:  # a feature tells the groups, which the schema sees to
        return
    wanted = _WANTED.get(question.kind, _EITHER)
    names = [n for n, e in study.endpoints.items() if isinstance(e, wanted)]
    if question.endpoint not in names:
        yield UnknownNameError.of(_CALLED[wanted], question.endpoint, names, where=f"{place}.endpoint")
        return
    endpoint = study.endpoints[question.endpoint]
    if question.kind == "competing_risks" and isinstance(endpoint, TimeEndpoint):
        for cohort in _asked(study, question):
            rule = endpoint.rule_for(cohort.id)
            if rule is not None and not rule.competing:
                yield StudyFileError(
                    f"the endpoint {question.endpoint!r} names no competing event in cohort {cohort.id!r}",
                    where=f"{place}.endpoint",
                    expected='what comes before the event, such as competing = { death = ["2"] } in the endpoint',
                    next_step="declare it, or ask a question of kind survival",
                )


def _timeless(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    """Yield a setting of time to event in a question about response that could have been one about time."""
    of_response = isinstance(study.endpoints.get(question.endpoint), ResponseEndpoint)
    if question.kind in TIMES_ONLY and of_response and question.baseline:
        yield StudyFileError(
            f"a question of kind {question.kind} does not use baseline where its endpoint is a response",
            where=f"{place}.baseline",
            expected="baseline in questions about a time to event alone: it is for warnings of immortal time",
            next_step="leave baseline out",
        )


def _asked(study: Study, question: Question) -> Iterator[Cohort]:
    """Yield the cohorts that a question is asked of."""
    endpoint = study.endpoints.get(question.endpoint)
    for cohort in study.cohorts:
        if (question.cohorts is None or cohort.id in question.cohorts) and (
            endpoint is None or endpoint.rule_for(cohort.id) is not None
        ):
            yield cohort


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
    yield from _table_features(question, [n for t in tables for n in (*t.numeric, *t.categorical)], place)
    yield from _survival_columns(study, question, f"{place}.survival")


def _table_features(question: Question, own: list[str], place: str) -> Iterator[TmescopeError]:
    """Yield names said to be of tables that no table has; those of scores are known once cohorts are profiled."""
    asked = [(f"{place}.features", name) for name in question.features or ()]
    asked += [(f"{place}.axis", question.axis)] if question.axis else []
    for key, name in asked:
        column = name.removeprefix(_TABLE).split("=", 1)[0]
        if name.startswith(_TABLE) and column not in own and not column.startswith("subtype"):
            yield UnknownNameError.of("feature of a table", column, own, where=key)


def _survival_columns(study: Study, question: Question, place: str) -> Iterator[TmescopeError]:
    """Yield names that a cohort lacks: without them it would answer another question than the others."""
    options = question.survival
    if options is None:
        return
    entry = options.late_entry.feature if options.late_entry is not None else None
    numeric = {"weights": options.weights, "late_entry.feature": entry}
    for cohort in _asked(study, question):
        numbers = [n for t in cohort.features for n in t.numeric]
        every = [*numbers, *(n for t in cohort.features for n in t.categorical), *SAMPLE_COLUMNS]
        for key, name in numeric.items():
            if name is not None and name not in numbers:
                what = f"numeric feature of cohort {cohort.id!r}"
                yield UnknownNameError.of(what, name, numbers, where=f"{place}.{key}")
        for name in options.strata:
            if name not in every and not name.startswith("subtype"):
                what = f"feature or column of cohort {cohort.id!r}"
                yield UnknownNameError.of(what, name, every, where=f"{place}.strata")


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
