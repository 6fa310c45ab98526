"""Expression matrices and sample tables in Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.foundation.errors import ExpressionError, FileFormatError, examples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.matrix import RawMatrix, refuse_inexact, refuse_text_columns

__all__ = ["read_parquet_matrix", "read_parquet_text"]

_AT_ONCE = 512
"""Columns that are in memory twice."""


def read_parquet_matrix(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read a matrix from Parquet.

    Parameters
    ----------
    path : Path
        The names of its rows are the index that pandas recorded in the file, else the first column of text;
        every other column must be numeric.
    limits : Limits
        On the size in memory.

    Returns
    -------
    RawMatrix
        Nulls are NaN.

    Raises
    ------
    FileFormatError
        Not readable, no rows, no column of names, nested columns, larger than the limit.
    ExpressionError
        Columns that are not numeric; whole numbers that a double cannot hold.
    """
    with _open(path) as file:
        schema = file.schema_arrow
        _check_size(file, limits, str(path))
        index = _find_name_column(schema, str(path))
        numeric = [i for i in range(len(schema)) if i != index]
        odd = [i for i in numeric if not _is_numeric(schema.field(i).type)]
        refuse_text_columns([schema.names[i] for i in odd], [str(schema.field(i).type) for i in odd], str(path))
        if file.metadata.num_rows == 0 or not numeric:
            raise FileFormatError(
                f"the table has {file.metadata.num_rows} rows and {len(numeric)} columns of numbers",
                where=str(path),
                expected="at least one of each",
                next_step="write or download the file again",
            )
        out = np.empty((len(numeric), file.metadata.num_rows), dtype=np.float64)
        unique = len(set(schema.names)) == len(schema.names)
        step = _AT_ONCE if unique else len(numeric)  # columns are chosen by name
        for first in range(0, len(numeric), step):
            some = numeric[first : first + step]
            table = _read(file, str(path), [schema.names[i] for i in some] if unique else None)
            for position, i in enumerate(some, start=first):
                column = table.column(schema.names[i] if unique else i)
                _fill(out[position], column, f"{path}, column {schema.names[i]!r}")
        names = _read(file, str(path), [schema.names[index]] if unique else None)
    columns = tuple(str(schema.names[i]) for i in numeric)
    return RawMatrix(out, _texts(names.column(schema.names[index] if unique else index), str(path)), columns)


def read_parquet_text(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[list[str], list[list[str]]]:
    """Read a sample table from Parquet as text.

    Parameters
    ----------
    path : Path
        A flat table. An unnamed pandas index comes back as the column ``index``.
    limits : Limits
        On the size in memory.

    Returns
    -------
    names : list of str
        Column names.
    columns : list of list of str
        The cells of each column; null is the empty text, whole numbers have no decimal point where the file
        holds integers.

    Raises
    ------
    FileFormatError
        Not readable, columns that are nested, bytes or without a name, larger than the limit.
    """
    with _open(path) as file:
        _check_size(file, limits, str(path))
        schema = file.schema_arrow
        odd = [
            f"{schema.names[i]} ({schema.field(i).type})" for i in range(len(schema)) if not _is_flat(schema.types[i])
        ]
        if odd:
            raise FileFormatError(
                f"{len(odd)} columns hold neither text nor numbers: {examples(odd)}",
                where=str(path),
                expected="a flat table of text, numbers, dates and truth values",
                next_step="remove those columns, or write them as text",
            )
        table = _read(file, str(path))
    names = ["index" if name.startswith("__index_level_") else name for name in schema.names]
    unnamed = [i for i, name in enumerate(names, start=1) if not name.strip()]
    if unnamed:
        raise FileFormatError(
            f"{len(unnamed)} columns have no name, at position {examples(unnamed)}",
            where=str(path),
            expected="a name for every column",
            next_step="name or remove those columns",
        )
    return names, [["" if v is None or v is pd.NaT else str(v) for v in column.to_pylist()] for column in table.columns]


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileFormatError(
            f"the Parquet file cannot be opened ({str(error).splitlines()[0][:200]})",
            where=str(path),
            expected="a complete Parquet file",
            next_step="write or download the file again",
        ) from error


def _read(file: pq.ParquetFile, where: str, columns: list[str] | None = None) -> pa.Table:
    try:
        table = file.read(columns)
        table.validate(full=True)  # text that is not UTF-8, offsets that lie outside
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileFormatError(
            f"the Parquet file cannot be read ({str(error).splitlines()[0][:200]})",
            where=where,
            expected="an undamaged Parquet file",
            next_step="write or download the file again",
        ) from error
    return table


def _check_size(file: pq.ParquetFile, limits: Limits, where: str) -> None:
    meta = file.metadata
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    in_groups = [group.num_rows for group in groups]
    if min(in_groups, default=0) < 0 or sum(in_groups) != meta.num_rows:
        raise FileFormatError(
            f"the file describes {meta.num_rows:,} rows and {sum(in_groups):,} in its {len(groups)} parts",
            where=where,
            expected="the same number, 0 or more",
            next_step="write or download the file again",
        )
    stored = sum(group.total_byte_size for group in groups)
    n_bytes = max(stored, meta.num_rows * meta.num_columns * 8)
    if n_bytes > limits.max_bytes:
        raise FileFormatError(
            f"{meta.num_rows:,} rows of {meta.num_columns:,} columns would take {n_bytes:,} bytes in memory",
            where=where,
            expected=f"at most {limits.max_bytes:,} bytes",
            next_step="split the file",
        )


def _find_name_column(schema: pa.Schema, where: str) -> int:
    """Return the position of the column with the names of the rows."""
    recorded = _recorded_index(schema)
    named: list[int] = [schema.names.index(c) for c in recorded if isinstance(c, str) and c in schema.names]
    if len(named) == 1 and not pa.types.is_floating(schema.field(named[0]).type):
        return named[0]
    texts = [i for i in range(len(schema)) if _is_text(schema.field(i).type)]
    if texts and len(named) <= 1:
        return texts[0]
    raise FileFormatError(
        f"no column holds names: the types are {examples(sorted({str(t) for t in schema.types}))}",
        where=where,
        expected="an index or a first column of text with the names of the rows",
        next_step="write the table with its row names as a column of text",
    )


def _recorded_index(schema: pa.Schema) -> list[object]:
    """Return what pandas recorded as the index; nothing where that record is damaged."""
    try:
        marks = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    except ValueError:
        return []
    recorded = marks.get("index_columns") if isinstance(marks, dict) else None
    return recorded if isinstance(recorded, list) else []


def _is_flat(kind: pa.DataType) -> bool:
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return not (pa.types.is_nested(kind) or is_bytes or pa.types.is_binary_view(kind))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _fill(out: np.ndarray[tuple[int], np.dtype[np.float64]], column: pa.ChunkedArray, where: str) -> None:
    start = 0
    for chunk in column.chunks:
        if pa.types.is_decimal(chunk.type) or pa.types.is_float16(chunk.type):
            chunk = chunk.cast(pa.float64())  # noqa: PLW2901 - numpy has no decimal
        if pa.types.is_integer(chunk.type):
            refuse_inexact(chunk.drop_null().to_numpy(zero_copy_only=False), where)
        out[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        start += len(chunk)


def _texts(column: pa.ChunkedArray, where: str) -> tuple[str, ...]:
    if column.null_count:
        raise ExpressionError(
            f"{column.null_count} rows have no name",
            where=where,
            expected="a name in every row",
            next_step="remove those rows or name them",
        )
    return tuple(str(v) for v in column.to_pylist())
