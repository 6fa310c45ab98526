from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.contents_maker import without

from tmescope.report.contents import ReportContents
from tmescope.report.overlap_tables import overlap_pairs, overlaps
from tmescope.store.tables import shape_table

COLUMNS = [
    "cohort_a",
    "sample_a",
    "patient_a",
    "cohort_b",
    "sample_b",
    "patient_b",
    "evidence",
    "correlation",
    "n_genes",
]
ROWS = [
    ("melanoma_pd1_a", "s1", "p1", "bladder_pdl1", "t1", "q1", "id, expression same", 0.99991, 1000),
    ("melanoma_pd1_a", "s2", "p1", "bladder_pdl1", "t2", "q2", "expression similar", 0.9, 1000),
    ("melanoma_pd1_a", "s3", "s3", "bladder_pdl1", "t3", "q3", "id", None, None),
    ("melanoma_ctla4_pilot", "<b>", "p5", "melanoma_ctla4_pilot", "u2", "p6", "expression same", 1.0, 700),
]


def _with(contents: ReportContents) -> ReportContents:
    table = shape_table("overlaps", pd.DataFrame(ROWS, columns=COLUMNS))
    return replace(contents, tables={**contents.tables, "overlaps": table})


def test_cohorts_are_counted_by_patient_and_by_evidence(contents: ReportContents) -> None:
    table = overlap_pairs(_with(contents))
    assert table is not None
    rows = [[c.text for c in row] for row in table.rows]
    assert rows[0][:5] == ["melanoma_pd1_a and bladder_pdl1", "2", "1", "1", "1"]
    assert rows[1][:5] == ["melanoma_ctla4_pilot, twice within", "1", "1", "0", "0"]
    assert "response" in rows[0][5].lower()
    assert "select.exclude" in table.note


def test_each_pair_of_samples_with_its_evidence(contents: ReportContents) -> None:
    table = overlaps(_with(contents))
    assert table is not None
    assert [c.text for c in table.rows[0]] == [
        "melanoma_pd1_a", "s1 (patient p1)", "bladder_pdl1", "t1 (patient q1)", "id, expression same", "1.000",
        "1\u202f000",
    ]  # fmt: skip
    assert table.rows[2][1].text == "s3"
    assert table.rows[2][5].text == "–"


def test_no_overlap_no_table(contents: ReportContents) -> None:
    assert overlap_pairs(without(contents, "overlaps")) is None
    assert overlaps(without(contents, "overlaps")) is None
