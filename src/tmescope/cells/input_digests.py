"""What a result of an atlas was made of, as a hash: a result whose inputs have been made anew since is out of date."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from scipy import sparse

__all__ = ["digest_graph", "digest_values"]


def digest_values(values: pd.Series[Any]) -> str:
    """Return the hash of a column of cells or genes.

    Parameters
    ----------
    values : pandas.Series
        Of any kind; the index says nothing. Categories that no value has do not count.
    """
    codes, names = values.reset_index(drop=True).factorize()
    said = hashlib.sha256(np.ascontiguousarray(codes, dtype="<i8").tobytes())
    for name in names:
        said.update(f"{name}\n".encode())
    return said.hexdigest()


def digest_graph(graph: sparse.csr_matrix) -> str:
    """Return the hash of a graph of cells.

    Parameters
    ----------
    graph : scipy.sparse.csr_matrix
        Cells x cells.
    """
    said = hashlib.sha256()
    for part, dtype in ((graph.indptr, "<i8"), (graph.indices, "<i8"), (graph.data, "<f8")):
        said.update(np.ascontiguousarray(part, dtype=dtype).tobytes())
    return said.hexdigest()
