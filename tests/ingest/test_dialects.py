from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.dialects import FoundDialect, find_dialect, plain_numbers
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
    assert found.n_comments == (2 if check == "comment lines" else 0)


def test_numbers_of_the_dialect_become_plain_and_nothing_else() -> None:
    found = FoundDialect(";", ",", ".")
    assert plain_numbers(found, ["1.234,5", "-0,5", "12.34", "1e-3", "NA", "PD", "1.234", ",5"]) == [
        "1234.5", "-0.5", None, "1e-3", "NA", None, "1234", ".5",
    ]  # fmt: skip
    assert plain_numbers(FoundDialect(";"), ["1,5", "1.5"]) == [None, "1.5"]


def test_bytes_of_another_encoding_are_left_to_the_reader(write: Write) -> None:
    assert find_dialect(write("a.csv", b"g,A\n\xff,1\n"), "csv").is_plain
    assert find_dialect(write("a.csv", b"g;A\n\xe9;1\n"), "csv", Dialect(encoding="cp1252")).delimiter == ";"
