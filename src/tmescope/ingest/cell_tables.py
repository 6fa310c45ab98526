"""Cells in a CSV or TSV table of counts, handed over in runs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tmescope.foundation.errors import FileFormatError, InputError
from tmescope.ingest.blocks import read_line
from tmescope.ingest.cell_streams import CELL_LIMITS, CellRun, CellStream, head_of
from tmescope.ingest.count_rows import as_whole, cut_rows, tidy_rows
from tmescope.ingest.decompress import Limits, open_bytes
from tmescope.ingest.lines import read_blocks
from tmescope.ingest.no_counts import Suspects, no_counts

__all__ = ["TableOrientation", "stream_table"]

TableOrientation = Literal["genes_by_cells", "cells_by_genes"]
"""What a row of a table of cells is."""

_BLOCK = 16 << 20
_ENTRIES = 1 << 20
_COPIES = 48


@dataclass(frozen=True)
class _Table:
    path: Path
    delimiter: str
    limits: Limits
    columns: tuple[str, ...]

    @property
    def where(self) -> str:
        return str(self.path)

    def blocks(self) -> Iterator[tuple[list[str], Any]]:
        """Yield names of rows, and their numbers (rows x columns)."""
        with open_bytes(self.path, limits=self.limits) as handle:
            read_line(handle, self.where, line=1)
            for block in read_blocks(handle, _BLOCK, where=self.where):
                yield self._parse(block.text)

    def _parse(self, text: bytes) -> tuple[list[str], Any]:
        fields = ["names", *(f"c{i}" for i in range(len(self.columns)))]
        try:
            table = pacsv.read_csv(
                pa.BufferReader(text),
                read_options=pacsv.ReadOptions(column_names=fields, block_size=len(text) + 1),
                parse_options=pacsv.ParseOptions(delimiter=self.delimiter),
                convert_options=pacsv.ConvertOptions(
                    column_types={n: pa.float64() if i else pa.string() for i, n in enumerate(fields)},
                    null_values=["", "NA", "NaN"],
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            raise FileFormatError(
                f"the rows cannot be read as counts ({str(error).splitlines()[0][:200]})",
                where=self.where,
                expected=f"a name and {len(self.columns):,} numbers a line",
                next_step="correct the cells; an empty one is no count",
            ) from error
        names = table.column(0).to_pylist()
        return names, np.column_stack([c.to_numpy() for c in table.columns[1:]])


@contextmanager
def stream_table(
    path: Path, orientation: TableOrientation, *, memory: int, limits: Limits = CELL_LIMITS
) -> Iterator[CellStream]:
    """Open a table.

    Parameters
    ----------
    path : Path
        CSV, or TSV where the name says so; plain or gzip; a header, and a first column of names.
    orientation : {'genes_by_cells', 'cells_by_genes'}
        What a row is. A table of genes x cells is read as a whole: what is above zero is held.
    memory : int
        Bytes for that.
    limits : Limits
        On the decompressed size.

    Yields
    ------
    CellStream

    Raises
    ------
    FileFormatError, ScaleError
        No table of numbers; numbers that are no counts.
    InputError
        A table of genes x cells that does not fit.
    """
    delimiter = "\t" if {".tsv", ".txt"} & set(path.suffixes) else ","
    with open_bytes(path, limits=limits) as handle:
        columns = _header(handle, delimiter, str(path))
    table = _Table(path, delimiter, limits, columns)
    if orientation == "genes_by_cells":
        yield _turned(table, memory)
        return
    head = head_of({"genes": columns, "samples": [["", _count_rows(table)]]})
    yield CellStream(head, _runs(table))


def _header(handle: IO[bytes], delimiter: str, where: str) -> tuple[str, ...]:
    line = read_line(handle, where, line=1)
    names = next(csv.reader([line], delimiter=delimiter), [])
    second = next(csv.reader([read_line(handle, where, line=2)], delimiter=delimiter), [])
    if len(second) == len(names) + 1:  # as R's write.table leaves it
        names = ["", *names]
    if len(names) < 2 or len(second) != len(names):
        raise FileFormatError(
            f"the header has {len(names)} cells, the first row {len(second)}",
            where=f"{where}, line 1",
            expected="a header and rows of a name and numbers; comma-separated, or tab-separated in .tsv and .txt",
            next_step="write the table again, with the ending that says how its cells are separated",
        )
    return tuple(names[1:])


def _count_rows(table: _Table) -> int:
    with open_bytes(table.path, limits=table.limits) as handle:
        ends = 0
        last = b"\n"
        while part := handle.read(_BLOCK):
            ends, last = ends + part.count(b"\n"), part[-1:]
    return ends - 1 + (last != b"\n")


def _runs(table: _Table) -> Iterator[CellRun]:
    for names, values in table.blocks():
        yield _run(names, values, genes=table.columns, where=table.where)


def _run(names: Sequence[str], values: Any, *, genes: Sequence[str], where: str) -> CellRun:
    rows, columns = np.nonzero(values)  # NaN is not zero
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(names)))])
    found = values[rows, columns]
    counts = as_whole(found)
    if counts is None:
        raise no_counts(Suspects(ends, columns, found, names, genes), where=where)
    return CellRun("", list(names), tidy_rows(ends, columns, counts), {})


def _turned(table: _Table, memory: int) -> CellStream:
    genes: list[str] = []
    held: list[tuple[Any, Any, Any]] = []
    size = 0
    for names, values in table.blocks():
        rows, cells = np.nonzero(values)
        found = values[rows, cells]
        counts = as_whole(found)
        if counts is None:
            raise _turned_suspects(table, values, names)
        held.append((cells.astype(np.int32), (rows + len(genes)).astype(np.int32), counts))
        genes += names
        size += found.size
        if _COPIES * size > memory:
            raise InputError(
                f"a table of genes x cells is turned in memory, and its {size:,} counts so far do not fit",
                where=table.where,
                expected=f"cells_by_genes, or --memory of more than {_COPIES * size:,} bytes",
                next_step="give more memory, or write the table as matrix.mtx or h5ad",
            )
    every: list[Any] = [np.concatenate([part[i] for part in held]) if held else np.zeros(0, int) for i in range(3)]
    cells, rows, counts = every
    order = np.argsort(cells, kind="stable")
    cells, rows, counts = cells[order], rows[order], counts[order]
    ends = np.searchsorted(cells, np.arange(len(table.columns) + 1))
    head = head_of({"genes": genes, "samples": [["", len(table.columns)]]})
    return CellStream(head, _cut(table.columns, ends, (rows, counts)))


def _cut(names: Sequence[str], ends: Any, parts: tuple[Any, Any]) -> Iterator[CellRun]:
    for first, last in cut_rows(ends, first=0, last=len(names), entries=_ENTRIES):
        inside = slice(int(ends[first]), int(ends[last]))
        rows = tidy_rows(ends[first : last + 1] - ends[first], parts[0][inside], parts[1][inside])
        yield CellRun("", list(names[first:last]), rows, {})


def _turned_suspects(table: _Table, values: Any, genes: Sequence[str]) -> Exception:
    """Return the error for a block of genes x cells: its cells as rows."""
    cells, rows = np.nonzero(values.T)
    ends = np.concatenate([[0], np.cumsum(np.bincount(cells, minlength=len(table.columns)))])
    return no_counts(Suspects(ends, rows, values.T[cells, rows], table.columns, genes), where=table.where)
