"""The genes of an AnnData store in Zarr, read as they are needed: for matrices larger than memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.zarr_rows import open_zarr_rows

__all__ = ["ZarrColumns", "open_zarr_columns"]


@dataclass(frozen=True)
class ZarrColumns:
    """A dense matrix on disk.

    Parameters
    ----------
    samples, names : tuple of str
        Names of its rows and columns.
    chunk_columns : int
        Columns that are decompressed together.
    where : str
        The store and the place in it.
    matrix : array-like
        Anything that can be sliced.
    """

    samples: tuple[str, ...]
    names: tuple[str, ...]
    chunk_columns: int
    where: str
    matrix: Any

    def read(self, first: int, last: int) -> NDArray[Any]:
        """Return columns ``first`` to ``last`` (exclusive) of the stored type; threads may call it.

        Raises
        ------
        FileFormatError
            If a chunk is damaged.
        """
        try:
            return np.asarray(self.matrix[:, first:last])
        except Exception as error:  # a damaged store makes the libraries raise nearly anything
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            raise FileFormatError(
                f"the Zarr store cannot be read ({reason})",
                where=f"{self.where}, columns {first + 1} to {last}",
                expected="a complete AnnData store",
                next_step="write or copy the store again",
            ) from error


def open_zarr_columns(path: Path, *, layer: str | None = None) -> ZarrColumns:
    """Open a store of version 2 or 3 after all that it declares was looked at.

    Parameters
    ----------
    path : Path
        The folder: samples x genes, dense.
    layer : str, optional
        Which layer; None means ``X``.

    Returns
    -------
    ZarrColumns

    Raises
    ------
    FileFormatError
        As from `tmescope.ingest.zarr_rows.open_zarr_rows`; or the matrix is sparse: its genes cannot be read one after
        the other.
    TmescopeError
        As from there.
    """
    rows = open_zarr_rows(path, layer=layer)
    if not isinstance(rows.matrix, zarr.Array):
        raise FileFormatError(
            "the matrix is sparse by rows",
            where=rows.where,
            expected="a dense matrix: genes are read one block after the other",
            next_step="store it dense, in chunks of some hundred genes",
        )
    chunk = int((rows.matrix.shards or rows.matrix.chunks)[1])
    return ZarrColumns(rows.samples, rows.genes, chunk, rows.where, rows.matrix)
