"""Sums and squares of each gene over cells: of counts, of counts cut at a limit, or of counts per size of cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cell_scales", "gene_moments", "log_moments"]

_TABLE = 32


@compiled
def cell_scales(ends: NDArray[np.int64], counts: NDArray[Any], target: float, scales: NDArray[np.float64]) -> None:
    """Write what the counts of each cell are multiplied with, so that they add up to a target.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    counts : array of uint16 or uint32, n_entries
        Counts above zero.
    target : float
        What they shall add up to.
    scales : array of float64, n_cells
        Written; 0 for a cell without counts.
    """
    for cell in range(scales.size):
        total = np.int64(0)
        for i in range(ends[cell], ends[cell + 1]):
            total += np.int64(counts[i])
        scales[cell] = target / total if total > 0 else 0.0


@compiled
def gene_moments(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    group: NDArray[np.int32],
    scales: NDArray[np.float64],
    limits: NDArray[np.float64],
    moments: NDArray[np.float64],
) -> None:
    """Add up, for each group of cells and gene, ``v = min(count * scale, limit)`` and its square.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    group : array of int32, n_cells
        Which row of `limits` and `moments` a cell belongs to.
    scales : array of float64, n_cells
        Of each cell; 1 for the counts themselves.
    limits : array of float64, n_groups x n_genes
        No value counts for more; infinity for no limit.
    moments : array of float64, n_groups x n_genes x 2
        Added to.
    """
    for cell in range(scales.size):
        own, most, scale = moments[group[cell]], limits[group[cell]], scales[cell]
        for i in range(ends[cell], ends[cell + 1]):
            gene = genes[i]
            value = min(counts[i] * scale, most[gene])
            own[gene, 0] += value
            own[gene, 1] += value * value


@compiled
def log_moments(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    scales: NDArray[np.float64],
    moments: NDArray[np.float64],
) -> None:
    """Add up, for each gene, ``v = log(1 + count * scale)`` and its square.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    scales : array of float64, n_cells
        Of each cell.
    moments : array of float64, n_genes x 2
        Added to.

    Notes
    -----
    Most counts are small: their logarithms are taken once a cell.
    """
    table = np.empty(_TABLE)
    for cell in range(scales.size):
        scale = scales[cell]
        table[:] = -1.0
        for i in range(ends[cell], ends[cell + 1]):
            count = np.int64(counts[i])
            if count < _TABLE:
                if table[count] < 0.0:
                    table[count] = np.log1p(count * scale)
                value = table[count]
            else:
                value = np.log1p(count * scale)
            moments[genes[i], 0] += value
            moments[genes[i], 1] += value * value
