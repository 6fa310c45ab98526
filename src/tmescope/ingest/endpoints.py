"""What counts as response, and times to events: by a declared rule, never by the look of the values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from tmescope.foundation.errors import examples
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.endpoint_rules import (
    MONTHS_PER_UNIT,
    EndpointRule,
    OrdinalRule,
    ResponseRule,
    TimeToEventRule,
    check_rule,
    sort_values,
)
from tmescope.ingest.findings import Findings
from tmescope.ingest.recist import translate_recist
from tmescope.ingest.times import read_times

__all__ = [
    "MONTHS_PER_UNIT",
    "EndpointRule",
    "OrdinalRule",
    "ResponseRule",
    "TimeToEventRule",
    "check_rule",
    "read_endpoints",
]


def read_endpoints(
    table: SampleTable, rows: Sequence[int], rules: Mapping[str, EndpointRule], *, findings: Findings
) -> pd.DataFrame:
    """Apply the rules to the rows that enter the analysis.

    Parameters
    ----------
    table : SampleTable
        As read.
    rows : sequence of int
        Positions of the table's rows that enter, in the order wanted.
    rules : mapping of str to ResponseRule, TimeToEventRule or OrdinalRule
        By endpoint.
    findings : Findings
        Receives problems, warnings and quality rows.

    Returns
    -------
    pandas.DataFrame
        One row for each of `rows`. Per response the column ``<id>`` (``responder``, ``non_responder`` or NA);
        per ordered endpoint the column ``<id>`` (its levels, as text, or NA); per time to event
        ``<id>_time_months`` (float, at least 0, NaN where missing) and ``<id>_event`` (nullable boolean), with
        ``<id>_cause`` (text) where it has competing events. Where time or event is missing the other is missing
        too. An endpoint with a
        problem has no columns.
    """
    columns: dict[str, object] = {}
    for name, rule in rules.items():
        broken = check_rule(name, rule, where=table.where)
        findings.add(broken)
        if broken:
            continue
        if isinstance(rule, TimeToEventRule):
            columns.update(read_times(name, rule, table, rows=rows, findings=findings))
        else:
            with findings.collecting():
                columns[name] = (
                    _order(name, rule, table, rows=rows, findings=findings)
                    if isinstance(rule, OrdinalRule)
                    else _respond(name, rule, table, rows=rows, findings=findings)
                )
    return pd.DataFrame(columns, index=range(len(rows)))


def _respond(
    name: str, rule: ResponseRule, table: SampleTable, *, rows: Sequence[int], findings: Findings
) -> pd.Series[str]:
    cells = table.column(rule.column, role=f"endpoint {name!r}").iloc[list(rows)]
    groups = {"responder": rule.responder, "non_responder": rule.non_responder, "missing": rule.missing}
    if rule.kind == "recist":
        cells = _translate(name, cells, named={v for group in groups.values() for v in group}, findings=findings)
    values = sort_values(
        cells, groups, where=f"{table.origin(rule.column)[0]}, endpoint {name!r}, column {rule.column!r}"
    )
    counts = Counter(values)
    n_missing = counts[None]
    evidence = (
        f"{counts['responder']} responders, {counts['non_responder']} non-responders, {n_missing} without a "
        f"value by the {rule.kind} rule: responder = {', '.join(rule.responder)}; "
        f"non-responder = {', '.join(rule.non_responder)}."
    )
    one_sided = not counts["responder"] or not counts["non_responder"]
    status = "notice" if one_sided else "ok"
    findings.note(f"endpoint {name}", len(values) - n_missing, evidence, status=status)
    if n_missing:
        findings.warn("endpoint.missing", f"{n_missing} of {len(values)} samples have no {name}", count=n_missing)
    if one_sided:
        absent = "non-responder" if counts["responder"] else "responder"
        message = f"{name} cannot be compared: no sample is a {absent}"
        findings.warn("endpoint.one_group", message, count=len(values))
    return pd.Series(values, dtype="string")


def _order(
    name: str, rule: OrdinalRule, table: SampleTable, *, rows: Sequence[int], findings: Findings
) -> pd.Series[str]:
    cells = table.column(rule.column, role=f"endpoint {name!r}").iloc[list(rows)]
    groups = {**rule.levels, "missing": rule.missing}
    if rule.kind == "recist":
        cells = _translate(name, cells, named={v for group in groups.values() for v in group}, findings=findings)
    values = sort_values(
        cells, groups, where=f"{table.origin(rule.column)[0]}, endpoint {name!r}, column {rule.column!r}"
    )
    counts = Counter(values)
    n_missing = counts[None]
    told = ", ".join(f"{level} {counts[level]}" for level in rule.levels)
    present = [level for level in rule.levels if counts[level]]
    evidence = f"From worst to best by the {rule.kind} rule: {told}; {n_missing} without a value."
    status = "ok" if len(present) > 1 else "notice"
    findings.note(f"endpoint {name}", len(values) - n_missing, evidence, status=status)
    if n_missing:
        findings.warn("endpoint.missing", f"{n_missing} of {len(values)} samples have no {name}", count=n_missing)
    if len(present) < 2:
        message = f"{name} cannot be compared: samples have {examples(present) if present else 'no'} level alone"
        findings.warn("endpoint.one_group", message, count=len(values))
    return pd.Series(values, dtype="string")


def _translate(name: str, cells: pd.Series[str], *, named: set[str], findings: Findings) -> pd.Series[str]:
    translated, used = translate_recist(cells, named)
    if used:
        listed = ", ".join(f"{word!r} = {category} ({n}x)" for (word, category), n in used.most_common())
        message = f"{used.total()} values of {name} are words for RECIST categories: {listed}"
        findings.warn("endpoint.recist_words", message, items=(word for word, _ in used), count=used.total())
    return pd.Series(translated, index=cells.index, dtype="string")
