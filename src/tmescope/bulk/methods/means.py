"""Mean expression of a signature's genes in each sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.contributions import lead_of_sum
from tmescope.foundation.method import Method, MethodSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.contributions import Lead
    from tmescope.bulk.gene_sets import GeneSets

__all__ = ["METHOD", "lead_mean", "mean_of_sets"]


def mean_of_sets(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is called with them
) -> NDArray[np.float64]:
    """Average the genes of each set in each sample.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        NaN genes of a sample take no part in its mean.
    sets : GeneSets
        Columns of each set.
    parameters : mapping
        None are used.

    Returns
    -------
    array of float64, n_samples x n_sets
        NaN where a sample has no gene of the set.
    """
    scores = np.full((values.shape[0], len(sets.names)), np.nan)
    for i in range(len(sets.names)):
        part = values[:, sets.columns(i)]
        present = np.count_nonzero(~np.isnan(part), axis=1)
        rows = present > 0
        scores[rows, i] = np.nansum(np.ascontiguousarray(part[rows]), axis=1) / present[rows]
    return scores


def lead_mean(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is asked with them
    *,
    state: Mapping[str, NDArray[np.float64]] | None,  # noqa: ARG001 - every method is asked with them
) -> Lead:
    """Return the terms of the mean.

    Parameters
    ----------
    values, sets, parameters
        As in `mean_of_sets`.
    state : mapping
        None.

    Returns
    -------
    Lead
        ``x / k`` for each of the k genes, which add up to the score; on scales without negative numbers every expressed
        gene leads, and their order says more.
    """
    terms = values[:, sets.members]
    for i in range(len(sets.names)):
        here = slice(sets.starts[i], sets.starts[i + 1])
        terms[:, here] /= np.maximum(np.count_nonzero(~np.isnan(terms[:, here]), axis=1), 1)[:, None]
    return lead_of_sum(terms, sets)


METHOD = Method(
    MethodSpec(
        name="mean",
        room="bulk",
        summary="Mean log2 expression of the signature's genes: the plainest score, in units of expression.",
        needs_log=True,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="sample",
        unit="mean log2 expression",
        low=-np.inf,
        high=np.inf,
        reference="",
        higher_means="more of the signature's transcripts; one highly expressed gene can dominate",
    ),
    mean_of_sets,
    lead=lead_mean,
)
