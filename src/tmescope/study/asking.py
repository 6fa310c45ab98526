"""Which cohorts a study's own question is asked of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_questions import Question

__all__ = ["choosing_cohort", "has_visits", "is_asked"]


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
