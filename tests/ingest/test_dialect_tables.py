from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.ingest.conftest import Files

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.dialect_tables import read_dialect_matrix, read_dialect_rows
from tmescope.ingest.dialects import FoundDialect, find_dialect
from tmescope.ingest.features import FeatureColumn, FeatureSource
from tmescope.ingest.options import CohortOptions, Dialect

Write = Callable[[str, str | bytes], Path]
GERMAN = FoundDialect(";", ",", ".", is_plain=False)


def test_a_matrix_with_decimal_commas(write: Write) -> None:
    raw = read_dialect_matrix(write("a.csv", "A;B\nx;1,5;1.234,25\nNA;;-2e1\n"), GERMAN)
    assert raw.rows == ("x", "NA")
    assert raw.columns == ("A", "B")
    np.testing.assert_array_equal(raw.by_column, [[1.5, np.nan], [1234.25, -20]])


def test_cells_of_a_sample_table_stay_what_they_are(write: Write) -> None:
    content = '# note\nid;age;stage;note\n007;61,5;1,5 or 2;"two\nlines"\nb;7;2;x\n'
    table = read_dialect_rows(write("a.csv", content), FoundDialect(";", ",", n_comments=1))
    assert table.names == ("id", "age", "stage", "note")
    assert table.rows == (("007", "61,5", "1,5 or 2", "two\nlines"), ("b", "7", "2", "x"))
    assert table.lines == (4, 5)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1252"])
def test_other_encodings(write: Write, encoding: str) -> None:
    path = write("a.csv.gz", gzip.compress("id;naïve\nä;ja\n".encode(encoding)))
    table = read_dialect_rows(path, FoundDialect(";", encoding=encoding))
    assert (table.names, table.rows) == (("id", "naïve"), (("ä", "ja"),))


@pytest.mark.parametrize(
    ("content", "says", "place"),
    [
        ("g;A\nx;1,5\ny;1;2\n", "line 3 has 3 cells; the header has 2", "line 3"),
        ('g;A\nx;"1,5\n', "cannot be parsed", "line 2"),
        ("g;A\n", "no rows", "a.csv"),
        ("g;A\nx;1\0\n", "NUL", "line 2"),
        ("g;A\n\xff;1\n".encode("latin-1"), "is not in utf-8", "a.csv"),
    ],
)
def test_damaged_tables(write: Write, content: str | bytes, says: str, place: str) -> None:
    path = write("a.csv", content)
    for read in (read_dialect_matrix, read_dialect_rows):
        with pytest.raises(FileFormatError, match=says) as caught:
            read(path, GERMAN)
        assert place in (caught.value.where or "")


def test_a_column_of_a_table_needs_a_name(write: Write) -> None:
    with pytest.raises(FileFormatError, match="1 columns have no name, at position 3"):
        read_dialect_rows(write("a.csv", "id;x;\na;1;2\n"), GERMAN)


def test_a_cell_that_is_no_number_of_the_dialect(write: Write) -> None:
    with pytest.raises(ExpressionError, match=r"not numbers: '1\.5'") as caught:
        read_dialect_matrix(write("a.csv", "g;A;B\nx;1,5;1.5\n"), GERMAN)
    assert "line 2, column 'B'" in (caught.value.where or "")


def test_points_in_rows_that_were_not_looked_at(write: Write) -> None:
    head = "g;A;B\n" + "".join(f"g{i};{i};0\n" for i in range(300))
    late = write("late.csv", head + "x;567;1.234\n")
    with pytest.raises(FileFormatError, match=r"'1\.234' can have a decimal point") as caught:
        read_dialect_matrix(late, find_dialect(late, "csv", names_first=True))
    assert "line 302" in (caught.value.where or "")
    assert "thousands" in (caught.value.next_step or "")
    proven = write("proven.csv", head + "x;567;1.234\ny;2.5;1\n")
    raw = read_dialect_matrix(proven, find_dialect(proven, "csv", names_first=True))
    assert raw.by_column[1, 300] == 1.234
    declared = find_dialect(late, "csv", Dialect(thousands="."), names_first=True)
    assert read_dialect_matrix(late, declared).by_column[1, 300] == 1234


def test_identifiers_of_a_dialect_are_those_of_the_matrix(files: Files) -> None:
    ids = [f"{i}.001" for i in range(1, 9)]
    files.expression.columns = ids
    files.samples = files.samples.assign(sample_id=ids, patient_id=[f"{i},1" for i in range(8)], tmb="1.234,5")
    expression, _ = files.write()
    samples = files.folder / "s.csv"
    files.samples.to_csv(samples, sep=";", index=False)
    sources = [FeatureSource({"tmb": FeatureColumn("tmb", "numeric"), "word": FeatureColumn("tmb", "categorical")})]
    cohort = read_cohort(expression, samples, options=CohortOptions("a", "log2(tpm+1)"), features=sources)
    assert list(cohort.adata.obs_names) == ids
    assert cohort.adata.obs["patient_id"].tolist() == [f"{i},1" for i in range(8)]
    assert cohort.features["value"].dropna().unique().tolist() == [1234.5]
    assert cohort.features["category"].dropna().unique().tolist() == ["1.234,5"]


def test_a_german_cohort_is_the_same_cohort(files: Files) -> None:
    plain = read_cohort(*files.write(), options=CohortOptions("a", "log2(tpm+1)"))
    expression, samples = files.folder / "e.csv", files.folder / "s.csv"
    files.expression.to_csv(expression, sep=";", decimal=",", index_label="gene", encoding="utf-16")
    table = files.samples.assign(age_years=[f"{50 + i},5" for i in range(8)], tmb="3,25")
    samples.write_bytes(b"\xef\xbb\xbf" + table.to_csv(sep=";", index=False).replace("\n", "\r\n").encode())
    cohort = read_cohort(expression, samples, options=CohortOptions("a", "log2(tpm+1)"))
    np.testing.assert_array_equal(cohort.adata.X, plain.adata.X)
    assert cohort.adata.obs["age_years"].tolist() == [50.5 + i for i in range(8)]
    checks = cohort.quality.groupby("check")["value"].agg(list)
    assert checks["delimiter"] == ["semicolon", "semicolon"]
    assert checks["decimal mark"] == [",", ","]
    assert checks["encoding"] == ["utf-16"]
    assert checks["byte order mark"] == ["utf-8"]
    assert checks["line ends"] == ["CRLF"]
    codes = [w.code for w in cohort.warnings]
    assert codes.count("dialect.decimal") == 2


def test_the_declared_dialect_is_used(files: Files) -> None:
    expression, samples = files.write()
    matrix = files.expression.round(3).iloc[:, :8] + 1.001
    matrix.map(lambda v: f"{v:.3f}".replace(".", ",")).to_csv(expression, sep="\t", index_label="gene")
    with pytest.raises(FileFormatError, match="no other cell tells"):
        find_dialect(expression, "tsv", names_first=True)
    options = CohortOptions("a", "log2_array", dialect=Dialect(decimal=","))
    found = read_cohort(expression, samples, options=options)
    np.testing.assert_allclose(found.adata.X, matrix.to_numpy().T)


def test_a_line_separator_inside_a_comment_ends_no_line(write) -> None:
    path = write("m.tsv", "# by\u2028# somebody\ngene\tS1\nA\t1\nB\t2\n")
    raw = read_dialect_matrix(path, find_dialect(path, "tsv", names_first=True))
    assert (raw.rows, raw.columns) == (("A", "B"), ("S1",))
