from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.findings import Findings
from tmescope.ingest.sample_files import read_sample_table

Write = Callable[[str, str | bytes], Path]


def test_plain_tables_are_read_as_text(write: Write) -> None:
    findings = Findings("a")
    table = read_sample_table(write("a.csv", "id,age\nS1,007\n"), findings=findings)
    assert table.frame.to_dict("list") == {"id": ["S1"], "age": ["007"]}
    assert findings.warnings == []


def test_a_series_matrix_is_a_sample_table(write: Write) -> None:
    path = write("a.txt", '!Series_title\t"x"\n!Sample_geo_accession\t"GSM1"\n!Sample_characteristics_ch1\t"fresh"\n')
    findings = Findings("a")
    table = read_sample_table(path, "geo_series_matrix", findings=findings)
    assert table.frame["sample_id"].tolist() == ["GSM1"]
    assert table.lines == (1,)
    assert [w.code for w in findings.warnings] == ["geo.keyless"]
    with pytest.raises(FileFormatError):
        read_sample_table(path)
