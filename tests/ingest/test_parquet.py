from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest import parquet
from tmescope.ingest.decompress import Limits
from tmescope.ingest.parquet import read_parquet_matrix, read_parquet_text


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=hnp.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4))),
    as_index=st.booleans(),
)
def test_what_pandas_wrote_comes_back_bit_for_bit(tmp_path: Path, values: np.ndarray, as_index: bool) -> None:
    rows = [f"NA{i}" for i in range(len(values))]
    frame = pd.DataFrame(values, index=rows, columns=[f"S{i}" for i in range(values.shape[1])])
    path = tmp_path / "m.parquet"
    frame.to_parquet(path) if as_index else frame.rename_axis("gene").reset_index().to_parquet(path)
    raw = read_parquet_matrix(path)
    assert raw.rows == tuple(rows)
    assert raw.columns == tuple(frame.columns)
    np.testing.assert_array_equal(raw.by_column.T, values)


def _write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("kind", [pa.float32(), pa.float16(), pa.int64(), pa.uint8(), pa.decimal128(9, 3)])
def test_all_kinds_of_numbers(tmp_path: Path, kind: pa.DataType) -> None:
    cells = pa.array([Decimal(1), Decimal(2)] if pa.types.is_decimal(kind) else [1, 2]).cast(kind)
    path = _write(tmp_path / "m.parquet", gene=["X", "Y"], A=cells)
    np.testing.assert_array_equal(read_parquet_matrix(path).by_column, [[1.0, 2.0]])


def test_nulls_are_missing(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.parquet", gene=["X", "Y"], A=pa.array([1, None], pa.int32()))
    np.testing.assert_array_equal(read_parquet_matrix(path).by_column, [[1.0, np.nan]])


def test_whole_numbers_may_name_rows_where_pandas_recorded_an_index(tmp_path: Path) -> None:
    pd.DataFrame({"A": [1.0, 2.0]}, index=[7157, 920]).to_parquet(tmp_path / "m.parquet")
    assert read_parquet_matrix(tmp_path / "m.parquet").rows == ("7157", "920")


def test_a_matrix_without_names_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"A": [1.0], "B": [2.0]}).to_parquet(tmp_path / "m.parquet")
    with pytest.raises(FileFormatError, match="no column holds names"):
        read_parquet_matrix(tmp_path / "m.parquet")


def test_nested_columns_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.parquet", gene=["X"], A=[1.0], deep=[[1.0, 2.0]])
    with pytest.raises(FileFormatError, match=r"'deep \(list<") as caught:
        read_parquet_matrix(path)
    assert caught.value.where == str(path)
    with pytest.raises(FileFormatError, match="deep"):
        read_parquet_text(path)


@pytest.mark.parametrize("cells", [pa.array(["u", "v"]), pa.array([True, False])])
def test_columns_that_hold_no_numbers_are_named(tmp_path: Path, cells: pa.Array) -> None:
    path = _write(tmp_path / "m.parquet", gene=["X", "Y"], A=[1.0, 2.0], odd=cells)
    with pytest.raises(ExpressionError, match=r"'odd \((string|bool)\)'"):
        read_parquet_matrix(path)


def test_rows_without_a_name_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.parquet", gene=["X", None], A=[1.0, 2.0])
    with pytest.raises(ExpressionError, match="1 rows have no name"):
        read_parquet_matrix(path)


def test_no_rows_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.parquet", gene=pa.array([], pa.string()), A=pa.array([], pa.float64()))
    with pytest.raises(FileFormatError, match="0 rows and 1 columns"):
        read_parquet_matrix(path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.parquet", gene=["X"], A=[1.0])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FileFormatError, match="cannot be opened"):
        read_parquet_matrix(path)


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    table = pa.table({"gene": [f"G{i}" for i in range(500)], "A": np.random.default_rng(0).random(500)})
    pq.write_table(table, path, compression="gzip")
    content = bytearray(path.read_bytes())
    content[40:400] = b"\xff" * 360
    path.write_bytes(bytes(content))
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_parquet_matrix(path)


def test_what_would_not_fit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    # a million equal values take a few hundred bytes in the file
    path = _write(tmp_path / "m.parquet", gene=["X"] * 1_000_000, A=np.zeros(1_000_000))
    with pytest.raises(FileFormatError, match="bytes in memory"):
        read_parquet_matrix(path, limits=Limits(max_bytes=1_000_000))


def test_text_is_kept_as_it_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sample_id": ["007", "NA"], "n": [1, 2], "x": [0.5, np.nan], "b": [True, False]})
    frame.to_parquet(tmp_path / "s.parquet")
    names, columns = read_parquet_text(tmp_path / "s.parquet")
    assert names == ["sample_id", "n", "x", "b"]
    assert columns == [["007", "NA"], ["1", "2"], ["0.5", ""], ["True", "False"]]


def test_an_unnamed_index_of_samples_is_a_column(tmp_path: Path) -> None:
    pd.DataFrame({"x": ["u"]}, index=["S1"]).to_parquet(tmp_path / "s.parquet")
    assert read_parquet_text(tmp_path / "s.parquet") == (["x", "index"], [["u"], ["S1"]])


@pytest.mark.parametrize(
    "record", [b"not json", b"[]", b'{"index_columns": 3}', b'{"index_columns": [{"kind": "range"}]}']
)
def test_a_damaged_record_of_the_index_falls_back_to_the_first_text(tmp_path: Path, record: bytes) -> None:
    table = pa.table({"A": [1.0], "gene": ["X"]}).replace_schema_metadata({b"pandas": record})
    pq.write_table(table, tmp_path / "m.parquet")
    assert read_parquet_matrix(tmp_path / "m.parquet").rows == ("X",)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    raw = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"], pa.binary()).buffers())
    pq.write_table(pa.table({"gene": raw, "A": [1.0]}), tmp_path / "m.parquet")
    for read in (read_parquet_matrix, read_parquet_text):
        with pytest.raises(FileFormatError, match="cannot be read"):
            read(tmp_path / "m.parquet")


def test_columns_are_read_in_parts_and_found_by_their_whole_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_AT_ONCE", 2)
    names = [
        "S1",
        "S1.1",
        "S1.1.x",
        "gene",
        "S",
        "S2",
    ]  # Arrow takes a name for all that begins so and goes on at a dot
    values = np.arange(18.0).reshape(6, 3)
    for columns in (names, [*names[:4], "S1", "S2"]):
        arrays = [pa.array(v) for v in values]
        arrays[3] = pa.array(["a", "b", "c"])
        pq.write_table(pa.Table.from_arrays(arrays, columns), tmp_path / "m.parquet")
        raw = read_parquet_matrix(tmp_path / "m.parquet")
        assert raw.columns == tuple(c for i, c in enumerate(columns) if i != 3)
        assert raw.rows == ("a", "b", "c")
        np.testing.assert_array_equal(raw.by_column, values[[0, 1, 2, 4, 5]])


def test_a_table_of_many_columns_in_one_part_is_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).random((3, 1500)), index=list("abc"))
    frame.columns = [f"S{i}" for i in range(1500)]
    frame.to_parquet(tmp_path / "m.parquet")
    np.testing.assert_array_equal(read_parquet_matrix(tmp_path / "m.parquet").by_column.T, frame.to_numpy())


def test_a_number_of_rows_below_zero_is_damage(tmp_path):
    # found by fuzzing: the footer said -1, and the matrix was to have as many rows
    path = tmp_path / "m.parquet"
    pq.write_table(pa.table({"gene": ["X"], "A": [1.0]}), path)
    whole = path.read_bytes()
    told = []
    for at in range(len(whole) - 1):
        if whole[at : at + 2] == b"\x16\x02":  # a field of type i64 with the value 1, in Thrift's compact form
            path.write_bytes(whole[: at + 1] + b"\x01" + whole[at + 2 :])
            for read in (read_parquet_matrix, read_parquet_text):
                try:
                    read(path)
                except FileFormatError as error:
                    told.append(error.what)
    assert "the file describes -1 rows and 1 in its 1 parts" in told
    assert "the file describes 1 rows and -1 in its 1 parts" in told
