"""Gene set variation analysis: each gene's place in the cohort first, then a walk down each sample's ranking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.contributions import lead_of_walk
from tmescope.foundation.method import THREADS, Method, MethodSpec, Parameter
from tmescope.kernels.kernel_cdf import gaussian_cdf_against, gaussian_cdf_within
from tmescope.kernels.rank_walk import rank_extreme_scores
from tmescope.store.threads import for_row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.contributions import Lead
    from tmescope.bulk.gene_sets import GeneSets

__all__ = ["GAUSSIAN", "POISSON", "apply_gsva", "fit_gsva", "gsva", "gsva_poisson", "lead_gsva"]

_BANDWIDTHS = 10  # the original's table ends there, where the tail is 1e-23
_PER_BANDWIDTH = 1000
_GENES = 128
_SAMPLES = 16
_HALF = 0.5  # added to the Poisson rate by the original


def _table() -> NDArray[np.float64]:
    from scipy.special import ndtr

    table: NDArray[np.float64] = ndtr(np.arange(_BANDWIDTHS * _PER_BANDWIDTH + 1) / _PER_BANDWIDTH)
    table[-1] = 1.0
    return table


def _entries_per_unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return table entries per unit of expression for rows of genes: 1,000 a bandwidth of sd / 4; 0 where constant."""
    present = ~np.isnan(values)
    n = np.maximum(present.sum(axis=1), 1)
    centred = values - (np.nansum(values, axis=1) / n)[:, None]
    spread = np.sqrt(np.nansum(centred**2, axis=1) / np.maximum(n - 1, 1))
    varies = np.fmax.reduce(values, axis=1) > np.fmin.reduce(values, axis=1)
    per_unit: NDArray[np.float64] = np.zeros(len(values))
    per_unit[varies] = 4 * _PER_BANDWIDTH / spread[varies]
    return per_unit


def gsva(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Score a cohort, each sample against the smoothed distribution of all of them.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Log scale. Genes that do not vary take no part; NaN takes no part in its gene and its sample.
    sets : GeneSets
        Columns of each set.
    parameters : mapping
        ``tau``, ``max_difference``, ``threads``.

    Returns
    -------
    array of float64, n_samples x n_sets
        Between -1 and 1; NaN where a sample has none of the genes.

    Notes
    -----
    The kernel is a normal distribution with a bandwidth of a quarter of the gene's standard deviation, read from a
    table in steps of a thousandth of it, cut and not rounded, as in the R package. Cost: n (n-1) / 2 look-ups a gene.
    """
    density = np.empty_like(values)
    table = _table()

    def work(first: int, last: int) -> None:
        genes = np.ascontiguousarray(values[:, first:last].T)
        per_unit = _entries_per_unit(genes)
        genes[per_unit == 0] = np.nan
        out = np.empty_like(genes)
        gaussian_cdf_within(genes, per_unit, table, out)
        density[:, first:last] = out.T

    for_row_blocks(work, values.shape[1], block=_GENES, threads=parameters["threads"], task="densities", unit="genes")
    return _walk(density, sets, parameters)


def _placed(density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is ranked."""
    with np.errstate(divide="ignore"):  # densities of 0 and 1 stand at the ends
        # as in the original: densities next to 1 that differ in the last bit are ties after the logarithm
        placed: NDArray[np.float64] = -np.log((1 - density) / density)
    return placed


def _walk(density: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    scores = np.full((density.shape[0], len(sets.names)), np.nan)

    def work(first: int, last: int) -> None:
        rank_extreme_scores(
            _placed(density[first:last]),
            sets.starts,
            sets.members,
            parameters["tau"],
            parameters["max_difference"],
            scores[first:last],
        )

    for_row_blocks(work, len(density), block=_SAMPLES, threads=parameters["threads"], task="walks")
    return scores


def fit_gsva(
    values: NDArray[np.float64],
    sets: GeneSets,  # noqa: ARG001 - every method is fitted with them
    parameters: Mapping[str, Any],  # noqa: ARG001
) -> dict[str, NDArray[np.float64]]:
    """Keep what new samples are compared with.

    Parameters
    ----------
    values, sets, parameters
        As in `gsva`.

    Returns
    -------
    dict
        ``reference``: n_genes x n_samples of the cohort; ``per_unit``: n_genes, the inverse bandwidth in table steps, 0
        for genes that do not vary.
    """
    genes = np.ascontiguousarray(values.T)
    return {"reference": genes, "per_unit": _entries_per_unit(genes)}


def apply_gsva(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],
    *,
    state: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Score new samples, each by itself, against the cohort that was fitted.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        The genes of the fit, in its order.
    sets, parameters
        As in `gsva`.
    state : mapping
        From `fit_gsva`.

    Returns
    -------
    array of float64, n_samples x n_sets
        For the samples that were fitted, the scores of `gsva`.
    """
    return _walk(_density(values, state, threads=parameters["threads"]), sets, parameters)


def _density(
    values: NDArray[np.float64], state: Mapping[str, NDArray[np.float64]], *, threads: int
) -> NDArray[np.float64]:
    """Return where each value stands in the cohort that was fitted."""
    density = np.empty_like(values)
    table, reference, per_unit = _table(), state["reference"], state["per_unit"]

    def work(first: int, last: int) -> None:
        genes = np.ascontiguousarray(values[:, first:last].T)
        genes[per_unit[first:last] == 0] = np.nan
        out = np.empty_like(genes)
        gaussian_cdf_against(genes, reference[first:last], per_unit[first:last], table, out)
        density[:, first:last] = out.T

    for_row_blocks(work, values.shape[1], block=_GENES, threads=threads, task="densities", unit="genes")
    return density


def lead_gsva(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],
    *,
    state: Mapping[str, NDArray[np.float64]] | None,
) -> Lead:
    """Return the genes before the highest point of the walk, or, for negative scores, after the lowest.

    Parameters
    ----------
    values, sets, parameters
        As in `gsva`.
    state : mapping
        From `fit_gsva`.

    Returns
    -------
    Lead
        The contribution is ``|n/2 - p|^tau`` over the sum of these, with the place ``p`` from the top.
    """
    placed = _placed(_density(values, state or {}, threads=parameters["threads"]))
    tau = parameters["tau"]

    def rise(places: NDArray[np.float64], ranks: NDArray[np.float64], n: int) -> NDArray[np.float64]:  # noqa: ARG001
        raised: NDArray[np.float64] = np.abs(n / 2.0 - places) ** tau
        return raised

    return lead_of_walk(placed, sets, rise=rise, scores=apply_gsva(values, sets, parameters, state=state or {}))


def gsva_poisson(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Score a cohort of counts, with a Poisson kernel in place of the normal one.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Counts. Genes that do not vary take no part; NaN takes no part in its gene and its sample.
    sets, parameters
        As in `gsva`.

    Returns
    -------
    array of float64, n_samples x n_sets
        As in `gsva`. The kernel at a count c is the Poisson distribution of rate c + 0.5.
    """
    density = np.full_like(values, np.nan)

    def work(first: int, last: int) -> None:
        for gene in range(first, last):
            column = values[:, gene]
            present = ~np.isnan(column)
            if np.fmax.reduce(column) > np.fmin.reduce(column):
                density[present, gene] = _poisson_cdf(column[present])

    for_row_blocks(work, values.shape[1], block=_GENES, threads=parameters["threads"], task="densities", unit="genes")
    return _walk(density, sets, parameters)


def _poisson_cdf(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import pdtr

    distinct, place, times = np.unique(counts, return_inverse=True, return_counts=True)
    lower: NDArray[np.float64] = pdtr(np.floor(distinct + 1e-7)[:, None], (distinct + _HALF)[None, :]) @ times
    return lower[place] / len(counts)


_PARAMETERS = (
    Parameter("tau", float, 1.0, "Weight of the symmetric ranks; larger values stress both ends (0 to 10).", 0.0, 10.0),
    Parameter(
        "max_difference",
        bool,
        True,
        "Whether the score is the difference of the walk's two extremes, or the larger of them with its sign.",
    ),
    THREADS,
)

GAUSSIAN = Method(
    MethodSpec(
        name="gsva",
        room="bulk",
        summary="Gene set variation: the signature's genes, each placed within the cohort, ranked within the sample.",
        needs_log=True,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="cohort",
        unit="difference of running sums",
        low=-1.0,
        high=1.0,
        reference="10.1186/1471-2105-14-7",
        higher_means="the signature's genes are high for this cohort; zero is neither high nor low in it",
        ties="equal densities keep the order of the input genes",
        min_samples=2,
        drops_constant_genes=True,
        ranks_all_genes=True,
        parameters=_PARAMETERS,
    ),
    gsva,
    fit_gsva,
    apply_gsva,
    lead_gsva,
)

POISSON = Method(
    replace(
        GAUSSIAN.spec,
        name="gsva_poisson",
        summary="Gene set variation of counts: as gsva, with a Poisson kernel.",
        needs_log=False,
        units=("counts",),
    ),
    gsva_poisson,
)
