from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ingest.conftest import Files
from tests.ingest.workbooks_made import cell, packed, sheet, workbook

from tmescope.foundation.errors import FileFormatError, UnknownNameError
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.decompress import Limits
from tmescope.ingest.expression import read_matrix
from tmescope.ingest.options import CohortOptions
from tmescope.ingest.workbooks import read_workbook

Write = Callable[[str, str | bytes], Path]

HEADER = cell("A2", "id") + cell("B2", "age") + cell("C2", "biopsy")
ROWS = (
    cell("A3", "007") + cell("B3", 61.0) + cell("C3", 45443, 1),
    cell("A5", "S<2>") + cell("B5", 61.100000000000001) + cell("C5", 45443.5, 2),
)
PLAIN = sheet(HEADER, *ROWS)


def test_values_come_back_as_text(write: Write) -> None:
    table = read_workbook(write("a.xlsx", packed(workbook({"Data": PLAIN}))))
    assert table.names == ("id", "age", "biopsy")
    assert table.rows == (("007", "61", "2024-05-31"), ("S<2>", "61.1", "2024-05-31T12:00:00"))
    assert table.lines == (3, 5)
    assert [n.code for n in table.notes] == ["workbook.dates"]


def test_the_one_visible_sheet_with_something_is_read(write: Write) -> None:
    parts = workbook({"Old": PLAIN, "Data": PLAIN, "Empty": sheet()}, hidden=("Old",))
    table = read_workbook(write("a.xlsx", packed(parts)))
    assert table.notes[0].value == "Data"
    assert "2 other sheets" in table.notes[0].evidence
    other = read_workbook(write("a.xlsx", packed(parts)), "Old")
    assert other.rows == table.rows


def test_of_two_sheets_none_is_chosen(write: Write) -> None:
    path = write("a.xlsx", packed(workbook({"Baseline": PLAIN, "Follow up": PLAIN})))
    with pytest.raises(FileFormatError, match="2 visible sheets hold something: 'Baseline', 'Follow up'"):
        read_workbook(path)
    assert read_workbook(path, "Follow up").notes[0].value == "Follow up"
    with pytest.raises(UnknownNameError, match="'Folow up'"):
        read_workbook(path, "Folow up")


def test_merged_cells(write: Write) -> None:
    with pytest.raises(FileFormatError, match="header are merged: 'A2:B2'") as caught:
        read_workbook(write("a.xlsx", packed(workbook({"D": sheet(HEADER, *ROWS, merged="A2:B2")}))))
    assert "row 2" in (caught.value.where or "")
    below = read_workbook(write("a.xlsx", packed(workbook({"D": sheet(HEADER, *ROWS, merged="A3:A4")}))))
    assert "workbook.merged" in {n.code for n in below.notes}


def test_formulas_without_values_are_not_taken_for_nothing(write: Write) -> None:
    formulas = "".join(f'<c r="{letter}6"><f>1+1</f><v></v></c>' for letter in "BCD")
    with pytest.raises(FileFormatError, match="3 cells hold a formula without its value: 'B6', 'C6', 'D6'") as caught:
        read_workbook(write("a.xlsx", packed(workbook({"D": sheet(HEADER, *ROWS, formulas)}))))
    assert "recalculate" in (caught.value.next_step or "")
    with pytest.raises(FileFormatError, match="3 cells hold a formula"):
        read_workbook(write("a.xlsx", packed(workbook({"D": sheet(formulas)}))))


def test_a_column_without_a_name(write: Write) -> None:
    with pytest.raises(FileFormatError, match="have no name in the header: 'AA'") as caught:
        read_workbook(write("a.xlsx", packed(workbook({"D": sheet(HEADER, *ROWS, cell("AA7", "note"))}))))
    assert "cell AA7" in (caught.value.where or "")


def test_days_may_be_counted_from_1904(write: Write) -> None:
    table = read_workbook(write("a.xlsx", packed(workbook({"D": PLAIN}, properties='date1904="1"'))))
    assert table.rows[0][2] == "2028-06-01"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("xl/vbaProject.bin", "x", "holds macros"),
        ("xl/externalLinks/externalLink1.xml", "<a/>", "takes values from other workbooks"),
        ("xl/workbook.xml", "<workbook>", "XML is damaged"),
        ("xl/worksheets/sheet1.xml", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>', "document type"),
        ("xl/worksheets/sheet1.xml", sheet('<c r="A0"><v>1</v></c>'), "'A0' is not the place"),
        ("xl/worksheets/sheet1.xml", sheet('<c r="ZZZ1"><v>1</v></c>'), "'ZZZ1' is not the place"),
        ("xl/worksheets/sheet1.xml", sheet('<c r="A1" t="s"><v>7</v></c>'), "the cell A1 cannot be read"),
        ("xl/worksheets/sheet1.xml", sheet('<c r="A1"><v>x</v></c>'), "the cell A1 cannot be read"),
        ("xl/worksheets/sheet1.xml", sheet(), "no sheet holds anything"),
        ("xl/_rels/workbook.xml.rels", "<Relationships/>", "the sheet 'D' is not in the workbook"),
    ],
)
def test_a_workbook_that_is_not_plain(write: Write, name: str, text: str, says: str) -> None:
    with pytest.raises(FileFormatError, match=says):
        read_workbook(write("a.xlsx", packed(workbook({"D": PLAIN}) | {name: text})))


def test_archives_that_are_no_workbook(write: Write) -> None:
    with pytest.raises(FileFormatError, match="no Excel workbook"):
        read_workbook(write("a.xlsx", packed({"../../x": "y"})))
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_workbook(write("a.xlsx", b"PK\x03\x04 and so on"))
    whole = packed(workbook({"D": PLAIN}))
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_workbook(write("a.xlsx", whole[: len(whole) // 2]))


def test_bombs_are_refused_by_size_and_by_ratio(write: Write) -> None:
    path = write("a.xlsx", packed(workbook({"D": PLAIN}) | {"xl/media": "0" * 300_000}))
    with pytest.raises(FileFormatError, match="at most 100,000"):
        read_workbook(path, limits=Limits(max_bytes=100_000))
    with pytest.raises(FileFormatError, match="-fold"):
        read_workbook(path, limits=Limits(max_ratio=20, ratio_from=1000))


def test_a_workbook_is_a_sample_table_and_never_a_matrix(write: Write, files: Files) -> None:
    expression, _ = files.write()
    rows = [cell(f"A{i}", s) + cell(f"B{i}", f"p{i}") for i, s in enumerate(files.samples["sample_id"], start=2)]
    table = sheet(cell("A1", "Aliquot") + cell("B1", "patient_id"), *rows)
    samples = write("clinical.xlsx", packed(workbook({"Data": table, "Legend": table})))
    options = CohortOptions("a", "log2(tpm+1)", columns={"sample_id": "Aliquot"}, samples_sheet="Data")
    cohort = read_cohort(expression, samples, options=options)
    assert cohort.adata.obs["patient_id"].tolist() == [f"p{i}" for i in range(2, 10)]
    assert "workbook.sheet" in {w.code for w in cohort.warnings}
    with pytest.raises(FileFormatError, match="gene names into dates"):
        read_matrix(samples)
