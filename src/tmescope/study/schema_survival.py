"""What a study file says about how time to event is analysed: ``[question.survival]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tmescope.study.schema_parts import Table

__all__ = ["LateEntry", "SurvivalOptions"]


class LateEntry(Table):
    """When samples were taken: patients are at risk from then on (left truncation, start-stop rows)."""

    feature: str = Field(description="Numeric feature with the time from time zero of the endpoint to the sample")
    unit: Literal["days", "weeks", "months", "years"] = Field(description="Its unit")


class SurvivalOptions(Table):
    """How the models of a question about time to event are fitted; for kinds survival and competing_risks."""

    ties: Literal["efron", "breslow"] = Field("efron", description="Treatment of tied event times")
    strata: list[str] = Field(
        default_factory=list,
        description="Features, sex, cancer_type, treatment or timepoint: each combination of their values has its own "
        "baseline hazard in every adjusted model",
    )
    weights: str | None = Field(None, description="Numeric feature of case weights, zero or more")
    robust: bool | None = Field(
        None, description="Sandwich standard errors; yes where weights are given and no otherwise, if omitted"
    )
    landmark_months: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Time starts anew here, for patients still under observation"
    )
    late_entry: LateEntry | None = Field(None, description="Patients enter when they were sampled")

    @model_validator(mode="after")
    def _one_way(self) -> SurvivalOptions:
        if self.landmark_months is not None and self.late_entry is not None:
            message = "landmark_months and late_entry are two answers to late samples: state one"
            raise ValueError(message)
        return self

    @property
    def uses_robust(self) -> bool:
        """Whether standard errors are robust."""
        return self.weights is not None if self.robust is None else self.robust
