"""What each gene of a set adds to a sample's score, and which genes carry it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.gene_sets import GeneSets

__all__ = ["Lead", "lead_of_sum", "lead_of_walk", "order_of_ranks"]


@dataclass(frozen=True)
class Lead:
    """What the entries of sets do to the scores of samples.

    Parameters
    ----------
    contribution : array of float64, n_samples x n_entries
        As each method defines it; NaN where the sample lacks the gene.
    place : array of float64, n_samples x n_entries
        Lower for genes that come first.
    leads : array of bool, n_samples x n_entries
        Whether the gene carries the score.
    """

    contribution: NDArray[np.float64]
    place: NDArray[np.float64]
    leads: NDArray[np.bool_]


def lead_of_sum(contribution: NDArray[np.float64], sets: GeneSets, *, centre: float = 0.0) -> Lead:
    """Order the terms of scores that are sums.

    Parameters
    ----------
    contribution : array of float64, n_samples x n_entries
        Terms, which add up to the score of their set; NaN where the sample lacks the gene.
    sets : GeneSets
        The sets.
    centre : float
        Score that says nothing.

    Returns
    -------
    Lead
        With k terms ``c`` and the score ``S = sum(c)``, a gene leads where ``c - centre / k`` has the sign of
        ``S - centre``; genes that push furthest that way come first.
    """
    place = np.full(contribution.shape, np.nan)
    leads = np.zeros(contribution.shape, dtype=bool)
    for i in range(len(sets.names)):
        here = slice(sets.starts[i], sets.starts[i + 1])
        terms = contribution[:, here]
        k = np.maximum(np.count_nonzero(~np.isnan(terms), axis=1), 1)[:, None]
        pushed = terms - centre / k
        direction = np.where(np.nansum(pushed, axis=1) < 0, -1.0, 1.0)[:, None]
        place[:, here] = -direction * pushed
        leads[:, here] = direction * pushed > 0
    return Lead(contribution, place, leads)


def order_of_ranks(row: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return, by gene, the place from the top (-1 where missing), the smallest ascending rank and the mean one.

    Parameters
    ----------
    row : array of float64, n_genes
        One sample. Equal values keep the order of the columns in their places and share their ranks.
    """
    present = np.flatnonzero(~np.isnan(row))
    place = np.full(row.size, -1, dtype=np.int64)
    place[present[np.argsort(-row[present], kind="stable")]] = np.arange(present.size)
    ordered = np.sort(row[present])
    below = np.searchsorted(ordered, row, side="left").astype(np.float64)
    upto = np.searchsorted(ordered, row, side="right").astype(np.float64)
    return place, below + 1, (below + upto + 1) / 2


def lead_of_walk(
    values: NDArray[np.float64],
    sets: GeneSets,
    *,
    rise: Callable[[NDArray[np.float64], NDArray[np.float64], int], NDArray[np.float64]],
    scores: NDArray[np.float64],
) -> Lead:
    """Find the genes before the highest point of the walks down each sample's ranking, or after the lowest.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        What the method ranks.
    sets : GeneSets
        The sets.
    rise : callable
        ``rise(places, mean_ranks, n)``: what genes raise the walk by, before division by their sum.
    scores : array of float64, n_samples x n_sets
        Their sign says which end of the walk counts.

    Returns
    -------
    Lead
        The contribution is the gene's share of its set's rises, ``w / sum(w)``. With the walk ``F(p) = sum of the
        shares of the set's genes down to p - (other genes down to p) / (n - k)``, genes lead that stand at or before
        the place of its maximum, or, where the score is negative, behind the place of its minimum (of equal ones the
        first). They come in the order of the ranking, for negative scores from the bottom.
    """
    shape = (len(values), sets.members.size)
    contribution, place = np.full(shape, np.nan), np.full(shape, np.nan)
    leads = np.zeros(shape, dtype=bool)
    for row, sample in enumerate(values):
        places, _, means = order_of_ranks(sample)
        n = int(np.count_nonzero(places >= 0))
        for i in range(len(sets.names)):
            entries = np.arange(sets.starts[i], sets.starts[i + 1])
            entries = entries[places[sets.members[entries]] >= 0]
            columns = sets.members[entries]
            weights = rise(places[columns].astype(np.float64), means[columns], n)
            if not 0 < entries.size < n or weights.sum() <= 0:
                continue
            share = weights / weights.sum()
            steps = np.full(n, -1.0 / (n - entries.size))
            steps[places[columns]] = share
            walked = np.cumsum(steps)
            is_low = scores[row, i] < 0
            turn = int(np.argmin(walked) if is_low else np.argmax(walked))
            contribution[row, entries] = share
            place[row, entries] = -places[columns] if is_low else places[columns]
            leads[row, entries] = places[columns] > turn if is_low else places[columns] <= turn
    return Lead(contribution, place, leads)
