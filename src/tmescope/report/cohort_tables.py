"""Tables about the data: cohorts, who is in them, checks with their evidence, losses of genes."""

from __future__ import annotations

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import MISSING, count, endpoint_name, plain, plural
from tmescope.report.tables import Cell, HtmlTable, number, words

__all__ = ["characteristics", "checks", "cohorts", "lost_genes"]

_MOST_LEVELS = 8
_MOST_LOST = 12
_RANK = {"problem": 0, "notice": 1, "unchecked": 2, "ok": 3}


def checks(contents: ReportContents) -> HtmlTable | None:
    """Return every check with its evidence: problems, then notices, then what is in order."""
    table = contents.table("quality")
    if not len(table):
        return None
    table = table.assign(rank=table["status"].map(_RANK).fillna(1)).sort_values("rank", kind="stable")
    rows = [
        [
            words(r["cohort_id"]),
            words(r["check"]),
            Cell(plain(r["status"]), sort=float(r["rank"]), kind="status"),
            words(r["value"]),
            words(r["evidence"]),
        ]
        for r in table.to_dict(orient="records")
    ]
    columns = [("Cohort", False), ("Check", False), ("Status", False), ("Value", False), ("Evidence", False)]
    return HtmlTable("checks", "Checks and their evidence, problems first", columns, rows, sortable=True)


def lost_genes(contents: ReportContents) -> HtmlTable | None:
    """Return, for each cohort, the needed genes that could not be found or are ambiguous."""
    table = contents.table("gene_mapping")
    if not len(table):
        return None
    needed = table["needed"].astype("boolean").fillna(True).astype(bool)
    lost = table[needed & table["reason"].isin(["missing", "ambiguous"])]
    rows = []
    for cohort in contents.cohort_ids():
        part = lost[lost["cohort_id"] == cohort]
        symbol = part["gene_symbol"].where(part["gene_symbol"].notna(), part["input_id"])
        names = sorted(symbol.dropna().astype(str))
        more = f" and {len(names) - _MOST_LOST} more" if len(names) > _MOST_LOST else ""
        shown = ", ".join(plain(n) for n in names[:_MOST_LOST]) + more
        total = int((needed & (table["cohort_id"] == cohort)).sum())
        rows.append([words(cohort), number(total), number(len(part)), words(shown or "none")])
    columns = [("Cohort", False), ("Needed", True), ("Lost", True), ("Which", False)]
    return HtmlTable("lost-genes", "Needed genes that are missing or ambiguous", columns, rows)


def cohorts(contents: ReportContents) -> HtmlTable | None:
    """Return the cohorts with scale, size and licence."""
    table = contents.table("cohorts")
    if not len(table):
        return None
    rows = [
        [
            words(r["cohort_id"]),
            words(r["cancer_type"]),
            words(r["treatment"]),
            words(r["scale"], "code"),
            number(r["n_genes"]),
            number(r["n_selected"]),
            number(r["n_patients"]),
            words(r["licence"]),
        ]
        for r in table.to_dict(orient="records")
    ]
    columns = [
        ("Cohort", False), ("Cancer type", False), ("Treatment", False), ("Scale", False), ("Genes", True),
        ("Samples", True), ("Patients", True), ("Licence or consent", False),
    ]  # fmt: skip
    return HtmlTable("cohorts-table", "Cohorts as they entered the analysis", columns, rows)


def characteristics(contents: ReportContents) -> HtmlTable | None:
    """Return who is in each cohort: counts and shares, medians and quartiles, and what is missing."""
    samples = contents.table("samples")
    names = [c for c in contents.cohort_ids() if (samples["cohort_id"] == c).any()]
    if not names:
        return None
    parts = {c: samples[samples["cohort_id"] == c] for c in names} | {"All": samples}
    rows = [[Cell("Samples"), *(number(len(p)) for p in parts.values())]]
    if contents.primary_endpoint in samples.columns:
        rows += _levels(parts, str(contents.primary_endpoint), _response_title(contents.primary_endpoint))
    for column, title in (("sex", "Sex"), ("timepoint", "Time point"), ("treatment", "Treatment")):
        rows += _levels(parts, column, title)
    rows += _quartiles(parts, "age_years", "Age (years)")
    endpoint = contents.survival_endpoint
    if endpoint and f"{endpoint}_event" in samples.columns:
        rows.append([Cell(f"{_capital(endpoint)}: events"), *(_events(p, endpoint) for p in parts.values())])
        rows += _quartiles(parts, f"{endpoint}_time_months", f"{_capital(endpoint)}: observation (months)")
    columns = [("Characteristic", False), *((plain(c), True) for c in parts)]
    note = "n (% of known values); median (quartiles). A dash: none."
    return HtmlTable("characteristics", "Characteristics of the selected samples", columns, rows, note=note)


def _response_title(endpoint: str | None) -> str:
    return "Response" if endpoint == "response" else f"Response ({endpoint_name(endpoint)})"


def _capital(endpoint: str) -> str:
    name = endpoint_name(endpoint)
    return name[:1].upper() + name[1:]


def _levels(parts: dict[str, pd.DataFrame], column: str, title: str) -> list[list[Cell]]:
    values = parts["All"][column].dropna().astype(str)
    levels = list(values.value_counts().index)
    if not levels:
        return []
    if {"responder", "non_responder"} >= set(levels):
        levels = [v for v in ("responder", "non_responder") if v in levels]
    rows = []
    for level in levels[:_MOST_LEVELS]:
        cells = [Cell(f"{title}: {plain(level).replace('_', '-') if level == 'non_responder' else plain(level)}")]
        for part in parts.values():
            known = part[column].dropna().astype(str)
            n = int((known == level).sum())
            text = f"{count(n)} ({100 * n / len(known):.0f}%)" if len(known) else MISSING
            cells.append(Cell(text, sort=n, kind="number"))
        rows.append(cells)
    if len(levels) > _MOST_LEVELS:
        rest = set(levels[_MOST_LEVELS:])
        others = [number(int(p[column].astype(object).isin(rest).sum())) for p in parts.values()]
        rows.append([Cell(f"{title}: {plural(len(rest), 'further level')}"), *others])
    missing = [int(p[column].isna().sum()) for p in parts.values()]
    if any(missing):
        rows.append([Cell(f"{title}: missing"), *(number(n) for n in missing)])
    return rows


def _quartiles(parts: dict[str, pd.DataFrame], column: str, title: str) -> list[list[Cell]]:
    cells, missing = [Cell(title)], []
    for part in parts.values():
        values = pd.to_numeric(part[column], errors="coerce").dropna()
        missing.append(len(part) - len(values))
        low, middle, high = values.quantile([0.25, 0.5, 0.75]) if len(values) else (0, 0, 0)
        text = f"{middle:.0f} ({low:.0f}–{high:.0f})" if len(values) else MISSING
        cells.append(Cell(text, kind="number"))
    if missing[-1] == len(parts["All"]):
        return []
    rows = [cells]
    if any(missing):
        rows.append([Cell(f"{title}: missing"), *(number(n) for n in missing)])
    return rows


def _events(part: pd.DataFrame, endpoint: str) -> Cell:
    known = part[f"{endpoint}_event"].dropna()
    if not len(known):
        return Cell(MISSING, kind="number")
    n = int(known.astype(bool).sum())
    return Cell(f"{count(n)} ({100 * n / len(known):.0f}%)", sort=n, kind="number")
