"""ESTIMATE: stromal and immune admixture of a tumour, and the purity that was calibrated on arrays (Yoshihara 2013)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.methods.ssgsea import walk
from tmescope.foundation.method import THREADS, Method, MethodSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.bulk.gene_sets import GeneSets

__all__ = ["METHOD", "estimate"]

_ALPHA = 0.25
_INTERCEPT, _SLOPE = 0.6049872018, 0.0001467884
"""Of the cosine that gives purity, as published; tested against the numbers of the original."""


def estimate(values: NDArray[np.float64], sets: GeneSets, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the stromal and the immune score, their sum, and the tumour purity that the sum stood for on arrays.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Linear scale (any monotone one ranks alike, but logarithms round small differences away); genes in the order of
        their symbols. NaN genes take no part.
    sets : GeneSets
        The stromal and the immune signature, in this order.
    parameters : mapping
        ``threads``.

    Returns
    -------
    array of float64, n_samples x 4
        Stromal score, immune score, ESTIMATE score, tumour purity: ``cos(0.6049872018 + 0.0001467884 x ESTIMATE)``,
        NaN where that is negative.

    Notes
    -----
    The rank walk of ssGSEA with mean ranks not cut to whole numbers. The scores depend on which genes are ranked: the
    original ranks 10,412 genes that its platforms share, which can be given as the gene universe. Purity was fitted on
    Affymetrix arrays against copy numbers; for RNA-seq and for other universes it has no calibration.
    """
    scores = walk(values, sets, alpha=_ALPHA, threads=parameters["threads"], whole=False)
    total = scores.sum(axis=1)
    purity = np.cos(_INTERCEPT + _SLOPE * total)
    purity[purity < 0] = np.nan
    return np.column_stack([scores, total, purity])


METHOD = Method(
    MethodSpec(
        name="estimate",
        room="bulk",
        summary="Stromal and immune admixture of a tumour; its purity is calibrated for Affymetrix arrays only.",
        needs_log=False,
        units=("tpm", "fpkm", "cpm", "array"),
        scope="sample",
        unit="rank positions; purity: share",
        low=-np.inf,
        high=np.inf,
        reference="10.1038/ncomms3612",
        higher_means="more stroma, more immune cells, less tumour; purity is not valid for RNA-seq: never adjust by it",
        licence="gene lists as published (facts); the package's list of 10,412 common genes (GPL-2) can be installed",
        ties="equal values share their mean rank and stand in the order of their symbols",
        gene_sets="estimate",
        ranks_all_genes=True,
        derived=("estimate_score", "estimate_purity_affymetrix"),
        sorts_genes=True,
        universe="estimate",
        parameters=(THREADS,),
    ),
    estimate,
)
