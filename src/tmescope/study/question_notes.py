"""What the titles of a question's figures must not leave out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.study.schema_questions import Question

__all__ = ["question_notes"]


def question_notes(questions: Sequence[Question]) -> dict[str, str]:
    """Return the landmark, the late entry and the horizon of each question that has one, by question_id.

    Parameters
    ----------
    questions : sequence of Question
        Of the study.
    """
    found = {}
    for question in questions:
        options = question.survival
        notes = []
        if options is not None and options.landmark_months is not None:
            notes.append(f"from a landmark at {options.landmark_months:g} months")
        if options is not None and options.late_entry is not None:
            notes.append("patients at risk from their sampling")
        if question.horizon_months is not None:
            notes.append(f"up to {question.horizon_months:g} months")
        if notes:
            found[question.id] = ", ".join(notes)
    return found
