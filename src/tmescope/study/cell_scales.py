"""In which scale sums over cells reach a method: counts where it takes them, else counts per million."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.bulk.matrix_rows import target_scale
from tmescope.foundation.scale import Scale

if TYPE_CHECKING:
    from anndata import AnnData

    from tmescope.foundation.method import MethodSpec
    from tmescope.study.schema import Cohort

__all__ = ["scaled_for", "taken_scale", "usable_scale"]

_MILLION = 1e6


def usable_scale(spec: MethodSpec, declared: Scale, *, of_cells: bool = True) -> Scale:
    """Return the scale in which a matrix is handed to a method.

    Parameters
    ----------
    spec : MethodSpec
        Of the method.
    declared : Scale
        Of the cohort.
    of_cells : bool
        Whether its counts are of molecules, which do not grow with the length of a gene: counts per million of them
        compare genes as TPM of reads do.
    """
    needs = declared.unit == "counts" and "counts" not in spec.units and "cpm" in spec.units
    return Scale("cpm") if of_cells and needs else declared


def taken_scale(spec: MethodSpec, declared: Scale) -> Scale:
    """Return the scale in which a method took values, of a run that was not refused.

    Parameters
    ----------
    spec : MethodSpec
        Of the method.
    declared : Scale
        Of the cohort.
    """
    return target_scale(spec, usable_scale(spec, declared))


def scaled_for(spec: MethodSpec, adata: AnnData, cohort: Cohort) -> AnnData:
    """Return a cohort in the scale that a method takes.

    Parameters
    ----------
    spec : MethodSpec
        Of the method.
    adata : AnnData, n_samples x n_genes
        The cohort, which is not changed; the same is returned where nothing is to be done.
    cohort : Cohort
        Only sums over cells are converted: to counts per million of all genes of the sample.
    """
    declared = Scale.parse(adata.uns["tmescope"]["scale"])
    usable = usable_scale(spec, declared, of_cells=cohort.kind == "cells")
    if usable == declared:
        return adata
    values = np.asarray(adata.X, dtype=np.float64)
    totals = values.sum(axis=1, keepdims=True)
    found = adata.copy()
    found.X = values / np.where(totals > 0, totals, np.nan) * _MILLION
    found.uns["tmescope"] = {**adata.uns["tmescope"], "scale": str(usable)}
    return found
