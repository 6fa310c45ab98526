"""Soft clusters of points on a sphere in which no batch is to be over-represented: the first half of Harmony."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DiverseClusters", "Diversity", "diverse_round", "first_centres", "unit_rows"]

_LLOYD = 10
_SEEDED = 200
"""Points for each centre that the first centres are looked for among."""


@dataclass(frozen=True)
class Diversity:
    """What is known of batches, and how much their mixing counts.

    Parameters
    ----------
    kinds : array of int64, shape (n,)
        Number of each point's combination of batches, from 0.
    levels : array of float64, shape (n_levels, n_kinds)
        1 where a combination has a level of a batch variable; the levels of all variables below each other.
    shares : array of float64, shape (n_levels,)
        Share of all points that have the level.
    theta : array of float64, shape (n_levels,)
        Weight of the penalty of the variable that the level belongs to; 0 asks for no mixing.
    sigma : float
        Width of the clusters, above zero.
    """

    kinds: NDArray[np.int64]
    levels: NDArray[np.float64]
    shares: NDArray[np.float64]
    theta: NDArray[np.float64]
    sigma: float

    def penalties(self, masses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logarithm of what multiplies membership, n_kinds x k.

        Parameters
        ----------
        masses : array of float64, shape (n_kinds, k)
            Added membership of the points of each combination.
        """
        return -(self.levels.T @ (self.theta[:, None] * self._excess(masses)))

    def objective(self, masses: NDArray[np.float64]) -> float:
        """Return the part of the objective that says how unevenly batches lie in clusters.

        Parameters
        ----------
        masses : array of float64, shape (n_kinds, k)
            Added membership of the points of each combination.
        """
        seen = self.levels @ masses
        return float(self.sigma * np.sum(self.theta[:, None] * seen * self._excess(masses)))

    def _excess(self, masses: NDArray[np.float64]) -> NDArray[np.float64]:
        seen = np.maximum(self.levels @ masses, 0.0)
        expected = self.shares[:, None] * np.maximum(masses.sum(axis=0), 0.0)
        return np.asarray(np.log((seen + 1.0) / (expected + 1.0)))


@dataclass(frozen=True)
class DiverseClusters:
    """Clusters as one round leaves them.

    Parameters
    ----------
    centres : array of float32, shape (k, d)
        Unit vectors.
    members : array of float32, shape (n, k)
        Membership of each point; rows add up to one.
    masses : array of float64, shape (n_kinds, k)
        Added membership of the points of each combination of batches.
    objective : float
        What the round makes smaller.
    """

    centres: NDArray[np.float32]
    members: NDArray[np.float32]
    masses: NDArray[np.float64]
    objective: float


def unit_rows(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return points scaled to length one; a point at the origin stays there.

    Parameters
    ----------
    points : array of float32, shape (n, d)
        Finite.
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", points, points, dtype=np.float64))
    lengths[lengths == 0.0] = 1.0
    return np.asarray(points / lengths[:, None].astype(np.float32))


def first_centres(points: NDArray[np.float32], k: int, *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return centres to start from: k-means++ and ten rounds of spherical k-means on a sample of the points.

    Parameters
    ----------
    points : array of float32, shape (n, d)
        Unit vectors, more than k of them.
    k : int
        Number of centres.
    rng : numpy.random.Generator
        Draws the sample of 200 points for each centre, and the seeds.

    Returns
    -------
    array of float32, shape (k, d)
        Unit vectors.
    """
    n = len(points)
    most = _SEEDED * k
    sample = points if n <= most else points[np.sort(rng.choice(n, most, replace=False))]
    centres = np.empty((k, points.shape[1]), dtype=np.float32)
    nearest = np.full(len(sample), np.inf)
    chosen = int(rng.integers(len(sample)))
    for number in range(k):
        centres[number] = sample[chosen]
        nearest = np.minimum(nearest, np.maximum(1.0 - (sample @ centres[number]).astype(np.float64), 0.0))
        total = np.cumsum(nearest)
        chosen = min(int(np.searchsorted(total, rng.random() * total[-1], side="right")), len(sample) - 1)
    for _ in range(_LLOYD):
        labels = np.argmax(sample @ centres.T, axis=1)
        member = np.zeros((len(sample), k), dtype=np.float32)
        member[np.arange(len(sample)), labels] = 1.0
        sums = member.T @ sample
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0.0, sums / np.where(lengths > 0.0, lengths, 1.0), centres).astype(np.float32)
    return centres


def diverse_round(
    points: NDArray[np.float32],
    before: DiverseClusters,
    diversity: Diversity,
    *,
    blocks: list[NDArray[np.int64]],
) -> DiverseClusters:
    """Give every point its membership anew, block by block, and say what the objective is then.

    Answers "which clusters does a point belong to, if those count more that its batch is rare in?". In the first round
    nothing has a membership yet (all masses are zero): the centres are taken as they are, and nothing is penalised.

    Parameters
    ----------
    points : array of float32, shape (n, d)
        Unit vectors.
    before : DiverseClusters
        As the round before left them; its arrays of membership are written into.
    diversity : Diversity
        Batches and weights.
    blocks : list of array of int64
        Points that are looked at together; each point in one of them.

    Returns
    -------
    DiverseClusters

    Notes
    -----
    With cosine distance ``d = 2 (1 - z y)`` the objective is ``sum(r d) + sigma sum(r log r) + sigma sum(theta O
    log((O + 1) / (E + 1)))``, O the membership of a level in a cluster, E what its share of the points lets expect. For
    given centres and O, E of the points outside the block, ``r`` is proportional to ``exp(-d / sigma) ((E + 1) /
    (O + 1))^theta``. The objective falls from round to round but for what O and E change within a block, and rounding.
    Cost: O(n k d). Points, centres and membership are float32, everything that is added up over points float64.

    References
    ----------
    Korsunsky et al., Nature Methods 2019, doi:10.1038/s41592-019-0619-0.
    """
    members, masses = before.members, before.masses.copy()
    is_first = not masses.any()
    centres = before.centres if is_first else unit_rows(members.T @ points)
    scaled = (centres.T * np.float32(2.0 / diversity.sigma)).astype(np.float32)
    fitted = 2.0 * len(points)
    for drawn in blocks:
        block = drawn[np.argsort(diversity.kinds[drawn], kind="stable")]
        kinds = diversity.kinds[block]
        starts = np.flatnonzero(np.diff(kinds, prepend=-1))
        if not is_first:
            masses[kinds[starts]] -= _sums(members[block], starts)
        penalties = np.zeros_like(masses) if is_first else diversity.penalties(masses)
        found = points[block] @ scaled
        found += penalties.astype(np.float32)[kinds]
        top = found.max(axis=1)
        found -= top[:, None]
        np.exp(found, out=found)
        total = found.sum(axis=1, dtype=np.float64)
        found /= total[:, None].astype(np.float32)
        added = _sums(found, starts)
        masses[kinds[starts]] += added
        members[block] = found
        fitted += float(np.sum(added * penalties[kinds[starts]])) * diversity.sigma
        fitted -= diversity.sigma * float(np.sum(top.astype(np.float64) + np.log(total)))
    return DiverseClusters(centres, members, masses, fitted + diversity.objective(masses))


def _sums(rows: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return sums of runs of rows."""
    return np.asarray(np.add.reduceat(rows, starts, axis=0, dtype=np.float64))
