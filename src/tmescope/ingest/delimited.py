"""Expression matrices in TSV and CSV (also gzip): numbers exact to the last bit, faults by line and cell."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.formats import check_text
from tmescope.ingest.lines import LONGEST_LINE, read_blocks
from tmescope.ingest.matrix import RawMatrix
from tmescope.ingest.numerals import is_number
from tmescope.ingest.options import MISSING_WORDS, FileFormat
from tmescope.ingest.text_rows import RowReader

__all__ = [
    "DELIMITERS",
    "ENCODING_STEP",
    "FIRST_COLUMN",
    "TASK",
    "decode",
    "is_left_open",
    "open_quote",
    "read_delimited",
    "say_csv_error",
    "suggest_delimiter",
]

DELIMITERS: dict[str, str] = {"tsv": "\t", "csv": ","}
"""The delimiter of each text format."""

FIRST_COLUMN = "index"
"""Name given to a first column whose header cell is empty or absent."""

ENCODING_STEP = (
    'declare the encoding, such as dialect = { encoding = "cp1252" } for what Excel saves as CSV in western Europe '
    "(samples_dialect for a sample table), or convert the file to UTF-8"
)
"""What to do about a table that is in another encoding, where a dialect can be declared."""

TASK = "matrix is read"
"""What a listener is told."""

_BLOCK = 16 << 20
_PLAIN_FROM = 8 << 20
_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", " ": "space", "|": "bar"}
_FAULTS_COUNTED = 1000
_WITH_COMMAS = re.compile(r"[+-]?(\d[\d.]*)?(,[\d.]+)+([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class _Head:
    """The header of a file: names of the number columns, and how long the first row is in bytes."""

    columns: tuple[str, ...]
    line_bytes: int


def read_delimited(
    path: Path,
    form: FileFormat,
    *,
    limits: Limits = DEFAULT_LIMITS,
    block: int | None = None,
    plain_from: int = _PLAIN_FROM,
    progress: Progress = SILENT,
) -> RawMatrix:
    """Read a matrix from TSV or CSV.

    Parameters
    ----------
    path : Path
        UTF-8 text with a header line; a first column with names, then numbers. The header may lack a cell for
        the first column, as R's ``write.table`` leaves it. Gzip is recognised.
    form : {'tsv', 'csv'}
        Says the delimiter.
    limits : Limits
        On the decompressed size.
    block : int, optional
        Bytes of text that are read at a time; at least 16 MiB and four lines where nothing is said. The result does
        not depend on it.
    plain_from : int
        Size of a block from which the reader of plain rows is worth its start, see
        `tmescope.ingest.text_rows.RowReader`. The result does not depend on it.
    progress : Progress
        Told of the bytes of the file, as it is stored.

    Returns
    -------
    RawMatrix
        Cells of `MISSING_WORDS` are NaN; names are never treated as missing.

    Raises
    ------
    FileFormatError
        Not text, not UTF-8, another delimiter, header only, rows of unequal length (with their line).
    ExpressionError
        Cells that are not numbers, with line, column and value.

    Notes
    -----
    Numbers are parsed to the nearest double, so that what was written with 17 digits comes back bit for bit.
    One pass over the file in blocks that are written to their place in the matrix, while a thread decompresses the
    next one; peak memory is the matrix and a few blocks. A file with a fault is read a second time, slowly, to say
    where it is.
    """
    delimiter = DELIMITERS[form]
    head = _read_head(path, delimiter, limits)
    reader = RowReader(len(head.columns), delimiter)
    size = block or max(_BLOCK, 4 * head.line_bytes)
    stored, told = path.stat().st_size, 0
    progress.start(TASK, stored, unit="bytes")
    with open_bytes(path, limits=limits) as handle:
        handle.readline(LONGEST_LINE)
        for lines in read_blocks(handle, size, where=str(path)):
            try:
                reader.read(lines.text, share=lines.position / stored, plain=len(lines.text) >= plain_from)
            except (pa.ArrowInvalid, UnicodeDecodeError) as error:
                raise _explain(path, delimiter, limits) from error
            progress.advance(TASK, lines.position - told)
            told = lines.position
    progress.finish(TASK)
    if reader.has_odd_nan and (fault := _search(path, delimiter, limits)):
        raise fault
    values, names = reader.finish()
    return RawMatrix(values, names, head.columns)


def _read_head(path: Path, delimiter: str, limits: Limits) -> _Head:
    with open_bytes(path, limits=limits) as handle:
        first = handle.readline(LONGEST_LINE)
        second = handle.readline(LONGEST_LINE)
        while second and not second.strip():
            second = handle.readline(LONGEST_LINE)
    check_text(first, str(path))
    header = _split(first, delimiter, where=str(path), line=1)
    row = _split(second, delimiter, where=str(path), line=2) if second else []
    if len(header) == 1 and len(row) <= 1:
        raise _one_column(first, second, used=delimiter, where=str(path))
    if not second:
        raise FileFormatError(
            f"the file has a header of {len(header) - 1} columns and no rows",
            where=str(path),
            expected="at least one row under the header",
            next_step="write or download the file again",
        )
    columns = header if len(row) == len(header) + 1 else header[1:]
    return _Head(tuple(columns), max(len(first), len(second)))


def _split(raw: bytes, delimiter: str, *, where: str, line: int) -> list[str]:
    text = decode(raw, where, line=line, step=ENCODING_STEP)
    try:
        return next(csv.reader([text.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error as error:  # cells beyond 128 KiB, carriage returns alone as line ends
        raise FileFormatError(
            f"the line cannot be split into cells ({say_csv_error(error)})",
            where=f"{where}, line {line}",
            expected=f"cells below {csv.field_size_limit():,} characters, lines that end with \\n or \\r\\n",
            next_step="write the file again",
        ) from error


def say_csv_error(error: csv.Error) -> str:
    """Return what is wrong with a line in words for the one who wrote the file."""
    said = str(error)
    return "a carriage return stands alone inside the line" if said.startswith("new-line character") else said


def decode(raw: bytes, where: str, *, line: int, step: str = "convert the file to UTF-8") -> str:
    """Decode one line as UTF-8; a byte order mark at the start of the file is dropped.

    Parameters
    ----------
    raw : bytes
        The line.
    where : str
        The file.
    line : int
        Its number, for the message.
    step : str
        What to do where it is in another encoding.

    Raises
    ------
    FileFormatError
        If it is in another encoding.
    """
    try:
        return raw.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"byte 0x{raw[error.start]:02x} is not UTF-8",
            where=f"{where}, line {line}",
            expected="text in UTF-8",
            next_step=step,
        ) from error


def suggest_delimiter(first: str, second: str, used: str) -> str | None:
    """Return another delimiter that would split two lines into equally many cells.

    Parameters
    ----------
    first, second : str
        The first two lines of a file; the second may be empty.
    used : str
        The delimiter that did not.

    Returns
    -------
    str or None
        None where no other fits.
    """
    for other in _NAMES:
        counts = first.count(other), second.count(other)
        if other != used and counts[0] > 0 and abs(counts[0] - counts[1]) <= (1 if second else counts[0]):
            return other
    return None


def _one_column(first: bytes, second: bytes, *, used: str, where: str) -> FileFormatError:
    other = suggest_delimiter(first.decode("utf-8", "replace"), second.decode("utf-8", "replace"), used)
    step = f"it looks {_NAMES[other]}-separated" if other else "check how the file was written"
    if other in DELIMITERS.values():
        step += f": declare the format {next(k for k, v in DELIMITERS.items() if v == other)!r}"
    elif other:
        step += ": write it with tabs or commas"
    return FileFormatError(
        f"the header has one column only when split at {_NAMES[used]}s",
        where=f"{where}, line 1",
        expected="a column of names and at least one column of numbers",
        next_step=step,
    )


def _explain(path: Path, delimiter: str, limits: Limits) -> TmescopeError:
    """Read the file again, cell by cell, and return the error for the first kind of fault found."""
    return _search(path, delimiter, limits) or FileFormatError(
        "the file cannot be parsed",
        where=str(path),
        expected="one row a line, quotes closed",
        next_step="write the file again without line breaks inside cells",
    )


def _search(path: Path, delimiter: str, limits: Limits) -> TmescopeError | None:
    with open_bytes(path, limits=limits) as handle:
        return _find_fault(handle, delimiter, str(path))


def _find_fault(handle: IO[bytes], delimiter: str, where: str) -> TmescopeError | None:
    header: list[str] = []
    bad: list[tuple[int, int, str]] = []
    width = quoted = 0
    for number, raw in enumerate(handle, start=1):
        cells = _split(raw, delimiter, where=where, line=number)
        if number == 1:
            header = cells
            continue
        if not cells:
            continue
        width = width or len(cells)
        if len(cells) != width or width - len(header) not in (0, 1):
            return _ragged(number, len(cells), (len(header), width), where=where)
        quoted = quoted or (number if is_left_open(decode(raw, where, line=number), delimiter) else 0)
        bad.extend((number, i, c) for i, c in enumerate(cells) if i and not is_number(c))
        if len(bad) >= _FAULTS_COUNTED:
            break
    if bad:
        return _not_numbers(bad, [FIRST_COLUMN, *header] if width > len(header) else header, where)
    return open_quote(quoted, where) if quoted else None


def is_left_open(text: str, delimiter: str) -> bool:
    """Return whether a line opens a quote at the beginning of a cell and does not close it.

    Parameters
    ----------
    text : str
        The line.
    delimiter : str
        Between its cells.
    """
    try:
        for _ in csv.reader([text.rstrip("\r\n")], delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return str(error).startswith("unexpected end")
    return False


def open_quote(number: int, where: str) -> FileFormatError:
    """Return the error for a line that opens a quote which another line closes, so that rows would be lost.

    Parameters
    ----------
    number : int
        The line.
    where : str
        The file.
    """
    return FileFormatError(
        f"line {number} has a quote that is not closed",
        where=f"{where}, line {number}",
        expected="one row a line, quotes closed",
        next_step="close or remove the quote; a cell holds no line break",
    )


def _ragged(number: int, n_cells: int, wanted: tuple[int, int], *, where: str) -> FileFormatError:
    n_header, width = wanted
    return FileFormatError(
        f"line {number} has {n_cells} cells; the header has {n_header}"
        + ("" if width == n_header else f", line 2 {width}"),
        where=f"{where}, line {number}",
        expected="the same number of cells in every line (the header may have one fewer)",
        next_step="look for a delimiter inside a cell, or a line that was cut",
    )


def _not_numbers(bad: list[tuple[int, int, str]], header: list[str], where: str) -> ExpressionError:
    line, column, value = bad[0]
    at_least = "at least " if len(bad) >= _FAULTS_COUNTED else ""
    columns = list(dict.fromkeys(header[i] for _, i, _ in bad))
    step = "correct the cells, or write NA where a value is missing"
    if len(columns) == 1 and len(bad) > 1:
        step = f"if {columns[0]!r} is an annotation, remove it: the matrix holds one column of names and numbers"
    elif _WITH_COMMAS.fullmatch(value.strip()):
        step = "write numbers with a decimal point and without thousands separators, or declare the dialect"
    return ExpressionError(
        f"{at_least}{len(bad)} cells are not numbers: {examples([v for _, _, v in bad])}",
        where=f"{where}, line {line}, column {header[column]!r}"
        + (f" (and in {len(columns) - 1} other columns)" if len(columns) > 1 else ""),
        expected=f"numbers; for a missing value nothing or {', '.join(w for w in MISSING_WORDS if w)}",
        next_step=step,
    )
