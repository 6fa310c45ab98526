"""Weighted sum of a signature's genes: the form in which a fitted score is published."""

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

__all__ = ["METHOD", "lead_weighted_sum", "weighted_sum"]


def weighted_sum(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is called with them
) -> NDArray[np.float64]:
    """Add up expression times published weight.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        log2 scale. A NaN gene adds nothing, which `coverage` counts by its weight.
    sets : GeneSets
        Columns and weights of each set.
    parameters : mapping
        None are used.

    Returns
    -------
    array of float64, n_samples x n_sets
        ``sum(w x)``; NaN where a sample has none of the genes.

    Notes
    -----
    Weights belong to the scale and platform that they were fitted on; elsewhere the sum orders patients but its
    numbers and cut-offs do not carry over.
    """
    scores = np.full((values.shape[0], len(sets.names)), np.nan)
    for i in range(len(sets.names)):
        # not a matrix product: that rounds by the number of rows
        part = np.ascontiguousarray(values[:, sets.columns(i)] * sets.weights_of(i))
        rows = ~np.isnan(part).all(axis=1)
        scores[rows, i] = np.nansum(part[rows], axis=1)
    return scores


def lead_weighted_sum(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is asked with them
    *,
    state: Mapping[str, NDArray[np.float64]] | None,  # noqa: ARG001 - every method is asked with them
) -> Lead:
    """Return the terms of the sum.

    Parameters
    ----------
    values, sets, parameters
        As in `weighted_sum`.
    state : mapping
        None.

    Returns
    -------
    Lead
        ``w x`` for each gene, which add up to the score.
    """
    return lead_of_sum(values[:, sets.members] * sets.weights, sets)


METHOD = Method(
    MethodSpec(
        name="weighted_sum",
        room="bulk",
        summary="Published weights times log2 expression, summed: for signatures that were fitted with weights.",
        needs_log=True,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="sample",
        unit="weighted log2 expression",
        low=-np.inf,
        high=np.inf,
        reference="",
        higher_means="as the signature's authors say; cut-offs do not carry over to another scale or platform",
        weights="value",
    ),
    weighted_sum,
    lead=lead_weighted_sum,
)
