"""Tables about the answers, the methods and where everything came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.forests import FEW_EVENTS
from tmescope.report.numbers import count, endpoint_name, interval, is_missing, p_value, plain, plural
from tmescope.report.tables import Cell, HtmlTable, doi_address, number, share, words

__all__ = [
    "EFFECT_NAMES",
    "MethodCard",
    "WarningGroup",
    "answers",
    "families",
    "hashes",
    "methods",
    "signatures",
    "sources",
    "warnings",
]

EFFECT_NAMES = {
    "auc": "AUC",
    "odds_ratio_per_sd": "OR per SD",
    "odds_ratio": "OR",
    "hazard_ratio_high_vs_low": "HR, high vs low",
    "log_rank_chi_square": "log-rank χ²",
    "hazard_ratio_per_sd": "HR per SD",
    "hazard_ratio": "HR",
    "hazard_ratio_per_sd_in_control": "HR per SD, control arm",
    "hazard_ratio_per_sd_in_treated": "HR per SD, treated arm",
    "interaction_ratio_per_sd": "ratio of HRs per SD",
    "interaction_ratio": "ratio of HRs",
    "interaction_odds_ratio_per_sd": "ratio of ORs per SD",
    "interaction_odds_ratio": "ratio of ORs",
    "odds_ratio_per_sd_in_control": "OR per SD, control arm",
    "odds_ratio_per_sd_in_treated": "OR per SD, treated arm",
    "change_per_sd": "change, SD",
    "change_per_sd_in_responders": "change in responders, SD",
    "change_per_sd_in_non_responders": "change in non-responders, SD",
    "change_difference_per_sd": "change, responders minus others, SD",
    "hazard_ratio_at_cut_held_out": "HR at cut, held-out half",
    "odds_ratio_at_cut_held_out": "OR at cut, held-out half",
    "hazard_ratio_at_frozen_cut": "HR at frozen cut of another cohort",
    "odds_ratio_at_frozen_cut": "OR at frozen cut of another cohort",
    "spearman": "correlation with the axis",
    "cumulative_odds_ratio_per_sd": "OR of a better level per SD",
    "cumulative_odds_ratio": "OR of a better level",
    "restricted_mean_difference": "months gained",
    "restricted_mean_ratio": "ratio of restricted means",
    "gray_chi_square": "Gray's χ²",
    "cause_specific_hazard_ratio_per_sd": "cause-specific HR per SD",
    "cause_specific_hazard_ratio": "cause-specific HR",
    "competing_hazard_ratio_per_sd": "HR of competing events per SD",
    "competing_hazard_ratio": "HR of competing events",
    "subdistribution_hazard_ratio_per_sd": "SHR per SD",
    "subdistribution_hazard_ratio": "SHR",
}
"""Short names of effects."""
MOST_ROWS = 1500
"""Rows of answers that a page holds; beyond it those of other methods, then those of larger q, stay in the file."""


def answers(contents: ReportContents) -> HtmlTable | None:
    """Return the answers as a sortable table; every row, or those of the primary method where there are too many."""
    table = contents.table("answers")
    if not len(table):
        return None
    shown = table if len(table) <= MOST_ROWS else contents.shown_answers()
    of_others = len(table) - len(shown)
    labels = {str(s): contents.feature_labels(str(s)) for s in pd.unique(table["source"])}
    shown = shown.sort_values(["q_value", "p_value"], kind="stable", na_position="last")
    larger = max(0, len(shown) - MOST_ROWS)
    shown = shown.head(MOST_ROWS)
    rows = [_answer(r, labels) for r in shown.to_dict(orient="records")]
    columns = [
        ("Feature", False), ("Cohort", False), ("Endpoint", False), ("Scored by", False), ("Effect", False),
        ("Estimate [95% CI]", True), ("p", True), ("q", True), ("n", True), ("Events", True), ("Note", False),
    ]  # fmt: skip
    legend = "AUC: area under the ROC curve; OR: odds ratio; HR: hazard ratio of the high against the low tertile. "
    elsewhere = [f"{plural(of_others, 'row')} of other scoring methods"] if of_others else []
    elsewhere += [f"{plural(larger, 'row')} with larger q-values"] if larger else []
    note = legend + (
        f"Not here but in tables/answers.csv: {' and '.join(elsewhere)}."
        if elsewhere
        else "All rows; the same table is tables/answers.csv."
    )
    filters = [
        (name, i, sorted({r[i].text for r in rows}))
        for name, i in (("Cohort", 1), ("Endpoint", 2), ("Scored by", 3), ("Effect", 4))
    ]
    caption = "Answers" if elsewhere else "All answers"
    return HtmlTable("answers-table", caption, columns, rows, sortable=True, filters=filters, note=note)


def _answer(row: Mapping[Any, Any], labels: Mapping[str, Mapping[str, str]]) -> list[Cell]:
    name = str(row["effect_name"])
    notes = []
    if is_missing(row["effect"]):
        notes.append("not estimable")
    elif not is_missing(row["n_events"]) and row["n_events"] < FEW_EVENTS:
        notes.append("few events")
    if row["adjusted_for"] and not is_missing(row["adjusted_for"]):
        notes.append(f"adjusted for {plain(row['adjusted_for'])}")
    if ":" not in str(row["question_id"]):
        notes.append(f"question {plain(row['question_id'])}")
    source = "feature table" if row["source"] == "table" else plain(row["source"])
    return [
        Cell(plain(labels[str(row["source"])].get(str(row["feature"]), row["feature"]))),
        words(row["cohort_id"]),
        words(endpoint_name(row["endpoint"])),
        Cell(source),
        Cell(EFFECT_NAMES.get(name, plain(name))),
        Cell(interval(row, name), sort="" if is_missing(row["effect"]) else float(row["effect"]), kind="number"),
        Cell(
            p_value(row["p_value"]),
            sort="" if is_missing(row["p_value"]) else float(row["p_value"]),
            kind="number",
        ),
        Cell(
            p_value(row["q_value"]),
            sort="" if is_missing(row["q_value"]) else float(row["q_value"]),
            kind="number",
        ),
        number(row["n"]),
        number(row["n_events"]),
        Cell(", ".join(notes), kind="flag" if notes else "text"),
    ]


def families(contents: ReportContents) -> HtmlTable | None:
    """Return the families of tests within which q-values are adjusted."""
    table = contents.table("answers")
    if not len(table) or not table["family"].notna().any():
        return None
    rows = []
    for family, part in table.groupby("family", sort=False):
        smallest = part["q_value"].astype(float).min()
        rows.append(
            [
                words(family),
                number(part["family_size"].dropna().max() if part["family_size"].notna().any() else None),
                number(int((part["q_value"].astype(float) < 0.05).sum())),
                Cell(p_value(smallest), sort="" if is_missing(smallest) else float(smallest), kind="number"),
            ]
        )
    columns = [("Family", False), ("Tests", True), ("With q < 0.05", True), ("Smallest q", True)]
    return HtmlTable("families", "Families of tests within which q-values are adjusted", columns, rows, sortable=True)


@dataclass(frozen=True)
class MethodCard:
    """A method in plain language.

    Parameters
    ----------
    name, summary : str
        As the method states them.
    items : tuple of (str, str)
        Scope, unit, reading, licence.
    reference, href : str
        The paper, and the address of its DOI where it has one.
    parameters : str
        JSON, indented; empty where there are none.
    used : bool
        Whether the figures show its scores.
    """

    name: str
    summary: str
    items: tuple[tuple[str, str], ...]
    reference: str
    href: str | None
    parameters: str
    used: bool


_SCOPES = {
    "sample": "each sample alone: a score does not move when others are added",
    "cohort": "relative to its cohort: scores of different cohorts are not comparable, and adding samples moves them",
}


def methods(contents: ReportContents) -> list[MethodCard]:
    """Return the methods of the run, the one in the figures first."""
    cards = []
    for r in contents.table("methods").to_dict(orient="records"):
        commercial = r["commercial_use"]
        use = "not stated" if is_missing(commercial) else "yes" if bool(commercial) else "no"
        items = (
            ("Scope", _SCOPES.get(str(r["scope"]), plain(r["scope"]))),
            ("Unit", plain(r["unit"])),
            ("A higher value means", plain(r["higher_means"])),
            ("Licence of its reference data", plain(r["licence"] or "no reference data")),
            ("Commercial use", use),
        )
        used = r["name"] == contents.primary_method
        reference = plain(r["reference"])
        cards.append(
            MethodCard(
                plain(r["name"]),
                plain(r["summary"]),
                items,
                reference,
                doi_address(r["reference"]),
                _json(r["parameters"]),
                used,
            )
        )
    return sorted(cards, key=lambda c: not c.used)


def _json(value: object) -> str:
    if is_missing(value):
        return ""
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return plain(value)
    if not parsed:
        return ""
    text = json.dumps(parsed, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    return "\n".join(plain(line) for line in text.split("\n"))


def signatures(contents: ReportContents) -> HtmlTable | None:
    """Return the signatures used, with the share of their genes that each cohort has."""
    table = contents.table("signatures")
    if not len(table):
        return None
    scores = contents.table("scores")
    coverage = scores.groupby(["feature", "cohort_id"])["coverage"].min().to_dict() if len(scores) else {}
    cohorts = [c for c in contents.cohort_ids() if len(scores) and (scores["cohort_id"] == c).any()]
    rows = [
        [
            words(_title(r)),
            words(r["category"]),
            number(r["n_genes"]),
            *(share(coverage.get((r["name"], c))) for c in cohorts),
        ]
        for r in table.to_dict(orient="records")
    ]
    columns = [("Signature", False), ("Category", False), ("Genes", True), *((plain(c), True) for c in cohorts)]
    note = (
        "Percentages: share of the signature's genes (or weight) found in the cohort, lowest over its samples and "
        "methods. A dash: not scored."
    )
    return HtmlTable("signatures-table", "Signatures and their coverage", columns, rows, sortable=True, note=note)


def sources(contents: ReportContents) -> HtmlTable | None:
    """Return where each signature comes from and what it cannot do."""
    table = contents.table("signatures")
    rows = []
    for r in table.to_dict(orient="records"):
        citation = plain(r["citation"] if not is_missing(r["citation"]) else r["reference"])
        rows.append([words(_title(r)), Cell(citation, href=doi_address(r["reference"])), words(r["limits"])])
    columns = [("Signature", False), ("Source", False), ("Limits", False)]
    return HtmlTable("sources", "Sources and limits of the signatures", columns, rows) if rows else None


def _title(row: Mapping[Any, Any]) -> object:
    return row["name"] if is_missing(row["title"]) else row["title"]


@dataclass(frozen=True)
class WarningGroup:
    """Warnings of one code.

    Parameters
    ----------
    code : str
        Stable short name.
    total : int
        Items that all its warnings concern.
    told : str
        How many warnings and items, in words.
    rows : tuple of (str, str, str, str)
        Message, where, count and examples of each.
    """

    code: str
    total: int
    told: str
    rows: tuple[tuple[str, str, str, str], ...]


def warnings(contents: ReportContents) -> list[WarningGroup]:
    """Return every warning by code, in order of their first appearance: message, where, count, examples."""
    table = contents.table("warnings")
    groups = []
    for code, part in table.groupby("code", sort=False):
        rows = tuple(
            (plain(r["message"]), plain(r["where"]), count(r["count"]), _examples(r["examples"]))
            for r in part.to_dict(orient="records")
        )
        total = int(pd.to_numeric(part["count"], errors="coerce").fillna(1).sum())
        told = f"{plural(len(part), 'warning')}, {plural(total, 'item')}"
        groups.append(WarningGroup(plain(code), total, told, rows))
    return groups


def _examples(value: object) -> str:
    if isinstance(value, str):
        return plain(value)
    if value is None or not hasattr(value, "__iter__"):
        return ""
    return ", ".join(plain(v) for v in value)


def hashes(entries: object, *, name: str, caption: str) -> HtmlTable | None:
    """Return names and their sha256 as a table; None where there are none.

    Parameters
    ----------
    entries : mapping of str to str
        Name to sha256; anything else gives None.
    name, caption : str
        Identifier and caption of the table.
    """
    if not isinstance(entries, Mapping) or not entries:
        return None
    rows = [[words(k), Cell(plain(v), kind="code")] for k, v in sorted(entries.items())]
    return HtmlTable(name, caption, [("Name", False), ("sha256", False)], rows)
