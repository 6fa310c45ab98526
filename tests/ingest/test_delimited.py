from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.delimited import decode, read_delimited

Write = Callable[[str, str | bytes], Path]

# what a header or a name cell may hold when it is written with quotes; line breaks inside cells are refused
names = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0\ufeff", exclude_categories=("Cs",)), max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), delimiter=st.sampled_from(["tsv", "csv"]), packed=st.booleans())
def test_what_pandas_wrote_comes_back_bit_for_bit(
    tmp_path: Path, data: st.DataObject, delimiter: str, packed: bool
) -> None:
    shape = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.floats(allow_infinity=False)))
    rows = data.draw(st.lists(names, min_size=shape[0], max_size=shape[0]))
    columns = data.draw(st.lists(names, min_size=shape[1], max_size=shape[1]))
    frame = pd.DataFrame(values, index=rows, columns=columns)
    path = tmp_path / ("m." + delimiter)
    frame.to_csv(path, sep="\t" if delimiter == "tsv" else ",", index_label="gene", quoting=1)
    if packed:
        path = path.with_suffix(path.suffix + ".gz")
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))
    raw = read_delimited(path, delimiter)  # type: ignore[arg-type]
    assert raw.rows == tuple(rows)
    assert raw.columns == tuple(columns)
    np.testing.assert_array_equal(raw.by_column.T, values)
    assert np.array_equal(np.signbit(raw.by_column.T), np.signbit(values)) or np.isnan(values).any()


@given(number=st.floats(allow_nan=False, allow_infinity=False))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_seventeen_digits_are_exact(tmp_path: Path, number: float) -> None:
    path = tmp_path / "m.tsv"
    path.write_text(f"g\ta\nX\t{number:.17g}\n")
    assert read_delimited(path, "tsv").by_column[0, 0].hex() == number.hex()


def test_names_are_never_missing_and_values_are_by_words(write: Write) -> None:
    path = write("m.tsv", "gene\tNA\tnull\tS3\nNA\t1\tNA\t\nnan\t2\tNaN\tN/A\n\tnull\t-3.5e2\t nan\n")
    raw = read_delimited(path, "tsv")
    assert raw.rows == ("NA", "nan", "")
    assert raw.columns == ("NA", "null", "S3")
    expected = np.array([[1, 2, np.nan], [np.nan, np.nan, -350], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(raw.by_column, expected)


@pytest.mark.parametrize(
    "text",
    [
        "gene\tA\tB\nX\t1\t2\nY\t3\t4\n",
        "A\tB\nX\t1\t2\nY\t3\t4\n",  # as R's write.table leaves it
        "\ufeffgene\tA\tB\r\nX\t1\t2\r\nY\t3\t4",
        '"gene"\t"A"\t"B"\n"X"\t"1"\t2\n\n"Y"\t3\t4\n\n',
        "gene\tA\tB\n\nX\t 1 \t+2\nY\t3.\t4e0\n",
    ],
)
def test_common_dialects(write: Write, text: str) -> None:
    raw = read_delimited(write("m.tsv", text), "tsv")
    assert (raw.rows, raw.columns) == (("X", "Y"), ("A", "B"))
    np.testing.assert_array_equal(raw.by_column, [[1, 3], [2, 4]])


def test_a_cell_that_is_no_number_is_named_with_its_place(write: Write) -> None:
    path = write("m.tsv", "gene\tA\tB\nX\t1\t2\n\nY\t3\tlow\n")
    with pytest.raises(ExpressionError, match="1 cells are not numbers: 'low'") as caught:
        read_delimited(path, "tsv")
    assert caught.value.where == f"{path}, line 4, column 'B'"


def test_places_are_right_without_a_cell_for_the_first_column(write: Write) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_delimited(write("m.tsv", "A\tB\nX\t1\t2\nY\tlow\t2\n"), "tsv")
    assert caught.value.where is not None
    assert caught.value.where.endswith("line 3, column 'A'")


def test_decimal_commas_are_refused(write: Write) -> None:
    with pytest.raises(ExpressionError, match="'1,5', '2,5'") as caught:
        read_delimited(write("m.tsv", "gene\tA\tB\nX\t1,5\t2,5\n"), "tsv")
    assert "decimal point" in (caught.value.next_step or "")


def test_a_list_with_commas_is_no_number(write: Write) -> None:
    with pytest.raises(ExpressionError, match="'ENST1,ENST2'") as caught:
        read_delimited(write("m.tsv", "gene_id\ttranscript_id(s)\tS1\nENSG1\tENST1,ENST2\t1.5\n"), "tsv")
    assert "decimal point" not in (caught.value.next_step or "")


def test_a_column_of_annotations_is_named(write: Write) -> None:
    with pytest.raises(ExpressionError, match="2 cells") as caught:
        read_delimited(write("m.tsv", "id\tgene_name\tA\nE1\tX\t1\nE2\tY\t2\n"), "tsv")
    assert "'gene_name' is an annotation" in (caught.value.next_step or "")


@pytest.mark.parametrize("cell", ["0x10", "1_000", "true", "#N/A", "1 000", "٣", "--1", "1e", "<1"])
def test_nothing_that_python_might_accept_slips_through(write: Write, cell: str) -> None:
    with pytest.raises(ExpressionError, match="not numbers"):
        read_delimited(write("m.tsv", f"gene\tA\nX\t{cell}\n"), "tsv")


def test_ragged_rows_are_named_by_line(write: Write) -> None:
    path = write("m.csv", "gene,A,B\nX,1,2\nY,3\n")
    with pytest.raises(FileFormatError, match="line 3 has 2 cells; the header has 3") as caught:
        read_delimited(path, "csv")
    assert caught.value.where == f"{path}, line 3"


def test_a_header_that_is_too_short_by_two(write: Write) -> None:
    with pytest.raises(FileFormatError, match="line 2 has 4 cells; the header has 2"):
        read_delimited(write("m.csv", "A,B\nX,1,2,3\nY,1,2,3\n"), "csv")


@pytest.mark.parametrize(
    ("form", "text", "step"),
    [
        ("tsv", "gene,A,B\nX,1,2\n", "comma-separated: declare the format 'csv'"),
        ("csv", "gene\tA\tB\nX\t1\t2\n", "tab-separated: declare the format 'tsv'"),
        ("csv", "gene;A;B\nX;1;2\n", "semicolon-separated"),
        ("csv", "words", "check how the file was written"),
    ],
)
def test_a_wrong_delimiter_is_recognised(write: Write, form: str, text: str, step: str) -> None:
    with pytest.raises(FileFormatError, match="one column only") as caught:
        read_delimited(write("m.txt", text), form)  # type: ignore[arg-type]
    assert step in (caught.value.next_step or "")
    assert (caught.value.where or "").endswith("line 1")


@pytest.mark.parametrize("text", ["gene\tA\tB\n", "gene\tA\tB", "gene\tA\tB\n\n\n"])
def test_a_header_alone_is_refused(write: Write, text: str) -> None:
    with pytest.raises(FileFormatError, match="header of 2 columns and no rows"):
        read_delimited(write("m.tsv", text), "tsv")


@pytest.mark.parametrize(("content", "line"), [(b"gene\t\xe9\nX\t1\n", 1), (b"gene\tA\nX\t1\n\xe9\t2\n", 3)])
def test_other_encodings_are_refused_by_line(write: Write, content: bytes, line: int) -> None:
    with pytest.raises(FileFormatError, match="0xe9 is not UTF-8") as caught:
        read_delimited(write("m.tsv", content), "tsv")
    assert (caught.value.where or "").endswith(f"line {line}")
    assert 'dialect = { encoding = "cp1252" }' in (caught.value.next_step or "")
    assert "samples_dialect" in (caught.value.next_step or "")
    with pytest.raises(FileFormatError) as caught:  # formats that have no dialect
        decode(content, "m.gct", line=1)
    assert caught.value.next_step == "convert the file to UTF-8"


def test_binary_content_inside_gzip_is_refused(write: Write) -> None:
    with pytest.raises(FileFormatError, match="ZIP archive"):
        read_delimited(write("m.tsv.gz", gzip.compress(b"PK\x03\x04 and so on")), "tsv")


def test_a_truncated_file_is_not_half_a_matrix(write: Write) -> None:
    rng = np.random.default_rng(1)
    text = "gene\tA\n" + "".join(f"G{i}\t{v}\n" for i, v in enumerate(rng.random(20_000)))
    packed = gzip.compress(text.encode())
    with pytest.raises(FileFormatError, match="closing checksum"):
        read_delimited(write("m.tsv.gz", packed[: len(packed) // 2]), "tsv")


def test_limits_reach_the_reader(write: Write) -> None:
    with pytest.raises(FileFormatError, match="beyond 100 bytes"):
        read_delimited(
            write("m.tsv.gz", gzip.compress(b"gene\tA\n" + b"X\t1\n" * 100)),
            "tsv",
            limits=Limits(max_bytes=100),
        )


def test_an_open_quote_is_refused(write: Write) -> None:
    with pytest.raises(FileFormatError):
        read_delimited(write("m.tsv", 'gene\tA\tB\n"X\t1\t2\nY\t1\t2\n'), "tsv")


def test_many_columns_in_few_rows(write: Write) -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.random((3, 30_000)), index=list("abc"))
    path = write("m.tsv", frame.to_csv(sep="\t"))
    np.testing.assert_array_equal(read_delimited(path, "tsv").by_column.T, frame.to_numpy())


@pytest.mark.parametrize("text", ["gene\tA\rX\t1\rY\t2\r", "gene\t" + "A" * 200_000 + "\nX\t1\n"])
def test_cells_and_line_ends_of_another_kind(write: Write, text: str) -> None:
    with pytest.raises(FileFormatError, match="cannot be split into cells") as caught:
        read_delimited(write("m.tsv", text), "tsv")
    assert (caught.value.where or "").endswith("line 1")


def test_a_huge_cell_further_down(write: Write) -> None:
    with pytest.raises(FileFormatError, match="cannot be split") as caught:
        read_delimited(write("m.tsv", "gene\tA\nX\t1\nY\t" + "9" * 5000 + "x" * 200_000 + "\n"), "tsv")
    assert (caught.value.where or "").endswith("line 3")


def test_a_quote_that_stays_open_in_the_last_cell_is_named_by_line(write: Write) -> None:
    with pytest.raises(FileFormatError, match="line 3 has a quote that is not closed") as caught:
        read_delimited(write("m.tsv", 'gene\tA\tB\nX\t1\t2\nY\t1\t"\nZ\t1\t2\n'), "tsv")
    assert (caught.value.where or "").endswith("line 3")
