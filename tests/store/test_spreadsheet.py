"""A workbook read back: by the project's own reader of hostile workbooks, and by its XML."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import StoreError
from tmescope.ingest.workbooks import read_workbook
from tmescope.store.spreadsheet import MOST_CHARACTERS, plan_sheets, write_spreadsheet
from tmescope.store.tables import TEXT

NASTY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "MARCH1", "SEPT2", "1E5", "007", "2026-11-25",
    "TRUE", "<r><t>bold</t></r>", "</t></is></c><c><f>1</f></c>", "a&b<c>\"d'e", "_x0041_", "_x005F_x0041_",
    "_x0041_x0042_",
    "a\x01b\x0bc\x1f", "line\nbreak\tand\rreturn", "  spaces  ", "\ufffe\uffff", "\u202eRTL", "عربي", "😀",
    "&#10;", "]]>",
]  # fmt: skip


def _write(tables, path, **options):
    sheets = plan_sheets(tables, **options)
    write_spreadsheet(sheets, path)
    return sheets


def _sheet(path, number=1):
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_text_comes_back_and_is_never_a_formula(tmp_path):
    path = tmp_path / "a.xlsx"
    _write([("t", pd.DataFrame({"id": range(len(NASTY)), "=name": pd.Series(NASTY, dtype=TEXT)}))], path)
    back = read_workbook(path)
    assert back.names == ("id", "=name")
    assert [row[1] for row in back.rows] == NASTY
    xml = _sheet(path)
    assert "<f>" not in xml
    assert "<f " not in xml
    assert xml.count('t="inlineStr"') == len(NASTY) + 2
    assert not re.search("[\x00-\x08\x0b-\x1f\ufffe\uffff]", xml)


def test_numbers_are_numbers_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(1)
    values = [0.1 + 0.2, 1 / 3, -0.0, 5e-324, 1.7976931348623157e308, 1e22, *rng.normal(size=200)]
    values += rng.lognormal(0, 200, 200).tolist()
    path = tmp_path / "a.xlsx"
    _write([("t", pd.DataFrame({"id": range(len(values)), "x": values}))], path)
    assert [float(row[1]) for row in read_workbook(path).rows] == values
    assert _sheet(path).count("inlineStr") == 2, "only the header is text"


def test_types_of_cells(tmp_path):
    table = pd.DataFrame(
        {
            "text": pd.Series(["a", None, ""], dtype=TEXT),
            "whole": pd.array([1, None, 2**53 + 1], dtype="Int64"),
            "number": [np.nan, np.inf, -np.inf],
            "yes": pd.array([True, None, False], dtype="boolean"),
            "plain": [True, False, True],
        }
    )
    path = tmp_path / "a.xlsx"
    _write([("t", table)], path)
    xml = _sheet(path)
    assert '<c r="B2"><v>1</v></c>' in xml
    assert '<c r="D2" t="b"><v>1</v></c>' in xml
    assert '<c r="E3" t="b"><v>0</v></c>' in xml
    assert read_workbook(path).rows == (
        ("a", "1", "", "TRUE", "TRUE"),
        ("", "", "inf", "", "FALSE"),
        ("", str(2**53 + 1), "-inf", "FALSE", "TRUE"),
    )
    for empty in ("A3", "A4", "B3", "C2", "D3"):
        assert f'r="{empty}"' not in xml


def test_the_header_stays_and_can_be_filtered(tmp_path):
    path = tmp_path / "a.xlsx"
    _write([("it's", pd.DataFrame({"a": [1, 2], "long" * 40: ["x", "y"]}))], path)
    xml = _sheet(path)
    assert 'ySplit="1"' in xml
    assert 'state="frozen"' in xml
    assert '<autoFilter ref="A1:B3"/>' in xml
    assert [int(w) for w in re.findall(r' width="(\d+)"', xml)] == [4, 60]
    with zipfile.ZipFile(path) as archive:
        assert "'it''s'!$A$1:$B$3" in archive.read("xl/workbook.xml").decode()


def test_the_same_tables_give_the_same_bytes(tmp_path):
    table = pd.DataFrame({"a": np.arange(10_000) / 7, "b": "x"})
    for name in ("one", "two"):
        _write([("t", table), ("u", table.head(0))], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as archive:
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert len(read_workbook(tmp_path / "one", "t").rows) == 10_000


def test_a_long_table_goes_on_on_the_next_sheet(tmp_path):
    path = tmp_path / "a.xlsx"
    table = pd.DataFrame({"a": range(25)})
    sheets = _write([("t", table), ("t_2", table.head(1))], path, most_rows=11)
    assert [s.name for s in sheets] == ["t", "t_2", "t_3", "t_2_2"]
    rows = [row[0] for name in ("t", "t_2", "t_3") for row in read_workbook(path, name).rows]
    assert rows == [str(i) for i in range(25)]
    assert [len(s.table) for s in plan_sheets([("t", table)], most_rows=26)] == [25]


def test_names_of_sheets():
    table = pd.DataFrame({"a": [1]})
    names = ["a/b:c", "A/B:C", "x" * 40, "x" * 50, "History", "'q'", ""]
    assert [s.name for s in plan_sheets([(n, table) for n in names])] == [
        "a_b_c", "A_B_C_2", "x" * 31, "x" * 29 + "_2", "History_2", "q", "sheet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            pd.DataFrame({"text": ["x" * (MOST_CHARACTERS + 1)]}),
            r"'t' has text of more than 32,767 characters in 'text'",
        ),
        (pd.DataFrame({"text": ["😀" * (MOST_CHARACTERS // 2 + 1)]}), "more than 32,767 characters"),
        (pd.DataFrame(np.zeros((1, 16_385))), "'t' has 16,385 columns; a sheet takes 16,384"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(table, says):
    with pytest.raises(StoreError, match=says) as caught:
        plan_sheets([("t", table)])
    assert caught.value.next_step == "use tables/t.parquet or tables/t.csv"


def test_what_just_fits_is_written(tmp_path):
    text = "x" * MOST_CHARACTERS
    _write([("t", pd.DataFrame({"text": [text]}))], tmp_path / "a.xlsx")
    assert read_workbook(tmp_path / "a.xlsx").rows == ((text,),)
    wide = plan_sheets([("t", pd.DataFrame(np.zeros((1, 16_384))))])
    assert wide[0].last_cell == "XFD2"
