"""Combined z-score: the signature's genes, each standardised over the cohort, summed (Lee et al. 2008)."""

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

__all__ = ["METHOD", "apply_zscore", "combined_zscore", "fit_zscore", "lead_zscore", "standardise"]


def combined_zscore(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
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
    return apply_zscore(values, sets, parameters, state=fit_zscore(values, sets, parameters))


def fit_zscore(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is fitted with them
) -> dict[str, NDArray[np.float64]]:
    """Keep the mean and the standard deviation of the sets' genes.

    Parameters
    ----------
    values, sets, parameters
        As in `combined_zscore`.

    Returns
    -------
    dict
        ``mean`` and ``sd``, one number for each gene that a set names, in rising order of its column.
    """
    part = values[:, np.unique(sets.members)]
    count = np.maximum(np.count_nonzero(~np.isnan(part), axis=0), 1)
    mean = np.nansum(part, axis=0) / count
    spread = np.sqrt(np.nansum((part - mean) ** 2, axis=0) / np.maximum(count - 1, 1))
    return {"mean": mean, "sd": spread}


def standardise(
    values: NDArray[np.float64], sets: GeneSets, state: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return standardised genes (0 where missing), which are there, and where each gene column stands among them.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        As in `combined_zscore`.
    sets : GeneSets
        Columns of each set.
    state : mapping
        From `fit_zscore`.

    Returns
    -------
    standardised, present : array, n_samples x n_used
        Of the genes that a set names.
    place : array of int64, n_genes
        Position of each gene column in them; 0 for genes that no set names.
    """
    used = np.unique(sets.members)
    part = values[:, used]
    present = ~np.isnan(part)
    standardised = (part - state["mean"]) / np.where(state["sd"] > 0, state["sd"], 1.0)
    standardised[~present] = 0.0
    place = np.zeros(values.shape[1], dtype=np.int64)
    place[used] = np.arange(used.size)
    return standardised, present, place


def apply_zscore(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is applied with them
    *,
    state: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Score new samples with the means and standard deviations of the cohort that was fitted.

    Parameters
    ----------
    values, sets, parameters
        As in `combined_zscore`; the genes of the fit.
    state : mapping
        From `fit_zscore`.

    Returns
    -------
    array of float64, n_samples x n_sets
        As from `combined_zscore`.
    """
    standardised, present, place = standardise(values, sets, state)
    scores = np.full((values.shape[0], len(sets.names)), np.nan)
    whole = bool(present.all())
    for i in range(len(sets.names)):
        columns = place[sets.columns(i)]
        k = np.full(len(values), columns.size) if whole else np.count_nonzero(present[:, columns], axis=1)
        rows = k > 0
        # rows lie one after the other in memory, so that each is summed alike whatever stands beside it
        part = np.ascontiguousarray(standardised[:, columns])
        scores[rows, i] = part.sum(axis=1)[rows] / np.sqrt(k[rows])
    return scores


def lead_zscore(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is asked with them
    *,
    state: Mapping[str, NDArray[np.float64]] | None,
) -> Lead:
    """Return the terms of the sum.

    Parameters
    ----------
    values, sets, parameters
        As in `combined_zscore`.
    state : mapping
        From `fit_zscore`.

    Returns
    -------
    Lead
        ``z / sqrt(k)`` for each of the k genes, which add up to the score.
    """
    standardised, present, place = standardise(values, sets, state or {})
    columns = place[sets.members]
    there = present[:, columns]
    terms = np.where(there, standardised[:, columns], np.nan) / np.sqrt(_found(there, sets))
    return lead_of_sum(terms, sets)


def _found(there: NDArray[np.bool_], sets: GeneSets) -> NDArray[np.float64]:
    """Return, for each entry of the sets, how many genes of its set the sample has (at least 1)."""
    counts = [there[:, a:b].sum(axis=1) for a, b in zip(sets.starts[:-1], sets.starts[1:], strict=True)]
    counted = np.stack(counts, axis=1) if counts else np.empty((len(there), 0))
    repeated: NDArray[np.float64] = np.repeat(counted, np.diff(sets.starts), axis=1).astype(np.float64)
    return np.maximum(repeated, 1.0)


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
    fit_zscore,
    apply_zscore,
    lead_zscore,
)
