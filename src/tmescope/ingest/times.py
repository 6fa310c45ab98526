"""Times to events in months, with the event as yes or no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.foundation.errors import EndpointError, TmescopeError, examples
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.endpoint_rules import MONTHS_PER_UNIT, TimeToEventRule, sort_values
from tmescope.ingest.findings import Findings
from tmescope.ingest.number_styles import NumberStyle, plain_codes
from tmescope.ingest.numerals import parse_numbers, value_key
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["LONGEST_MONTHS", "SHORTEST_MONTHS", "read_times"]

LONGEST_MONTHS = 480.0
"""Longest follow-up, in months, beyond which the unit is doubted.

Of 19 times in 12 published cohorts, read in their own unit, the longest follow-up lies between 20.6 and 369.7 months;
in seven classical survival tables between 32.8 and 424. Days of the cohorts taken for months give at least 627."""

SHORTEST_MONTHS = 6.0
"""Longest follow-up, in months, below which the unit is doubted; see `LONGEST_MONTHS`. Months taken for days give less
than this in 17 of the 19, and less than `LONGEST_MONTHS` days with decimals in the other two."""

_CENTURY = 1200.0
_HALF = 0.5
_FEWEST = 10


def read_times(
    name: str, rule: TimeToEventRule, table: SampleTable, *, rows: Sequence[int], findings: Findings
) -> dict[str, object]:
    """Read one time to event.

    Parameters
    ----------
    name : str
        The endpoint.
    rule : TimeToEventRule
        Checked before by `tmescope.ingest.endpoint_rules.check_rule`.
    table : SampleTable
        As read.
    rows : sequence of int
        Positions of the rows that enter.
    findings : Findings
        Receives problems (each column on its own), warnings and quality rows.

    Returns
    -------
    dict
        ``<name>_time_months`` (array of float) and ``<name>_event`` (nullable boolean), both missing where
        either is; where the rule names competing events, which count as not seen there, also ``<name>_cause``
        (``event``, ``censored`` or the name of the competing event). Empty where there is a problem.
    """
    file, lines = table.origin(rule.time)
    where = f"{file}, endpoint {name!r}"
    coded = replace(rule, missing=plain_codes(table.style, rule.missing))
    times: NDArray[np.float64] | None = None
    events: list[str | None] | None = None
    with findings.collecting():
        timed = table.numbers(rule.time, role=f"endpoint {name!r}", missing=rule.missing).iloc[list(rows)]
        times = _parse_times(list(timed), coded, [lines[i] for i in rows], where=where, style=table.style)
    with findings.collecting():
        groups = {**rule.groups, "missing": rule.missing}
        cells = table.column(rule.event, role=f"endpoint {name!r}").iloc[list(rows)]
        events = sort_values(
            cells, groups, where=f"{table.origin(rule.event)[0]}, endpoint {name!r}, column {rule.event!r}"
        )
    if times is None or events is None:
        return {}
    known = ~np.isnan(times) & np.array([v is not None for v in events], dtype=bool)
    months = times * MONTHS_PER_UNIT[rule.unit]
    too_long = _check_length(months[known], rule, where)
    findings.add(too_long)
    if too_long:
        return {}
    _doubt_codes(name, coded, cells=list(timed), events=events, findings=findings)
    _tell(name, rule, times, known=known, events=events, findings=findings)
    event = [v == "event" if k else None for v, k in zip(events, known, strict=True)]
    found = {
        f"{name}_time_months": np.where(known, months, np.nan),
        f"{name}_event": pd.array(event, dtype="boolean"),
    }
    if rule.competing:
        cause = [v if k else None for v, k in zip(events, known, strict=True)]
        found[f"{name}_cause"] = pd.array(cause, dtype="string")
    return found


def _parse_times(
    cells: list[str], rule: TimeToEventRule, lines: list[int], *, where: str, style: NumberStyle
) -> NDArray[np.float64]:
    here = f"{where}, column {rule.time!r}"
    times, bad = parse_numbers(cells, missing=(*MISSING_WORDS, *rule.missing))
    if bad:
        counts = Counter(cells[i] for i in bad)
        raise EndpointError(
            f"{len(bad)} times are not numbers: {examples(f'{v} ({n}x)' for v, n in counts.most_common())}",
            where=f"{here}, line {lines[bad[0]]}",
            expected=f"{rule.unit} as numbers, or nothing",
            next_step=style.advise(counts) or "correct the cells, or declare those words as missing",
        )
    negative = [int(i) for i in np.flatnonzero(times < 0)]
    if negative:
        shown = [f"{times[i]:g} (line {lines[i]})" for i in negative]
        raise EndpointError(
            f"{len(negative)} times are negative: {examples(shown)}",
            where=f"{here}, line {lines[negative[0]]}",
            expected="times since the start of follow-up, at least 0",
            next_step="correct those rows, leave the cells empty, or declare that code as missing",
        )
    return times


def _check_length(months: NDArray[np.float64], rule: TimeToEventRule, where: str) -> list[TmescopeError]:
    if not len(months) or months.max() <= _CENTURY:
        return []
    return [
        EndpointError(
            f"the longest time is {months.max() / 12:.0f} years when read as {rule.unit}",
            where=f"{where}, column {rule.time!r}",
            expected="follow-up of less than a century",
            next_step="declare the unit that the column is really in",
        )
    ]


def _tell(
    name: str,
    rule: TimeToEventRule,
    times: NDArray[np.float64],
    *,
    known: NDArray[np.bool_],
    events: Sequence[str | None],
    findings: Findings,
) -> None:
    n_events = sum(v == "event" for v, k in zip(events, known, strict=True) if k)
    n_missing, n_zero = int(np.count_nonzero(~known)), int(np.count_nonzero(times[known] == 0))
    if n_missing:
        message = f"{n_missing} of {len(known)} samples have no {name} (time or event is missing)"
        findings.warn("endpoint.missing", message, count=n_missing)
    if n_zero:
        findings.warn("endpoint.zero_time", f"{n_zero} samples have a {name} time of 0", count=n_zero)
    present = times[known]
    doubts = list(_doubt_unit(present, rule)) if len(present) else []
    for doubt in doubts:
        message = f"{name} is declared in {rule.unit}, but {doubt}: is that the unit of column {rule.time!r}?"
        findings.warn("endpoint.unusual_unit", message, count=len(present))
    median = f"{np.median(present * MONTHS_PER_UNIT[rule.unit]):.1f}" if len(present) else "unknown"
    others = ""
    for cause in rule.competing:
        others += f", {sum(v == cause for v, k in zip(events, known, strict=True) if k)} {cause} (competing)"
    evidence = f"{len(present)} samples, {n_events} events{others}, median time {median} months; {n_missing} missing."
    findings.note(f"endpoint {name}", len(present), evidence, status="ok" if n_events and not doubts else "notice")


def _doubt_unit(times: NDArray[np.float64], rule: TimeToEventRule) -> Iterator[str]:
    """Yield what speaks against the declared unit; each may be true of a cohort, so nothing is refused."""
    months = times * MONTHS_PER_UNIT[rule.unit]
    told = f"of {len(times)} times, with a median of {np.median(months):.3g} months"
    fractional = float(np.mean(times % 1 != 0))
    if months.max() > LONGEST_MONTHS:
        yield f"the longest {told}, is {months.max() / 12:.0f} years (more than {LONGEST_MONTHS / 12:g})"
    elif rule.unit == "days" and fractional > _HALF and times.max() < LONGEST_MONTHS:
        yield f"{fractional:.0%} of the times have decimals and none exceeds {LONGEST_MONTHS:g}"
    elif len(times) >= _FEWEST and months.max() < SHORTEST_MONTHS:
        yield f"the longest {told}, is {months.max():.1f} months (less than {SHORTEST_MONTHS:g})"


def _doubt_codes(
    name: str, rule: TimeToEventRule, *, cells: Sequence[str], events: Sequence[str | None], findings: Findings
) -> None:
    """Say where a code that both columns share takes away a time that can be meant: 9 may be nine months."""
    codes = {value_key(word) for word in rule.missing}
    lost = [cell for cell, event in zip(cells, events, strict=True) if event is not None and value_key(cell) in codes]
    numbers, bad = parse_numbers(lost, missing=())
    meant = [cell for i, cell in enumerate(lost) if i not in bad and numbers[i] >= 0]
    if meant:
        message = (
            f"{len(meant)} times of {name} are a number that is declared missing, and their events are known: where "
            "the code belongs to the event column alone, write another one there"
        )
        findings.warn("endpoint.time_is_code", message, items=dict.fromkeys(meant), count=len(meant))
