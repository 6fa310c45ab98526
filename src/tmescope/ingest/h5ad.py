"""Expression matrices in h5ad: the numbers, their names, the sample table; nothing that could run code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from anndata.io import read_elem
from scipy import sparse

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, UnknownNameError
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.hdf5_checks import check_inside, check_sparse
from tmescope.ingest.matrix import RawMatrix, refuse_inexact

__all__ = ["matrix_of", "read_h5ad"]


def read_h5ad(path: Path, *, layer: str | None = None, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read a matrix from an AnnData file.

    Parameters
    ----------
    path : Path
        The file.
    layer : str, optional
        Which layer; None means ``X``.
    limits : Limits
        On the size of the dense matrix in memory.

    Returns
    -------
    RawMatrix
        Rows are the observations, columns the variables; `obs` is the sample table as text with the index in
        the column ``sample_id`` (unless a column is already called so).

    Raises
    ------
    FileFormatError
        Not HDF5, damaged, no matrix, links to other files, objects instead of numbers, positions outside a sparse
        matrix, larger than the limit.
    ExpressionError
        The matrix has another shape than its names; whole numbers that a double cannot hold.
    UnknownNameError
        No such layer.
    """
    where = f"{path}, {'X' if layer is None else f'layers/{layer}'}"
    try:
        with h5py.File(path, "r") as file:
            node = _find_matrix(file, layer, where)
            _check_matrix(node, limits, where)
            for name in ("X" if layer is None else "layers", "obs", "var"):
                check_inside(file, name, limits, where=str(path))
            values = read_elem(node)
            obs, var = _read_frame(file, "obs", str(path)), _read_frame(file, "var", str(path))
        return matrix_of(values, obs, var, where=where)
    except TmescopeError:
        raise
    except Exception as error:  # a damaged file makes the libraries raise nearly anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise FileFormatError(
            f"the h5ad file cannot be read ({reason})",
            where=where,
            expected="a complete AnnData file",
            next_step="write or download the file again",
        ) from error


def matrix_of(values: Any, obs: pd.DataFrame, var: pd.DataFrame, *, where: str) -> RawMatrix:
    """Build the matrix from the elements of an AnnData file or store.

    Parameters
    ----------
    values : array or sparse matrix
        Observations x variables.
    obs, var : pandas.DataFrame
        Their tables.
    where : str
        For the message.

    Raises
    ------
    ExpressionError
        If the shapes differ, or whole numbers are beyond what a double holds.
    FileFormatError
        If the positions of a sparse matrix lie outside it.
    ValueError
        If the values are no numbers.
    """
    check_sparse(values, where)
    refuse_inexact(values.data if sparse.issparse(values) else values, where)
    dense = np.asarray(values.toarray() if sparse.issparse(values) else values, dtype=np.float64)
    if dense.shape != (len(obs), len(var)):
        raise ExpressionError(
            f"the matrix is {dense.shape}, but there are {len(obs)} observations and {len(var)} variables",
            where=where,
            expected="a matrix of observations x variables",
            next_step="write the file again",
        )
    return RawMatrix(dense.T, tuple(map(str, obs.index)), tuple(map(str, var.index)), _as_text(obs), "samples_by_genes")


def _find_matrix(file: Any, layer: str | None, where: str) -> Any:
    if layer is None:
        names, parent, name = ["X"], file, "X"
    else:
        parent, name = file.get("layers", {}), layer
        names = list(parent)
    if layer is not None and layer not in names:
        raise UnknownNameError.of("layer", layer, names, where=where)
    if name not in parent:
        raise FileFormatError(
            f"the file holds no X; it has {', '.join(sorted(file)) or 'nothing'}",
            where=where,
            expected="an AnnData file with a matrix",
            next_step="write X, or name the layer that holds the matrix",
        )
    if isinstance(parent.get(name, getlink=True), h5py.ExternalLink):
        raise FileFormatError(
            "the matrix is a link to another file",
            where=where,
            expected="a matrix inside this file",
            next_step="write the matrix into the file",
        )
    return parent[name]


def _check_matrix(node: Any, limits: Limits, where: str) -> None:
    group = isinstance(node, h5py.Group)
    data = node.get("data") if group else node
    shape = tuple(node.attrs.get("shape", node.attrs.get("h5sparse_shape", ()))) if group else node.shape or ()
    said = "no values" if not group and node.shape is None else f"shape {tuple(shape)}"
    if not isinstance(data, h5py.Dataset) or len(shape) != 2:
        raise FileFormatError(
            f"the matrix is not a two-dimensional array ({said})",
            where=where,
            expected="a dense or sparse matrix",
            next_step="write the matrix with anndata",
        )
    if data.dtype.kind not in "iufb" or data.external or data.is_virtual:
        kind = "objects" if data.dtype.kind in "OSU" else f"of the type {data.dtype}"
        kind = "stored in other files" if data.external or data.is_virtual else kind
        raise FileFormatError(
            f"the values are {kind}, not numbers",
            where=where,
            expected="integers or floating-point numbers inside this file",
            next_step="convert the matrix to float64 before writing",
        )
    n_bytes = int(shape[0]) * int(shape[1]) * 8
    if n_bytes > limits.max_bytes:
        raise FileFormatError(
            f"the matrix would take {n_bytes:,} bytes in memory ({shape[0]:,} x {shape[1]:,})",
            where=where,
            expected=f"at most {limits.max_bytes:,} bytes",
            next_step="aggregate cells to samples first; bulk cohorts have at most some thousand samples",
        )


def _read_frame(file: Any, name: str, where: str) -> pd.DataFrame:
    frame = read_elem(file[name]) if name in file else None
    if not isinstance(frame, pd.DataFrame):
        raise FileFormatError(
            f"the file holds no table {name!r}",
            where=where,
            expected="an AnnData file with obs and var",
            next_step="write the file with anndata",
        )
    return frame


def _as_text(obs: pd.DataFrame) -> pd.DataFrame:
    columns = {str(name): ["" if pd.isna(v) else str(v) for v in obs[name]] for name in obs.columns}
    ids = {} if "sample_id" in columns else {"sample_id": [str(i) for i in obs.index]}
    return pd.DataFrame(ids | columns, dtype="string")
