"""Matrices, lists and sets of references: every value, name and number of things is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmescope.facts.matrices import Range, check_count, read_matrix, read_names, read_sets
from tmescope.foundation.errors import FileFormatError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_ranges_take_finite_numbers_alone() -> None:
    share = Range(0, 1)
    assert [share.parse(text) for text in ("0", "1", "0.5", "1.1", "-0", "nan", "inf", "", "x", "1,5")] == [
        0, 1, 0.5, None, 0, None, None, None, None, None
    ]  # fmt: skip
    assert str(share) == "a finite number, 0 to 1"
    assert str(Range()) == "a finite number, 0 or more"


def test_a_matrix_is_read_and_cannot_be_written(tmp_path: Path) -> None:
    matrix = read_matrix(write(tmp_path / "a", "gene\tx\ty\ng\t1\t2\nh\t3\t4\n"))
    assert (matrix.rows, matrix.columns, matrix.values.tolist()) == (("g", "h"), ("x", "y"), [[1, 2], [3, 4]])
    assert not matrix.values.flags.writeable


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the matrix is empty"),
        ("gene\tx\n", "the matrix is empty"),
        ("gene\tx\ty\ng\t1\t0\nh\t1\t0\n", "columns hold nothing but zeros: y"),
        ("gene\tx\n\t1\n", "1 x not a name of a row: ''"),
        ("gene\tx\ng\ta\nh\tb\ni\tc\nj\td\n", "4 x not a finite number, 0 or more: line 2, x: 'a', line 3"),
    ],
)
def test_a_matrix_with_faults_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_matrix(write(tmp_path / "a", text))
    assert says in str(caught.value)


def test_lists_and_counts(tmp_path: Path) -> None:
    assert read_names(write(tmp_path / "a", "A\n\nB\r\n")) == ("A", "B")
    with pytest.raises(FileFormatError, match="the list is empty"):
        read_names(write(tmp_path / "a", "\n"))
    check_count(5, range(5, 6), what="sets", path=tmp_path)
    with pytest.raises(FileFormatError, match="the file has 4 sets") as caught:
        check_count(4, range(5, 6), what="sets", path=tmp_path)
    assert caught.value.expected == "5 sets"
    with pytest.raises(FileFormatError) as caught:
        check_count(4, range(5, 1001), what="sets", path=tmp_path)
    assert caught.value.expected == "5 to 1,000 sets"


def test_an_empty_set_is_a_fault_unless_it_may_be_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "set\tgene_symbol\ns\tA\nt\t\n")
    assert read_sets(path, columns=("set",), may_be_empty=True) == {("s",): ("A",), ("t",): ()}
    with pytest.raises(FileFormatError, match="not a set and one gene: line 3"):
        read_sets(path, columns=("set",))
