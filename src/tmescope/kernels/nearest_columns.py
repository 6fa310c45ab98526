"""The smallest entries of each row of a block of distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["nearest_columns"]


@compiled
def nearest_columns(block: NDArray[Any], first: int, columns: NDArray[np.int32], distances: NDArray[Any]) -> None:
    """Find the nearest columns of each row, itself left out.

    Parameters
    ----------
    block : array of float32 or float64, n_rows x n
        Distances, C order, without NaN; row i is the point ``first + i``, which is its own column.
    first : int
        Number of the first row.
    columns : array of int32, n_rows x k
        Written: the k nearest, the nearest first, of equal ones the lower number first; k is below n.
    distances : array of the type of `block`, n_rows x k
        Written: their distances.
    """
    k = columns.shape[1]
    for i in range(block.shape[0]):
        row = block[i]
        own, where = distances[i], columns[i]
        n_found = 0
        for j in range(row.shape[0]):
            value = row[j]
            if n_found == k and value >= own[k - 1]:
                continue
            if j == first + i:
                continue
            if n_found < k:
                n_found += 1
            place = n_found - 1
            while place > 0 and own[place - 1] > value:
                own[place] = own[place - 1]
                where[place] = where[place - 1]
                place -= 1
            own[place] = value
            where[place] = j
