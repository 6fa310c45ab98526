"""Which questions about expression a study asks of which cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmescope.study.question_references import SAMPLE_COLUMNS
from tmescope.study.schema_expression import ExpressionOptions

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort, Study
    from tmescope.study.schema_questions import Question

__all__ = ["asked_expression", "expresses", "options_of"]


def expresses(study: Study) -> bool:
    """Return whether any question compares expression."""
    return any(q.kind == "expression" for q in study.question)


def options_of(question: Question) -> ExpressionOptions:
    """Return what a question says about expression, or what holds where it says nothing."""
    return question.expression or ExpressionOptions()


def asked_expression(study: Study, cohort: Cohort) -> list[Question]:
    """Return the questions about expression that one cohort is asked.

    Parameters
    ----------
    study : Study
        The study.
    cohort : Cohort
        Which; it must record the endpoint, or the feature that tells the groups.
    """
    asked = [q for q in study.question if q.kind == "expression" and (q.cohorts is None or cohort.id in q.cohorts)]
    return [q for q in asked if _records(study, cohort, q)]


def _records(study: Study, cohort: Cohort, question: Question) -> bool:
    if question.endpoint:
        return study.endpoints[question.endpoint].rule_for(cohort.id) is not None
    name = options_of(question).feature
    if name in SAMPLE_COLUMNS or name.startswith("subtype"):
        return True
    return any(name in table.categorical for table in cohort.features)
