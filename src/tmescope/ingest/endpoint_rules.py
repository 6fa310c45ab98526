"""The rules by which a column becomes an endpoint, and what is wrong with a rule before it sees any data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tmescope.foundation.errors import EndpointError, TmescopeError, examples
from tmescope.ingest.numerals import value_key
from tmescope.ingest.options import MISSING_WORDS
from tmescope.ingest.recist import find_categories, read_recist

__all__ = [
    "MONTHS_PER_UNIT",
    "EndpointRule",
    "OrdinalRule",
    "ResponseRule",
    "TimeToEventRule",
    "check_rule",
    "sort_values",
]

MONTHS_PER_UNIT: Mapping[str, float] = {
    "days": 12 / 365.25,
    "weeks": 84 / 365.25,
    "months": 1.0,
    "years": 12.0,
}
"""Months in one unit of time: a month is 365.25 / 12 = 30.4375 days."""

_STABLE = "SD"
_FEWEST_LEVELS = 3


@dataclass(frozen=True)
class ResponseRule:
    """Which values of a column are response.

    Parameters
    ----------
    column : str
        Of the sample table.
    responder, non_responder : tuple of str
        Values as they stand in the file (whole numbers may be written ``1`` for ``1.0``).
    kind : {'recist', 'source-defined'}
        ``recist`` must say where stable disease (SD) goes: it is counted as response in some public tables
        and not in others. It also takes the words of `tmescope.ingest.recist.RECIST_WORDS` for the categories that it
        places, and says which. ``source-defined`` takes the responder labels of the source as they are.
    missing : tuple of str
        Values that mean "not known" (NE), beside `MISSING_WORDS`.
    """

    column: str
    responder: tuple[str, ...]
    non_responder: tuple[str, ...]
    kind: Literal["recist", "source-defined"] = "recist"
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimeToEventRule:
    """A time to an event and whether it happened.

    Parameters
    ----------
    time, event : str
        Columns of the sample table.
    unit : {'days', 'weeks', 'months', 'years'}
        Of the time column.
    event_values, censored_values : tuple of str
        Values of the event column that mean "event" and "censored"; ``1`` also matches ``1.0``.
    missing : tuple of str
        Values of either column that mean "not known", beside `MISSING_WORDS`.
    competing : mapping of str to tuple of str
        Competing events by name, with the values of the event column that mean each.
    """

    time: str
    event: str
    unit: Literal["days", "weeks", "months", "years"]
    event_values: tuple[str, ...] = ()
    censored_values: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    competing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """What the values of the event column mean: ``event``, ``censored``, each competing event."""
        return {"event": self.event_values, "censored": self.censored_values, **self.competing}


@dataclass(frozen=True)
class OrdinalRule:
    """An ordered outcome.

    Parameters
    ----------
    column : str
        Of the sample table.
    levels : mapping of str to tuple of str
        Levels from worst to best, with the values that mean each.
    kind : {'recist', 'source-defined'}
        ``recist`` also takes the words of `tmescope.ingest.recist.RECIST_WORDS`, and says which.
    missing : tuple of str
        Values that mean "not known" (NE), beside `MISSING_WORDS`.
    """

    column: str
    levels: Mapping[str, tuple[str, ...]]
    kind: Literal["recist", "source-defined"] = "source-defined"
    missing: tuple[str, ...] = ()


EndpointRule = ResponseRule | TimeToEventRule | OrdinalRule
"""Any kind of rule."""


def check_rule(name: str, rule: EndpointRule, *, where: str) -> list[TmescopeError]:
    """Return what is wrong with a rule itself, before any data: undeclared or contradictory values.

    Parameters
    ----------
    name : str
        The endpoint.
    rule : ResponseRule, TimeToEventRule or OrdinalRule
        To check.
    where : str
        The file that it belongs to.
    """
    here = f"{where}, endpoint {name!r}"
    if isinstance(rule, OrdinalRule):
        return _check_levels(rule, here)
    return _check_times(rule, here) if isinstance(rule, TimeToEventRule) else _check_response(rule, here)


def _check_times(rule: TimeToEventRule, here: str) -> list[TmescopeError]:
    problems = _check_overlap(rule.groups, here)
    if not rule.event_values or not rule.censored_values:
        side = "an event" if not rule.event_values else "censored"
        problems.append(
            EndpointError(
                f"the rule does not say which values of {rule.event!r} mean {side}",
                where=here,
                expected="a coding such as event = ['1'], censored = ['0']",
                next_step="declare the coding; 1/2 and 0/1 are both in use",
            )
        )
    if rule.unit not in MONTHS_PER_UNIT:
        problems.append(
            EndpointError(
                f"the unit {rule.unit!r} is not a unit of time",
                where=here,
                expected=", ".join(MONTHS_PER_UNIT),
                next_step="declare the unit of the time column",
            )
        )
    return problems


def _check_levels(rule: OrdinalRule, here: str) -> list[TmescopeError]:
    problems = _check_overlap({**rule.levels, "missing": rule.missing}, here, recist=rule.kind == "recist")
    empty = [level for level, words in rule.levels.items() if not words]
    if len(rule.levels) < _FEWEST_LEVELS or empty:
        what = f"names no values of {examples(empty)}" if empty else f"has {len(rule.levels)} levels"
        problems.append(
            EndpointError(
                f"the rule {what}",
                where=here,
                expected="three levels or more, from worst to best, each with its values",
                next_step="two levels are a response endpoint",
            )
        )
    return problems


def _check_response(rule: ResponseRule, here: str) -> list[TmescopeError]:
    groups = {"responder": rule.responder, "non_responder": rule.non_responder, "missing": rule.missing}
    problems = _check_overlap(groups, here, recist=rule.kind == "recist")
    if not rule.responder or not rule.non_responder:
        problems.append(
            EndpointError(
                f"the rule names no {'responder' if not rule.responder else 'non_responder'} values",
                where=here,
                expected="values for both",
                next_step="name them as they stand in the table",
            )
        )
    if rule.kind == "recist" and not any(_STABLE in find_categories(group) for group in groups.values()):
        problems.append(
            EndpointError(
                "the rule does not say where stable disease (SD) goes",
                where=here,
                expected="SD, or a word for it, among the responder, the non_responder or the missing values",
                next_step="decide: objective response counts SD as non_responder, clinical benefit does not",
            )
        )
    return problems


def _check_overlap(groups: Mapping[str, Sequence[str]], where: str, *, recist: bool = False) -> list[TmescopeError]:
    """Return values that two groups name; in a RECIST rule also under two words for one category."""
    seen: dict[str, tuple[str, str]] = {}
    problems: list[TmescopeError] = []
    for group, values in groups.items():
        for value in values:
            key = (read_recist(value) if recist else None) or value_key(value)
            other, first = seen.setdefault(key, (value, group))
            if first == group:
                continue
            alike = value_key(other) == value_key(value)
            also = "" if alike else f", where it is called {other!r}: both mean {key}"
            problems.append(
                EndpointError(
                    f"the value {value!r} is declared both {first} and {group}{also}",
                    where=where,
                    expected="each value once" if alike else "each category in one place, whatever words the table has",
                    next_step="remove it from one of them",
                )
            )
    return problems


def sort_values(cells: Iterable[str], groups: Mapping[str, Sequence[str]], *, where: str) -> list[str | None]:
    """Sort cells into declared groups.

    Parameters
    ----------
    cells : iterable of str
        As they stand in the file.
    groups : mapping of str to sequence of str
        Values of each group; the group called ``missing`` stands beside `MISSING_WORDS`, which a group may
        claim.
    where : str
        File, endpoint and column.

    Returns
    -------
    list of str or None
        The group of each cell, None where missing.

    Raises
    ------
    EndpointError
        For values that no group names, with how often each occurs.
    """
    group_of = {value_key(v): group for group, values in groups.items() for v in values}
    out: list[str | None] = []
    unknown: Counter[str] = Counter()
    for cell in cells:
        group = group_of.get(value_key(cell))
        if group is None and cell.strip() not in MISSING_WORDS:
            unknown[cell] += 1
        out.append(None if group == "missing" else group)
    if not unknown:
        return out
    listed = [f"{value} ({n}x)" for value, n in unknown.most_common()]
    raise EndpointError(
        f"{unknown.total()} cells hold values that the rule does not name: {examples(listed)}",
        where=where,
        expected=f"every value named as one of {', '.join(groups)}",
        next_step=f"find out what each value means, then add {examples(list(unknown))} to the rule",
    )
