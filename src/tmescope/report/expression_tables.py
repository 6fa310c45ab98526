"""Comparisons of expression as tables: what was done, the clearest genes, and the direction of gene sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import decimal, endpoint_name, interval, is_missing, p_value, plain
from tmescope.report.tables import Cell, HtmlTable, number, words

__all__ = ["comparisons", "set_directions", "top_genes"]

_TOP = 30


def comparisons(contents: ReportContents) -> HtmlTable | None:
    """Return one row for each comparison: its model, samples and genes, and what ComBat did.

    Parameters
    ----------
    contents : ReportContents
        With the table expression_fits.
    """
    table = contents.table("expression_fits")
    if not len(table):
        return None
    columns = [
        ("Question", False), ("Cohort", False), ("Compared", False), ("Scale", False), ("Model", False),
        ("Adjusted for", False), ("In group", True), ("Reference", True), ("Left out", True), ("Genes tested", True),
        ("Not tested", True), ("Higher", True), ("Lower", True), ("ComBat", False), ("Checks", False),
    ]  # fmt: skip
    note = (
        "Higher and lower: genes with q < 0.05. Not tested: genes that are constant, have missing values, or have "
        "too few counts. The same table is tables/expression_fits.csv."
    )
    rows = [_comparison(r) for r in table.to_dict(orient="records")]
    return HtmlTable("expression-fits", "Comparisons of expression", columns, rows, note=note)


def _comparison(row: Mapping[Any, Any]) -> list[Cell]:
    combat = "not used"
    if row["combat"] is True or row["combat"] == 1:
        told = f"{plain(row['combat_method'])}: {plain(row['combat_batches'])}"
        same = f"; passed through: {plain(row['unchanged_genes'])}" if row["n_unchanged"] else ""
        combat = told + same
    return [
        words(row["question_id"]),
        words(row["cohort_id"]),
        Cell(f"{plain(row['contrast'])} ({endpoint_name(row['endpoint'])})"),
        words(row["scale"]),
        words(row["method"]),
        words(row["adjusted_for"]),
        *(number(row[c]) for c in ("n_group", "n_reference", "n_left_out", "n_genes")),
        number(int(row["n_untested"]) + int(row["n_few_counts"])),
        number(row["n_higher"]),
        number(row["n_lower"]),
        Cell(combat, kind="text" if combat == "not used" else "flag"),
        words(row["checks"]),
    ]


def top_genes(contents: ReportContents) -> HtmlTable | None:
    """Return the genes of each comparison with the smallest p.

    Parameters
    ----------
    contents : ReportContents
        With the table expression.
    """
    table = contents.table("expression")
    if not len(table):
        return None
    best = table.sort_values("p_value", kind="stable").groupby(["question_id", "cohort_id"], sort=False).head(_TOP)
    best = best.sort_values(["question_id", "cohort_id", "p_value"], kind="stable")
    columns = [
        ("Gene", False), ("Question", False), ("Cohort", False), ("log2 fold change [95% CI]", True), ("Mean", True),
        ("t", True), ("p", True), ("q", True), ("n", True),
    ]  # fmt: skip
    rows = [
        [
            words(r["feature"]),
            words(r["question_id"]),
            words(r["cohort_id"]),
            Cell(interval(r, str(r["effect_name"])), sort="" if is_missing(r["effect"]) else float(r["effect"]),
                 kind="number"),
            number(r["average"], 2),
            number(r["t"], 2),
            *(_probability(r[c]) for c in ("p_value", "q_value")),
            number(r["n"]),
        ]
        for r in best.to_dict(orient="records")
    ]  # fmt: skip
    note = (
        f"The {_TOP} genes with the smallest p of each comparison; mean: log2 expression. All genes stand in "
        "tables/expression.csv."
    )
    filters = [(name, i, sorted({r[i].text for r in rows})) for name, i in (("Question", 1), ("Cohort", 2))]
    return HtmlTable(
        "expression-genes", "Genes that differ most", columns, rows, sortable=True, filters=filters, note=note
    )


def set_directions(contents: ReportContents) -> HtmlTable | None:
    """Return the direction of each gene set in each comparison.

    Parameters
    ----------
    contents : ReportContents
        With the table expression_sets.
    """
    table = contents.table("expression_sets")
    if not len(table):
        return None
    signatures = contents.table("signatures")
    titles = {str(n): str(t) for n, t in zip(signatures["name"], signatures["title"], strict=True)}
    ordered = table.sort_values(["question_id", "cohort_id", "p_value"], kind="stable")
    columns = [
        ("Gene set", False), ("Question", False), ("Cohort", False), ("Genes", True), ("Higher", True),
        ("Mean log2 FC", True), ("z beyond other genes", True), ("Correlation", True), ("Inflation", True), ("p", True),
        ("q", True),
    ]  # fmt: skip
    rows = [
        [
            words(titles.get(str(r["gene_set"]), r["gene_set"])),
            words(r["question_id"]),
            words(r["cohort_id"]),
            number(r["n_genes"]),
            number(r["n_higher"]),
            number(r["mean_effect"], 2),
            number(r["mean_difference"], 2),
            number(r["correlation"], 2),
            Cell(f"× {decimal(r['inflation'], 1)}", sort=float(r["inflation"]), kind="number"),
            *(_probability(r[c]) for c in ("p_value", "q_value")),
        ]
        for r in ordered.to_dict(orient="records")
    ]
    note = (
        "Camera: do the genes of a set move together more than all other genes? Genes of a set go together in every "
        "sample, so that their mean varies more than that of as many independent genes: the variance is inflated by "
        "the correlation that the residuals show, which is itself an estimate, and rough in small cohorts. Sets that "
        "share genes are not independent of each other, and a set of few genes tells of those genes alone. "
        "The same table is tables/expression_sets.csv."
    )
    filters = [(name, i, sorted({r[i].text for r in rows})) for name, i in (("Question", 1), ("Cohort", 2))]
    return HtmlTable(
        "expression-sets", "Direction of gene sets", columns, rows, sortable=True, filters=filters, note=note
    )


def _probability(value: Any) -> Cell:
    return Cell(p_value(value), sort="" if is_missing(value) else float(value), kind="number")
