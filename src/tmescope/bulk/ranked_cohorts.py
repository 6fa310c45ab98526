"""A cohort as models of subtypes look at it: every sample's genes by their ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.bulk.estimating import check_values
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.score_table import cohort_id
from tmescope.foundation.provenance import hash_array, hash_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData
    from numpy.typing import NDArray

    from tmescope.foundation.errors import MethodError
    from tmescope.foundation.method import MethodSpec

__all__ = ["RankedCohort", "rank_cohort", "rank_rows"]


@dataclass(frozen=True, eq=False)
class RankedCohort:
    """Ranks of a cohort, with what a model keeps of where they came from.

    Parameters
    ----------
    genes : tuple of str
        Measured in every sample.
    ranks : array of float64, n_samples x n_genes
        As from `rank_rows`.
    scale : str
        That the values were brought to before they were ranked.
    cohort : str
        Its id.
    inputs : mapping of str to str
        Hashes for the provenance.
    """

    genes: tuple[str, ...]
    ranks: NDArray[np.float64]
    scale: str
    cohort: str
    inputs: Mapping[str, str]


def rank_cohort(
    adata: AnnData, spec: MethodSpec, *, scale: str | None, too_few: Callable[[int], MethodError]
) -> RankedCohort:
    """Check a cohort and rank the genes of each sample.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        The cohort; gene symbols in ``var_names``. Genes that some sample misses take no part.
    spec : MethodSpec
        Units and the fewest samples.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    too_few : callable
        Makes the error for a cohort of so many samples.

    Raises
    ------
    MethodError
        If there are too few samples.
    ScaleError
        If no scale is declared, or ranks do not take that unit.
    ExpressionError
        If names are not unique, or values are negative where none can be.
    """
    genes = [str(g) for g in adata.var_names]
    check_names([str(s) for s in adata.obs_names], genes)
    declared = find_scale(adata, scale)
    target = target_scale(spec, declared)
    if adata.n_obs < spec.min_samples:
        raise too_few(adata.n_obs)
    values = MatrixRows(adata.X, declared, target).read(0, adata.n_obs)
    check_values(spec, values)
    there = np.logical_not(np.logical_or.reduce(np.isnan(values), axis=0))
    kept = tuple(g for g, is_there in zip(genes, there, strict=True) if is_there)
    inputs = {"values": hash_array(values), "genes": hash_json(genes)}
    return RankedCohort(kept, rank_rows(values[:, there]), str(target), cohort_id(adata), inputs)


def rank_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mean ranks divided by the number of genes, row by row; NaN stays.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        Any monotone form of expression.
    """
    from scipy.stats import rankdata

    ranks = np.full(values.shape, np.nan)
    for row, sample in enumerate(values):
        present = ~np.isnan(sample)
        ranks[row, present] = rankdata(sample[present]) / max(int(present.sum()), 1)
    return ranks
