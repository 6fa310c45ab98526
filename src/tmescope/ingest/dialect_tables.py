"""Text tables in another dialect than plain TSV and CSV, cell by cell: slower, and with every fault in its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from tmescope.foundation.errors import ExpressionError, FileFormatError, examples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.delimited import ENCODING_STEP, FIRST_COLUMN, say_csv_error
from tmescope.ingest.dialects import FoundDialect, point_in_doubt
from tmescope.ingest.matrix import RawMatrix
from tmescope.ingest.number_styles import is_unclear, plain_numbers
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["TextRows", "read_dialect_matrix", "read_dialect_rows"]

_MISSING = frozenset(MISSING_WORDS)


@dataclass(frozen=True)
class TextRows:
    """The cells of a table as text.

    Parameters
    ----------
    names : tuple of str
        Columns.
    rows : tuple of tuple of str
        Cells.
    lines : tuple of int
        For each row, the line of the file on which it ends.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def read_dialect_rows(path: Path, found: FoundDialect, *, limits: Limits = DEFAULT_LIMITS) -> TextRows:
    """Read a sample table in a dialect.

    Parameters
    ----------
    path : Path
        Plain or gzip; cells in quotation marks may hold line breaks.
    found : FoundDialect
        The dialect.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    TextRows
        Cells exactly as in the file.

    Raises
    ------
    FileFormatError
        Rows of unequal length, no rows, columns without a name, another encoding, quotes that are not closed.
    """
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        names, *body = _numbered_rows(handle, found, where)
    rows = [row for _, row in body]
    unnamed = [i for i, name in enumerate(names[1], start=1) if not name.strip()]
    if not rows or unnamed:
        raise FileFormatError(
            f"{len(unnamed)} columns have no name, at position {examples(unnamed)}" if unnamed else "no row is there",
            where=f"{where}, line {names[0]}",
            expected="a name for every column but the first, and one row per sample",
            next_step="name or remove those columns" if unnamed else "write the table again",
        )
    return TextRows(tuple(names[1]), tuple(map(tuple, rows)), tuple(line for line, _ in body))


def read_dialect_matrix(path: Path, found: FoundDialect, *, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read an expression matrix in a dialect.

    Parameters
    ----------
    path, found, limits
        See `read_dialect_rows`.

    Returns
    -------
    RawMatrix
        Cells of `MISSING_WORDS` are NaN.

    Raises
    ------
    FileFormatError
        See `read_dialect_rows`; points that can be decimal or separate thousands, in rows that `found` did not see.
    ExpressionError
        A cell that is no number of the dialect, with its place.
    """
    where = str(path)
    names: list[str] = []
    values: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    points = _Points(found.is_proven or found.delimiter != ";")
    with open_bytes(path, limits=limits) as handle:
        rows = _numbered_rows(handle, found, where)
        place, header = next(rows)
        if len(header) < 2:
            raise _unreadable(f"the header has one column only: {examples(header)}", f"{where}, line {place}")
        for line, row in rows:
            names.append(row[0])
            points.look(row[1:], f"{where}, line {line}")
            cells = plain_numbers(found.style, row[1:])
            bad = [i for i, c in enumerate(cells) if c is None]
            if bad:
                raise ExpressionError(
                    f"{len(bad)} cells of the line are not numbers: {examples([row[i + 1] for i in bad])}",
                    where=f"{where}, line {line}, column {header[bad[0] + 1]!r}",
                    expected=f"numbers with the decimal mark {found.decimal!r}",
                    next_step="correct the cells, or declare the dialect",
                )
            values.append(np.array([float("nan") if c is None or c in _MISSING else float(c) for c in cells]))
    points.refuse()
    if not values:
        raise FileFormatError(
            "there is a header and no rows",
            where=where,
            expected="at least one row under the header",
            next_step="write or download the file again",
        )
    return RawMatrix(np.ascontiguousarray(np.array(values).T), tuple(names), tuple(header[1:]), notes=found.notes)


@dataclass
class _Points:
    """What the cells of a matrix say about points, where none of those that were looked at before said it."""

    is_proven: bool
    doubt: tuple[str, str] | None = None
    """The first cell whose point can separate thousands, and its place."""

    def look(self, cells: Sequence[str], place: str) -> None:
        """Look at a row, until one cell proves a decimal point."""
        if self.is_proven:
            return
        pointed = [c for c in cells if "." in c]
        self.is_proven = any(not is_unclear(c) for c in pointed)
        if pointed and self.doubt is None:
            self.doubt = pointed[0], place

    def refuse(self) -> None:
        """Raise where a point can be either mark."""
        if not self.is_proven and self.doubt is not None:
            cell, place = self.doubt
            raise point_in_doubt(cell, where=place)


def _numbered_rows(handle: IO[bytes], found: FoundDialect, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the header and the rows, each with its line; a header that lacks the first cell gets it."""
    text = io.TextIOWrapper(io.BufferedReader(_Bytes(handle)), encoding=found.encoding, newline="")
    header: tuple[int, list[str]] | None = None
    reader = csv.reader(_lines(text, found, where), delimiter=found.delimiter, strict=True)
    try:
        for row in reader:
            line = reader.line_num + found.n_comments
            if not any(row):
                continue
            if header is None:
                header = line, row
                continue
            if header[0] > 0:
                if len(row) == len(header[1]) + 1:
                    header = header[0], ["", *header[1]]
                first = header[1][0] or FIRST_COLUMN
                yield header[0], [first, *header[1][1:]]
                header = 0, header[1]
            if len(row) != len(header[1]):
                raise FileFormatError(
                    f"line {line} has {len(row)} cells; the header has {len(header[1])}",
                    where=f"{where}, line {line}",
                    expected="the same number of cells in every line",
                    next_step="look for a delimiter inside a cell, or a line that was cut",
                )
            yield line, row
    except csv.Error as error:
        raise _unreadable(
            f"the table cannot be parsed ({say_csv_error(error)})", f"{where}, line {reader.line_num}"
        ) from error
    except UnicodeError as error:
        raise FileFormatError(
            f"the text is not in {found.encoding} ({str(error)[:100]})",
            where=where,
            expected="text in one encoding",
            next_step=ENCODING_STEP,
        ) from error
    if header is None or header[0] > 0:
        raise _unreadable("the table has no rows", where)


def _lines(text: io.TextIOWrapper, found: FoundDialect, where: str) -> Iterator[str]:
    for number, line in enumerate(text, start=1):
        if "\0" in line:
            raise _unreadable("there is a NUL in the text", f"{where}, line {number}")
        if number > found.n_comments:
            yield line


def _unreadable(what: str, where: str) -> FileFormatError:
    return FileFormatError(
        what,
        where=where,
        expected="rows of cells, quotes closed, in one encoding",
        next_step="write the table again, best as CSV in UTF-8",
    )


class _Bytes(io.RawIOBase):
    """A readable stream over one that may be a plain file or decompressed, left open when the text is done."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._handle.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)
