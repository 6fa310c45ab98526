"""Walks down one sample's ranking: how far the genes of a set run ahead of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled
from tmescope.kernels.rank_order import rank_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rank_extreme_scores", "rank_walk_scores"]


@compiled
def _walk_row(
    place: NDArray[np.int32],
    weight: NDArray[np.float64],
    n: int,
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    out: NDArray[np.float64],
) -> None:
    """Write the difference of the integrated running sums of one row for each set."""
    total = n * (n + 1) / 2.0
    for s in range(starts.shape[0] - 1):
        weighted = 0.0
        weights = 0.0
        heights = 0.0
        k = 0
        for gene in members[starts[s] : starts[s + 1]]:
            if place[gene] >= 0:
                height = float(n - place[gene])
                weighted += weight[gene] * height
                weights += weight[gene]
                heights += height
                k += 1
        out[s] = weighted / weights - (total - heights) / (n - k) if 0 < k < n else np.nan


@compiled
def rank_walk_scores(
    values: NDArray[np.float64],
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    exponent: float,
    whole: bool,
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
    whole : bool
        Whether the mean rank of equal values is cut to a whole number, as GSVA does; ESTIMATE keeps halves.
    out : array of float64, n_rows x n_sets
        The sum of the differences between the two running sums; NaN where a set has no gene in the row, or all of
        them.

    Notes
    -----
    With ``n`` finite genes in falling order of expression at positions ``p``, average ranks ``r`` and a set of ``k``
    genes,

    ``score = sum(r^a (n-p+1)) / sum(r^a)  -  (n (n+1) / 2 - sum(n-p+1)) / (n-k)``,

    which is the integral of the two running sums without walking through all genes for each set. One sort a row
    (O(n)), then O(k) a set. Equal values share their average rank and keep the order of the columns.
    """
    n_genes = values.shape[1]
    keys = np.empty((2, n_genes), dtype=np.uint64)
    columns = np.empty((2, n_genes), dtype=np.int32)
    place = np.empty(n_genes, dtype=np.int32)
    bounds = np.empty((2, n_genes), dtype=np.int32)
    count = np.empty(2, dtype=np.int64)
    weight = np.empty(n_genes, dtype=np.float64)
    powered = np.empty(2 * n_genes + 1, dtype=np.float64)  # by twice the rank
    for twice in range(2 * n_genes + 1):
        powered[twice] = float(twice // 2) ** exponent if whole else (twice / 2.0) ** exponent
    for row in range(values.shape[0]):
        rank_row(values[row], keys, columns, place, bounds, count)
        n = count[0]
        for gene in members:
            t = place[gene]
            weight[gene] = powered[2 * n - bounds[0, t] - bounds[1, t]] if t >= 0 else 0.0
        _walk_row(place, weight, n, starts, members, out[row])


@compiled
def _extremes(places: NDArray[np.int32], n: int, exponent: float, difference: bool, score: NDArray[np.float64]) -> None:
    """Write the sum of (or the larger of) the highest and the lowest point of the walk over sorted places."""
    k = places.shape[0]
    if k in (0, n):
        score[0] = np.nan
        return
    total = 0.0
    for i in range(k):
        total += abs(n / 2.0 - places[i]) ** exponent
    highest = 0.0
    lowest = 0.0
    reached = 0.0
    for i in range(k):
        missed = (places[i] - i) / (n - k)
        lowest = min(lowest, reached - missed)
        step = abs(n / 2.0 - places[i]) ** exponent
        reached += step / total if total > 0.0 else 0.0
        highest = max(highest, reached - missed)
    if difference:
        score[0] = highest + lowest
    else:
        score[0] = highest if highest > -lowest else lowest


@compiled
def rank_extreme_scores(
    values: NDArray[np.float64],
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    exponent: float,
    difference: bool,
    out: NDArray[np.float64],
) -> None:
    """Score each row by the extremes of the walk down its ranking (Hänzelmann 2013, doi 10.1186/1471-2105-14-7).

    Parameters
    ----------
    values : array of float64, n_rows x n_genes
        The cohort's cumulative density at each value, or any monotone function of it; NaN genes take no part.
    starts, members
        See `rank_walk_scores`.
    exponent : float
        Weight of the symmetric ranks (the paper's tau).
    difference : bool
        Whether the score is the difference between the sizes of the two extremes, or the larger one with its sign.
    out : array of float64, n_rows x n_sets
        Between -1 and 1; NaN where a set has no gene in the row, or all of them.

    Notes
    -----
    At the position ``p`` (0 for the highest of n) a gene of the set raises the walk by ``|n/2 - p|^tau`` over their
    sum, any other gene lowers it by ``1 / (n - k)``. The extremes lie just after and just before genes of the set, so
    that k log k steps a set do instead of n.
    """
    n_genes = values.shape[1]
    keys = np.empty((2, n_genes), dtype=np.uint64)
    columns = np.empty((2, n_genes), dtype=np.int32)
    place = np.empty(n_genes, dtype=np.int32)
    bounds = np.empty((2, n_genes), dtype=np.int32)
    count = np.empty(2, dtype=np.int64)
    found = np.empty(members.shape[0], dtype=np.int32)
    for row in range(values.shape[0]):
        rank_row(values[row], keys, columns, place, bounds, count)
        for s in range(starts.shape[0] - 1):
            k = 0
            for gene in members[starts[s] : starts[s + 1]]:
                if place[gene] >= 0:
                    found[k] = place[gene]
                    k += 1
            places = np.sort(found[:k])
            _extremes(places, count[0], exponent, difference, out[row, s : s + 1])
