"""Rank scores of single samples: where the signature's genes stand among all genes of one sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.contributions import lead_of_sum, order_of_ranks
from tmescope.foundation.method import THREADS, Method, MethodSpec
from tmescope.kernels.rank_sums import rank_summaries
from tmescope.store.threads import for_row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.contributions import Lead
    from tmescope.bulk.gene_sets import GeneSets

__all__ = [
    "DISPERSION",
    "RANK_AUC",
    "SINGSCORE",
    "lead_rank_auc",
    "lead_singscore",
    "rank_auc",
    "singscore",
    "singscore_dispersion",
]

_MAD_OF_NORMAL = 1.4826
"""Makes a median absolute deviation the standard deviation of a normal distribution; R's ``mad`` rounds it so."""

_FOUND, _ALL, _SMALLEST, _MEAN, _SPREAD = range(5)


def _summarise(
    values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any], *, spreads: bool = False
) -> NDArray[np.float64]:
    """Return n_samples x n_sets x 5 summaries of ranks, see `tmescope.kernels.rank_sums`."""
    out = np.empty((values.shape[0], len(sets.names), 5))
    values = np.ascontiguousarray(values)

    def work(first: int, last: int) -> None:
        rank_summaries(values[first:last], sets.starts, sets.members, spreads, out[first:last])

    for_row_blocks(work, values.shape[0], block=16, threads=parameters["threads"], task="ranks")
    return out


def singscore(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the centred mean rank of each set, of up genes and of down genes together.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        All genes of the platform, in any monotone scale. NaN genes take no part in a sample's ranking.
    sets : GeneSets
        Columns of each set; genes of negative weight are down genes.
    parameters : mapping
        ``threads``.

    Returns
    -------
    array of float64, n_samples x n_sets
        NaN where a sample has none of the genes.

    Notes
    -----
    The mean of the ascending ranks of k genes among n is scaled to 0-1 by its least and largest possible value,
    ``(k+1)/2`` and ``(2n-k+1)/2``, and 0.5 is taken away; for down genes the ranks count from the other end. A set
    with both directions has the sum of its two scores. Equal values all have the smallest rank of their group.
    """
    falls = sets.weights < 0
    scores = _centred(_summarise(values, sets.select(~falls), parameters))
    if not falls.any():
        return scores
    down = _summarise(values, sets.select(falls), parameters)
    down[..., _SMALLEST] = down[..., _ALL] + 1 - down[..., _SMALLEST]
    other = _centred(down)
    return np.where(np.isnan(scores), other, scores + np.where(np.isnan(other), 0.0, other))


def _centred(summary: NDArray[np.float64]) -> NDArray[np.float64]:
    found, n = summary[..., _FOUND], summary[..., _ALL]
    lowest, highest = (found + 1) / 2, (2 * n - found + 1) / 2
    width = highest - lowest
    scores: NDArray[np.float64] = np.full(found.shape, np.nan)
    np.divide(summary[..., _SMALLEST] - lowest, width, out=scores, where=(found > 0) & (width > 0))
    return scores - 0.5


def singscore_dispersion(
    values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return how far the ranks of each set lie apart.

    Parameters
    ----------
    values, sets, parameters
        As in `singscore`.

    Returns
    -------
    array of float64, n_samples x n_sets
        Median absolute deviation of the ranks, times 1.4826, in rank positions; up and down genes are added. NaN where
        a sample has none of the genes.
    """
    falls = sets.weights < 0
    parts = [_summarise(values, sets.select(mask), parameters, spreads=True)[..., _SPREAD] for mask in (~falls, falls)]
    nothing = np.isnan(parts[0]) & np.isnan(parts[1])
    return np.where(nothing, np.nan, np.nansum(parts, axis=0)) * _MAD_OF_NORMAL


def rank_auc(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the probability that a gene of the set is expressed more than another gene of the sample.

    Parameters
    ----------
    values, sets, parameters
        As in `singscore`; the direction of genes is not used.

    Returns
    -------
    array of float64, n_samples x n_sets
        The area under the ROC curve of "belongs to the set" by expression, ties counted half: the Mann-Whitney
        statistic over its largest value. NaN where a sample has none, or nothing but, genes of the set.
    """
    summary = _summarise(values, sets, parameters)
    found, n = summary[..., _FOUND], summary[..., _ALL]
    scores: NDArray[np.float64] = np.full(found.shape, np.nan)
    np.divide(summary[..., _MEAN] - (found + 1) / 2, n - found, out=scores, where=(found > 0) & (n > found))
    return scores


def lead_singscore(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is asked with them
    *,
    state: Mapping[str, NDArray[np.float64]] | None,  # noqa: ARG001 - every method is asked with them
) -> Lead:
    """Return the terms of the centred mean rank.

    Parameters
    ----------
    values, sets, parameters
        As in `singscore`.
    state : mapping
        None.

    Returns
    -------
    Lead
        ``((r - lowest) / width - 0.5) / k`` for each of the k genes of a direction, with `r` counted from the other end
        for down genes: they add up to the score.
    """
    terms = np.full((len(values), sets.members.size), np.nan)
    falls = sets.weights < 0
    for row, sample in enumerate(values):
        _, smallest, _ = order_of_ranks(sample)
        n = np.count_nonzero(~np.isnan(sample))
        for i in range(len(sets.names)):
            entries = np.arange(sets.starts[i], sets.starts[i + 1])
            entries = entries[~np.isnan(sample[sets.members[entries]])]
            for part, down in ((entries[~falls[entries]], False), (entries[falls[entries]], True)):
                k = part.size
                if k and n > k:
                    ranks = smallest[sets.members[part]]
                    ranks = n + 1 - ranks if down else ranks
                    terms[row, part] = ((ranks - (k + 1) / 2) / (n - k) - 0.5) / k
    return lead_of_sum(terms, sets)


def lead_rank_auc(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is asked with them
    *,
    state: Mapping[str, NDArray[np.float64]] | None,  # noqa: ARG001 - every method is asked with them
) -> Lead:
    """Return the terms of the area.

    Parameters
    ----------
    values, sets, parameters
        As in `rank_auc`.
    state : mapping
        None.

    Returns
    -------
    Lead
        ``(r - (k + 1) / 2) / (k (n - k))`` for each of the k genes, with the mean rank `r` of equal values: they add up
        to the score, and lead where they lie on its side of one half.
    """
    terms = np.full((len(values), sets.members.size), np.nan)
    for row, sample in enumerate(values):
        _, _, means = order_of_ranks(sample)
        n = np.count_nonzero(~np.isnan(sample))
        for i in range(len(sets.names)):
            entries = np.arange(sets.starts[i], sets.starts[i + 1])
            entries = entries[~np.isnan(sample[sets.members[entries]])]
            k = entries.size
            if 0 < k < n:
                terms[row, entries] = (means[sets.members[entries]] - (k + 1) / 2) / (k * (n - k))
    return lead_of_sum(terms, sets, centre=0.5)


_THREADS = (THREADS,)

SINGSCORE = Method(
    MethodSpec(
        name="singscore",
        room="bulk",
        summary="Mean rank of the signature's genes within each sample, scaled and centred; down genes counted in.",
        needs_log=True,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="sample",
        unit="centred mean rank",
        low=-1.0,
        high=1.0,
        reference="10.1186/s12859-018-2435-4",
        higher_means="the signature's genes rank higher within the sample; zero is the middle of the ranking",
        ties="equal values all have the smallest rank of their group",
        ranks_all_genes=True,
        weights="sign",
        parameters=_THREADS,
    ),
    singscore,
    lead=lead_singscore,
)

DISPERSION = Method(
    replace(
        SINGSCORE.spec,
        name="singscore_dispersion",
        summary="Spread of the signature's ranks within each sample: whether its genes agree.",
        unit="rank positions",
        low=0.0,
        high=np.inf,
        higher_means="the signature's genes disagree; a singscore beside it says less",
    ),
    singscore_dispersion,
)

RANK_AUC = Method(
    replace(
        SINGSCORE.spec,
        name="rank_auc",
        summary="Chance that a gene of the signature is expressed more than another gene of the sample.",
        unit="probability",
        low=0.0,
        high=1.0,
        reference="10.1214/aoms/1177730491",
        higher_means="the signature's genes rank higher within the sample; one half is the middle of the ranking",
        ties="equal values count half",
        weights="",
    ),
    rank_auc,
    lead=lead_rank_auc,
)
