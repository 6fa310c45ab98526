"""Cells inside an h5ad file, handed over in runs: never the whole matrix, whatever its size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from tmescope.foundation.errors import FileFormatError, SampleError, TmescopeError, UnknownNameError, examples
from tmescope.ingest.count_rows import CountRows, cut_rows
from tmescope.ingest.decompress import Limits
from tmescope.ingest.h5ad_columns import TypedColumn, read_names, read_typed
from tmescope.ingest.h5ad_content import check_frame, explained, find_matrix, read_shape
from tmescope.ingest.hdf5_rules import find_child
from tmescope.ingest.memory import allow_memory
from tmescope.ingest.parcels import Parcel
from tmescope.ingest.stored_rows import StoredRows, open_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RAW", "stream_content"]

RAW = "raw"
"""Name of the matrix ``raw/X`` with its own genes, where no layer is called so."""

_ROOM = 1 << 30
_WORDS = 24
_ENTRIES = 1 << 21


@dataclass(frozen=True)
class _Cells:
    barcodes: list[str]
    columns: dict[str, TypedColumn]
    samples: list[str]
    sample_of: NDArray[np.int32]

    def parcel(self, sample: str, rows: CountRows, which: NDArray[np.int64] | slice) -> Parcel:
        named = self.barcodes[which] if isinstance(which, slice) else [self.barcodes[i] for i in which]
        arrays = {f"obs {i}": c.values[which] for i, c in enumerate(self.columns.values())}
        return Parcel(
            {"ends": rows.ends, "genes": rows.genes, "counts": rows.counts, **arrays},
            {"sample": sample, "barcodes": named},
        )


def stream_content(
    path: Path,
    *,
    layer: str | None,
    sample_column: str | None,
    columns: list[str] | None,
    skipped: list[str],
    memory: int,
    limits: Limits,
) -> Iterator[Parcel]:
    """Yield the head of a file, then its cells, in this process.

    Parameters
    ----------
    path : Path
        The file.
    layer : str, optional
        Which layer, or ``raw``; None means ``X``.
    sample_column : str, optional
        Column that names the sample of a cell.
    columns : list of str, optional
        What of ``obs`` comes along.
    skipped : list of str
        Samples that are left out.
    memory : int
        Bytes for what cannot be streamed: matrices by columns, samples whose cells lie apart.
    limits : Limits
        On sizes.

    Raises
    ------
    FileFormatError, ScaleError, SampleError, UnknownNameError
        See `tmescope.ingest.atlas_sources`.
    """
    where = f"{path}, {_shown(layer)}"
    try:
        with h5py.File(path, "r") as file:
            yield from _stream(file, path, (layer, sample_column, columns, skipped), memory=memory, limits=limits)
    except (TmescopeError, MemoryError, BrokenPipeError):
        raise
    except Exception as error:  # a damaged file makes the libraries raise nearly anything
        raise explained(error, where) from error


def _shown(layer: str | None) -> str:
    return "X" if layer is None else "raw/X" if layer == RAW else f"layers/{layer}"


def _stream(
    file: Any, path: Path, asked: tuple[str | None, str | None, list[str] | None, list[str]], *, memory: int,
    limits: Limits,
) -> Iterator[Parcel]:  # fmt: skip
    layer, sample_column, wanted, skipped = asked
    where = f"{path}, {_shown(layer)}"
    home, node = _find(file, layer, where)
    shape, _ = read_shape(node, limits, where)
    tables = check_frame(file, "obs", limits, where=str(path)) + check_frame(home, "var", limits, where=where)
    allow_memory(_ROOM + _WORDS * tables + 16 * shape[0] + memory)
    genes = read_names(find_child(home, "var", where), f"{path}, var")
    cells, notes = _read_cells(file, path, sample_column, wanted=wanted)
    if shape != (len(cells.barcodes), len(genes)):
        raise FileFormatError(
            f"the matrix is {shape}, but there are {len(cells.barcodes)} observations and {len(genes)} variables",
            where=where,
            expected="a matrix of cells x genes",
            next_step="write the file again",
        )
    sizes = np.bincount(cells.sample_of, minlength=len(cells.samples))
    samples = [[name, int(n)] for name, n in zip(cells.samples, sizes, strict=True)]
    said = [[name, c.form, list(c.categories)] for name, c in cells.columns.items()]
    yield Parcel({}, {"genes": genes, "samples": samples, "columns": said, "notes": notes})
    others = [_shown(n) for n in (None, RAW, *file.get("layers", ())) if n != layer and _is_there(file, n)]
    rows = open_rows(node, shape, where, memory=memory)
    rows.name(cells.barcodes, genes, elsewhere=others)
    kept = [i for i, name in enumerate(cells.samples) if name not in skipped]
    for group in _groups(cells.sample_of, kept, rows, memory=memory, where=where):
        yield from _group(group, cells, rows)


def _find(file: Any, layer: str | None, where: str) -> tuple[Any, Any]:
    """Return the group whose ``var`` names the genes, and the matrix."""
    if layer == RAW and RAW not in file.get("layers", ()):
        if RAW not in file:
            raise UnknownNameError.of("layer", RAW, list(file.get("layers", ())), where=where)
        raw = find_child(file, RAW, where)
        return raw, find_child(raw, "X", where)
    return file, find_matrix(file, layer, where)


def _is_there(file: Any, name: str | None) -> bool:
    if name is None:
        return "X" in file
    return name in file.get("layers", ()) or (name == RAW and isinstance(file.get(RAW), h5py.Group))


def _read_cells(
    file: Any, path: Path, sample_column: str | None, *, wanted: Sequence[str] | None
) -> tuple[_Cells, list[str]]:
    frame, where = find_child(file, "obs", str(path)), f"{path}, obs"
    barcodes = read_names(frame, where)
    asked = None if wanted is None else [*wanted, *([sample_column] if sample_column else [])]
    columns, left_out = read_typed(frame, where, wanted=asked)
    columns = {name: c for name, c in columns.items() if len(c.values) == len(barcodes)}
    notes = [f"columns of the cells that cannot be held: {examples(left_out)}"] if left_out else []
    if missing := [name for name in asked or () if name not in columns]:
        raise UnknownNameError.of("column", missing[0], list(columns), where=where)
    if sample_column is None:
        return _Cells(barcodes, columns, [""], np.zeros(len(barcodes), dtype=np.int32)), notes
    if sample_column not in columns:
        raise UnknownNameError.of("column", sample_column, list(columns), where=f"{where}, sample_column")
    named = columns.pop(sample_column)
    samples, sample_of = _samples_of(named, where=f"{where}, column {sample_column!r}")
    return _Cells(barcodes, columns, samples, sample_of), notes


def _samples_of(named: TypedColumn, *, where: str) -> tuple[list[str], NDArray[np.int32]]:
    """Return the samples in the order in which they come, and the sample of each cell."""
    if named.form not in ("category", "int64"):
        raise SampleError(f"the samples are named by {named.form}", where=where, expected="text or whole numbers")
    if named.form == "category" and (lost := int((named.values < 0).sum())):
        raise SampleError(
            f"{lost:,} of {named.values.size:,} cells have no sample",
            where=where,
            expected="a sample for each cell",
            next_step="leave these cells out of the file, or name their sample",
        )
    found, first, back = np.unique(named.values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(order.size, dtype=np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    names = [named.categories[i] if named.form == "category" else str(i) for i in found[order].tolist()]
    return names, place[back]


@dataclass(frozen=True)
class _Group:
    """Samples that are read in one pass: one whose cells follow each other, or some that fit into memory."""

    samples: list[int]
    first: int
    last: int
    apart: bool


def _groups(
    sample_of: NDArray[np.int32], kept: Sequence[int], rows: StoredRows, *, memory: int, where: str
) -> Iterator[_Group]:
    together: list[int] = []
    held, low, high = 0, sample_of.size, 0
    order = np.argsort(sample_of, kind="stable")
    ends = np.searchsorted(sample_of[order], np.arange(int(sample_of.max(initial=-1)) + 2))
    for sample in kept:
        own = order[ends[sample] : ends[sample + 1]]
        first, last = int(own[0]), int(own[-1]) + 1
        if last - first == own.size:
            yield _Group([sample], first, last, apart=False)
            continue
        needed = 24 * rows.entries(own)
        if needed > memory:
            raise SampleError(
                f"the cells of a sample lie apart in the file, and its {rows.entries(own):,} counts do not fit",
                where=where,
                expected=f"--memory of {needed:,} bytes at least, or cells sorted by sample",
                next_step="give more memory, or sort the cells of the file by sample",
            )
        if together and held + needed > memory:
            yield _Group(together, low, high, apart=True)
            together, held, low, high = [], 0, sample_of.size, 0
        together.append(sample)
        held, low, high = held + needed, min(low, first), max(high, last)
    if together:
        yield _Group(together, low, high, apart=True)


def _group(group: _Group, cells: _Cells, rows: StoredRows) -> Iterator[Parcel]:
    if not group.apart:
        for first, last in cut_rows(rows.ends, first=group.first, last=group.last, entries=_ENTRIES):
            yield cells.parcel(cells.samples[group.samples[0]], rows.read(first, last), slice(first, last))
        return
    parts: dict[int, list[tuple[CountRows, NDArray[np.int64]]]] = {sample: [] for sample in group.samples}
    for first, last in cut_rows(rows.ends, first=group.first, last=group.last, entries=_ENTRIES):
        found = rows.read(first, last)
        for sample in group.samples:
            own = np.flatnonzero(cells.sample_of[first:last] == sample)
            if own.size:
                parts[sample].append((_picked(found, own), own + first))
    for sample in group.samples:
        for part, which in parts.pop(sample):
            yield cells.parcel(cells.samples[sample], part, which)


def _picked(rows: CountRows, which: NDArray[np.int64]) -> CountRows:
    sizes = np.diff(rows.ends)[which]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    entries = np.repeat(rows.ends[:-1][which] - ends[:-1], sizes) + np.arange(int(ends[-1]))
    return CountRows(ends, rows.genes[entries], rows.counts[entries])
