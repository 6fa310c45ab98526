"""The genes that lead a screen, in each cohort and pooled; all others stand in the run's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import count, effect, interval, is_missing, p_value, plain
from tmescope.report.pooled_decisions import deciding_p, tell_bounded
from tmescope.report.result_tables import EFFECT_NAMES
from tmescope.report.tables import Cell, HtmlTable, number, words

__all__ = ["MOST", "pooled_screens", "screens"]

MOST = 10
"""Genes shown of each cohort, question, effect and adjustment."""


def screens(contents: ReportContents) -> HtmlTable | None:
    """Return the genes with the smallest p-values of every screen; None where nothing was screened.

    Parameters
    ----------
    contents : ReportContents
        With the table screens.
    """
    table = contents.table("screens")
    if not len(table):
        return None
    keys = ["question_id", "cohort_id", "effect_name", "adjusted_for"]
    rows = [
        [
            words(r["feature"]), words(r["question_id"]), words(r["cohort_id"]), *_effect_words(r), number(r["n"]),
            _estimate(r), _value(effect(r["shrunk_effect"], str(r["effect_name"])), r["shrunk_effect"]),
            *(_value(p_value(r[c]), r[c]) for c in ("p_value", "q_value")),
        ]
        for r in _leading(table, keys)
    ]  # fmt: skip
    columns = [
        ("Gene", False), ("Question", False), ("Cohort", False), ("Effect", False), ("Adjusted for", False),
        ("n", True), ("Effect [95% CI]", True), ("Shrunk", True), ("p", True), ("q", True),
    ]  # fmt: skip
    note = (
        f"The {MOST} genes with the smallest p-values of each screen, of {count(len(table))} rows in "
        "tables/screens.parquet. The largest of many estimates are too large: the shrunk effect allows for that. "
        "q-values are over all genes of one screen. A screen checks no assumption of single models."
    )
    return _html("screens-table", "Genes that lead the screens", columns=columns, rows=rows, note=note)


def pooled_screens(contents: ReportContents) -> HtmlTable | None:
    """Return the genes with the smallest pooled p-values; None where no screen was pooled.

    Parameters
    ----------
    contents : ReportContents
        With the table screens_pooled.
    """
    table = contents.table("screens_pooled")
    if not len(table):
        return None
    keys = ["question_id", "stratum", "effect_name", "adjusted_for"]
    rows = [
        [
            words(r["feature"]), words(r["question_id"]), Cell(f"of {plain(r['stratum'])}" if r["stratum"] else "all"),
            *_effect_words(r), number(r["k"]), number(r["n"]), _estimate(r),
            *(_value(p_value(r[c]), r[c]) for c in ("p_value", "q_value")),
            _luck(r),
        ]
        for r in _leading(table.assign(deciding=deciding_p(table)), keys, by="deciding")
    ]  # fmt: skip
    columns = [
        ("Gene", False), ("Question", False), ("Cohorts", False), ("Effect", False), ("Adjusted for", False),
        ("k", True), ("n", True), ("Pooled [95% CI]", True), ("p", True), ("q", True), ("Note", False),
    ]  # fmt: skip
    methods = "; ".join(dict.fromkeys(plain(m) for m in table["method"].dropna()))
    note = (
        f"Method: {methods}. The {MOST} genes with the smallest p-values of each screen, of {count(len(table))} rows "
        "in tables/screens_pooled.parquet. q-values are over all genes of one pooled screen. Where few cohorts agree "
        "by luck, the interval is narrower than that of a fixed effect: there genes are ranked by the p of "
        "Hartung-Knapp not below one, and the note tells it."
    )
    return _html("screens-pooled-table", "Genes that lead the pooled screens", columns=columns, rows=rows, note=note)


def _luck(row: Mapping[Any, Any]) -> Cell:
    if not row["narrower_than_fixed"]:
        return Cell("", kind="flag")
    return Cell(f"narrower than a fixed effect; {tell_bounded(row, str(row['effect_name']))}", kind="flag")


def _leading(table: pd.DataFrame, keys: list[str], *, by: str = "p_value") -> Iterator[Mapping[Any, Any]]:
    for _, part in table.groupby(keys, sort=False, dropna=False):
        known = part[part[by].notna()]
        yield from known.sort_values([by, "feature"], kind="stable").head(MOST).to_dict(orient="records")


def _effect_words(row: Mapping[Any, Any]) -> tuple[Cell, Cell]:
    name = str(row["effect_name"])
    return Cell(EFFECT_NAMES.get(name, plain(name))), words(row["adjusted_for"])


def _estimate(row: Mapping[Any, Any]) -> Cell:
    return _value(interval(row, str(row["effect_name"])), row["effect"])


def _value(text: str, value: Any) -> Cell:
    return Cell(text, sort="" if is_missing(value) else float(value), kind="number")


def _html(name: str, caption: str, *, columns: list[tuple[str, bool]], rows: list[list[Cell]], note: str) -> HtmlTable:
    filters = [(columns[i][0], i, sorted({r[i].text for r in rows})) for i in (1, 2)]
    return HtmlTable(name, caption, columns, rows, sortable=True, filters=filters, note=note)
