"""Sums and spreads of the ranks that the genes of a set have in one sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled
from tmescope.kernels.rank_order import rank_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rank_summaries"]


@compiled
def _median(sorted_values: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    k = sorted_values.shape[0]
    out[0] = (sorted_values[(k - 1) // 2] + sorted_values[k // 2]) / 2.0


@compiled
def _spread(ranks: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write the median absolute deviation from the median."""
    ranks.sort()
    _median(ranks, out)
    for i in range(ranks.shape[0]):
        ranks[i] = abs(ranks[i] - out[0])
    ranks.sort()
    _median(ranks, out)


@compiled
def rank_summaries(
    values: NDArray[np.float64],
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    spreads: bool,
    out: NDArray[np.float64],
) -> None:
    """Describe the ascending ranks of each gene set in each row.

    Parameters
    ----------
    values : array of float64, n_rows x n_genes
        Any monotone scale; NaN genes take no part in that row.
    starts : array of int32, n_sets + 1
        Where each set begins in `members`.
    members : array of int32
        Gene columns of the sets, one set after the other.
    spreads : bool
        Whether the last summary is wanted; it takes two sorts of each set.
    out : array of float64, n_rows x n_sets x 5
        Genes of the set that the row has; genes that the row has; mean of the smallest ranks (equal values all get
        the smallest rank of their group); mean of the mean ranks; median absolute deviation of the smallest ranks
        (0 where it is not wanted). The means are NaN where a set has no gene in the row.
    """
    n_genes = values.shape[1]
    keys = np.empty((2, n_genes), dtype=np.uint64)
    columns = np.empty((2, n_genes), dtype=np.int32)
    place = np.empty(n_genes, dtype=np.int32)
    bounds = np.empty((2, n_genes), dtype=np.int32)
    count = np.empty(2, dtype=np.int64)
    ranks = np.empty(members.shape[0], dtype=np.float64)
    for row in range(values.shape[0]):
        rank_row(values[row], keys, columns, place, bounds, count)
        n = count[0]
        for s in range(starts.shape[0] - 1):
            k = 0
            smallest = 0
            twice = 0
            for gene in members[starts[s] : starts[s + 1]]:
                t = place[gene]
                if t >= 0:
                    ranks[k] = float(n - bounds[1, t])
                    smallest += n - bounds[1, t]
                    twice += 2 * n - bounds[0, t] - bounds[1, t]
                    k += 1
            summary = out[row, s]
            summary[0] = float(k)
            summary[1] = float(n)
            summary[2] = float(smallest) / k if k > 0 else np.nan
            summary[3] = twice / 2.0 / k if k > 0 else np.nan
            summary[4] = 0.0 if k > 0 else np.nan
            if spreads and k > 0:
                _spread(ranks[:k], summary[4:5])
