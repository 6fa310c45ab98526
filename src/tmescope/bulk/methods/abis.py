"""ABIS: percentages of blood cell types by robust regression on absolute profiles (Monaco et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.facts.references.abis import Abis
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, MethodSpec
from tmescope.foundation.result import RunWarning
from tmescope.stats.quantiles import match_quantiles
from tmescope.stats.robust_regression import fit_robustly

__all__ = ["ARRAYS", "RNA_SEQ", "abis", "array_genes", "rna_seq_genes"]

_MAX_STEPS = 100
_PERCENT = 100.0


def rna_seq_genes(reference: Abis, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG001 - there are none
    """Return the genes of the signature for RNA-seq.

    Parameters
    ----------
    reference : Abis
        The reference.
    parameters : mapping
        None are used.
    """
    return reference.rna_seq.rows


def array_genes(reference: Abis, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG001 - there are none
    """Return the genes of the signature for microarrays.

    Parameters
    ----------
    reference : Abis
        The reference.
    parameters : mapping
        None are used.
    """
    return reference.microarray.rows


def abis(mixture: Mixture, reference: Abis, parameters: Mapping[str, Any]) -> Estimates:  # noqa: ARG001 - there are none
    """Estimate the percentage of each blood cell type.

    Parameters
    ----------
    mixture : Mixture
        TPM, or microarray intensities, of which only the order within a sample is used.
    reference : Abis
        The reference.
    parameters : mapping
        None are used.

    Returns
    -------
    Estimates
        17 types for RNA-seq, 11 for microarrays; percent of cells, of either sign, not made to sum to 100.

    Raises
    ------
    MethodError
        If no more genes of the signature are there than it has cell types.

    Notes
    -----
    Robust regression (Huber) of the sample on the signature, without intercept, at most 100 steps; times 100. The
    signature for RNA-seq is in TPM scaled by the mRNA content of each type. A microarray's genes first get the values
    of the target distribution by their ranks among the genes of the signature. The original rounds to three
    significant digits; this does not. Samples are independent.
    """
    signature = reference.microarray if mixture.is_array else reference.rna_seq
    place = {gene: i for i, gene in enumerate(mixture.genes)}
    rows = [i for i, gene in enumerate(signature.rows) if gene in place]
    n_types = len(signature.columns)
    if len(rows) <= n_types:
        raise MethodError(
            f"abis needs more genes than cell types and found {len(rows)} of {len(signature.rows)} genes",
            where="genes",
            expected=f"more than {n_types}",
            next_step="check the identifiers (tmescope check)",
        )
    values = mixture.values[:, [place[signature.rows[i]] for i in rows]]
    if mixture.is_array:
        values = match_quantiles(values, reference.target)
    fit = fit_robustly(signature.values[rows], values, psi="huber", max_steps=_MAX_STEPS)
    n_open = int((~fit.has_converged).sum())
    message = f"{n_open} samples had not settled after {_MAX_STEPS} steps of robust regression"
    warnings = (RunWarning("deconvolution.not_converged", message, count=n_open),) if n_open else ()
    share = len(rows) / len(signature.rows)
    return Estimates(signature.columns, fit.coefficients * _PERCENT, np.full(n_types, share), warnings)


RNA_SEQ = Method(
    MethodSpec(
        name="abis",
        room="bulk",
        summary="Percentages of blood cell types by robust regression on absolute profiles, for RNA-seq of blood.",
        needs_log=False,
        units=("tpm",),
        scope="sample",
        unit="percent of cells",
        low=-float("inf"),
        high=float("inf"),
        reference="10.1016/j.celrep.2019.01.041",
        higher_means="more cells of that type; below zero where the fit finds less than none",
        licence="GPL-2, as stated by method overviews (signature matrices)",
        commercial_use=False,
        ties="none: values enter as they are",
        installed="abis",
        additive=True,
    ),
    abis,
    vocabulary=rna_seq_genes,
)

ARRAYS = replace(
    RNA_SEQ,
    spec=replace(
        RNA_SEQ.spec,
        name="abis_array",
        summary="Percentages of blood cell types by robust regression on absolute profiles, for microarrays of blood.",
        units=("array",),
        ties="equal intensities share the mean of their ranks",
    ),
    vocabulary=array_genes,
)
