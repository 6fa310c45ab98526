"""Expression matrices in h5ad, read where a damaged file can harm nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.foundation.errors import ExpressionError
from tmescope.ingest.apart import DEFAULT_PATIENCE, Patience, read_apart
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.matrix import RawMatrix, check_sparse, refuse_inexact

__all__ = ["matrix_of", "read_h5ad"]


def read_h5ad(
    path: Path,
    *,
    layer: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    patience: Patience = DEFAULT_PATIENCE,
) -> RawMatrix:
    """Read a matrix from an AnnData file.

    Parameters
    ----------
    path : Path
        The file.
    layer : str, optional
        Which layer; None means ``X``.
    limits : Limits
        On the size of the dense matrix in memory, and of everything that is read.
    patience : Patience
        On time.

    Returns
    -------
    RawMatrix
        Rows are the observations, columns the variables; `obs` is the sample table as text with the index in
        the column ``sample_id`` (unless a column is already called so).

    Raises
    ------
    FileFormatError
        Not HDF5, damaged (also where that crashes the HDF5 library or leads it in circles), no matrix, links,
        values in other files, objects instead of numbers, filters beyond gzip and lzf, larger than the limit.
    ExpressionError
        The matrix has another shape than its names; whole numbers that a double cannot hold.
    UnknownNameError
        No such layer.
    """
    parcel = read_apart("h5ad", path, {"layer": layer}, limits=limits, patience=patience)
    rows, columns = tuple(parcel.about["rows"]), tuple(parcel.about["columns"])
    obs = pd.DataFrame(parcel.about["obs"], dtype="string")
    return RawMatrix(parcel.arrays["values"], rows, columns, obs, "samples_by_genes")


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


def _as_text(obs: pd.DataFrame) -> pd.DataFrame:
    columns = {str(name): ["" if pd.isna(v) else str(v) for v in obs[name]] for name in obs.columns}
    ids = {} if "sample_id" in columns else {"sample_id": [str(i) for i in obs.index]}
    return pd.DataFrame(ids | columns, dtype="string")
