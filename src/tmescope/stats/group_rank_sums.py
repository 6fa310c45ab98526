"""Rank-sum tests of many groups against the rest, from sums of ranks that were added up elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GroupRankTests", "compare_rank_sums"]


@dataclass(frozen=True)
class GroupRankTests:
    """Each group against all others, for each of many variables.

    Parameters
    ----------
    auc : array of float64, n x n_groups
        Chance that a value of the group is above one of the rest, ties counting half.
    score : array of float64, n x n_groups
        Standard normal deviate; 0 where all values are equal.
    p_value : array of float64, n x n_groups
        Two-sided; 0 where it is below what a float holds.
    log10_p_value : array of float64, n x n_groups
        Its logarithm, which is finite there too.
    """

    auc: NDArray[np.float64]
    score: NDArray[np.float64]
    p_value: NDArray[np.float64]
    log10_p_value: NDArray[np.float64]


def compare_rank_sums(
    rank_sums: NDArray[np.float64], sizes: NDArray[np.int64], ties: NDArray[np.float64]
) -> GroupRankTests:
    """Test whether values of each group are higher or lower than those of the rest, by a normal approximation.

    Parameters
    ----------
    rank_sums : array of float64, n x n_groups
        Sum of the mean ranks, from 1, of each group among all its N members and the rest.
    sizes : array of int64, n_groups
        Members of each group, at least one; they add up to N, and there are two groups at least.
    ties : array of float64, n
        Sum of ``t^3 - t`` over the sizes t of all ties of a variable.

    Returns
    -------
    GroupRankTests

    Notes
    -----
    ``z = (R - m (N + 1) / 2) / sqrt(c m (N - m) (N + 1) / 12)`` with ``c = 1 - sum(t^3 - t) / (N^3 - N)`` for ties;
    no continuity correction. The approximation is poor for groups of fewer than some 25 members.
    ``AUC = (R - m (m + 1) / 2) / (m (N - m))``.

    References
    ----------
    Mann and Whitney, Annals of Mathematical Statistics 1947, doi:10.1214/aoms/1177730491.
    """
    m = sizes.astype(np.float64)
    n = float(m.sum())
    correction = 1.0 - ties / (n**3 - n)
    deviation = np.sqrt(np.maximum(correction, 0.0)[:, None] * (m * (n - m) * (n + 1.0) / 12.0))
    distance = rank_sums - m * (n + 1.0) / 2.0
    score = np.divide(distance, deviation, out=np.zeros_like(rank_sums), where=deviation > 0.0)
    lower = -np.abs(score)
    log10 = (special.log_ndtr(lower) + np.log(2.0)) / np.log(10.0)
    return GroupRankTests(
        auc=(rank_sums - m * (m + 1.0) / 2.0) / (m * (n - m)),
        score=score,
        p_value=np.minimum(2.0 * special.ndtr(lower), 1.0),
        log10_p_value=np.minimum(log10, 0.0),
    )
