"""The rectangle of cells inside a larger text file: columns of text first, then numbers; faults by line and cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from tmescope.facts.identifier_forms import read_ensembl
from tmescope.foundation.errors import (
    ExpressionError,
    FileFormatError,
    TmescopeError,
    UnknownNameError,
    examples,
)
from tmescope.ingest.decompress import Limits, open_bytes
from tmescope.ingest.delimited import decode, is_left_open, open_quote
from tmescope.ingest.lines import read_blocks
from tmescope.ingest.matrix import Note
from tmescope.ingest.numerals import is_number
from tmescope.ingest.options import MISSING_WORDS
from tmescope.ingest.text_rows import holds_nan, parse_lines

__all__ = ["Block", "choose_names", "each_line", "read_block", "read_line", "split_line", "unsaid_names"]

_LONGEST_LINE = 64 << 20
_BLOCK = 16 << 20
_FAULTS_COUNTED = 1000
_NAMELESS = frozenset(w.casefold() for w in (*MISSING_WORDS, "---", "-666"))


@dataclass(frozen=True)
class Block:
    """Where the rows of a matrix stand in a text file of tab-separated cells.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    first_line : int
        Line of the file (from 1) that holds the first row.
    header : tuple of str
        Names of all columns.
    n_text : int
        How many columns of text come first.
    end : bytes
        Beginning of the line that closes the block; empty where the block ends with the file.
    quoted : bool
        Whether cells may stand in quotation marks.
    """

    path: Path
    first_line: int
    header: tuple[str, ...]
    n_text: int
    end: bytes = b""
    quoted: bool = False


def each_line(handle: IO[bytes], where: str, *, first: int = 1) -> Iterator[tuple[int, str]]:
    """Yield lines as text without their ends, each with its number.

    Parameters
    ----------
    handle : binary file
        Positioned at a line.
    where : str
        The file, for messages.
    first : int
        Number of that line.

    Raises
    ------
    FileFormatError
        If a line is not UTF-8, holds a NUL, or is longer than 64 MiB.
    """
    for number, raw in enumerate(iter(lambda: handle.readline(_LONGEST_LINE), b""), start=first):
        if b"\0" in raw or len(raw) >= _LONGEST_LINE:
            raise FileFormatError(
                "there is a NUL byte in the text" if b"\0" in raw else f"the line has {_LONGEST_LINE:,} bytes or more",
                where=f"{where}, line {number}",
                expected="lines of UTF-8 text",
                next_step="write or download the file again",
            )
        text = decode(raw, where, line=number).rstrip("\r\n")
        if number == 1 and "\r" in text:
            raise FileFormatError(
                "lines end with a carriage return alone",
                where=f"{where}, line 1",
                expected="lines that end with \\n or \\r\\n",
                next_step="write the file again with the line ends of today",
            )
        yield number, text


def read_line(handle: IO[bytes], where: str, *, line: int) -> str:
    """Read one line as text without its end; the empty text at the end of the file.

    Parameters
    ----------
    handle, where
        See `each_line`.
    line : int
        Its number, for messages.

    Raises
    ------
    FileFormatError
        See `each_line`.
    """
    return next(each_line(handle, where, first=line), (line, ""))[1]


def split_line(text: str, *, quoted: bool = False) -> list[str]:
    """Split a line at its tabs; with `quoted`, marks around cells are taken off and doubled ones are one."""
    if not quoted or '"' not in text:
        return text.split("\t")
    return [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c for c in text.split("\t")]


def read_block(block: Block, *, limits: Limits) -> tuple[list[list[str]], NDArray[np.float64]]:
    """Read the rows of a block.

    Parameters
    ----------
    block : Block
        Where they are.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    texts : list of list of str
        The columns of text, exactly as in the file.
    values : array of float64, shape (columns of numbers, rows)
        Cells of `MISSING_WORDS` are NaN.

    Raises
    ------
    FileFormatError
        No rows, rows of another length than the header, a quote that another line closes, no closing line, not
        UTF-8.
    ExpressionError
        Cells that are not numbers, with line, column and value.
    """
    names = [f"c{i}" for i in range(len(block.header))]
    convert = pacsv.ConvertOptions(
        column_types={n: pa.string() if i < block.n_text else pa.float64() for i, n in enumerate(names)},
        null_values=[*MISSING_WORDS, "na"],
        strings_can_be_null=False,
    )
    with open_bytes(block.path, limits=limits) as handle:
        try:
            parsed = [
                parse_lines(text, names, delimiter="\t", convert=convert, quoted=block.quoted)
                for text in _rows(handle, block)
            ]
        except pa.ArrowInvalid as error:
            raise _explain(block, limits, parser=str(error)) from error
    tables = [table for table in parsed if table is not None]
    if not tables:
        raise _no_rows(str(block.path))
    table = pa.concat_tables(tables)
    if holds_nan(table.columns[block.n_text :]) and (fault := _search(block, limits)):
        raise fault
    texts = [column.to_pylist() for column in table.columns[: block.n_text]]
    values = np.empty((len(names) - block.n_text, table.num_rows))
    for i, column in enumerate(table.columns[block.n_text :]):
        values[i] = column.to_numpy()
    return texts, values


def unsaid_names(
    where: str,
    *,
    columns: Sequence[str] = ("gene_id", "gene_name"),
    step: str = 'gene_name goes with identifiers = "symbol", gene_id mostly with identifiers = "ensembl"',
) -> ExpressionError:
    """Return the error for a file that names each gene twice where the caller did not say which name counts.

    Parameters
    ----------
    where : str
        The file.
    columns : sequence of str
        That name genes.
    step : str
        Which column goes with which identifiers.
    """
    return ExpressionError(
        "the file names each gene twice, and nothing says which name counts",
        where=f"{where}, gene_column",
        expected=f"gene_column = {' or '.join(columns)}",
        next_step=step,
    )


def choose_names(
    annotations: dict[str, list[str]], chosen: str, *, fallback: str, where: str
) -> tuple[tuple[str, ...], list[Note]]:
    """Return the gene names of the rows from the chosen column.

    Parameters
    ----------
    annotations : dict of str to list of str
        The columns of text by name.
    chosen : str
        Which one names the genes.
    fallback : str
        Where the chosen one has nothing for a row, the row keeps its name from this column.
    where : str
        The file, for the message.

    Returns
    -------
    names : tuple of str
        A row that another column shows to be the copy of a gene on chromosome Y has its name from there: under the name
        of the gene it would double it.
    notes : list of Note
        Which column it was where there are others, and how many rows had nothing there or are copies on Y.

    Raises
    ------
    UnknownNameError
        If there is no such column.
    """
    if chosen not in annotations:
        raise UnknownNameError.of("column of gene names", chosen, annotations, where=f"{where}, gene_column")
    others = [name for name in annotations if name != chosen]
    notes = []
    if others:
        evidence = f"genes are named by the column {chosen!r}; also there and not used: {examples(others)}"
        notes.append(Note("genes.column", "gene names", chosen, evidence))
    names = list(annotations[chosen])
    empty = [i for i, name in enumerate(names) if name.strip().casefold() in _NAMELESS]
    if empty and fallback != chosen:
        for i in empty:
            names[i] = annotations[fallback][i]
        evidence = f"{len(empty):,} of {len(names):,} rows have nothing in {chosen!r} and keep their {fallback!r}"
        notes.append(Note("genes.unnamed", "rows without a gene name", str(len(empty)), evidence))
    for other in others:
        on_y = [i for i, name in enumerate(annotations[other]) if _is_on_y(name) and not _is_on_y(names[i])]
        for i in on_y:
            names[i] = annotations[other][i]
        if on_y:
            shown = examples(annotations[other][i] for i in on_y)
            evidence = f"{len(on_y):,} rows are copies on chromosome Y and have their name from {other!r}: {shown}"
            notes.append(Note("", "rows of chromosome Y", str(len(on_y)), evidence))
    return tuple(names), notes


def _is_on_y(name: str) -> bool:
    gene = read_ensembl(name) if name.startswith("ENSG") else None
    return gene is not None and gene.on_y


def _rows(handle: IO[bytes], block: Block) -> Iterator[bytes]:
    """Yield the lines of a block in pieces, up to its mark; all of the file is read, as its checksum stands last."""
    for _ in range(block.first_line - 1):
        handle.readline(_LONGEST_LINE)
    closed = False
    for lines in read_blocks(handle, _BLOCK, where=str(block.path), longest=_LONGEST_LINE):
        if closed:
            continue
        text = b"\n" + lines.text
        at = text.find(b"\n" + block.end) if block.end else -1
        closed = at >= 0
        yield text[1 : at + 1] if closed else lines.text
    if block.end and not closed:
        raise FileFormatError(
            f"the file ends without the line {block.end.decode()}",
            where=str(block.path),
            expected="a complete file",
            next_step="download the file again: it is cut",
        )


def _explain(block: Block, limits: Limits, *, parser: str) -> TmescopeError:
    return _search(block, limits) or FileFormatError(
        f"the rows cannot be parsed ({parser.splitlines()[0][:200]})",
        where=str(block.path),
        expected="one row a line",
        next_step="write or download the file again",
    )


def _search(block: Block, limits: Limits) -> TmescopeError | None:
    with open_bytes(block.path, limits=limits) as handle:
        lines = (line for text in _rows(handle, block) for line in text.split(b"\n"))
        return _find_fault(lines, block, str(block.path))


def _find_fault(rows: Iterator[bytes], block: Block, where: str) -> TmescopeError | None:
    bad: list[tuple[int, int, str]] = []
    opened = 0
    for number, raw in enumerate(rows, start=block.first_line):
        text = decode(raw, where, line=number).rstrip("\r")
        cells = split_line(text, quoted=block.quoted)
        if cells == [""]:
            continue
        if text.startswith("\ufeff"):
            return FileFormatError(
                "a byte order mark stands in the middle of the text",
                where=f"{where}, line {number}",
                expected="a byte order mark at the start of the file or none",
                next_step="look for files that were joined",
            )
        if len(cells) != len(block.header):
            return FileFormatError(
                f"line {number} has {len(cells)} cells; the header has {len(block.header)}",
                where=f"{where}, line {number}",
                expected="the same number of cells in every line",
                next_step="look for a tab inside a cell, or a line that was cut",
            )
        opened = opened or (number if block.quoted and is_left_open(text, "\t") else 0)
        found = enumerate(cells[block.n_text :], start=block.n_text)
        bad.extend((number, i, c) for i, c in found if c != "na" and not is_number(c))
        if len(bad) >= _FAULTS_COUNTED:
            break
    if bad:
        return _not_numbers(bad, block.header, where)
    return open_quote(opened, where) if opened else None


def _no_rows(where: str) -> FileFormatError:
    return FileFormatError(
        "there is a header and no rows",
        where=where,
        expected="at least one row of numbers",
        next_step="write or download the file again",
    )


def _not_numbers(bad: list[tuple[int, int, str]], header: Sequence[str], where: str) -> ExpressionError:
    line, column, value = bad[0]
    step = "write numbers with a decimal point and without thousands separators" if "," in value else None
    return ExpressionError(
        f"{len(bad)} cells are not numbers: {examples([v for _, _, v in bad])}",
        where=f"{where}, line {line}, column {header[column]!r}",
        expected=f"numbers; for a missing value nothing or {', '.join(w for w in MISSING_WORDS if w)}",
        next_step=step or "correct the cells, or write NA where a value is missing",
    )
