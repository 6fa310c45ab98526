"""One question of a study in one cohort, and what answering it gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmescope.foundation.progress import SILENT, Progress

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.foundation.result import RunWarning
    from tmescope.study.question_material import QuestionMaterial
    from tmescope.study.schema_endpoints import Endpoint
    from tmescope.study.schema_questions import Question

__all__ = ["AskedQuestion", "FoundAnswers"]


@dataclass(frozen=True)
class FoundAnswers:
    """What one question gave in one cohort.

    Parameters
    ----------
    answers : pandas.DataFrame
        Rows of the table ``answers`` without q-values.
    warnings : tuple of RunWarning
    cuts : pandas.DataFrame or None
        Rows of the table ``cuts``, of a question that looks for a cut-point.
    incidence : pandas.DataFrame or None
        Rows of the table ``incidence``, of a question about competing events.
    screens : pandas.DataFrame or None
        Rows of the table ``screens``, of a question that asks every gene.
    visits : pandas.DataFrame or None
        Rows of the table ``visits``, of a question of change.
    """

    answers: pd.DataFrame
    warnings: tuple[RunWarning, ...]
    cuts: pd.DataFrame | None = None
    incidence: pd.DataFrame | None = None
    screens: pd.DataFrame | None = None
    visits: pd.DataFrame | None = None


@dataclass(frozen=True)
class AskedQuestion:
    """One question in one cohort.

    Parameters
    ----------
    question : Question
        What the study file says.
    material : QuestionMaterial
        Features, samples, axis and confounders of the cohort.
    cohort_id : str
    seed : int
        The study's.
    stated : Endpoint or None
        What the study file says about the endpoint.
    progress : Progress
        Told of the features of a screen.
    """

    question: Question
    material: QuestionMaterial
    cohort_id: str
    seed: int
    stated: Endpoint | None = None
    progress: Progress = SILENT

    @property
    def where(self) -> str:
        """Cohort and endpoint, for messages."""
        return f"{self.cohort_id}: {self.question.endpoint}"

    @property
    def is_response(self) -> bool:
        """Whether the endpoint is one of response (also an ordered one) rather than a time to event."""
        return self.question.endpoint in self.material.samples

    @property
    def outcome(self) -> pd.DataFrame:
        """Columns time_months and event, index sample_id."""
        name = self.question.endpoint
        outcome = self.material.samples[[f"{name}_time_months", f"{name}_event"]]
        return outcome.set_axis(["time_months", "event"], axis="columns")
