from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.dialects import find_dialect
from tmescope.ingest.options import Dialect

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("content", "delimiter", "decimal", "thousands"),
    [
        ("g,A,B\nx,1.5,2\ny,3,4\n", ",", ".", ""),
        ("g;A;B\nx;1.5;2\ny;3;4\n", ";", ".", ""),
        ("g;A;B\nx;1,5;2\ny;3;4,25\n", ";", ",", ""),
        ("g\tA\tB\nx\t0,125\t2\n", "\t", ",", ""),
        ("A|B\nx|1|2\ny|3|4\n", "|", ".", ""),
        ("g;A;B\nx;1.234,5;2\n", ";", ",", "."),
        ('g,A,B\nx,"1,234.5",2\n', ",", ".", ","),
        ("g;A;B\nx;1 234,5;2,5\n", ";", ",", " "),
        ("g;A;B\nx;1'234.5;2\n", ";", ".", "'"),
        ("g;A;B\nx;1,234;0,5\n", ";", ",", ""),
        ("g;A;B\nx;1,234;0.5\ny;1,234,567;2\n", ";", ".", ","),
        ("g,A,B\nx,1.234,2\n", ",", ".", ""),
        ("g\tA\nx\t1.234\ny\t12.500\n", "\t", ".", ""),
        ("g\tA\nx\t1.234\ny\t2\nz\t0.5\n", "\t", ".", ""),
        ("g\tA\nx\t1.234\ny\t0\nz\t1815\n", "\t", ".", ""),
        ("g;A;B\nx;1.234;2\ny;0.123;3\n", ";", ".", ""),
        ("g;A;B\nx;1.234;2\ny;1.25;3\n", ";", ".", ""),
        ("g;A;B\nx;1.234;2\ny;1.234.567;3\n", ";", ",", "."),
    ],
)
def test_evidence_says_the_dialect(write: Write, content: str, delimiter: str, decimal: str, thousands: str) -> None:
    found = find_dialect(write("a.csv", content), "csv", names_first=True)
    assert (found.delimiter, found.decimal, found.thousands) == (delimiter, decimal, thousands)
    assert found.is_plain == ((delimiter, decimal, thousands) == (",", ".", ""))
    assert {n.code for n in found.notes} == {
        code
        for code, is_there in (
            ("dialect.delimiter", delimiter != ","),
            ("dialect.decimal", decimal == ","),
            ("dialect.thousands", thousands),
        )
        if is_there
    }


@pytest.mark.parametrize(
    ("content", "says", "declared"),
    [
        ("g;A\nx;1,234\n", "'1,234' can have a decimal comma", Dialect(decimal=",")),
        ("g;A\nx;1,234\n", "'1,234' can have a decimal comma", Dialect(thousands=",")),
        ("g;A;B\nx;1.234;567\n", "'1.234' can have a decimal point", Dialect(decimal=".")),
        ("g;A;B\nx;1.234;567\n", "'1.234' can have a decimal point", Dialect(thousands=".")),
        ("g;A;B\nx;1.234;567\n", "'1.234' can have a decimal point", Dialect(thousands="")),
        ("g,A\nx,1.234\ny,567\n", "'1.234' can have a decimal point", Dialect(decimal=".")),
        ("g;A;B\nx;1,5;2.345\n", "'2.345' can have a decimal point or", Dialect(thousands=".")),
        ("g;A;B\nx;1,5;2.5\n", "with a decimal point and with a comma: ", Dialect(decimal=",")),
        ("g;A;B\nx;1 234;2'345\n", "thousands are separated in several ways", Dialect(thousands=" ")),
        ("g;A|B\nx;1|2\n", "can be split at semicolons .2 columns. or bars .2 columns.", Dialect(delimiter="|")),
        ("#g;A;B\nx;1;2\ny;1;2\n", "may be a comment or the header", Dialect(comment="")),
    ],
)
def test_what_can_be_read_in_two_ways_must_be_declared(
    write: Write, content: str, says: str, declared: Dialect
) -> None:
    path = write("a.csv", content)
    with pytest.raises(FileFormatError, match=says) as caught:
        find_dialect(path, "csv", names_first=True)
    assert "declare" in (caught.value.next_step or "")
    find_dialect(path, "csv", declared, names_first=True)


def test_a_sample_table_keeps_what_is_ambiguous_as_text(write: Write) -> None:
    found = find_dialect(write("a.csv", 'id,x\na,"1,234"\n'), "csv")
    assert (found.decimal, found.thousands, found.is_plain) == (".", "", True)
    assert [n.code for n in found.notes] == ["dialect.ambiguous"]


def test_what_is_declared_of_points_is_what_they_are(write: Write) -> None:
    path = write("a.csv", "g;A\nx;1.234\ny;567\n")
    marks = {
        declared: (found.decimal, found.thousands)
        for declared in (Dialect(decimal="."), Dialect(thousands="."))
        for found in [find_dialect(path, "csv", declared, names_first=True)]
    }
    assert list(marks.values()) == [(".", ""), (",", ".")]


def test_doubts_name_the_key_that_settles_them(write: Write) -> None:
    path = write("a.csv", "id;days\na;1.815\nb;2.771\n")
    found = find_dialect(path, "csv", key="samples_dialect")
    assert found.step == 'declare samples_dialect = { decimal = "." } or { thousands = "." }'
    assert found.style.step == found.step
    assert found.notes[1].evidence.endswith(found.step)
    assert find_dialect(path, "csv", key="").step == (
        "write numbers with a decimal point and without separators of thousands"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("n_lines", [10, 40_000])
def test_cells_of_many_lines_end_no_record(write: Write, delimiter: str, n_lines: int) -> None:
    note = '"' + "line\n" * n_lines + '"'
    rows = [["id", "note", "x"], *([str(i), note if i < 10_000 // n_lines + 1 else "-", "0,5"] for i in range(400))]
    text = "".join(delimiter.join('"0,5"' if c == "0,5" else c for c in row) + "\n" for row in rows)
    found = find_dialect(write("a.txt", text), "tsv")
    assert found.delimiter == (delimiter if n_lines == 10 else "\t")
    if n_lines == 10:
        assert found.decimal == ","


def test_a_beginning_may_end_inside_a_cell(write: Write) -> None:
    notes = '"' + "line of a note\n" * 100 + '"'
    text = "id;note;x\n" + "".join(f"{i};{notes};0,5\n" for i in range(1000))
    found = find_dialect(write("a.csv", text), "csv")
    assert (found.delimiter, found.decimal) == (";", ",")


def test_any_number_of_comments(write: Write) -> None:
    found = find_dialect(write("a.csv", "# made by X\n" * 300 + "g;A\nx;0,5\n"), "csv")
    assert (found.n_comments, found.delimiter) == (300, ";")


@pytest.mark.parametrize(("first", "mark"), [("sep=;", ";"), ('"sep=;"\r', ";"), ("SEP=\t", "\t"), ("sep=,", ",")])
def test_the_first_line_of_excel_says_the_delimiter(write: Write, first: str, mark: str) -> None:
    found = find_dialect(write("a.csv", f"{first}\nid{mark}x\na{mark}2\n"), "csv")
    assert (found.delimiter, found.n_comments, found.is_plain) == (mark, 1, False)
    assert "the first line, sep=" in found.notes[0].evidence
    assert "dialect.comments" not in {n.code for n in found.notes}


def test_columns_of_text_are_no_evidence(write: Write) -> None:
    found = find_dialect(write("a.tsv", "id\tgenes\tage\na\t1,5\t61.5\nb\tBRAF, NRAS\t7\n"), "tsv")
    assert found.is_plain
    assert found.notes == ()


@pytest.mark.parametrize(
    ("content", "encoding", "check"),
    [
        ("g,A\nx,1\n".encode("utf-16"), "utf-16", "encoding"),
        (codecs.BOM_UTF16_BE + "g,A\nx,1\n".encode("utf-16-be"), "utf-16", "encoding"),
        (codecs.BOM_UTF8 + b"g,A\nx,1\n", "utf-8-sig", "byte order mark"),
        (b"g,A\r\nx,1\r\n", "utf-8-sig", "line ends"),
        (b"# made by X\n# on Y\ng,A\nx,1\n", "utf-8-sig", "comment lines"),
    ],
)
def test_what_surrounds_the_cells(write: Write, content: bytes, encoding: str, check: str) -> None:
    found = find_dialect(write("a.csv", content), "csv")
    assert found.encoding == encoding
    assert [n.check for n in found.notes] == [check]
    assert all(n.code for n in found.notes)  # what has none is not shown by check
    assert found.n_comments == (2 if check == "comment lines" else 0)


def test_bytes_of_another_encoding_are_left_to_the_reader(write: Write) -> None:
    assert find_dialect(write("a.csv", b"g,A\n\xff,1\n"), "csv").is_plain
    assert find_dialect(write("a.csv", b"g;A\n\xe9;1\n"), "csv", Dialect(encoding="cp1252")).delimiter == ";"


def test_marks_are_found_in_every_column_of_a_long_table(write: Write) -> None:
    rows = "".join(f"S{i};{i};{i / 7:.4f};{i + 20};{i % 9},{i % 7}\n" for i in range(15_000))
    found = find_dialect(write("a.csv", "sample;row;score;day;t\n" + rows), "csv")
    assert found.doubtful == ".,"
    assert "with a decimal point and with a comma" in found.notes[1].evidence
    found = find_dialect(write("b.csv", "sample;row;day;t\n" + rows.replace(".", "")), "csv")
    assert (found.decimal, found.doubtful) == (",", "")


@pytest.mark.parametrize(
    ("content", "doubtful"),
    [
        ("id\tt\tlines\na\t12.345\t1,2\nb\t5.67\t2\n", ".,"),
        ("id\tt\tlines\na\t12.345\t1,2\nb\t567\t2.5\n", ".,"),
        ("id;t;score;version\na;1.815;12,345;2.1\nb;2.771;23,456;2.1\n", ".,"),
        ("id\tt\tlines\na\t12.345\t1,2\nb\t5.678\t2\n", "."),
        ("id\tt\tmut\na\t12.345\t1,204\nb\t5.67\t2\n", ","),
        ("id\tt\tmut\na\t12.345\t1,204\nb\t567\t2\n", ".,"),
        ("id\tt\tmut\na\t12.345\t1,204\nb\t5.678\t2\n", ","),
        ("id;t\n1.001;1,234\n1.002;2,5\n", "."),
        ("id;t\na;1.234\nb;567\n", "."),
        ("id;t\na;1.234\nb;567\nc;ND\n", "."),
        ("id\tt\tu\na\t12.345\t12.345\nb\t5.678\tND\nc\t5.678\t7\nd\t5.678\t5.5\n", ""),
        ("id;t;score\na;1.234;12,345\nb;567;23,456\nc;ND;\n", ".,"),
        ("id;t\na;1.234\nb;56.7\n", ""),
    ],
)
def test_the_marks_that_are_in_doubt_are_told(write: Write, content: str, doubtful: str) -> None:
    found = find_dialect(write("a.tsv", content), "tsv")
    assert (found.doubtful, found.style.doubtful) == (doubtful, doubtful)


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["2,5", "ND", "3,25"], ","),
        (["2,5", "[Not Available]", "<1", "3,25", "7"], ","),
        (["1,5", "BRAF, NRAS"], "."),
        (["1,2", "none", "none"], "."),
    ],
)
def test_words_among_more_numbers_hide_no_marks(write: Write, cells: list[str], decimal: str) -> None:
    plain = "".join(f"S{i};{c};{i}\n" for i, c in enumerate(cells))
    found = find_dialect(write("a.csv", "id;t;u\n" + plain), "csv")
    assert (found.decimal, found.doubtful) == (decimal, "")
    assert (found.step == "") == (decimal == ",")
    pointed = "".join(f"S{i};{c};{i}.5\n" for i, c in enumerate(cells))
    found = find_dialect(write("b.csv", "id;t;u\n" + pointed), "csv")
    assert (found.decimal, found.doubtful) == (".", "")
    assert found.step == 'declare dialect = { decimal = "," } or { thousands = "," }'
