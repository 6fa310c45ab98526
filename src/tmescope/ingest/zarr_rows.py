"""The samples of an AnnData store in Zarr, read as they are needed: for matrices larger than memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from anndata.io import sparse_dataset
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.matrix import check_sparse
from tmescope.ingest.zarr_limits import check_tree
from tmescope.ingest.zarr_store import check_arrays, find_matrix, read_frame

__all__ = ["ZarrRows", "open_zarr_rows"]

_LIMITS = Limits(max_bytes=1 << 44)
"""On the whole matrix, which is never in memory; chunks have the same limit as everywhere."""


@dataclass(frozen=True)
class ZarrRows:
    """A matrix on disk.

    Parameters
    ----------
    samples, genes : tuple of str
        Names of its rows and columns.
    chunk_rows : int
        Rows that are decompressed together; 1 where the matrix is sparse.
    item_bytes : int
        Bytes of one value.
    where : str
        The store and the place in it.
    matrix : array-like
        Anything that can be sliced by rows.
    """

    samples: tuple[str, ...]
    genes: tuple[str, ...]
    chunk_rows: int
    item_bytes: int
    where: str
    matrix: Any

    def read(self, first: int, last: int) -> NDArray[Any]:
        """Return rows ``first`` to ``last`` (exclusive) as a dense array of the stored type; threads may call it.

        Raises
        ------
        FileFormatError
            If a chunk is damaged.
        """
        try:
            raw = self.matrix[first:last]
            check_sparse(raw, self.where)
            return np.asarray(raw.toarray() if hasattr(raw, "toarray") else raw)
        except TmescopeError:
            raise
        except Exception as error:  # a damaged store makes the libraries raise nearly anything
            raise _unreadable(error, f"{self.where}, rows {first + 1} to {last}") from error


def open_zarr_rows(path: Path, *, layer: str | None = None) -> ZarrRows:
    """Open a store of version 2 or 3 after all that it declares was looked at.

    Parameters
    ----------
    path : Path
        The folder: samples x genes, dense or sparse by rows.
    layer : str, optional
        Which layer; None means ``X``.

    Returns
    -------
    ZarrRows

    Raises
    ------
    FileFormatError
        As from `tmescope.ingest.zarr_store.read_zarr`; or the matrix is sparse by columns.
    ExpressionError
        The matrix has another shape than its names.
    UnknownNameError
        No such layer.
    """
    place = "X" if layer is None else f"layers/{layer}"
    where = f"{path}, {place}"
    version = check_tree(path)
    node = find_matrix(path, layer, where)
    for folder in (node, path / "obs", path / "var"):
        check_arrays(folder, path, limits=_LIMITS, version=version)
    try:
        store = zarr.open_group(str(path), mode="r", zarr_format=version, use_consolidated=False)
        obs, var = (_names(store, name, str(path)) for name in ("obs", "var"))
        found = _open(store[place], where)
    except TmescopeError:
        raise
    except Exception as error:  # as above
        raise _unreadable(error, where) from error
    matrix, chunk_rows, item_bytes = found
    if tuple(matrix.shape) != (len(obs), len(var)):
        raise ExpressionError(
            f"the matrix is {tuple(matrix.shape)}, but there are {len(obs)} observations and {len(var)} variables",
            where=where,
            expected="a matrix of observations x variables",
            next_step="write the store again",
        )
    return ZarrRows(obs, var, chunk_rows, item_bytes, where, matrix)


def _names(store: Any, name: Literal["obs", "var"], where: str) -> tuple[str, ...]:
    return tuple(map(str, read_frame(store, name, where).index))


def _open(node: Any, where: str) -> tuple[Any, int, int]:
    if isinstance(node, zarr.Array):
        return node, int((node.shards or node.chunks)[0]), int(node.dtype.itemsize)
    if node.attrs.get("encoding-type") != "csr_matrix":
        raise FileFormatError(
            f"the matrix is stored as {str(node.attrs.get('encoding-type'))[:40]!r}",
            where=where,
            expected="a dense matrix, or a sparse one by rows (csr_matrix): samples are read one after the other",
            next_step="convert it with scipy's tocsr() and write the store again",
        )
    return sparse_dataset(node), 1, int(node["data"].dtype.itemsize)


def _unreadable(error: Exception, where: str) -> FileFormatError:
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return FileFormatError(
        f"the Zarr store cannot be read ({reason})",
        where=where,
        expected="a complete AnnData store",
        next_step="write or copy the store again",
    )
