"""The rank walk of single-sample enrichment: how far a gene set's genes run ahead of the others in a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rank_walk_scores"]


@compiled
def _rank_row(
    row: NDArray[np.float64], exponent: float, height: NDArray[np.float64], weight: NDArray[np.float64]
) -> None:
    """Write each gene's place from the bottom and its rank to the power; the weight of NaN is -1."""
    n = 0
    negated = np.empty(row.shape[0], dtype=np.float64)
    columns = np.empty(row.shape[0], dtype=np.int64)
    for gene in range(row.shape[0]):
        weight[gene] = -1.0
        if not np.isnan(row[gene]):
            negated[n] = -row[gene]
            columns[n] = gene
            n += 1
    order = np.argsort(negated[:n], kind="mergesort")
    i = 0
    while i < n:
        j = i
        while j + 1 < n and negated[order[j + 1]] == negated[order[i]]:
            j += 1
        # positions i..j (0-based, falling) are ascending ranks n-j..n-i; their mean, cut to a whole number
        powered = float((2 * n - i - j) // 2) ** exponent
        for t in range(i, j + 1):
            height[columns[order[t]]] = float(n - t)
            weight[columns[order[t]]] = powered
        i = j + 1


@compiled
def _walk_row(
    height: NDArray[np.float64],
    weight: NDArray[np.float64],
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    out: NDArray[np.float64],
) -> None:
    """Write the difference of the integrated running sums of one row for each set."""
    n = np.count_nonzero(weight >= 0.0)
    total = n * (n + 1) / 2.0
    for s in range(starts.shape[0] - 1):
        weighted = 0.0
        weights = 0.0
        heights = 0.0
        k = 0
        for gene in members[starts[s] : starts[s + 1]]:
            if weight[gene] >= 0.0:
                weighted += weight[gene] * height[gene]
                weights += weight[gene]
                heights += height[gene]
                k += 1
        out[s] = weighted / weights - (total - heights) / (n - k) if 0 < k < n else np.nan


@compiled
def rank_walk_scores(
    values: NDArray[np.float64],
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    exponent: float,
    out: NDArray[np.float64],
) -> None:
    """Score each row of `values` for each gene set (Barbie et al. 2009, doi 10.1038/nature08460).

    Parameters
    ----------
    values : array of float64, n_rows x n_genes
        Any monotone scale; NaN genes take no part in that row.
    starts : array of int32, n_sets + 1
        Where each set begins in `members`.
    members : array of int32
        Gene columns of the sets, one set after the other.
    exponent : float
        Weight of the ranks (the paper's alpha).
    out : array of float64, n_rows x n_sets
        The sum of the differences between the two running sums; NaN where a set has no gene in the row, or all of
        them.

    Notes
    -----
    With ``n`` finite genes in falling order of expression at positions ``p``, average ranks ``r`` cut to whole
    numbers and a set of ``k`` genes,

    ``score = sum(r^a (n-p+1)) / sum(r^a)  -  (n (n+1) / 2 - sum(n-p+1)) / (n-k)``,

    which is the integral of the two running sums without walking through all genes for each set. One sort a row
    (O(n log n)), then O(k) a set. Equal values share their average rank and keep the order of the columns.
    """
    height = np.empty(values.shape[1], dtype=np.float64)
    weight = np.empty(values.shape[1], dtype=np.float64)
    for row in range(values.shape[0]):
        _rank_row(values[row], exponent, height, weight)
        _walk_row(height, weight, starts, members, out[row])
