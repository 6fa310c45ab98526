"""Cells of a folder of matrix.mtx, features.tsv and barcodes.tsv, handed over in runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import FileFormatError, InputError
from tmescope.ingest.blocks import each_line
from tmescope.ingest.cell_streams import CELL_LIMITS, CellRun, CellStream, head_of
from tmescope.ingest.count_rows import as_whole, tidy_rows
from tmescope.ingest.decompress import Limits, open_bytes
from tmescope.ingest.no_counts import Suspects, no_counts
from tmescope.ingest.tenx_folder import TenxFolder
from tmescope.ingest.tenx_h5_stream_content import gene_table
from tmescope.ingest.tenx_mtx import check_number, check_shape, read_entries, read_features, read_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmescope.ingest.pseudobulk import Features

__all__ = ["stream_folder"]

_ENTRIES = 1 << 20
_COPIES = 64
"""Bytes for each entry that is sorted in memory."""

_Triple = tuple[Any, Any, Any]


@contextmanager
def stream_folder(parts: TenxFolder, *, memory: int, limits: Limits = CELL_LIMITS) -> Iterator[CellStream]:
    """Open a folder.

    Parameters
    ----------
    parts : TenxFolder
        See `tmescope.ingest.tenx_folder.find_parts`.
    memory : int
        Bytes for sorting entries that do not come cell by cell.
    limits : Limits
        On the decompressed size of each file.

    Yields
    ------
    CellStream

    Raises
    ------
    FileFormatError, ExpressionError, ScaleError
        See `tmescope.ingest.tenx_mtx.read_folder`; here or while its runs are read.
    InputError
        Entries that do not come cell by cell, and are too many to be sorted.
    """
    features = read_features(parts.features, limits)
    with open_bytes(parts.barcodes, limits=limits) as handle:
        barcodes = [line.split("\t")[0] for _, line in each_line(handle, str(parts.barcodes)) if line]
    about, table = gene_table(features, where=str(parts.features))
    head = head_of({**about, "samples": [["", len(barcodes)]]})
    reading = _Reading(parts, features, barcodes, table=table, memory=memory, limits=limits)
    yield CellStream(head, reading.runs())


class _Reading:
    def __init__(
        self, parts: TenxFolder, features: Features, barcodes: list[str], *, table: Any, memory: int, limits: Limits
    ) -> None:
        self._parts, self._features, self._barcodes, self._table = parts, features, barcodes, table
        self._memory, self._limits, self._where = memory, limits, str(parts.matrix)

    def runs(self) -> Iterator[CellRun]:
        with open_bytes(self._parts.matrix, limits=self._limits) as handle:
            n_rows, n_columns, n_entries, line = read_head(handle, self._where)
            check_shape((n_rows, n_columns), (len(self._features.types), len(self._barcodes)), self._where)
            found = read_entries(handle, self._parts.matrix, first_line=line + 1, limits=self._limits)
            n_found = 0
            first = 0
            for cells, genes, values, last in self._sorted(found, n_entries):
                n_found += len(cells)
                yield self._run(first, last, cells, genes=genes, values=values)
                first = last
            check_number(n_found, n_entries, line=line, where=self._where)

    def _sorted(self, found: Iterator[_Triple], n_entries: int) -> Iterator[tuple[Any, Any, Any, int]]:
        """Yield entries of whole cells, each time with the number of the first cell that is still to come."""
        held: list[_Triple] = []
        size, at = 0, 0
        for genes, cells, values in found:
            self._check_positions(genes, cells)
            if (np.diff(cells) < 0).any() or (cells.size and cells[0] < at):
                yield from self._sort_all([*held, (cells, genes, values)], found, n_entries=n_entries, sent=at)
                return
            held.append((cells, genes, values))
            size += cells.size
            newest = int(cells[-1]) if cells.size else at
            if size < _ENTRIES or newest == at:
                continue
            c, g, v = (np.concatenate([part[i] for part in held]) for i in range(3))
            cut = int(np.searchsorted(c, newest))
            if cut:
                yield c[:cut], g[:cut], v[:cut], newest
                at = newest
            held, size = [(c[cut:], g[cut:], v[cut:])], c.size - cut
        c, g, v = (np.concatenate([part[i] for part in held]) if held else np.zeros(0) for i in range(3))
        yield c.astype(np.int64), g.astype(np.int64), v, len(self._barcodes)

    def _sort_all(
        self, held: list[_Triple], found: Iterator[_Triple], *, n_entries: int, sent: int
    ) -> Iterator[tuple[Any, Any, Any, int]]:
        needed = _COPIES * n_entries
        if sent or needed > self._memory:
            raise InputError(
                "the entries do not come cell by cell"
                + (
                    ", but only from a place on"
                    if sent
                    else f", and to sort {n_entries:,} of them takes {needed:,} bytes"
                ),
                where=self._where,
                expected="entries sorted by barcode, as Cell Ranger writes them"
                + ("" if sent else f", or --memory of {needed:,} bytes at least"),
                next_step="write the matrix again, sorted by its second column",
            )
        for genes, cells, values in found:
            self._check_positions(genes, cells)
            held.append((cells, genes, values))
        c, g, v = (np.concatenate([part[i] for part in held]) for i in range(3))
        order = np.argsort(c, kind="stable")
        c, g, v = c[order], g[order], v[order]
        starts = np.searchsorted(c, np.arange(len(self._barcodes) + 1))
        first = 0
        while first < len(self._barcodes):
            found_at = int(np.searchsorted(starts, starts[first] + _ENTRIES, side="right")) - 1
            last = min(max(found_at, first + 1), len(self._barcodes))
            part = slice(int(starts[first]), int(starts[last]))
            yield c[part], g[part], v[part], last
            first = last

    def _check_positions(self, genes: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        for axis, found, size in (
            ("feature", genes, len(self._features.types)), ("barcode", cells, len(self._barcodes))
        ):  # fmt: skip
            outside = found[(found < 0) | (found >= size)]
            if outside.size:
                raise FileFormatError(
                    f"{outside.size:,} entries name a {axis} that is not there, such as number {int(outside[0]) + 1}",
                    where=self._where,
                    expected=f"numbers from 1 to {size:,}",
                    next_step="write or download the files again; the three belong together",
                )

    def _run(self, first: int, last: int, cells: Any, *, genes: Any, values: Any) -> CellRun:
        ends = np.searchsorted(cells, np.arange(first, last + 1))
        names: Sequence[str] = self._barcodes[first:last]
        counts = as_whole(values)
        if counts is None:
            suspects = Suspects(ends, genes, values, names, self._features.gene_names)
            raise no_counts(suspects, where=self._where)
        rows = tidy_rows(ends, genes, counts)
        rows = rows if self._table is None else rows.renumbered(self._table)
        return CellRun("", list(names), rows, {})
