"""The table ``[deconvolution]`` of a study file: how the composition of each sample is estimated."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from tmescope.study.schema_parts import FileName, Table

__all__ = ["CountedShares", "Deconvolution"]


class CountedShares(Table):
    """Shares of cell types that were counted in the samples of a cohort; the path alone where the table is wide."""

    file: FileName = Field(
        description="Tab-separated. Wide: the first column names the sample, each further one is a cell type. Long, "
        "where share is given: one row a sample and cell type"
    )
    sample: str = Field("sample", min_length=1, description="Column of a long table with the sample")
    cell_type: str = Field("cell_type", min_length=1, description="Column of a long table with the cell type")
    share: str = Field("", description="Column of a long table with the share, 0 to 1; empty for a wide table")

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _columns(self) -> CountedShares:
        if not self.share and self.model_fields_set & {"sample", "cell_type"}:
            message = "columns of a long table are named and share is not: name its column, or none for a wide table"
            raise ValueError(message)
        if self.share and len({self.sample, self.cell_type, self.share}) < 3:
            message = "sample, cell_type and share are three columns, and two of them have one name"
            raise ValueError(message)
        return self


def _or_path_alone(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = {"anyOf": [{"type": "string"}, schema["additionalProperties"]]}


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
    truth: dict[str, CountedShares] = Field(
        default_factory=dict,
        description="Cohort to a table of counted shares: sample, then one column a cell type, 0 to 1, tab-separated; "
        "or a table with file, sample, cell_type and share, which name the columns of a long one",
        json_schema_extra=_or_path_alone,
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
