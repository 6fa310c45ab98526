from __future__ import annotations

import pytest
from tests.ingest.workbooks_made import STYLES, sheet

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.workbook_parts import (
    Meanings,
    as_date,
    name_cell,
    parse_rels,
    parse_sheet,
    parse_strings,
    parse_styles,
    parse_workbook,
)


@pytest.mark.parametrize(
    ("serial", "text"),
    [
        (1, "1900-01-01"),
        (59, "1900-02-28"),
        (60, None),
        (61, "1900-03-01"),
        (45443, "2024-05-31"),
        (45443.75, "2024-05-31T18:00:00"),
        (0.25, "06:00:00"),
        (-1, None),
        (3e6, None),
        (float("nan"), None),
    ],
)
def test_day_numbers(serial: float, text: str | None) -> None:
    assert as_date(serial) == text


def test_the_epoch_of_1904() -> None:
    assert as_date(0, epoch_1904=True) == "1904-01-01"
    assert as_date(60, epoch_1904=True) == "1904-03-01"


def test_styles_that_are_dates() -> None:
    assert parse_styles(STYLES.encode(), "a") == {1, 2}
    assert parse_styles(b"", "a") == frozenset()


def test_strings_in_pieces_without_reading_aids() -> None:
    xml = b"<sst><si><r><t>CD</t></r><r><t>8A</t></r><rPh><t>aid</t></rPh></si><si><t>a_x000D_b</t></si><si/></sst>"
    assert parse_strings(xml, "a") == ["CD8A", "a\rb", ""]


def test_relations_to_other_files_are_left_out() -> None:
    xml = b'<R><Relationship Id="a" Target="x"/><Relationship Id="b" Target="http://y" TargetMode="External"/></R>'
    assert parse_rels(xml, "a") == {"a": "x"}


def test_the_list_of_sheets() -> None:
    book = parse_workbook(
        b'<workbook><workbookPr/><sheets><sheet name="A" id="r1" state="veryHidden"/></sheets></workbook>', "a"
    )
    assert not book.epoch_1904
    assert book.sheets["A"].rel_id == "r1"
    assert not book.sheets["A"].visible


def test_kinds_of_cells() -> None:
    cells = (
        '<c r="A1" t="s"><v>0</v></c><c r="B1" t="b"><v>1</v></c><c r="C1" t="str"><f>1+1</f><v>two</v></c>'
        '<c r="D1" t="e"><v>#N/A</v></c><c r="E1"><v>1E-3</v></c><c r="F1"><f>A1</f></c><c r="G1"><v>-3</v></c>'
    )
    found = parse_sheet(sheet(cells).encode(), Meanings(["zero"]), "a")
    assert found.cells == {1: {1: "zero", 2: "TRUE", 3: "two", 4: "#N/A", 5: "0.001", 7: "-3"}}
    assert found.uncomputed == [(1, 6)]


def test_formulas_that_were_not_computed() -> None:
    cells = (
        '<c r="A1"><f>1</f><v></v></c><c r="B1"><f>1</f><v>2</v></c><c r="C1" t="str"><f>""</f><v></v></c>'
        '<c r="D1" t="str"><f>""</f></c><c r="E1"/><c r="F1"><f t="shared" si="0"/><v/></c><c r="G1"><v></v></c>'
    )
    found = parse_sheet(sheet(cells).encode(), Meanings(), "a")
    assert found.uncomputed == [(1, 1), (1, 4), (1, 6)]
    assert found.cells == {1: {2: "2"}}


def test_cells_that_do_not_say_where_they_are_follow_each_other() -> None:
    xml = (
        "<x><row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c><v>4</v></c></row>"
        '<row r="7"><c r="C7"><v>5</v></c><c><v>6</v></c></row><row><c><v>7</v></c></row></x>'
    )
    found = parse_sheet(xml.encode(), Meanings(), "a")
    assert found.cells == {1: {1: "1", 3: "3"}, 2: {1: "4"}, 7: {3: "5", 4: "6"}, 8: {1: "7"}}
    with pytest.raises(FileFormatError, match="'A-1' is not the place"):
        parse_sheet(b'<x><row r="-1"><c/></row></x>', Meanings(), "a")
    with pytest.raises(FileFormatError, match="the cell B1 is there twice"):
        parse_sheet(b'<x><row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c><c><v>2</v></c></row></x>', Meanings(), "a")


def test_texts_in_cells_have_no_reading_aids() -> None:
    cells = '<c r="A1" t="inlineStr"><is><r><t>S</t></r><r><t>1</t></r><rPh sb="0" eb="1"><t>aid</t></rPh></is></c>'
    assert parse_sheet(sheet(cells).encode(), Meanings(), "a").cells == {1: {1: "S1"}}


@pytest.mark.parametrize(("place", "name"), [((7, 1), "A7"), ((1, 27), "AA1"), ((0, 16_384), "XFD")])
def test_names_of_cells(place: tuple[int, int], name: str) -> None:
    assert name_cell(*place) == name


def test_entities_of_a_document_type_are_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><sst><si><t>&z;</t></si></sst>'
    with pytest.raises(FileFormatError, match="document type"):
        parse_strings(bomb, "a")
