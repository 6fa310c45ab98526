from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.contents_maker import without

from tmescope.report import cohort_tables
from tmescope.report.contents import ReportContents
from tmescope.report.tables import HtmlTable


def _row(table: HtmlTable | None, head: str) -> list[str]:
    assert table is not None
    return next([c.text for c in row] for row in table.rows if row[0].text == head)


def test_problems_come_first(contents: ReportContents) -> None:
    table = cohort_tables.checks(contents)
    assert table is not None
    assert [r[2].text for r in table.rows[:4]] == ["problem", "problem", "notice", "ok"]


def test_lost_genes_are_counted_and_named(contents: ReportContents) -> None:
    row = _row(cohort_tables.lost_genes(contents), "melanoma_ctla4_pilot")
    mapping = contents.table("gene_mapping").query("cohort_id == 'melanoma_ctla4_pilot'")
    lost = int(mapping["reason"].isin(["missing", "ambiguous"]).sum())
    assert row[1:3] == ["312", str(lost)]
    assert row[3].endswith(f"and {lost - 12} more")


def test_shares_are_of_the_known_values(contents: ReportContents) -> None:
    table = cohort_tables.characteristics(contents)
    response = contents.table("samples")["response"]
    n, known = int((response == "responder").sum()), int(response.notna().sum())
    assert _row(table, "Response: responder")[-1] == f"{n} ({100 * n / known:.0f}%)"
    assert _row(table, "Response: missing")[-1] == str(len(response) - known)
    age = contents.table("samples")["age_years"].quantile([0.5, 0.25, 0.75])
    assert _row(table, "Age (years)")[-1] == "{:.0f} ({:.0f}–{:.0f})".format(*age)


def test_what_is_entirely_missing_is_left_out(contents: ReportContents) -> None:
    samples = contents.table("samples").assign(age_years=pd.NA, sex=pd.NA)
    table = cohort_tables.characteristics(replace(contents, tables={**contents.tables, "samples": samples}))
    assert table is not None
    assert not [r for r in table.rows if r[0].text.startswith(("Age", "Sex"))]


def test_absent_tables_are_none(contents: ReportContents) -> None:
    bare = without(contents, *contents.tables)
    made = [cohort_tables.checks, cohort_tables.cohorts, cohort_tables.lost_genes, cohort_tables.characteristics]
    assert [make(bare) for make in made] == [None] * 4
