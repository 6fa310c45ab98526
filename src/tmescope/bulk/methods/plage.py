"""Pathway-level activity: the signature's leading component over the cohort (Tomfohr et al. 2005)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.contributions import lead_of_sum
from tmescope.bulk.methods.zscore import fit_zscore, standardise
from tmescope.foundation.method import Method, MethodSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.contributions import Lead
    from tmescope.bulk.gene_sets import GeneSets

__all__ = ["METHOD", "apply_plage", "fit_plage", "lead_plage", "plage"]


def plage(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return each sample's coefficient of the first singular vector of the set's standardised genes.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Genes of the sets must vary over the samples; a missing value counts as the gene's mean.
    sets : GeneSets
        Columns of each set, constant genes removed.
    parameters : mapping
        None are used.

    Returns
    -------
    array of float64, n_samples x n_sets
        Between -1 and 1; the squares of a set sum to 1 over the cohort. NaN where a sample has none of the genes.

    Notes
    -----
    A singular vector has no sign. Here the gene loadings sum to a positive number (where they sum to 0, the first that
    is not 0 is positive): a larger score means more of the signature, and two cohorts point the same way. The R
    package leaves the sign to the library that decomposes.
    """
    return apply_plage(values, sets, parameters, state=fit_plage(values, sets, parameters))


def fit_plage(
    values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]
) -> dict[str, NDArray[np.float64]]:
    """Keep the standardisation and the loadings of each set.

    Parameters
    ----------
    values, sets, parameters
        As in `plage`.

    Returns
    -------
    dict
        ``mean`` and ``sd`` as from `tmescope.bulk.methods.zscore.fit_zscore`; ``loadings``, one number for each entry
        of the sets: the singular vector over the singular value.
    """
    state = fit_zscore(values, sets, parameters)
    standardised, _, place = standardise(values, sets, state)
    loadings = [_loadings(standardised[:, place[sets.columns(i)]]) for i in range(len(sets.names))]
    return {**state, "loadings": np.concatenate(loadings) if loadings else np.empty(0)}


def _loadings(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the leading singular vector over genes, divided by its singular value; from the smaller Gram matrix."""
    from scipy.linalg import eigh

    n, k = part.shape
    if k == 0:
        return np.empty(0)
    is_tall = n >= k
    gram = part.T @ part if is_tall else part @ part.T
    _, vectors = eigh(gram, subset_by_index=[len(gram) - 1, len(gram) - 1])
    genes = vectors[:, 0] if is_tall else part.T @ vectors[:, 0]
    length = float(np.linalg.norm(genes))
    value = float(np.linalg.norm(part @ genes)) / length if length > 0 else 0.0
    if value == 0:
        return np.zeros(k)
    genes = genes / length
    total = genes.sum()
    leading = total if abs(total) > 1e-12 else genes[np.flatnonzero(np.abs(genes) > 1e-12)[0]]
    signed: NDArray[np.float64] = np.copysign(1.0, leading) * genes / value
    return signed


def apply_plage(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],  # noqa: ARG001 - every method is applied with them
    *,
    state: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Score new samples with the loadings of the cohort that was fitted.

    Parameters
    ----------
    values, sets, parameters
        As in `plage`; the genes of the fit.
    state : mapping
        From `fit_plage`.

    Returns
    -------
    array of float64, n_samples x n_sets
        For the samples that were fitted, the scores of `plage`.
    """
    standardised, present, place = standardise(values, sets, state)
    scores = np.full((values.shape[0], len(sets.names)), np.nan)
    for i in range(len(sets.names)):
        columns = place[sets.columns(i)]
        rows = present[:, columns].any(axis=1)
        loadings = state["loadings"][sets.starts[i] : sets.starts[i + 1]]
        # not a matrix product: that rounds by the number of rows
        scores[rows, i] = np.ascontiguousarray(standardised[:, columns] * loadings).sum(axis=1)[rows]
    return scores


def lead_plage(
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
        As in `plage`.
    state : mapping
        From `fit_plage`.

    Returns
    -------
    Lead
        ``z x loading`` for each gene, which add up to the score.
    """
    state = state or {}
    standardised, present, place = standardise(values, sets, state)
    columns = place[sets.members]
    terms = np.where(present[:, columns], standardised[:, columns] * state["loadings"], np.nan)
    return lead_of_sum(terms, sets)


METHOD = Method(
    MethodSpec(
        name="plage",
        room="bulk",
        summary="Pathway-level activity: the first component of the signature's standardised genes over the cohort.",
        needs_log=True,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="cohort",
        unit="singular vector",
        low=-1.0,
        high=1.0,
        reference="10.1186/1471-2105-6-225",
        higher_means="more of what the signature's genes share in this cohort; loadings sum to a positive number",
        drops_constant_genes=True,
        min_samples=2,
    ),
    plage,
    fit_plage,
    apply_plage,
    lead_plage,
)
