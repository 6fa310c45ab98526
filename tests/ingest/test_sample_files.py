from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import Dialect
from tmescope.ingest.sample_files import read_sample_table

Write = Callable[[str, str | bytes], Path]


def test_plain_tables_are_read_as_text(write: Write) -> None:
    findings = Findings("a")
    table = read_sample_table(write("a.csv", "id,age\nS1,007\n"), findings=findings)
    assert table.frame.to_dict("list") == {"id": ["S1"], "age": ["007"]}
    assert findings.warnings == []


def test_identifiers_stay_as_written_and_numbers_are_read_where_wanted(write: Write) -> None:
    path = write("a.csv", "id;run;age\n1.001;10,1;61,5\n1.002;10,2;1.234,5\n1.003;10,3;unknown\n")
    table = read_sample_table(path)
    assert table.frame.to_dict("list") == {
        "id": ["1.001", "1.002", "1.003"],
        "run": ["10,1", "10,2", "10,3"],
        "age": ["61,5", "1.234,5", "unknown"],
    }
    declared = read_sample_table(path, dialect=Dialect(decimal=",", thousands="."))
    assert declared.numbers("age", role="age").tolist() == ["61.5", "1234.5", "unknown"]
    assert declared.column("age", role="age").tolist() == ["61,5", "1.234,5", "unknown"]


def test_the_encoding_can_be_declared(write: Write) -> None:
    path = write("a.csv", "id;site\na;München\n".encode("cp1252"))
    with pytest.raises(FileFormatError, match="not UTF-8") as caught:
        read_sample_table(path)
    assert 'encoding = "cp1252"' in (caught.value.next_step or "")
    table = read_sample_table(path, dialect=Dialect(encoding="cp1252"))
    assert table.frame["site"].tolist() == ["München"]


def test_a_first_line_of_excel_is_no_header(write: Write) -> None:
    table = read_sample_table(write("a.csv", "sep=;\r\nid;x\r\na;1\r\n"))
    assert list(table.frame) == ["id", "x"]
    assert table.lines == (3,)


def test_a_series_matrix_is_a_sample_table(write: Write) -> None:
    path = write("a.txt", '!Series_title\t"x"\n!Sample_geo_accession\t"GSM1"\n!Sample_characteristics_ch1\t"fresh"\n')
    findings = Findings("a")
    table = read_sample_table(path, "geo_series_matrix", findings=findings)
    assert table.frame["sample_id"].tolist() == ["GSM1"]
    assert table.lines == (1,)
    assert [w.code for w in findings.warnings] == ["geo.keyless"]
    with pytest.raises(FileFormatError):
        read_sample_table(path)
