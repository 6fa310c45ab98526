"""What a study file says about comparing expression: ``[question.expression]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tmescope.study.schema_parts import Table

__all__ = ["ExpressionOptions"]


class ExpressionOptions(Table):
    """Which groups a question of kind expression compares, and by which model."""

    feature: str = Field(
        "",
        description="Categorical feature, or column of the samples, that tells the groups; without one they are the "
        "responders and non-responders of the question's endpoint",
    )
    group: list[str] = Field(default_factory=list, description="Levels of the feature that are the group")
    reference: list[str] = Field(
        default_factory=list, description="Levels that it is compared with; other levels are left out"
    )
    method: Literal["limma", "voom", "deseq2"] | None = Field(
        None, description="Model; by the declared scale if omitted: limma for logarithms, voom for counts"
    )
    pseudocount: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="Added to linear values before their logarithm, for limma"
    )
    fewest_counts: float = Field(
        10.0,
        ge=0,
        allow_inf_nan=False,
        description="A gene is tested if it has so many counts in as many samples as the smaller group has",
    )
    batch: str = Field("", description="Categorical feature or column that names the batch: a column of the design")
    combat: bool = Field(
        default=False, description="Adjust for the batch by parametric ComBat beforehand instead; logarithms only"
    )

    @model_validator(mode="after")
    def _complete(self) -> ExpressionOptions:
        if bool(self.feature) != bool(self.group and self.reference):
            message = "feature, group and reference belong together: name all of them, or none"
            raise ValueError(message)
        if both := sorted(set(self.group) & set(self.reference)):
            message = f"{both[0]!r} stands in group and in reference"
            raise ValueError(message)
        if self.combat and not self.batch:
            message = "combat needs a batch to adjust for"
            raise ValueError(message)
        if self.method in {"voom", "deseq2"} and "pseudocount" in self.model_fields_set:
            message = f"{self.method} takes counts as they are and does not use pseudocount: limma does"
            raise ValueError(message)
        if self.method == "limma" and "fewest_counts" in self.model_fields_set:
            message = "limma takes logarithms and does not use fewest_counts: voom and deseq2 do"
            raise ValueError(message)
        if self.batch and self.batch == self.feature:
            message = f"{self.batch!r} cannot be both the batch and what is compared"
            raise ValueError(message)
        return self

    @property
    def contrast(self) -> str:
        """Words for what is compared."""
        if not self.feature:
            return "responder vs non_responder"
        return f"{' or '.join(self.group)} vs {' or '.join(self.reference)}"
