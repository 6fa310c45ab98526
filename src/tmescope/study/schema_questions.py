"""What a study file says about questions of its own: ``[[question]]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from tmescope.study.schema_carry import Carry
from tmescope.study.schema_expression import ExpressionOptions
from tmescope.study.schema_kinds import misplaced_settings
from tmescope.study.schema_moderators import Moderators
from tmescope.study.schema_parts import Table, checked_id
from tmescope.study.schema_survival import SurvivalOptions
from tmescope.study.schema_visits import Visits

__all__ = ["Pooling", "Question", "Treatment"]


class Treatment(Table):
    """Who was treated with what: for questions whether a feature predicts the benefit of a treatment."""

    feature: str = Field(description="Categorical feature, or column treatment, that names each patient's arm")
    treated: list[str] = Field(min_length=1, description="Arms that count as treated")
    control: list[str] = Field(
        default_factory=list, description="Arms of comparison; without one the answer is that it cannot be told"
    )
    assignment: Literal["randomised", "not_randomised", "unknown"] = Field(
        description="How patients came to their arm: it decides what an interaction may be called"
    )

    @model_validator(mode="after")
    def _apart(self) -> Treatment:
        if both := sorted(set(self.treated) & set(self.control)):
            message = f"{both[0]!r} stands in treated and in control"
            raise ValueError(message)
        return self


class Pooling(Table):
    """How the cohorts' answers become one."""

    method: Literal["reml", "dl", "pm", "ml", "fixed"] = Field(
        "reml", description="How the variance between cohorts is estimated; fixed: supposed to be none"
    )
    test: Literal["hartung_knapp", "hartung_knapp_max1", "z"] = Field(
        "hartung_knapp", description="How the interval of the pooled effect is made"
    )
    strata: dict[str, str] = Field(
        default_factory=dict,
        description="Cohort to stratum, stated beforehand (drug class): pooled in each, and over all",
    )
    moderators: Moderators = Field(
        default_factory=dict,
        description="Properties of cohorts that the effect may go with, stated beforehand: name to cohort to number or "
        "word; each is a meta-regression of its own",
    )
    fewest_cohorts: int = Field(2, ge=2, description="Pool where at least so many cohorts give an estimate")

    @model_validator(mode="after")
    def _used(self) -> Pooling:
        if self.method == "fixed" and "test" in self.model_fields_set and self.test != "z":
            message = (
                f"method fixed supposes no variance between cohorts and does not use the test {self.test}: leave it out"
            )
            raise ValueError(message)
        return self


class Question(Table):
    """One question, asked of every cohort that records its endpoint."""

    id: str = Field(description="Short name of the question; the column question_id of answers and pooled")
    kind: Literal[
        "response",
        "survival",
        "interaction",
        "cutpoint",
        "ordinal",
        "restricted_mean",
        "competing_risks",
        "change",
        "expression",
        "screen",
    ] = Field(
        description="response and survival: effect per SD; interaction: does it predict the benefit of a treatment; "
        "cutpoint: best cut with corrected p; ordinal: odds of a better level; restricted_mean: months without the "
        "event up to a horizon; competing_risks: incidence where other events come first; change: from before to on "
        "treatment, in the same patients; expression: every gene between two groups; screen: every gene against "
        "response or survival"
    )
    endpoint: str = Field(
        "",
        description="Endpoint of the study: binary for response and expression, ordered for ordinal, time to event for "
        "survival, restricted_mean and competing_risks; a change may go without, and so does an expression question "
        "whose feature tells the groups",
    )
    cohorts: list[str] | None = Field(None, description="Cohorts that are asked; all that record it if omitted")
    methods: list[str] | None = Field(None, description="Methods whose features are asked; as in answers if omitted")
    features: list[str] | None = Field(
        None, description="Names of features (also METHOD:NAME); all of these methods and tables if omitted"
    )
    genes: list[str] = Field(default_factory=list, description="Genes to ask as features: log2 of their expression")
    axis: str | None = Field(
        None, description="Feature (NAME or METHOD:NAME) of immune content or purity that answers are adjusted for"
    )
    confounders: list[str] = Field(
        default_factory=list, description="Features, sex, age_years, cancer_type or treatment to adjust for"
    )
    baseline: list[str] = Field(
        default_factory=list,
        description="Time points at or before the start of treatment (baseline, pre, screening ... if omitted): "
        "samples of other time points in a question of survival raise a warning of immortal time",
    )
    corrected_by: Literal["permutation", "lau94", "lau92", "exact_gauss"] = Field(
        "permutation", description="Which corrected p stands in the answers of kind = cutpoint; all stand in cuts"
    )
    treatment: Treatment | None = Field(None, description="Arms, for kind = interaction")
    horizon_months: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Where the areas of kind = restricted_mean end; stated beforehand"
    )
    survival: SurvivalOptions | None = Field(None, description="How time to event is analysed")
    expression: ExpressionOptions | None = Field(None, description="Groups and model, for kind = expression")
    carry: Carry | None = Field(
        None,
        description="For kind = cutpoint: freeze the cut and estimate its effect in cohorts that did not choose it",
    )
    visits: Visits | None = Field(None, description="Time points that are compared, for kind = change")
    pool: Pooling | None = Field(None, description="Pool the cohorts' answers; not pooled if omitted")

    _id = field_validator("id")(checked_id)

    @model_validator(mode="after")
    def _placed(self) -> Question:
        if problems := list(misplaced_settings(self, self.kind)):
            raise ValueError("; ".join(problems))
        if self.kind == "screen" and self.methods and not self.axis:
            message = "methods of a screen say whose feature its axis is: name an axis, or leave them out"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _expressed(self) -> Question:
        by_feature = bool(self.expression and self.expression.feature)
        if self.kind != "change" and by_feature == bool(self.endpoint):
            message = (
                "name an endpoint, or (kind = expression) the feature that tells the groups" + ", not both" * by_feature
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _adjusted(self) -> Question:
        name = (self.axis or "").split(":", 1)[-1]
        if name and name in self.confounders:
            message = f"{name!r} is the axis and a confounder: answers can be adjusted for it once"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _carried(self) -> Question:
        if self.carry is not None and self.carry.files and (self.cohorts or self.features or self.genes):
            message = "with carry.files nothing is looked for: cohorts, features and genes come from the files"
            raise ValueError(message)
        if self.carry is not None and self.carry.files and "corrected_by" in self.model_fields_set:
            message = "with carry.files nothing is looked for: there is no search that corrected_by could pay for"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _complete(self) -> Question:
        for kind, table in (("interaction", "treatment"), ("change", "visits"), ("restricted_mean", "horizon_months")):
            if self.kind == kind and getattr(self, table) is None:
                message = f"a question of kind {kind} needs {table}"
                raise ValueError(message)
        answering = {*(self.cohorts or []), *(self.carry.to if self.carry else [])}
        if self.pool and self.cohorts and (strange := sorted(self.pool.strata.keys() - answering)):
            message = f"pool.strata names the cohort {strange[0]!r}, which the question does not ask"
            raise ValueError(message)
        return self
