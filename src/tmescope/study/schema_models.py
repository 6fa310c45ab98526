"""What a study file says about models that predict an outcome: ``[[model]]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from tmescope.study.schema_parts import Table, checked_id
from tmescope.study.schema_questions import Pooling

__all__ = ["ModelBaseline", "PredictionModel"]


class ModelBaseline(Table):
    """Something simpler that a model must beat."""

    name: str = Field(min_length=1, max_length=60, description="What it is called, such as TIS-18")
    features: list[str] = Field(
        min_length=1, description="Its features, as in features of the model; one alone is not penalised"
    )


class PredictionModel(Table):
    """One model: what it is learnt from and how, stated before an outcome is looked at."""

    id: str = Field(description="Short name of the model; its file in the results is models/ID.json")
    endpoint: str = Field(description="Endpoint of the study: response (logistic model) or time to event (Cox model)")
    cohorts: list[str] | None = Field(
        None, description="Cohorts to learn from; all that record the endpoint if omitted"
    )
    methods: list[str] | None = Field(None, description="Methods whose scores it may use; as in answers if omitted")
    features: list[str] | None = Field(
        None,
        description="Names of features, METHOD:NAME, sex, age_years, cancer_type or treatment; all scores of the "
        "methods and all features of tables if omitted",
    )
    genes: list[str] = Field(default_factory=list, description="Genes to use too: log2 of their expression")
    missing: Literal["median", "complete"] = Field(
        "median",
        description="Missing values: median of the training patients with a column that says so, or complete (patients "
        "without a value are left out and get no prediction)",
    )
    standardise: Literal["training", "within_cohort"] = Field(
        "training",
        description="Scale by mean and SD of the training patients, or within each cohort: then the model can only be "
        "applied to a cohort, not to a patient",
    )
    l1_ratios: list[float] = Field(
        default_factory=lambda: [0.1, 0.5, 1.0],
        min_length=1,
        description="Mixes of ridge (0) and lasso (1) to choose from",
    )
    folds: int = Field(5, ge=3, le=20, description="Folds of patients that choose the penalty")
    repeats: int = Field(10, ge=1, le=100, description="Repeats of the outer folds where there is one cohort alone")
    bootstraps: int = Field(20, ge=0, le=1000, description="Bootstraps of the optimism; 0 for none")
    horizon_months: float | None = Field(
        None, gt=0, description="Time to event: the chance that is predicted is that of an event until then"
    )
    threshold: float = Field(0.2, gt=0, lt=1, description="Chance from which one would act, for the net benefit")
    seed: int | None = Field(None, ge=0, description="Seed of the folds; that of the study if omitted")
    baselines: list[ModelBaseline] = Field(default_factory=list, description="What the model is compared with")
    pool: Pooling = Field(
        Pooling(test="hartung_knapp_max1"),
        description="How cohorts become one; by Hartung-Knapp not below one if omitted: no interval is narrow by luck",
    )
    intended_use: str = Field("", description="For whom and what the model is meant; kept in its file")

    _id = field_validator("id")(checked_id)

    @field_validator("l1_ratios")
    @classmethod
    def _mixes(cls, value: list[float]) -> list[float]:
        if wrong := [v for v in value if not 0.0 <= v <= 1.0]:
            message = f"{wrong[0]} is no mix of ridge (0) and lasso (1)"
            raise ValueError(message)
        if len(set(value)) < len(value):
            message = "a mix stands here more than once"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _complete(self) -> PredictionModel:
        names = [b.name for b in self.baselines]
        if twice := sorted({n for n in names if names.count(n) > 1 or n == "model"}):
            message = f"the name {twice[0]!r} of a baseline is taken"
            raise ValueError(message)
        if self.pool.strata:
            message = "a model is pooled over all its cohorts: leave pool.strata out"
            raise ValueError(message)
        return self
