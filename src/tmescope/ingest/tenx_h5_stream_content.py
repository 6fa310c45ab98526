"""Cells inside a matrix of Cell Ranger in HDF5, handed over in runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, examples
from tmescope.ingest.count_rows import cut_rows
from tmescope.ingest.decompress import Limits
from tmescope.ingest.hdf5_rules import check_tree
from tmescope.ingest.memory import allow_memory
from tmescope.ingest.parcels import Parcel
from tmescope.ingest.pseudobulk import GENE_EXPRESSION, Features
from tmescope.ingest.stored_rows import StoredRows, check_ends
from tmescope.ingest.tenx_h5_content import find_group, read_features, read_texts, size_of_names

__all__ = ["gene_table", "stream_content"]

_ROOM = 1 << 30
_WORDS = 24
_ENTRIES = 1 << 20
_NEEDED = ("data", "indices", "indptr", "shape", "barcodes")


def stream_content(path: Path, *, genome: str | None, limits: Limits) -> Iterator[Parcel]:
    """Yield the head of a file, then its cells, in this process.

    Parameters
    ----------
    path : Path
        The file.
    genome : str, optional
        Which one, in a file of several.
    limits : Limits
        On sizes.

    Raises
    ------
    FileFormatError, ExpressionError, ScaleError, UnknownNameError
        See `tmescope.ingest.atlas_sources`.
    """
    try:
        with h5py.File(path, "r") as file:
            yield from _stream(file, genome, limits=limits, where=str(path))
    except (TmescopeError, MemoryError, BrokenPipeError):
        raise
    except Exception as error:  # a damaged file makes the library raise nearly anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise _unsound(f"it cannot be read ({reason})", str(path)) from error


def _stream(file: Any, genome: str | None, *, limits: Limits, where: str) -> Iterator[Parcel]:
    group, place = find_group(file, genome, where)
    check_tree(group, limits, place)
    missing = [name for name in _NEEDED if not isinstance(group.get(name), h5py.Dataset)]
    if missing:
        raise _unsound(f"there is no {examples(missing)}", place)
    allow_memory(_ROOM + _WORDS * size_of_names(group))
    features = read_features(group, genome, place)
    barcodes = read_texts(group["barcodes"], f"{place}/barcodes")
    shape = (len(features.types), len(barcodes))
    declared = tuple(int(n) for n in np.asarray(group["shape"][()]).ravel()[:2])
    if shape != declared:
        raise _unsound(
            f"the shape is {declared}, but there are {len(features.types):,} features and {len(barcodes):,} barcodes",
            place,
        )
    about, table = gene_table(features, where=place)
    yield Parcel({}, {**about, "samples": [["", len(barcodes)]]})
    ends = check_ends(group, shape[::-1], place)
    rows = StoredRows((group["data"], group["indices"]), ends, len(features.types), where=place)
    rows.name(barcodes, features.gene_names, elsewhere=())
    for first, last in cut_rows(ends, first=0, last=len(barcodes), entries=_ENTRIES):
        found = rows.read(first, last)
        found = found if table is None else found.renumbered(table)
        arrays: dict[str, Any] = {"ends": found.ends, "genes": found.genes, "counts": found.counts}
        yield Parcel(arrays, {"sample": "", "barcodes": barcodes[first:last]})


def gene_table(features: Features, *, where: str) -> tuple[dict[str, Any], Any]:
    """Return what is said of the features that are genes, and the number of each feature among them.

    Parameters
    ----------
    features : Features
        All rows.
    where : str
        For messages.

    Returns
    -------
    about : dict
        genes, gene_ids and notes, as a head holds them.
    table : array of int32 or None
        -1 for what is no gene expression; None where all are.

    Raises
    ------
    ExpressionError
        No feature is gene expression.
    """
    kept = np.array([t == GENE_EXPRESSION for t in features.types], dtype=bool)
    left_out = features.left_out()
    if not kept.any():
        raise ExpressionError(
            f"no feature is of the type {GENE_EXPRESSION!r}; there are {examples(left_out)}",
            where=where,
            expected="features whose counts are gene expression",
            next_step="take the matrix of the gene expression library",
        )
    ids, names = (
        [v for v, k in zip(axis, kept, strict=True) if k] for axis in (features.gene_ids, features.gene_names)
    )
    shown = ", ".join(f"{n:,} {kind}" for kind, n in left_out.items())
    notes = [f"features that are not gene expression are left out: {shown}"] if left_out else []
    table = None if kept.all() else np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    return {"genes": names, "gene_ids": ids, "notes": notes}, table


def _unsound(what: str, where: str) -> FileFormatError:
    return FileFormatError(
        f"the matrix is not sound: {what}",
        where=where,
        expected="data, indices, indptr, shape, barcodes and features as Cell Ranger writes them",
        next_step="write or download the file again",
    )
