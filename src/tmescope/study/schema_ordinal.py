"""What a study file says about an ordered endpoint: its levels from worst to best, and the words that mean each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tmescope.ingest.recist import find_categories
from tmescope.study.schema_parts import UNDECIDED, Table

__all__ = ["OrdinalEndpoint", "OrdinalRule"]

_RECIST = ("CR", "PR", "SD", "PD")
_FEWEST = 3


class OrdinalRule(Table):
    """How one table records an ordered endpoint."""

    rule: Literal["recist", "source-defined"] = Field(
        description="recist: words are RECIST categories; source-defined: the source's own words"
    )
    column: str = Field(description="Column of the sample table")
    words: dict[str, list[str]] = Field(
        default_factory=dict, description="Level to the words that mean it; a level that is not named here is its word"
    )
    missing: list[str] = Field(default_factory=list, description="Words that mean not evaluable")


class OrdinalEndpoint(OrdinalRule):
    """An ordered endpoint, such as CR > PR > SD > PD, with other words for single cohorts."""

    kind: Literal["ordinal"] = Field(description="An ordered endpoint")
    levels: list[str] = Field(min_length=_FEWEST, description="Levels from worst to best, the same in every cohort")
    not_in: list[str] = Field(default_factory=list, description="Cohorts that do not record it")
    cohorts: dict[str, OrdinalRule] = Field(default_factory=dict, description="Words of single cohorts")

    @model_validator(mode="after")
    def _explicit(self) -> OrdinalEndpoint:
        twice = sorted({v for v in self.levels if self.levels.count(v) > 1})
        if twice:
            message = f"{', '.join(twice)} stands more than once in levels"
            raise ValueError(message)
        for place, rule in (("", self), *((f" of cohort {c}", r) for c, r in self.cohorts.items())):
            self._check(rule, place)
        return self

    def _check(self, rule: OrdinalRule, place: str) -> None:
        if strange := sorted(rule.words.keys() - set(self.levels)):
            message = f"words{place} names {strange[0]!r}, which is not one of the levels"
            raise ValueError(message)
        groups = [*(words_of(rule, level) for level in self.levels), rule.missing]
        words = [word for group in groups for word in group]
        if twice := sorted({w for w in words if words.count(w) > 1}):
            message = f"{', '.join(twice)}{place} means more than one of {', '.join(self.levels)} and missing"
            raise ValueError(message)
        if rule.rule != "recist":
            return
        found = [find_categories(group) for group in groups]
        if twice := sorted(c for c in frozenset().union(*found) if sum(c in f for f in found) > 1):
            message = f"words for {', '.join(twice)}{place} mean more than one of {', '.join(self.levels)} and missing"
            raise ValueError(message)
        absent = [c for c in _RECIST if not any(c in f for f in found)]
        if absent and UNDECIDED not in words:
            message = f"a RECIST rule must place {', '.join(absent)}: make each a level, a word of one, or missing"
            raise ValueError(message)

    def rule_for(self, cohort_id: str) -> OrdinalRule | None:
        """Return the words that hold in a cohort, or None where the endpoint is not recorded there."""
        return None if cohort_id in self.not_in else self.cohorts.get(cohort_id, self)

    def groups(self, rule: OrdinalRule) -> dict[str, tuple[str, ...]]:
        """Return each level, from worst to best, with the words that mean it.

        Parameters
        ----------
        rule : OrdinalRule
            That of one cohort.
        """
        return {level: tuple(words_of(rule, level)) for level in self.levels}


def words_of(rule: OrdinalRule, level: str) -> list[str]:
    """Return the words that mean a level by a rule.

    Parameters
    ----------
    rule : OrdinalRule
        That of one cohort.
    level : str
        One of the endpoint's.
    """
    return rule.words.get(level, [level])
