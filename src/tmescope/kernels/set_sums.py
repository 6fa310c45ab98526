"""Weighted sums of log-normalised values over sets of genes, for each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["set_sums"]

_TABLE = 32


@compiled
def set_sums(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    scales: NDArray[np.float64],
    starts: NDArray[np.int64],
    sets: NDArray[np.int32],
    weights: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add ``weight * log(1 + count * scale)`` of each gene to each set that it belongs to.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    scales : array of float64, n_cells
        Of each cell.
    starts : array of int64, n_genes + 1
        Where the sets of each gene begin in the two that follow.
    sets, weights : array of int32 and float64
        Which sets, and with which weight.
    sums : array of float64, n_cells x n_sets
        Added to.
    """
    table = np.empty(_TABLE)
    for cell in range(scales.size):
        scale, own = scales[cell], sums[cell]
        table[:] = -1.0
        for i in range(ends[cell], ends[cell + 1]):
            gene = genes[i]
            first, last = starts[gene], starts[gene + 1]
            if first == last:
                continue
            count = np.int64(counts[i])
            if count >= _TABLE:
                value = np.log1p(count * scale)
            else:
                if table[count] < 0.0:
                    table[count] = np.log1p(count * scale)
                value = table[count]
            for at in range(first, last):
                own[sets[at]] += weights[at] * value
