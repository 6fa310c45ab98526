"""What is inside an h5ad file: the numbers, their names, the sample table; nothing that could run code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, UnknownNameError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.h5ad_frames import read_frame
from tmescope.ingest.hdf5_rules import check_tree, find_child
from tmescope.ingest.matrix import refuse_inexact
from tmescope.ingest.memory import allow_memory
from tmescope.ingest.parcels import Parcel

__all__ = ["check_frame", "explained", "find_matrix", "read_content", "read_entries", "read_shape"]

_ROOM = 1 << 30
_COPIES = 4
_WORDS = 24
"""A text of 16 declared bytes takes so many times as much as an object."""

_SPARSE = {"csr_matrix": "csr", "csc_matrix": "csc", "csr": "csr", "csc": "csc"}


def read_content(path: Path, *, layer: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Parcel:
    """Read matrix, names and sample table of an AnnData file, in this process.

    Parameters
    ----------
    path, layer, limits
        See `tmescope.ingest.h5ad.read_h5ad`, which calls this in a process of its own: the HDF5 library can crash
        on a damaged file.

    Returns
    -------
    Parcel
        Array ``values`` (variables x observations); ``rows``, ``columns`` and ``obs`` (column to list of texts).

    Raises
    ------
    FileFormatError, ExpressionError, UnknownNameError
        See there.
    """
    where = f"{path}, {'X' if layer is None else f'layers/{layer}'}"
    try:
        with h5py.File(path, "r") as file:
            node = find_matrix(file, layer, where)
            shape, n_bytes = _check_matrix(node, limits, where)
            n_bytes += sum(_WORDS * check_frame(file, name, limits, where=str(path)) for name in ("obs", "var"))
            allow_memory(_ROOM + n_bytes)
            ids, obs = read_frame(file["obs"], f"{path}, obs")
            genes, _ = read_frame(file["var"], f"{path}, var", names_only=True)
            dense = _read_sparse(node, shape, where) if isinstance(node, h5py.Group) else np.asarray(node[()])
            refuse_inexact(dense, where)
    except (TmescopeError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes the libraries raise nearly anything
        raise explained(error, where) from error
    if dense.shape != (len(ids), len(genes)):
        raise ExpressionError(
            f"the matrix is {dense.shape}, but there are {len(ids)} observations and {len(genes)} variables",
            where=where,
            expected="a matrix of observations x variables",
            next_step="write the file again",
        )
    obs = obs if "sample_id" in obs else {"sample_id": ids, **obs}
    return Parcel({"values": dense.T.astype(np.float64)}, {"rows": ids, "columns": genes, "obs": obs})


def explained(error: Exception, where: str) -> FileFormatError:
    """Return the error of ours for one of the libraries.

    Parameters
    ----------
    error : Exception
        What a library raised.
    where : str
        The file, for the message.
    """
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return FileFormatError(
        f"the h5ad file cannot be read ({reason})",
        where=where,
        expected="a complete AnnData file",
        next_step="write or download the file again",
    )


def find_matrix(file: Any, layer: str | None, where: str) -> Any:
    """Return the matrix of a file: ``X``, or a layer.

    Parameters
    ----------
    file : h5py.File
        The file.
    layer : str, optional
        Name of the layer; None means ``X``.
    where : str
        For messages.

    Raises
    ------
    UnknownNameError
        No such layer.
    FileFormatError
        No ``X``, or a link in its place.
    """
    parent, name = file, "X"
    if layer is not None:
        parent, name = find_child(file, "layers", where) if "layers" in file else {}, layer
        if layer not in parent:
            raise UnknownNameError.of("layer", layer, list(parent), where=where)
    if name not in parent:
        raise FileFormatError(
            f"the file holds no X; it has {', '.join(sorted(file)) or 'nothing'}",
            where=where,
            expected="an AnnData file with a matrix",
            next_step="write X, or name the layer that holds the matrix",
        )
    return find_child(parent, name, where)


def read_shape(node: Any, limits: Limits, where: str) -> tuple[tuple[int, int], int]:
    """Return the shape of a matrix that passed the checks of its structure, and how many bytes it stores.

    Parameters
    ----------
    node : h5py.Group or h5py.Dataset
        The matrix.
    limits : Limits
        On sizes.
    where : str
        The file and the matrix, for messages.

    Raises
    ------
    FileFormatError
        Not two-dimensional, no numbers, or refused by `tmescope.ingest.hdf5_rules.check_tree`.
    """
    stored = check_tree(node, limits, where)
    group = isinstance(node, h5py.Group)
    data = node.get("data") if group else node
    shape = tuple(node.attrs.get("shape", node.attrs.get("h5sparse_shape", ()))) if group else node.shape
    if not isinstance(data, h5py.Dataset) or len(shape) != 2 or min(shape) < 0:
        raise FileFormatError(
            f"the matrix is not a two-dimensional array (shape {tuple(shape)})",
            where=where,
            expected="a dense or sparse matrix",
            next_step="write the matrix with anndata",
        )
    if data.dtype.kind not in "iufb":
        raise FileFormatError(
            f"the values are objects, not numbers (of the type {data.dtype})",
            where=where,
            expected="integers or floating-point numbers inside this file",
            next_step="convert the matrix to float64 before writing",
        )
    return (int(shape[0]), int(shape[1])), stored


def _check_matrix(node: Any, limits: Limits, where: str) -> tuple[tuple[int, ...], int]:
    """Return the shape of the matrix, and how many bytes reading it may take."""
    shape, stored = read_shape(node, limits, where)
    n_bytes = shape[0] * shape[1] * 8
    if n_bytes > limits.max_bytes:
        raise FileFormatError(
            f"the matrix would take {n_bytes:,} bytes in memory ({shape[0]:,} x {shape[1]:,})",
            where=where,
            expected=f"at most {limits.max_bytes:,} bytes",
            next_step="aggregate cells to samples first; bulk cohorts have at most some thousand samples",
        )
    return shape, _COPIES * (n_bytes + stored)


def check_frame(file: Any, name: str, limits: Limits, *, where: str) -> int:
    """Check a table of a file before it is read; return how many bytes its values declare.

    Parameters
    ----------
    file : h5py.File
        The file.
    name : str
        ``obs`` or ``var``.
    limits : Limits
        On sizes.
    where : str
        The file, for messages.

    Raises
    ------
    FileFormatError
        No such table, or refused by `tmescope.ingest.hdf5_rules.check_tree`.
    """
    if name not in file:
        raise FileFormatError(
            f"the file holds no table {name!r}",
            where=where,
            expected="an AnnData file with obs and var",
            next_step="write the file with anndata",
        )
    return check_tree(find_child(file, name, f"{where}, {name}"), limits, f"{where}, {name}")


def read_entries(node: Any, shape: tuple[int, ...], where: str) -> tuple[str, NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Read a sparse matrix and check that its positions lie inside it.

    Parameters
    ----------
    node : h5py.Group
        The matrix, checked with `read_shape`.
    shape : tuple of int
        What it declares.
    where : str
        For messages.

    Returns
    -------
    kind : {"csr", "csc"}
        By rows or by columns.
    data, indices, indptr : arrays
        As scipy has them.

    Raises
    ------
    FileFormatError
        Another kind, or positions outside the matrix.
    ExpressionError
        Whole numbers beyond what a double holds.
    """
    kind = node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", ""))
    kind = _SPARSE.get(kind.decode() if isinstance(kind, bytes) else str(kind))
    n_major = shape[0] if kind == "csr" else shape[1]
    data, indices, indptr = (np.asarray(node[name][()]) for name in ("data", "indices", "indptr"))
    refuse_inexact(data, where)
    steps = np.diff(indptr)
    minor = shape[1] if kind == "csr" else shape[0]
    flat = kind is not None and data.ndim == indices.ndim == indptr.ndim == 1 and len(indptr) == n_major + 1
    if not flat:
        why = f"{kind or 'of no known kind'}, {indptr.size:,} pointers for {n_major:,} lines"
    elif (steps < 0).any() or indptr[0] != 0:
        why = "the pointers decrease, or do not begin at 0"
    elif indptr[-1] != len(data) or len(data) != len(indices):
        why = f"the pointers end at {int(indptr[-1]):,} of {len(data):,} values with {len(indices):,} indices"
    elif len(indices) and not 0 <= indices.min() <= indices.max() < minor:
        why = f"the indices go from {int(indices.min()):,} to {int(indices.max()):,} of {minor:,}"
    else:
        why = ""
    if why:
        raise FileFormatError(
            f"the sparse matrix is not sound: {why}",
            where=where,
            expected="csr or csc: indptr rising from 0 to the number of values, indices inside the shape",
            next_step="write the file again",
        )
    return str(kind), data, indices, indptr


def _read_sparse(node: Any, shape: tuple[int, ...], where: str) -> NDArray[np.float64]:
    kind, data, indices, indptr = read_entries(node, shape, where)
    dense = np.zeros(shape)
    major = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    place = (major, indices) if kind == "csr" else (indices, major)
    np.add.at(dense, place, data)  # a place that occurs twice holds the sum, as everywhere
    return dense
