"""What a study file says about endpoints: which words mean response, how times and events are recorded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tmescope.ingest.recist import find_categories
from tmescope.study.schema_ordinal import OrdinalEndpoint, OrdinalRule
from tmescope.study.schema_parts import UNDECIDED, Table

__all__ = [
    "UNDECIDED",
    "Endpoint",
    "OrdinalEndpoint",
    "OrdinalRule",
    "ResponseEndpoint",
    "ResponseRule",
    "Rule",
    "TimeEndpoint",
    "TimeRule",
]

EVENT, CENSORED = "event", "censored"
"""What the table samples says of the other patients of an endpoint with competing events."""
_RECIST = ("CR", "PR", "SD", "PD")


class ResponseRule(Table):
    """Which recorded words count as response. Nothing is assumed: stable disease must be placed."""

    rule: Literal["recist", "source-defined"] = Field(
        description="recist: words are RECIST categories; source-defined: the source's own definition"
    )
    column: str = Field(description="Column of the sample table")
    responder: list[str] = Field(min_length=1, description="Words that mean response")
    non_responder: list[str] = Field(min_length=1, description="Words that mean no response")
    missing: list[str] = Field(default_factory=list, description="Words that mean not evaluable")

    @model_validator(mode="after")
    def _explicit(self) -> ResponseRule:
        groups = [*self.responder, *self.non_responder, *self.missing]
        twice = sorted({w for w in groups if groups.count(w) > 1})
        if twice:
            message = f"{', '.join(twice)} stands in more than one of responder, non_responder and missing"
            raise ValueError(message)
        if self.rule == "recist":
            self._check_categories()
        return self

    def _check_categories(self) -> None:
        found = [find_categories(group) for group in (self.responder, self.non_responder, self.missing)]
        if twice := sorted(c for c in frozenset().union(*found) if sum(c in f for f in found) > 1):
            message = f"words for {', '.join(twice)} stand in more than one of responder, non_responder and missing"
            raise ValueError(message)
        absent = [c for c in _RECIST if not any(c in f for f in found)]
        if absent and UNDECIDED not in [*self.responder, *self.non_responder, *self.missing]:
            message = (
                f"a RECIST rule must place {', '.join(absent)}: put each of CR, PR, SD, PD, or the table's words for "
                "them, into responder, non_responder or missing"
            )
            raise ValueError(message)


class ResponseEndpoint(ResponseRule):
    """A binary endpoint, with other rules for single cohorts where their sources differ."""

    kind: Literal["response"] = Field(description="A binary endpoint")
    not_in: list[str] = Field(default_factory=list, description="Cohorts that do not record it")
    cohorts: dict[str, ResponseRule] = Field(default_factory=dict, description="Rules of single cohorts")

    def rule_for(self, cohort_id: str) -> ResponseRule | None:
        """Return the rule that holds in a cohort, or None where the endpoint is not recorded there."""
        return None if cohort_id in self.not_in else self.cohorts.get(cohort_id, self)


class TimeRule(Table):
    """How a time-to-event endpoint is recorded."""

    time: str = Field(description="Column with the time since start of treatment")
    unit: Literal["days", "weeks", "months", "years"] = Field(description="Unit of the time column")
    event: str = Field(description="Column that says whether the event was seen")
    event_values: list[str] = Field(min_length=1, description="Values that mean the event was seen")
    censored_values: list[str] = Field(min_length=1, description="Values that mean it was not seen")
    competing: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Competing events by name, with the values that mean each: elsewhere they count as censored",
    )
    missing: list[str] = Field(default_factory=list, description="Values of either column that mean not known")

    @model_validator(mode="after")
    def _explicit(self) -> TimeRule:
        both = sorted(set(self.event_values) & set(self.censored_values))
        if both:
            message = f"{', '.join(both)} stands in event_values and in censored_values"
            raise ValueError(message)
        groups = [set(g) for g in (self.event_values, self.censored_values, *self.competing.values())]
        if twice := sorted({v for group in groups for v in group if sum(v in g for g in groups) > 1}):
            message = f"{', '.join(twice)} stands twice among event_values, censored_values and competing"
            raise ValueError(message)
        if empty := [name for name, group in self.competing.items() if not group]:
            message = f"competing names no value of {empty[0]!r}"
            raise ValueError(message)
        if taken := sorted({EVENT, CENSORED} & {name.strip().casefold() for name in self.competing}):
            message = f"a competing event cannot be called {taken[0]!r}: that is what the others are called"
            raise ValueError(message)
        return self


class TimeEndpoint(TimeRule):
    """A time-to-event endpoint, with other codings for single cohorts."""

    kind: Literal["time_to_event"] = Field(description="A time-to-event endpoint")
    not_in: list[str] = Field(default_factory=list, description="Cohorts that do not record it")
    cohorts: dict[str, TimeRule] = Field(default_factory=dict, description="Codings of single cohorts")

    def rule_for(self, cohort_id: str) -> TimeRule | None:
        """Return the coding that holds in a cohort, or None where the endpoint is not recorded there."""
        return None if cohort_id in self.not_in else self.cohorts.get(cohort_id, self)


Endpoint = Annotated[ResponseEndpoint | TimeEndpoint | OrdinalEndpoint, Field(discriminator="kind")]
Rule = ResponseRule | TimeRule | OrdinalRule
