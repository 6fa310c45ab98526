"""The table ``[deconvolution]`` of a study file: how the composition of each sample is estimated."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from tmescope.study.schema_parts import FileName, Table

__all__ = ["Deconvolution"]


class Deconvolution(Table):
    """How the composition of each sample is estimated."""

    methods: list[str] = Field(default_factory=list, description="Deconvolution methods: tmescope methods lists them")
    models: list[FileName] = Field(
        default_factory=list,
        description="Files that tmescope deconvolve fit wrote: each is applied as a further method, METHOD_frozen",
    )
    reference: FileName | None = Field(
        None,
        description="Profiles of cell types of your own, for methods that take one: a folder that tmescope reference "
        "build wrote, or a table of genes by cell types",
    )
    consensus: Literal["learned", "equal", "none"] = Field(
        "learned",
        description="Where several methods ran: one estimate a cell type from all of them and how they agree, with "
        "weights learned where composition is known, or equal ones; or none",
    )
    truth: dict[str, FileName] = Field(
        default_factory=dict,
        description="Cohort to a table of counted shares: sample, then one column a cell type, 0 to 1, tab-separated",
    )
    min_coverage: float = Field(
        0.5, ge=0, le=1, description="Below this share of a reference's genes a method is refused, an output missing"
    )
    parameters: dict[str, dict[str, bool | int | float | str]] = Field(
        default_factory=dict, description="Parameters of single methods"
    )

    @field_validator("methods", "models")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if twice := sorted({v for v in value if value.count(v) > 1}):
            message = f"{', '.join(map(repr, twice))} stands here more than once"
            raise ValueError(message)
        return value
