"""What a study file says about questions of change: which time points are before, which on treatment."""

from __future__ import annotations

from pydantic import Field, model_validator

from tmescope.study.schema_parts import Table

__all__ = ["VisitWords", "Visits"]


class VisitWords(Table):
    """The two visits of a patient that are compared, in the words of the timepoint column."""

    before: list[str] = Field(
        min_length=1,
        description="Time points before treatment; of a patient with several the one that stands first here is taken",
    )
    on: list[str] = Field(min_length=1, description="Time points on treatment; chosen likewise")

    @model_validator(mode="after")
    def _apart(self) -> VisitWords:
        words = [*self.before, *self.on]
        if twice := sorted({w for w in words if words.count(w) > 1}):
            message = f"the time point {twice[0]!r} stands more than once in before and on"
            raise ValueError(message)
        return self


class Visits(VisitWords):
    """The two visits, with other words for single cohorts where their tables differ."""

    cohorts: dict[str, VisitWords] = Field(default_factory=dict, description="Words of single cohorts")

    def words_in(self, cohort_id: str) -> VisitWords:
        """Return the words that hold in a cohort."""
        return self.cohorts.get(cohort_id, self)
