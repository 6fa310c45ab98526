"""Combined z-score: the signature's genes, each standardised over the cohort, summed (Lee et al. 2008)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.method import Method, MethodSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.gene_sets import GeneSets

__all__ = ["METHOD", "combined_zscore"]


def combined_zscore(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is called with them
) -> NDArray[np.float64]:
    """Sum the standardised genes of each set and divide by the root of their number.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Genes of the sets must vary over the samples; NaN values take part in neither the mean, the standard deviation
        nor the sum.
    sets : GeneSets
        Columns of each set, constant genes removed.
    parameters : mapping
        None are used.

    Returns
    -------
    array of float64, n_samples x n_sets
        ``sum(z) / sqrt(k)`` over the k genes that the sample has, with ``z = (x - mean) / sd`` and ddof 1; NaN where
        it has none.
    """
    used = np.unique(sets.members)
    part = values[:, used]
    present = ~np.isnan(part)
    count = np.maximum(present.sum(axis=0), 1)
    centred = part - np.nansum(part, axis=0) / count
    spread = np.sqrt(np.nansum(centred**2, axis=0) / np.maximum(count - 1, 1))
    standardised = np.where(present, centred / np.where(spread > 0, spread, 1.0), 0.0)
    place = np.zeros(values.shape[1], dtype=np.int64)
    place[used] = np.arange(used.size)
    scores = np.full((values.shape[0], len(sets.names)), np.nan)
    for i in range(len(sets.names)):
        columns = place[sets.columns(i)]
        k = present[:, columns].sum(axis=1)
        rows = k > 0
        scores[rows, i] = standardised[np.ix_(rows, columns)].sum(axis=1) / np.sqrt(k[rows])
    return scores


METHOD = Method(
    MethodSpec(
        name="zscore",
        room="bulk",
        summary="Combined z-score: each gene standardised within the cohort, then summed over the signature.",
        needs_log=True,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="cohort",
        unit="combined z",
        low=-np.inf,
        high=np.inf,
        reference="10.1371/journal.pcbi.1000217",
        higher_means="more of the signature than the cohort's average; zero is the average of this cohort",
        drops_constant_genes=True,
        min_samples=2,
    ),
    combined_zscore,
)
