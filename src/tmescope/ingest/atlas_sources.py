"""Sources of an atlas: opened, whatever their format, and known again by a hash of their content."""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from pathlib import Path

import google_crc32c

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.atlas_sheet import SheetRow
from tmescope.ingest.cell_streams import CellStream, stream_apart
from tmescope.ingest.cell_tables import stream_table
from tmescope.ingest.tenx_folder import find_parts
from tmescope.ingest.tenx_mtx_stream import stream_folder

__all__ = ["hash_source", "open_source", "said_hash"]

_PART = 16 << 20
_PIECE = 1 << 20
"""Bytes that are read at a time: they stay in the processor's cache."""
_SHOWN = 32


def open_source(
    row: SheetRow, *, memory: int, columns: tuple[str, ...] | None = None, skipped: tuple[str, ...] = ()
) -> AbstractContextManager[CellStream]:
    """Open a source.

    Parameters
    ----------
    row : SheetRow
        Which.
    memory : int
        Bytes for what cannot be streamed.
    columns : tuple of str, optional
        What of an h5ad's ``obs`` comes along; all that can be held if omitted.
    skipped : tuple of str
        Samples of a file of many that are left out.

    Returns
    -------
    context manager of CellStream

    Raises
    ------
    FileFormatError
        The file is damaged or not what it should be.
    ScaleError
        Numbers that are no counts, with the evidence.
    SampleError, UnknownNameError
        A column, layer or genome that is not there; cells without a sample.
    InputError
        A matrix that has to be turned or sorted, and does not fit.
    """
    if row.form == "h5ad":
        arguments = {
            "layer": row.layer,
            "sample_column": row.sample_column,
            "columns": None if columns is None else list(columns),
            "skipped": list(skipped),
            "memory": memory,
        }
        return stream_apart("h5ad_stream", row.path, arguments)
    if row.form == "10x_h5":
        return stream_apart("10x_h5_stream", row.path, {"genome": row.genome})
    if row.form == "table" and row.orientation is not None:
        return stream_table(row.path, row.orientation, memory=memory)
    parts = find_parts(row.path)
    if parts is None:
        raise FileFormatError("the three files of a matrix of cells are gone", where=str(row.path))
    return stream_folder(parts, memory=memory)


def hash_source(row: SheetRow) -> str:
    """Return a hash of what a source holds: of its files, and of what says how they are read.

    Parameters
    ----------
    row : SheetRow
        Which.

    Notes
    -----
    SHA-256 over sizes and the CRC-32C of each 16 MiB: it finds every accident at the speed of the disk, and nobody who
    wants to deceive.
    """
    parts = find_parts(row.path) if row.form == "10x_mtx" else None
    files = [row.path] if parts is None else [parts.matrix, parts.features, parts.barcodes]
    read_as = [row.form, row.layer, row.sample_column, row.genome, row.orientation]
    digest = hashlib.sha256(json.dumps(read_as).encode())
    for path in files:
        digest.update(_hash_file(path))
    return digest.hexdigest()[:_SHOWN]


def _hash_file(path: Path) -> bytes:
    said: list[list[int]] = []
    with path.open("rb", buffering=0) as file:
        while part := file.read(_PIECE):
            if not said or said[-1][0] + len(part) > _PART:
                said.append([0, 0])
            said[-1] = [said[-1][0] + len(part), google_crc32c.extend(said[-1][1], part)]
    return json.dumps(said).encode()


def said_hash(row: SheetRow) -> str:
    """Return a hash of what the sheet says of a sample."""
    return hashlib.sha256(json.dumps(dict(row.columns), sort_keys=True).encode()).hexdigest()[:_SHOWN]
