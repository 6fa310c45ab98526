"""Expression matrices in AnnData stores in Zarr: a folder is read only after all that it declares was looked at."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import zarr
from anndata.io import read_elem

from tmescope.foundation.errors import FileFormatError, TmescopeError, UnknownNameError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.h5ad import matrix_of
from tmescope.ingest.matrix import RawMatrix
from tmescope.ingest.zarr_limits import check_array, check_tree, read_metadata

__all__ = ["check_arrays", "find_matrix", "read_frame", "read_zarr"]


def read_zarr(path: Path, *, layer: str | None = None, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read a matrix from an AnnData store in Zarr, of version 2 or 3.

    Parameters
    ----------
    path : Path
        The folder.
    layer : str, optional
        Which layer; None means ``X``.
    limits : Limits
        On the size of the dense matrix in memory, and of each array.

    Returns
    -------
    RawMatrix
        As from `tmescope.ingest.h5ad.read_h5ad`.

    Raises
    ------
    FileFormatError
        No such store, damaged, no matrix, links, objects instead of numbers, codecs that could do more than
        decompress, larger than the limits.
    ExpressionError
        The matrix has another shape than its names.
    UnknownNameError
        No such layer.

    Notes
    -----
    Consolidated metadata are not used: the declarations that were checked are those that are read.
    """
    place = "X" if layer is None else f"layers/{layer}"
    where = f"{path}, {place}"
    version = check_tree(path)
    node = find_matrix(path, layer, where)
    _check_dense_size(node, limits, version=version, where=where)
    for folder in (node, path / "obs", path / "var"):
        check_arrays(folder, path, limits=limits, version=version)
    try:
        store = zarr.open_group(str(path), mode="r", zarr_format=version, use_consolidated=False)
        values = read_elem(store[place])
        obs, var = (read_frame(store, name, str(path)) for name in ("obs", "var"))
        return matrix_of(values, obs, var, where=where)
    except TmescopeError:
        raise
    except Exception as error:  # a damaged store makes the libraries raise nearly anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise FileFormatError(
            f"the Zarr store cannot be read ({reason})",
            where=where,
            expected="a complete AnnData store",
            next_step="write or copy the store again",
        ) from error


def find_matrix(path: Path, layer: str | None, where: str) -> Path:
    """Return the folder of the matrix.

    Parameters
    ----------
    path : Path
        The store.
    layer : str or None
        Which layer; None means ``X``.
    where : str
        For the message.

    Raises
    ------
    FileFormatError
        No matrix.
    UnknownNameError
        No such layer.
    """
    parent = path if layer is None else path / "layers"
    names = sorted(p.name for p in parent.iterdir() if p.is_dir()) if parent.is_dir() else []
    if layer is not None and layer not in names:
        raise UnknownNameError.of("layer", layer, names, where=where)
    if layer is None and "X" not in names:
        raise FileFormatError(
            f"the store holds no X; it has {', '.join(names) or 'nothing'}",
            where=where,
            expected="an AnnData store with a matrix",
            next_step="write X, or name the layer that holds the matrix",
        )
    return parent / (layer or "X")


def _check_dense_size(node: Path, limits: Limits, *, version: Literal[2, 3], where: str) -> None:
    """Check the shape that a dense or a sparse matrix would have in memory."""
    names = ("zarr.json",) if version == 3 else (".zarray", ".zattrs")
    meta = next((node / n for n in names if (node / n).is_file()), None)
    found = read_metadata(meta, where) if meta is not None else {}
    attributes = found.get("attributes", found)
    shape = found.get("shape", attributes.get("shape") if isinstance(attributes, dict) else None)
    usable = isinstance(shape, list) and len(shape) == 2 and all(isinstance(k, int) and k >= 0 for k in shape)
    if not usable or not isinstance(shape, list):
        raise FileFormatError(
            f"the matrix is not a two-dimensional array (shape {shape!r})",
            where=where,
            expected="a dense or sparse matrix",
            next_step="write the matrix with anndata",
        )
    n_bytes = math.prod(shape) * 8
    if n_bytes > limits.max_bytes:
        raise FileFormatError(
            f"the matrix would take {n_bytes:,} bytes in memory ({shape[0]:,} x {shape[1]:,})",
            where=where,
            expected=f"at most {limits.max_bytes:,} bytes",
            next_step="aggregate cells to samples first; bulk cohorts have at most some thousand samples",
        )


def check_arrays(folder: Path, root: Path, *, limits: Limits, version: Literal[2, 3]) -> None:
    """Check every array in a folder of a store, see `tmescope.ingest.zarr_limits.check_array`.

    Parameters
    ----------
    folder, root : Path
        The folder, and the store that it lies in.
    limits : Limits
        On the size of each array.
    version : {2, 3}
        Of the store.

    Raises
    ------
    FileFormatError
        As from there.
    """
    for here, _, names in os.walk(folder):
        where = f"{root}, {Path(here).relative_to(root).as_posix()}"
        is_array = version == 2 and ".zarray" in names
        if version == 3 and "zarr.json" in names:
            is_array = read_metadata(Path(here) / "zarr.json", where).get("node_type") != "group"
        if is_array:
            check_array(Path(here), limits, version=version, where=where)


def read_frame(store: Any, name: Literal["obs", "var"], where: str) -> pd.DataFrame:
    """Return the table of the observations or of the variables.

    Parameters
    ----------
    store : zarr.Group
        The open store.
    name : {"obs", "var"}
        Which.
    where : str
        For the message.

    Raises
    ------
    FileFormatError
        There is none.
    """
    frame = read_elem(store[name]) if name in store else None
    if not isinstance(frame, pd.DataFrame):
        raise FileFormatError(
            f"the store holds no table {name!r}",
            where=where,
            expected="an AnnData store with obs and var",
            next_step="write the store with anndata",
        )
    return frame
