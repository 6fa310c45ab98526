"""What batches shift, cluster by cluster, and points without it: the second half of Harmony."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.stats.soft_clusters import DiverseClusters

__all__ = ["batch_shifts", "without_shifts"]


def batch_shifts(
    points: NDArray[np.float32],
    clusters: DiverseClusters,
    *,
    levels: NDArray[np.float64],
    kinds: NDArray[np.int64],
    ridge: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return how far each combination of batches is shifted in each cluster, by a ridge regression in each.

    Parameters
    ----------
    points : array of float32, shape (n, d)
        As measured, sorted by their combination of batches.
    clusters : DiverseClusters
        With the membership of the points, in the same order.
    levels : array of float64, shape (n_levels, n_kinds)
        1 where a combination has a level.
    kinds : array of int64, shape (n,)
        Combination of each point, rising.
    ridge : array of float64, shape (n_levels,)
        Penalty of each level's coefficient, above zero.

    Returns
    -------
    array of float32, shape (n_kinds, k, d)

    Notes
    -----
    In each cluster the points, weighted by membership, are regressed on an intercept and one indicator for each level;
    indicators alone are penalised: ``(X' R X + diag(0, ridge)) B = X' R Z``. The shift is what the indicators of a
    combination add. Sums over points are of float32 products within a combination, and of float64 across; the equations
    are solved in float64. Where each combination has one level alone, as with one variable, the matrix is an arrow (a
    diagonal, and the row and column of the intercept) and is solved in closed form: O(n k d + k n_levels d), in memory
    of k n_levels d. Several variables cost O(n k d + k n_levels^3), and memory of k n_levels^2.

    References
    ----------
    Korsunsky et al., Nature Methods 2019, doi:10.1038/s41592-019-0619-0.
    """
    n_kinds = levels.shape[1]
    k, d = clusters.members.shape[1], points.shape[1]
    sums = np.empty((n_kinds, k, d))
    for number, part in enumerate(_runs(kinds, n_kinds)):
        sums[number] = clusters.members[part].T @ points[part]
    if (levels.sum(axis=0) == 1.0).all() and ((levels == 0.0) | (levels == 1.0)).all():
        return _of_one_variable(clusters.masses, sums, levels=levels, ridge=ridge).astype(np.float32)
    design = np.vstack([np.ones(n_kinds), levels])
    penalty = np.diag(np.append(0.0, ridge))
    weighted = np.einsum("lb,bk,mb->klm", design, clusters.masses, design, optimize=True) + penalty
    right = np.einsum("lb,bkd->kld", design, sums, optimize=True)
    # a cluster that nothing belongs to has no intercept
    weighted[:, 0, 0] += 1e-6
    found = np.linalg.solve(weighted, right)
    return np.asarray(np.einsum("lb,kld->bkd", levels, found[:, 1:], optimize=True), dtype=np.float32)


def _of_one_variable(
    masses: NDArray[np.float64], sums: NDArray[np.float64], *, levels: NDArray[np.float64], ridge: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the shifts where each combination is one level: the levels are eliminated, then the intercept follows."""
    level = levels.argmax(axis=0)
    weight = levels @ masses  # level, cluster
    right = np.zeros((len(levels), *sums.shape[1:]))
    np.add.at(right, level, sums)
    kept = ridge[:, None] / (weight + ridge[:, None])  # what a penalty leaves of a level to the intercept
    # the intercept has a little more, as in the general equations
    below = (weight * kept).sum(axis=0) + 1e-6
    intercept = (kept[:, :, None] * right).sum(axis=0) / below[:, None]
    found = (right - weight[:, :, None] * intercept) / (weight + ridge[:, None])[:, :, None]
    return np.asarray(found[level])


def without_shifts(
    points: NDArray[np.float32],
    members: NDArray[np.float32],
    shifts: NDArray[np.float32],
    *,
    kinds: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return points less the shift of their batches in the clusters that they belong to.

    Parameters
    ----------
    points : array of float32, shape (n, d)
        As measured, sorted by their combination of batches.
    members : array of float32, shape (n, k)
        Membership of each point.
    shifts : array of float32, shape (n_kinds, k, d)
        From `batch_shifts`.
    kinds : array of int64, shape (n,)
        Combination of each point, rising.

    Returns
    -------
    array of float32, shape (n, d)
    """
    corrected = np.empty_like(points)
    for number, part in enumerate(_runs(kinds, len(shifts))):
        corrected[part] = points[part] - members[part] @ shifts[number]
    return corrected


def _runs(kinds: NDArray[np.int64], n_kinds: int) -> list[slice]:
    ends = np.searchsorted(kinds, np.arange(n_kinds + 1))
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]
