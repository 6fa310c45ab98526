"""What a study file says about cut-offs that are frozen and carried to other cohorts."""

from __future__ import annotations

from pydantic import Field, field_validator

from tmescope.study.schema_parts import FileName, Table

__all__ = ["Carry"]


class Carry(Table):
    """Where a frozen cut-off is tried, and which one."""

    to: list[str] = Field(min_length=1, description="Cohorts that had no part in choosing the cut")
    files: list[FileName] = Field(
        default_factory=list,
        description="Frozen cut-offs of an earlier study; if omitted the cuts of the first cohort that is asked are "
        "frozen, and written into the folder cutoffs of the results",
    )

    @field_validator("to", "files")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if twice := sorted({v for v in value if value.count(v) > 1}):
            message = f"{twice[0]!r} stands here more than once"
            raise ValueError(message)
        return value
