"""Single cells with their labels from h5ad, as a sparse AnnData, read where a damaged file can harm nobody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.foundation.errors import MissingFileError
from tmescope.ingest.apart import DEFAULT_PATIENCE, Patience, read_apart
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["read_cells"]


def read_cells(
    path: Path,
    *,
    layer: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    patience: Patience = DEFAULT_PATIENCE,
) -> AnnData:
    """Read cells from an AnnData file.

    Parameters
    ----------
    path : Path
        The file.
    layer : str, optional
        Which layer; None means ``X``.
    limits : Limits
        On the size of what the file stores. A dense matrix of the same shape is never made.
    patience : Patience
        On time.

    Returns
    -------
    anndata.AnnData, n_cells x n_genes
        ``X`` is sparse by rows, float64; ``obs`` holds text, with missing values as missing.

    Raises
    ------
    MissingFileError
        No such file.
    FileFormatError, ExpressionError, UnknownNameError
        As from `tmescope.ingest.h5ad.read_h5ad`.
    """
    from anndata import AnnData

    if not path.is_file():
        raise MissingFileError(f"there is no file {path.name!r}", where=str(path))
    parcel = read_apart("h5ad_cells", path, {"layer": layer}, limits=limits, patience=patience)
    ids, genes = parcel.about["rows"], parcel.about["columns"]
    entries = (parcel.arrays["data"], parcel.arrays["indices"], parcel.arrays["indptr"])
    build = sparse.csr_matrix if parcel.about["kind"] == "csr" else sparse.csc_matrix
    matrix = build(entries, shape=(len(ids), len(genes)))
    matrix.sum_duplicates()  # a place that occurs twice holds the sum, as everywhere
    obs = pd.DataFrame(parcel.about["obs"], index=pd.Index(ids, dtype=object), dtype="str")
    return AnnData(
        X=sparse.csr_matrix(matrix), obs=obs.replace("", np.nan), var=pd.DataFrame(index=pd.Index(genes, dtype=object))
    )
