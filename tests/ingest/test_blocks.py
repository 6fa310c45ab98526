from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import FileFormatError, InputError
from tmescope.ingest import blocks
from tmescope.ingest.blocks import Block, choose_names, each_line, read_block, read_line, split_line
from tmescope.ingest.decompress import DEFAULT_LIMITS

Write = Callable[[str, str | bytes], Path]


def test_a_block_ends_at_its_mark(write: Write) -> None:
    path = write("a.txt", 'head\n"x"\t1\n"y"\t2.5\n!end\nrest of the file\n')
    texts, values = read_block(Block(path, 2, ("id", "A"), 1, end=b"!end", quoted=True), limits=DEFAULT_LIMITS)
    assert texts == [["x", "y"]]
    np.testing.assert_array_equal(values, [[1, 2.5]])


def test_a_block_whose_mark_is_missing_is_cut(write: Write) -> None:
    block = Block(write("a.txt", "x\t1\ny\t2\n"), 1, ("id", "A"), 1, end=b"!end")
    with pytest.raises(FileFormatError, match="ends without the line !end"):
        read_block(block, limits=DEFAULT_LIMITS)


def test_quotation_marks_are_text_where_the_format_has_none(write: Write) -> None:
    texts, _ = read_block(Block(write("a.txt", '5"\t1\nb"c\t2\n'), 1, ("id", "A"), 1), limits=DEFAULT_LIMITS)
    assert texts == [['5"', 'b"c']]
    assert split_line('"a ""b"""\tc', quoted=True) == ['a "b"', "c"]
    assert split_line('"a"\tc') == ['"a"', "c"]


def test_lines_that_are_no_text() -> None:
    assert list(each_line(io.BytesIO(b"a\r\n\nb"), "f", first=3)) == [(3, "a"), (4, ""), (5, "b")]
    assert read_line(io.BytesIO(b""), "f", line=1) == ""
    with pytest.raises(FileFormatError, match="NUL") as caught:
        read_line(io.BytesIO(b"a\0b\n"), "f", line=7)
    assert caught.value.where == "f, line 7"
    with pytest.raises(FileFormatError, match="0xff"):
        read_line(io.BytesIO(b"a\xff\n"), "f", line=1)


def test_names_come_from_the_chosen_column() -> None:
    columns = {"id": ["1", "2", "3"], "name": ["A", " ", "---"]}
    names, notes = choose_names(columns, "name", fallback="id", where="f")
    assert names == ("A", "2", "3")
    assert [n.value for n in notes] == ["name", "2"]
    assert choose_names({"id": ["1"]}, "id", fallback="id", where="f") == (("1",), [])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_give_numbers_or_an_error_of_ours(write: Write, content: bytes, quoted: bool) -> None:
    path = write("any.txt", b"x\t1\n" + content)
    try:
        texts, values = read_block(Block(path, 1, ("id", "A"), 1, quoted=quoted), limits=DEFAULT_LIMITS)
    except InputError:
        return
    assert len(texts[0]) == values.shape[1]


def test_a_row_that_another_column_shows_to_be_a_copy_on_y_has_its_name_from_there() -> None:
    ids = ["ENSG00000002586.20", "ENSG00000002586.20_PAR_Y", "ENSGR0000002586", "ENSG00000145649.8"]
    columns = {"gene_id": ids, "gene_name": ["CD99", "CD99", "CD99", "GZMA"]}
    names, notes = choose_names(columns, "gene_name", fallback="gene_id", where="f")
    assert names == ("CD99", ids[1], ids[2], "GZMA")
    assert (notes[-1].check, notes[-1].value) == ("rows of chromosome Y", "2")
    assert "from 'gene_id'" in notes[-1].evidence
    assert choose_names(columns, "gene_id", fallback="gene_id", where="f")[0] == tuple(ids)


@pytest.mark.parametrize("end", [b"", b"!end"])
def test_a_quote_that_another_line_closes_takes_no_rows_away(write: Write, end: bytes) -> None:
    rows = 'a\t5" x\t1\nb\t"open\t2\nc\tz"\t3\nd\ty\t4\n'
    block = Block(write("a.txt", rows + end.decode()), 1, ("id", "name", "A"), 2, end=end, quoted=True)
    with pytest.raises(FileFormatError, match="line 2 has a quote that is not closed"):
        read_block(block, limits=DEFAULT_LIMITS)
    closed = Block(
        write("b.txt", rows.replace('"', "") + end.decode()), 1, ("id", "name", "A"), 2, end=end, quoted=True
    )
    texts, values = read_block(closed, limits=DEFAULT_LIMITS)
    assert (texts[0], values.tolist()) == (["a", "b", "c", "d"], [[1, 2, 3, 4]])


def test_blocks_are_read_in_pieces_with_the_same_result(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"g{i}\t{i}\n" for i in range(50))
    block = Block(write("a.txt", f"{rows}\n!end\n{'rest' * 9}"), 1, ("id", "A"), 1, end=b"!end", quoted=True)
    whole = read_block(block, limits=DEFAULT_LIMITS)
    monkeypatch.setattr(blocks, "_BLOCK", 7)
    texts, values = read_block(block, limits=DEFAULT_LIMITS)
    assert (texts, values.tolist()) == (whole[0], whole[1].tolist())
    assert len(texts[0]) == 50


@pytest.mark.parametrize("rows", ["", "\n\n", "!end\n"])
def test_a_block_without_rows(write: Write, rows: str) -> None:
    end = b"!end" if "!" in rows else b""
    with pytest.raises(FileFormatError, match="a header and no rows"):
        read_block(Block(write("a.txt", f"id\tA\n{rows}"), 2, ("id", "A"), 1, end=end), limits=DEFAULT_LIMITS)
