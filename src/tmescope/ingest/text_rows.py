"""Rows of a name and numbers, from text to their place in the matrix: plain ones in one walk, others by Arrow."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from tmescope.ingest.growing import GrowingColumns
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["RowReader", "holds_nan", "parse_lines"]

_SPARE = 1.02  # rows are shorter and longer: a little room is cheaper than moving the matrix
_WIDTH = max(map(len, MISSING_WORDS)) or 1
_WORDS = np.array([list(word.encode().ljust(_WIDTH, b"\0")) for word in MISSING_WORDS], dtype=np.uint8)


def holds_nan(columns: Sequence[pa.ChunkedArray]) -> bool:
    """Return whether Arrow took a cell for a NaN: NAN, -nan or nan(1), which are no missing words."""
    return any(pc.any(pc.is_nan(column)).as_py() for column in columns)


def parse_lines(
    text: bytes, fields: Sequence[str], *, delimiter: str, convert: pacsv.ConvertOptions, quoted: bool = True
) -> pa.Table | None:
    """Return the rows in a text by Arrow; one line is one row.

    Parameters
    ----------
    text : bytes
        Whole lines.
    fields : sequence of str
        Names of the columns, each once.
    delimiter : str
        One ASCII character.
    convert : pyarrow.csv.ConvertOptions
        What the columns become.
    quoted : bool
        Whether cells may stand in quotation marks.

    Returns
    -------
    pyarrow.Table or None
        None where all lines are empty.

    Raises
    ------
    pyarrow.ArrowInvalid
        A fault in the text; a byte order mark at its start, which Arrow would leave out; another number of rows than
        there are lines: a quote that one line opens and another closes takes the rows between them away.
    """
    n_lines = sum(line not in (b"", b"\r") for line in text.split(b"\n"))
    if not n_lines:
        return None
    if text.startswith(codecs.BOM_UTF8):
        raise pa.ArrowInvalid("a byte order mark stands in the middle of the text")
    table = pacsv.read_csv(
        pa.BufferReader(text),
        read_options=pacsv.ReadOptions(column_names=list(fields), block_size=len(text) + 1),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, quote_char='"' if quoted else False),
        convert_options=convert,
    )
    if table.num_rows != n_lines:
        raise pa.ArrowInvalid(f"{n_lines} lines hold {table.num_rows} rows: a cell holds a line break")
    return table


class RowReader:
    """Reads blocks of whole lines into one matrix.

    Parameters
    ----------
    n_columns : int
        Columns of numbers.
    delimiter : str
        One ASCII character.

    Attributes
    ----------
    has_odd_nan : bool
        Whether a cell was taken for a NaN, see `holds_nan`.

    Notes
    -----
    Rows that are plain (see `tmescope.kernels.number_rows`) are read about four times as fast as by Arrow, to the same
    double; from the first row of a block that is not, Arrow reads the rest of it and decides what is a fault. A row is
    one line: where Arrow finds another number of rows than there are lines, a cell holds a line break, which is a
    fault whatever the blocks are.
    """

    def __init__(self, n_columns: int, delimiter: str) -> None:
        self._delimiter = delimiter
        self._matrix = GrowingColumns(n_columns)
        self._names: list[str] = []
        self._is_worth_it = False
        self.has_odd_nan = False
        self._fields = ["names", *(f"c{i}" for i in range(n_columns))]
        self._convert = pacsv.ConvertOptions(
            column_types={n: pa.string() if i == 0 else pa.float64() for i, n in enumerate(self._fields)},
            null_values=list(MISSING_WORDS),
            strings_can_be_null=False,
        )

    def read(self, text: bytes, *, share: float, plain: bool) -> None:
        """Read one block.

        Parameters
        ----------
        text : bytes
            Whole lines; the last byte is a line feed.
        share : float
            How much of the file (0-1) was read with this block, to foresee how many rows there will be.
        plain : bool
            Whether this block is worth the start of the reader of plain rows; later ones are then too.

        Raises
        ------
        pyarrow.ArrowInvalid
            A fault in this block, or a line break inside a cell.
        UnicodeDecodeError
            A name that is not UTF-8.
        """
        n_lines = text.count(b"\n")
        expected = int((self._matrix.n_rows + n_lines) / min(max(share, 1e-6), 1.0) * _SPARE)
        if not self._matrix.n_rows and share >= 1.0:
            expected = 0  # all of it is here
        room = self._matrix.room(n_lines, expected=expected)
        self._is_worth_it |= plain
        start = self._read_plain(text, room) if self._is_worth_it else 0
        if start < len(text):
            self._read_others(text[start:])

    def finish(self) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """Return the matrix, one row a column of the file, and the names of the file's rows."""
        return self._matrix.finish(), tuple(self._names)

    def _read_plain(self, text: bytes, room: NDArray[np.float64]) -> int:
        """Read rows up to the first that is not plain, return where that begins."""
        from tmescope.kernels.number_rows import number_rows

        spans, done = np.empty((len(room), 2), dtype=np.int64), np.zeros(2, dtype=np.int64)
        number_rows(np.frombuffer(text, dtype=np.uint8), ord(self._delimiter), _WORDS, room, spans, done)
        n_rows, start = (int(k) for k in done)
        self._names.extend(text[a:b].decode("utf-8") for a, b in spans[:n_rows].tolist())
        self._matrix.add(n_rows)
        return start

    def _read_others(self, text: bytes) -> None:
        table = parse_lines(text, self._fields, delimiter=self._delimiter, convert=self._convert)
        if table is None:
            return
        self.has_odd_nan |= holds_nan(table.columns[1:])
        by_column = self._matrix.room(table.num_rows).T
        for out, column in zip(by_column, table.columns[1:], strict=True):
            start = 0
            for chunk in column.chunks:
                out[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
                start += len(chunk)
        self._names.extend(table.column(0).to_pylist())
        self._matrix.add(table.num_rows)
