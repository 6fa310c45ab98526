"""Pooled answers as a table, with how far they move when one cohort is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import effect, interval, is_missing, p_value, percent, plain
from tmescope.report.pooled_decisions import tell_bounded
from tmescope.report.result_tables import EFFECT_NAMES
from tmescope.report.tables import Cell, HtmlTable, number, words

__all__ = ["pooled"]

_KEY = ["question_id", "endpoint", "effect_name", "adjusted_for", "source", "feature", "stratum"]


def pooled(contents: ReportContents) -> HtmlTable | None:
    """Return the table of pooled answers; None where nothing was pooled.

    Parameters
    ----------
    contents : ReportContents
        With the tables pooled and leave_one_out.
    """
    table = contents.table("pooled")
    if not len(table):
        return None
    labels = {str(s): contents.feature_labels(str(s)) for s in pd.unique(table["source"])}
    moved = _moved(contents.table("leave_one_out"))
    rows = [_row(r, labels, moved) for r in table.to_dict(orient="records")]
    columns = [
        ("Feature", False), ("Question", False), ("Effect", False), ("Adjusted for", False), ("Cohorts", False),
        ("k", True), ("n", True), ("Pooled [95% CI]", True), ("Further cohort", True), ("I²", True), ("p", True),
        ("q", True), ("Without one cohort", False), ("Note", False),
    ]  # fmt: skip
    methods = "; ".join(dict.fromkeys(plain(m) for m in table["method"].dropna()))
    note = (
        f"Method: {methods}. Further cohort: interval in which the effect of another cohort is expected. Without one "
        "cohort: the least and the largest effect when each is left out in turn. The same tables are tables/pooled.csv "
        "and tables/leave_one_out.csv."
    )
    filters = [
        (name, i, sorted({r[i].text for r in rows})) for name, i in (("Question", 1), ("Effect", 2), ("Cohorts", 4))
    ]
    return HtmlTable(
        "pooled-table", "Answers pooled over cohorts", columns, rows, sortable=True, filters=filters, note=note
    )


def _moved(without: pd.DataFrame) -> dict[tuple[object, ...], str]:
    told: dict[tuple[object, ...], str] = {}
    for key, part in without.groupby(_KEY, sort=False, dropna=False):
        known = part[part["effect"].notna()]
        if len(known):
            name = str(known["effect_name"].iloc[0])
            ends = known.sort_values("effect", kind="stable").to_dict(orient="records")
            low, high = (f"{effect(e['effect'], name)} ({plain(e['left_out_cohort'])})" for e in (ends[0], ends[-1]))
            told[tuple(key)] = f"{low} to {high}"
    return told


def _row(
    row: Mapping[Any, Any], labels: Mapping[str, Mapping[str, str]], moved: Mapping[tuple[object, ...], str]
) -> list[Cell]:
    name = str(row["effect_name"])
    narrow = row["narrower_than_fixed"] is True or row["narrower_than_fixed"] == 1
    notes = [f"narrower than a fixed effect; {tell_bounded(row, name)}"] if narrow else []
    notes += [f"without {plain(row['left_out'])}"] if row["left_out"] else []
    further = {**row, "ci_low": row["prediction_low"], "ci_high": row["prediction_high"]}
    spread = "–" if is_missing(row["prediction_low"]) else interval(further, name).split(" ", 1)[-1]
    return [
        Cell(plain(labels[str(row["source"])].get(str(row["feature"]), row["feature"]))),
        words(row["question_id"]),
        Cell(EFFECT_NAMES.get(name, plain(name))),
        words(row["adjusted_for"]),
        Cell(f"of {plain(row['stratum'])}" if row["stratum"] else "all"),
        number(row["k"]),
        number(row["n"]),
        Cell(interval(row, name), sort="" if is_missing(row["effect"]) else float(row["effect"]), kind="number"),
        Cell(spread, kind="number"),
        Cell("–" if is_missing(row["i2"]) else percent(row["i2"] / 100.0), kind="number"),
        *(
            Cell(p_value(row[c]), sort="" if is_missing(row[c]) else float(row[c]), kind="number")
            for c in ("p_value", "q_value")
        ),
        words(moved.get(tuple(row[k] for k in _KEY), "")),
        Cell("; ".join(notes), kind="flag" if notes else "text"),
    ]
