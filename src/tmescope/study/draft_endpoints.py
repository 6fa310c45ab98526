"""Endpoints of a first study file: one general rule, and rules of their own for cohorts whose tables differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tmescope.study.schema import UNDECIDED
from tmescope.study.toml_text import as_toml

if TYPE_CHECKING:
    from tmescope.ingest.describe import CohortDescription
    from tmescope.ingest.describe_table import ColumnSummary, TimePair

__all__ = ["draft_endpoints"]

_RECIST = {"CR", "PR", "SD", "PD"}
_NOT_EVALUABLE = {"NE", "NA", "UNK"}
_YES = {"R", "responder", "Responder", "response", "yes", "Yes"}
_NO = {"NR", "non-responder", "non_responder", "Non-responder", "nonresponder", "no", "No"}
_SEEN = {"1": "0", "1.0": "0.0", "True": "False", "TRUE": "FALSE", "true": "false"}
_NAMES = ("os", "pfs", "dfs", "efs", "rfs", "dss", "ttp")

_RESPONSE_BY_HAND = """\
# no column looks like a response; to ask about one, fill in and uncomment:
# [endpoints.response]
# kind = "response"
# rule = "source-defined"  # or "recist": then CR, PR, SD and PD each need a place
# column = ""
# responder = [""]
# non_responder = [""]
"""
_SURVIVAL_BY_HAND = """\
# no two columns look like a time and its event; to ask about survival, fill in and uncomment:
# [endpoints.os]
# kind = "time_to_event"
# time = ""
# unit = "months"  # or days, weeks, years
# event = ""
# event_values = ["1"]
# censored_values = ["0"]
# [answers]
# survival = "os"
"""

Rule = tuple[str, ...]


def draft_endpoints(described: Mapping[str, CohortDescription]) -> str:
    """Return the endpoint tables of a study file.

    Parameters
    ----------
    described : mapping of str to CohortDescription
        By cohort id.

    Returns
    -------
    str
        TOML with comments. RECIST columns get a ``recist`` rule in which stable disease is left to decide; other
        response columns a ``source-defined`` one. Event codings other than 0/1 and true/false are left to decide.
        Where no column looks like an endpoint there is an example in comments.
    """
    responses = {cohort: _response(d.samples.response) if d.samples else None for cohort, d in described.items()}
    has_response = any(responses.values())
    blocks = [_endpoint("response", "response", responses) if has_response else _RESPONSE_BY_HAND]
    named = {cohort: _times(d.samples.times) if d.samples else {} for cohort, d in described.items()}
    found = [name for name in _NAMES if any(name in times for times in named.values())]
    blocks += [_endpoint(n, "time_to_event", {c: times.get(n) for c, times in named.items()}) for n in found]
    if found:
        blocks.append(f"[answers]\nsurvival = {as_toml(found[0])}  # Kaplan-Meier curves by tertile\n")
    else:
        blocks.append(_SURVIVAL_BY_HAND)
    return "\n".join(blocks)


def _endpoint(name: str, kind: str, rules: Mapping[str, Rule | None]) -> str:
    known = [(cohort, rule) for cohort, rule in rules.items() if rule]
    general = known[0][1]
    without = [cohort for cohort, rule in rules.items() if not rule]
    lines = [f"[endpoints.{name}]", f"kind = {as_toml(kind)}", *general]
    if without:
        lines.append(f"not_in = {as_toml(without)}  # no such column was found there")
    for cohort, rule in known[1:]:
        if _decisions(rule) != _decisions(general):
            lines += [f"[endpoints.{name}.cohorts.{as_toml(cohort)}]", *rule]
    return "\n".join([*lines, ""])


def _decisions(rule: Rule) -> list[str]:
    return [line.split("  #")[0] for line in rule if not line.startswith("#")]


def _response(columns: Sequence[ColumnSummary]) -> Rule | None:
    recist = [c for c in columns if {"CR", "PR"} & _words(c) and "PD" in _words(c)]
    labelled = [c for c in columns if _words(c) & _YES and _words(c) & _NO]
    for column in (*recist, *labelled, *columns):
        return _recist(column) if column in recist else _source_defined(column)
    return None


def _words(column: ColumnSummary) -> set[str]:
    return {value for value, _ in column.values}


def _recist(column: ColumnSummary) -> Rule:
    words = _words(column)
    missing = [*sorted(words & _NOT_EVALUABLE), *column.placeholders]
    others = sorted(words - _RECIST - _NOT_EVALUABLE)
    lines = [
        'rule = "recist"',
        _counts(column),
        f"column = {as_toml(column.name)}",
        'responder = ["CR", "PR"]',
        "# stable disease: write SD here in place of DECIDE, or put it into responder or missing",
        f'non_responder = ["PD", {as_toml(UNDECIDED)}]',
    ]
    if others:
        lines.append(f"# these words need a place too: {', '.join(others)}")
    if missing or others:
        lines.append(f"missing = {as_toml([*missing, *([UNDECIDED] if others else [])])}")
    return tuple(lines)


def _source_defined(column: ColumnSummary) -> Rule:
    words = _words(column)
    yes, no = sorted(words & _YES), sorted(words & _NO)
    clear = yes and no and not words - _YES - _NO
    rule = (
        'rule = "source-defined"  # the source says who responded; how is in its documentation',
        _counts(column),
        f"column = {as_toml(column.name)}",
        f"responder = {as_toml(yes if clear else [UNDECIDED])}",
        f"non_responder = {as_toml(no if clear else [UNDECIDED])}",
    )
    return (*rule, f"missing = {as_toml(list(column.placeholders))}") if column.placeholders else rule


def _counts(column: ColumnSummary) -> str:
    shown = ", ".join(f"{value} ({count}x)" for value, count in column.values)
    return "# " + re.sub(r"[\x00-\x1f\x7f]", "?", f"{column.name}: {shown}; {column.n_missing} missing")


def _times(pairs: Sequence[TimePair]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for pair in pairs:
        words = re.split(r"[^a-z]+", pair.time.lower())
        name = next((n for n in _NAMES if n in words or (n == "os" and "survival" in words)), None)
        if name is not None:
            found.setdefault(name, _time(pair))
    return found


def _time(pair: TimePair) -> Rule:
    values = [value for value, _ in pair.event_values]
    coding = _coding(values)
    shown = re.sub(r"[\x00-\x1f\x7f]", "?", ", ".join(f"{value} ({count}x)" for value, count in pair.event_values))
    check = "  # the usual coding: check it" if coding else ""
    undecided = [UNDECIDED]
    events, censored = coding or (undecided, undecided)
    rule = (
        f"time = {as_toml(pair.time)}",
        f"unit = {as_toml(pair.unit or UNDECIDED)}",
        f"# {pair.event}: {shown}",
        f"event = {as_toml(pair.event)}",
        f"event_values = {as_toml(events)}{check}",
        f"censored_values = {as_toml(censored)}",
    )
    return (*rule, f"missing = {as_toml(list(pair.placeholders))}") if pair.placeholders else rule


def _coding(values: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Return the values that mean event and censored, where the coding is one in general use."""
    seen = next((v for v in values if v in _SEEN and set(values) <= {v, _SEEN[v]}), None)
    if seen:
        return [seen], [_SEEN[seen]]
    # cBioPortal writes 1:DECEASED and 0:LIVING
    events, censored = ([v for v in values if v.startswith(mark)] for mark in ("1:", "0:"))
    if events and len(events) + len(censored) == len(values):
        return events, censored or [UNDECIDED]
    return None
