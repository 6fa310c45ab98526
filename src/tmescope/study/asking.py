"""Which endpoints a study asks about, and which cohorts its own questions are asked of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmescope.study.schema_endpoints import ResponseEndpoint

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_questions import Question

__all__ = ["asked_responses", "asked_survival", "choosing_cohort", "has_visits", "is_asked"]


def asked_responses(study: Study) -> list[str]:
    """Return the response endpoints that are asked about."""
    if study.answers.response is not None:
        return study.answers.response
    return [name for name, e in study.endpoints.items() if isinstance(e, ResponseEndpoint)]


def asked_survival(study: Study) -> str | None:
    """Return the time-to-event endpoint that is asked about."""
    return study.answers.survival


def is_asked(study: Study, question: Question, cohort: Cohort) -> bool:
    """Return whether a cohort is asked a question.

    Parameters
    ----------
    study : Study
        Its endpoints.
    question : Question
        The question. One that names no cohorts is asked of all that can answer it: that record its endpoint and, for a
        change, the patient and the time point; cohorts that a cut-off is carried to look for none of their own.
    cohort : Cohort
        The cohort.
    """
    if question.cohorts is not None and cohort.id not in question.cohorts:
        return False
    if question.cohorts is None and question.visits is not None and not has_visits(cohort):
        return False
    carry = question.carry
    if carry is not None and (carry.files or (question.cohorts is None and cohort.id in carry.to)):
        return False
    return not question.endpoint or study.endpoints[question.endpoint].rule_for(cohort.id) is not None


def has_visits(cohort: Cohort) -> bool:
    """Return whether a cohort declares who a sample is of and when it was taken.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    """
    return cohort.columns.patient_id is not None and cohort.columns.timepoint is not None


def choosing_cohort(study: Study, question: Question) -> Cohort | None:
    """Return the cohort whose cut-offs a question freezes: the first that is asked, in the order that it names them.

    Parameters
    ----------
    study : Study
        The study.
    question : Question
        The question; None is returned where it brings its cut-offs in files.
    """
    asked = {c.id: c for c in study.cohorts if is_asked(study, question, c)}
    names = [n for n in (question.cohorts or list(asked)) if n in asked]
    return asked[names[0]] if names else None
