"""One look at each count of many cells: totals of cells, sums of groups of cells, moments of genes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cell_sums"]


@compiled
def cell_sums(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    group: NDArray[np.int32],
    marked: NDArray[np.uint8],
    cells: NDArray[np.int64],
    sums: NDArray[np.int64],
    moments: NDArray[np.int64],
) -> None:
    """Add up cells that are rows of a sparse matrix.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    group : array of int32, n_cells
        Which row of `sums` a cell belongs to.
    marked : array of uint8, n_genes
        1 where a gene's counts are added up apart (mitochondrial genes).
    cells : array of int64, n_cells x 4
        Total, genes seen, total of the marked genes, largest count.
    sums : array of int64, n_groups x n_genes
        Added to: counts of each group.
    moments : array of int64, n_genes x 2
        Added to: squares of the counts of each gene, cells that show it.

    Notes
    -----
    Whole numbers throughout: the sums are the same in any order. Squares of counts up to 65,535 in 2 billion cells fit.
    """
    for cell in range(cells.shape[0]):
        own = sums[group[cell]]
        total, extra, largest = np.int64(0), np.int64(0), np.int64(0)
        for i in range(ends[cell], ends[cell + 1]):
            gene, count = genes[i], np.int64(counts[i])
            total += count
            extra += count * marked[gene]
            largest = max(largest, count)
            own[gene] += count
            moments[gene, 0] += count * count
            moments[gene, 1] += 1
        cells[cell, 0] = total
        cells[cell, 1] = ends[cell + 1] - ends[cell]
        cells[cell, 2] = extra
        cells[cell, 3] = largest
