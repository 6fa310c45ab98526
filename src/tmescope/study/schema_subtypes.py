"""The table ``[subtypes]`` of a study file: which models of subtypes place each sample."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from tmescope.study.schema_parts import FileName, Table

__all__ = ["EACH", "Subtypes"]

EACH = "each"


class Subtypes(Table):
    """Which models of subtypes place each sample."""

    models: list[FileName] = Field(
        default_factory=list,
        description="Files that tmescope subtype fit wrote: each is applied to every cohort, under the file's name",
    )
    fit: str = Field(
        "",
        description="Fit a model in the study too: the id of the cohort that becomes the measure of all, or each "
        "(every cohort measures itself, and subtypes of two cohorts are not the same)",
    )
    kind: Literal["axes", "clusters"] = Field(
        "axes",
        description="What is fitted: axes (immune and stromal, four subtypes), or clusters (groups of the core "
        "signatures' scores, if there are any)",
    )

    @field_validator("models")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if twice := sorted({v for v in value if value.count(v) > 1}):
            message = f"{', '.join(map(repr, twice))} stands here more than once"
            raise ValueError(message)
        return value
