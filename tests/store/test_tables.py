from __future__ import annotations

import csv

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.foundation.errors import FormatVersionError, StoreError
from tmescope.store.csv_cells import _OBEYED as _STEERS
from tmescope.store.tables import SCHEMAS, empty_table, read_table, shape_table, write_csv, write_table


@pytest.mark.parametrize("name", SCHEMAS)
def test_empty_tables_round_trip(name, tmp_path):
    table = empty_table(name)
    write_table(table, tmp_path / "t.parquet")
    back = read_table(tmp_path / "t.parquet")
    assert list(back.columns) == list(SCHEMAS[name].columns)
    assert [str(t) for t in back.dtypes] == [str(t) for t in table.dtypes]


def test_missing_stays_missing_and_types_survive(tmp_path):
    row = {"code": "a.b", "message": "m", "where": None, "count": 3, "examples": ""}
    table = shape_table("warnings", pd.DataFrame([row, {**row, "count": None}]))
    write_table(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), table)
    assert read_table(tmp_path / "t.parquet")["where"].isna().all()


def test_bytes_depend_on_the_table_alone(tmp_path):
    table = pd.DataFrame({"a": ["x", None], "b": [1.5, float("nan")]})
    write_table(table, tmp_path / "1.parquet")
    write_table(table.set_axis([7, 9]), tmp_path / "2.parquet")
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()


def test_columns_are_checked():
    with pytest.raises(StoreError, match="count"):
        shape_table("warnings", pd.DataFrame({"code": ["a"]}))
    with pytest.raises(StoreError, match="stranger"):
        shape_table("warnings", empty_table("warnings").assign(stranger=1))
    assert "os_event" in shape_table("samples", empty_table("samples").assign(os_event=True))


def test_newer_and_broken_files_are_told_apart(tmp_path):
    path = tmp_path / "t.parquet"
    write_table(pd.DataFrame({"a": [1]}), path)
    arrow = pq.read_table(path)
    pq.write_table(arrow.replace_schema_metadata({b"tmescope.version": b"99"}), path)
    with pytest.raises(FormatVersionError, match="format 99"):
        read_table(path)
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(StoreError, match="cannot be read"):
        read_table(path)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12))
def test_no_csv_cell_starts_a_formula(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_csv(pd.DataFrame({"a": [text, "plain"], "n": [-1.5, 2.0]}), path)
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))
    shown = "".join(c if c in "\t\n" or c.isprintable() or not _STEERS.match(c) else repr(c)[1:-1] for c in text)
    assert rows[1][0].removeprefix("'") == shown.removeprefix("'") or rows[1][0] == shown
    assert rows[1][1] == "-1.5"
