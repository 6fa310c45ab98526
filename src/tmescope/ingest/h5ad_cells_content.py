"""Cells inside an h5ad file: their counts as stored entries, never as a dense matrix, and their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tmescope.foundation.errors import ExpressionError, TmescopeError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.h5ad_content import check_frame, explained, find_matrix, read_entries, read_shape
from tmescope.ingest.h5ad_frames import read_frame
from tmescope.ingest.matrix import refuse_inexact
from tmescope.ingest.memory import allow_memory
from tmescope.ingest.parcels import Parcel

__all__ = ["read_cells_content"]

_ROOM = 1 << 30
_COPIES = 6
_WORDS = 24
_ROWS = 256


def read_cells_content(path: Path, *, layer: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Parcel:
    """Read counts and tables of cells, in this process.

    Parameters
    ----------
    path, layer, limits
        See `tmescope.ingest.h5ad_cells.read_cells`, which calls this in a process of its own.

    Returns
    -------
    Parcel
        Arrays ``data``, ``indices`` and ``indptr``; ``kind`` (csr or csc), ``rows``, ``columns`` and ``obs``.

    Raises
    ------
    FileFormatError, ExpressionError, UnknownNameError
        See there.
    """
    where = f"{path}, {'X' if layer is None else f'layers/{layer}'}"
    try:
        with h5py.File(path, "r") as file:
            node = find_matrix(file, layer, where)
            shape, stored = read_shape(node, limits, where)
            tables = sum(_WORDS * check_frame(file, name, limits, where=str(path)) for name in ("obs", "var"))
            allow_memory(_ROOM + _COPIES * stored + tables)
            ids, obs = read_frame(file["obs"], f"{path}, obs")
            genes, _ = read_frame(file["var"], f"{path}, var", names_only=True)
            if isinstance(node, h5py.Group):
                kind, data, indices, indptr = read_entries(node, shape, where)
            else:
                kind, data, indices, indptr = _entries_of(node, shape, where)
    except (TmescopeError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes the libraries raise nearly anything
        raise explained(error, where) from error
    if shape != (len(ids), len(genes)):
        raise ExpressionError(
            f"the matrix is {shape}, but there are {len(ids)} observations and {len(genes)} variables",
            where=where,
            expected="a matrix of cells x genes",
            next_step="write the file again",
        )
    arrays = {"data": data.astype(np.float64), "indices": indices.astype(np.int64), "indptr": indptr.astype(np.int64)}
    return Parcel(arrays, {"kind": kind, "rows": ids, "columns": genes, "obs": obs})


def _entries_of(node: Any, shape: tuple[int, int], where: str) -> tuple[str, Any, Any, Any]:
    """Return the entries of a dense matrix that are not zero, read in blocks of rows."""
    data, indices, counts = [np.zeros(0)], [np.zeros(0, dtype=np.int64)], [np.zeros(1, dtype=np.int64)]
    for first in range(0, shape[0], _ROWS):
        block = np.asarray(node[first : first + _ROWS])
        refuse_inexact(block, where)
        rows, columns = np.nonzero(block)
        data.append(block[rows, columns])
        indices.append(columns)
        counts.append(np.bincount(rows, minlength=len(block)))
    return "csr", np.concatenate(data), np.concatenate(indices), np.cumsum(np.concatenate(counts))
