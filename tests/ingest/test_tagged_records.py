from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.document_texts import tidy
from tmescope.ingest.tagged_records import Layout, read_tagged

Write = Callable[[str, str | bytes], Path]
OPEN = Layout("OPEN", re.compile(r"([A-Z]{2,4}) *- ?(.*)"), "ID")
CLOSED = Layout("CLOSED", re.compile(r"([A-Z]{2})  - ?(.*)"), "TY", "ER")


def _read(path: Path, layout: Layout) -> list[tuple[int, list[tuple[str, str]]]]:
    return [(r.line, [tuple(v) for v in r.values]) for r in read_tagged(path, layout)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_records_end_at_empty_lines_or_where_the_next_begins(
    write: Write, pack: Callable[..., bytes], ends: str
) -> None:
    text = "\ufeff\nID  - 1\nTI  - A long \n      title\nAB  -\n\n\nID  - 2\nID  - 3\nTI  - c"
    assert _read(write("a.txt", pack(text.replace("\n", ends).encode())), OPEN) == [
        (2, [("ID", "1"), ("TI", "A long title"), ("AB", "")]),
        (8, [("ID", "2")]),
        (9, [("ID", "3"), ("TI", "c")]),
    ]


def test_records_end_where_they_say_so(write: Write) -> None:
    text = "TY  - A\nAB  - one\n\nnot indented - here\nER  - \n\nTY  - B\nER  -\n"
    assert _read(write("a.ris", text), CLOSED) == [
        (1, [("TY", "A"), ("AB", "one not indented - here")]),
        (7, [("TY", "B")]),
    ]


@pytest.mark.parametrize(
    ("layout", "text", "what", "line"),
    [
        (OPEN, "", "has no record", 0),
        (OPEN, "\n\n", "has no record", 2),
        (OPEN, "TI  - a\n", "a line 'TI' stands outside", 1),
        (OPEN, "ID  - 1\nnothing\n", "'nothing' is no line", 2),
        (OPEN, "ID  - 1\n\n      a\n", "'a' is no line", 3),
        (CLOSED, "TY  - A\nTI  - x\n", "the record of line 1 does not end", 2),
        (CLOSED, "TY  - A\nTY  - B\nER  - \n", "before the one of line 1 has ended", 2),
        (CLOSED, "ER  - \n", "a line 'ER' stands outside", 1),
    ],
)
def test_what_is_no_record_is_refused_with_its_line(
    write: Write, layout: Layout, text: str, what: str, line: int
) -> None:
    path = write("a.txt", text)
    with pytest.raises(FileFormatError, match=what) as caught:
        _read(path, layout)
    assert caught.value.where == f"{path}, line {line}"


def test_other_encodings_are_refused_and_what_no_store_can_hold_is_replaced(write: Write) -> None:
    for encoding in ("utf-16", "latin-1"):
        with pytest.raises(FileFormatError, match="not UTF-8"):
            _read(write("a.txt", "ID  - \u00e9\n".encode(encoding)), OPEN)
    assert _read(write("a.txt", "ID  - a\0b\n"), OPEN) == [(1, [("ID", "a\ufffdb")])]


def test_a_record_without_end_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmescope.ingest.tagged_records.LONGEST_RECORD", 1000)
    with pytest.raises(FileFormatError, match="more than 1,000 bytes"):
        _read(write("a.txt", "ID  - 1\n" + "      word\n" * 200), OPEN)
    assert len(_read(write("a.txt", "ID  - 1\nTI  - word\n\n" * 200), OPEN)) == 200


def test_values_by_name(write: Write) -> None:
    (record,) = read_tagged(write("a.txt", "ID  - 1\nAU  - x\nTI  -\nTT  - t\nAU  - y\n"), OPEN)
    assert record.all("AU") == ["x", "y"]
    assert record.all("TT", "AU") == ["x", "t", "y"]
    assert record.first("TI", "TT", "AU") == "t"
    assert record.first("AB") is None


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.sampled_from("ab -\u00e9"), min_size=1, max_size=8), min_size=1, max_size=3), max_size=4
    )
)
def test_values_come_back_however_their_lines_are_folded(
    tmp_path_factory: pytest.TempPathFactory, values: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("made") / "a.txt"
    folded = ["\n      ".join(f"x{piece}" for piece in pieces) for pieces in values]
    path.write_text("ID  - 1\n" + "".join(f"TI  - {text}\n" for text in folded), encoding="utf-8")
    expected = [("TI", tidy(" ".join(f"x{piece}" for piece in pieces))) for pieces in values]
    assert _read(path, OPEN) == [(1, [("ID", "1"), *expected])]
