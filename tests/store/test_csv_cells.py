"""Cells of CSV files do no harm, and lose nothing of plain text."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from tmescope.cli.main import as_plain
from tmescope.store.csv_cells import inert_cells
from tmescope.store.tables import TEXT, write_csv


def _cells(*texts: str | None) -> list[str | None]:
    found = inert_cells(pd.Series(list(texts), dtype=TEXT))
    return [None if pd.isna(one) else str(one) for one in found]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_begins_a_formula(text: str) -> None:
    (found,) = _cells(text)
    assert found.startswith("'") and found[1:] in {text, text.replace("\r", "\\r")}


def test_what_steers_a_terminal_or_a_reader_is_escaped() -> None:
    hostile = "a\x1b[31mred\x1b[0m\x07\x9b2J\x7f\u202eright\u2066\u200f\u2028\u061c\x00end"
    (found,) = _cells(hostile)
    assert found == "a\\x1b[31mred\\x1b[0m\\x07\\x9b2J\\x7f\\u202eright\\u2066\\u200f\\u2028\\u061c\\x00end"
    assert as_plain(found) == found


def test_plain_text_of_any_language_and_what_is_missing_stay_as_they_are(tmp_path) -> None:
    texts = ["TNF-\u03b1", "\u05e9\u05dc\u05d5\u05dd", "two\nlines", "a\u00a0b", None, ""]
    assert _cells(*texts) == texts
    path = tmp_path / "t.csv"
    write_csv(pd.DataFrame({"a": ["x\x1b[2J", "y"], "n": [1, 2]}), path)
    assert path.read_bytes() == b"a,n\nx\\x1b[2J,1\ny,2\n"
    assert pd.read_csv(io.StringIO(path.read_text()))["n"].tolist() == [1, 2]
