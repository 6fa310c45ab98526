"""Single-sample gene set enrichment, raw and normalised (Barbie et al. 2009)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.contributions import lead_of_walk
from tmescope.foundation.method import THREADS, Method, MethodSpec, Parameter
from tmescope.kernels.rank_walk import rank_walk_scores
from tmescope.store.threads import for_row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.contributions import Lead
    from tmescope.bulk.gene_sets import GeneSets

__all__ = ["NORMALISED", "RAW", "apply_ssgsea", "fit_ssgsea", "lead_ssgsea", "ssgsea", "ssgsea_raw", "walk"]

_TIES = "equal values share their average rank, cut to a whole number, and keep the order of the input genes"
_REFERENCE = "10.1038/nature08460"


def walk(
    values: NDArray[np.float64], sets: GeneSets, *, alpha: float, threads: int, whole: bool
) -> NDArray[np.float64]:
    """Return the integrated difference of the running sums, see `tmescope.kernels.rank_walk.rank_walk_scores`.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        NaN genes take no part in a sample's ranking.
    sets : GeneSets
        Columns of each set.
    alpha : float
        Weight of the ranks.
    threads : int
        The answer does not depend on them.
    whole : bool
        Whether the mean rank of equal values is cut to a whole number.
    """
    out = np.full((values.shape[0], len(sets.names)), np.nan)
    values = np.ascontiguousarray(values)

    def work(first: int, last: int) -> None:
        rank_walk_scores(values[first:last], sets.starts, sets.members, alpha, whole, out[first:last])

    for_row_blocks(work, values.shape[0], block=16, threads=threads, task="walks")
    return out


def ssgsea_raw(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the integrated difference of the running sums, sample by sample.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        All genes of the platform: the score is relative to them. NaN genes take no part in a sample's ranking.
    sets : GeneSets
        Columns of each set.
    parameters : mapping
        ``alpha``, the weight of the ranks, and ``threads``.

    Returns
    -------
    array of float64, n_samples x n_sets
        In units of rank positions; NaN where a sample has none of the genes.
    """
    return walk(values, sets, alpha=parameters["alpha"], threads=parameters["threads"], whole=True)


def ssgsea(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Divide raw scores by the range of all of them: all samples and all sets of this call.

    Parameters
    ----------
    values, sets, parameters
        As in `ssgsea_raw`.

    Returns
    -------
    array of float64, n_samples x n_sets
        Without unit. Adding a sample or a signature to the call changes every value by the same factor. NaN where the
        raw score is, and everywhere where all raw scores are equal.
    """
    return _divide(raw := ssgsea_raw(values, sets, parameters), _spread(raw))


def _spread(raw: NDArray[np.float64]) -> float:
    finite = raw[np.isfinite(raw)]
    return float(finite.max() - finite.min()) if finite.size else 0.0


def _divide(raw: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    return raw / spread if spread > 0 else np.full_like(raw, np.nan)


def fit_ssgsea(
    values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]
) -> dict[str, NDArray[np.float64]]:
    """Keep the range of all raw scores of a cohort.

    Parameters
    ----------
    values, sets, parameters
        As in `ssgsea`.

    Returns
    -------
    dict
        ``spread``: one number.
    """
    return {"spread": np.array([_spread(ssgsea_raw(values, sets, parameters))])}


def apply_ssgsea(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],
    *,
    state: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Divide the raw scores of new samples by the range of the cohort that was fitted.

    Parameters
    ----------
    values, sets, parameters
        As in `ssgsea`; the genes of the fit.
    state : mapping
        From `fit_ssgsea`.

    Returns
    -------
    array of float64, n_samples x n_sets
        As from `ssgsea`.
    """
    return _divide(ssgsea_raw(values, sets, parameters), float(state["spread"][0]))


def lead_ssgsea(
    values: NDArray[np.float64],
    sets: GeneSets,
    parameters: Mapping[str, Any],
    *,
    state: Mapping[str, NDArray[np.float64]] | None,  # noqa: ARG001 - every method is asked with them
) -> Lead:
    """Return the genes before the highest point of the walk, or, for negative scores, after the lowest.

    Parameters
    ----------
    values, sets, parameters
        As in `ssgsea_raw`.
    state : mapping
        None is used: the range of the cohort does not move the walk.

    Returns
    -------
    Lead
        The contribution is ``r^alpha / sum(r^alpha)``.
    """
    alpha = parameters["alpha"]

    def rise(places: NDArray[np.float64], ranks: NDArray[np.float64], n: int) -> NDArray[np.float64]:  # noqa: ARG001
        raised: NDArray[np.float64] = np.floor(ranks) ** alpha
        return raised

    return lead_of_walk(values, sets, rise=rise, scores=ssgsea_raw(values, sets, parameters))


_PARAMETERS = (
    Parameter(
        "alpha",
        float,
        0.25,
        "Weight of the ranks; 0 counts genes only, larger values stress the top (0 to 10).",
        0.0,
        10.0,
    ),
    THREADS,
)

RAW = Method(
    MethodSpec(
        name="ssgsea_raw",
        room="bulk",
        summary="Rank enrichment of the signature within each sample, before normalisation.",
        needs_log=True,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="sample",
        unit="rank positions",
        low=-np.inf,
        high=np.inf,
        reference=_REFERENCE,
        higher_means="the signature's genes rank higher within the sample; depends on which genes were measured",
        ties=_TIES,
        ranks_all_genes=True,
        parameters=_PARAMETERS,
    ),
    ssgsea_raw,
    lead=lead_ssgsea,
)

NORMALISED = Method(
    replace(
        RAW.spec,
        name="ssgsea",
        summary="Rank enrichment of the signature within each sample, divided by the range over cohort and sets.",
        scope="cohort",
        unit="share of the range",
        higher_means="the signature's genes rank higher within the sample; the scale depends on cohort and other sets",
    ),
    ssgsea,
    fit_ssgsea,
    apply_ssgsea,
    lead_ssgsea,
)
