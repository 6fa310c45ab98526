from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tmescope.facts import set_lines
from tmescope.facts.set_lines import read_lines
from tmescope.foundation.errors import FileFormatError, MissingFileError


def test_lines_of_plain_and_packed_files_with_any_line_end(tmp_path: Path) -> None:
    content = "\ufeffeins\r\nzwei\n\nγ".encode()
    (tmp_path / "a.gmt").write_bytes(content)
    (tmp_path / "b.gmt").write_bytes(gzip.compress(content))
    expected = [(1, "eins"), (2, "zwei"), (3, ""), (4, "γ")]
    assert list(read_lines(tmp_path / "a.gmt")) == list(read_lines(tmp_path / "b.gmt")) == expected


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a\nb\0c\n", "line 2"),
        (b"a\nb\nc\xff\n", "line 3"),
        ("a\tb".encode("utf-16"), "line 1"),
        (gzip.compress(b"a\n" * 9999, mtime=0)[:-9], "damaged"),
        (b"\x1f\x8bnothing", "damaged"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.gmt").write_bytes(content)
    with pytest.raises(FileFormatError, match=says) as caught:
        list(read_lines(tmp_path / "x.gmt"))
    assert str(tmp_path) not in str(caught.value)


def test_a_bomb_ends_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_lines, "LARGEST", 1 << 20)
    (tmp_path / "x.gmt").write_bytes(gzip.compress(b"a\n" * (1 << 20)))
    with pytest.raises(FileFormatError, match="more than 1048576 bytes"):
        for _ in read_lines(tmp_path / "x.gmt"):
            pass


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gmt").write_bytes(b"a" * (set_lines.LONGEST_LINE + 5))
    with pytest.raises(FileFormatError, match="longer than") as caught:
        list(read_lines(tmp_path / "x.gmt"))
    assert caught.value.where == "x.gmt, line 1"


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    for name in ("none.gmt", "."):
        with pytest.raises(MissingFileError, match="cannot be read"):
            list(read_lines(tmp_path / name))
