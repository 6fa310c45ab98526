"""Text tables of references: bounded, UTF-8, no row wider or narrower than the header."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tmescope.facts import reading
from tmescope.facts.reading import Faults, TextRow, read_lines, read_rows
from tmescope.foundation.errors import FileFormatError


def test_rows_are_unquoted_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress('\ufeffa\t"b"\n\n 1 \t"x ""y"" z"\r\n'.encode()))
    assert list(read_rows(path)) == [TextRow(1, ("a", "b")), TextRow(3, ("1", 'x "y" z'))]


def test_a_header_without_the_cell_above_the_row_names(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('"x"\t"y"\n"g"\t1\t2\n"h"\t3\t4\n', encoding="utf-8")
    assert [row.cells for row in read_rows(path, row_names=True)] == [("x", "y"), ("g", "1", "2"), ("h", "3", "4")]
    with pytest.raises(FileFormatError, match="line 2 has 3 cells"):
        list(read_rows(path))
    path.write_text("x\ty\ng\t1\nh\t3\t4\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match="line 3 has 3 cells"):
        list(read_rows(path, row_names=True))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a\tb\n1\n", "line 2 has 1 cells, the lines above have 2"),
        (b"a\ta\n1\t2\n", "columns share a name: a"),
        (b"a\t\n1\t2\n", "a column has no name"),
        (b"a\tb\n\xff\t1\n", "not text"),
        (gzip.compress(b"a\tb\n" * 100, mtime=0)[:-9], "damaged"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(content)
    with pytest.raises(FileFormatError) as caught:
        list(read_rows(path))
    assert says in str(caught.value)


def test_what_comes_out_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"x\n" * 1000))
    monkeypatch.setattr(reading, "_LARGEST", 1000)
    with pytest.raises(FileFormatError, match="more than 1000 bytes"):
        list(read_lines(path))
    monkeypatch.setattr(reading, "_BLOCK", 100)
    path.write_bytes(b"y" * 200)
    with pytest.raises(FileFormatError, match="a line has more than 100 bytes"):
        list(read_lines(path))


def test_faults_are_counted_and_three_are_shown(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "a")
    faults.refuse()
    for number in range(5):
        faults.add("a number", f"line {number}")
    with pytest.raises(FileFormatError, match=r"5 x not a number: line 0, line 1, line 2, \.\.\."):
        faults.refuse()
