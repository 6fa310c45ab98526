"""What each cell type expresses in each sample, as the Bayesian mixture divides the reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.bulk.deconvolution import DeconvolveOptions
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.methods.bayes import COHORT, SAMPLE, fit_bayes, type_reads
from tmescope.bulk.mixtures import Mixture
from tmescope.bulk.references import SignatureReference, check_reference
from tmescope.foundation.errors import ExpressionError, UnknownNameError, examples
from tmescope.foundation.method import resolve_parameters

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["divide_expression"]


def divide_expression(
    adata: AnnData,
    reference: SignatureReference,
    *,
    cell_types: Sequence[str] | None = None,
    scale: str | None = None,
    pooled: bool = False,
    options: DeconvolveOptions | None = None,
) -> AnnData:
    """Divide the expression of each sample among the cell types of a reference.

    Answers "what do the tumour cells of this patient express?". Genes that several types express are divided by their
    reference profiles: what is not in the reference (a cell type, a gene that a type turned on here) is given to those
    that are. Only the malignant type has a profile of its own in each sample.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Dense, sparse or backed; gene symbols in ``var_names``, as the reference writes them. Not changed.
    reference : SignatureReference
        Built from cells.
    cell_types : sequence of str, optional
        Which types; all if omitted.
    scale : str, optional
        Scale of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    pooled : bool
        Whether profiles are learned from the whole cohort first, as ``bayes_cohort`` does.
    options : DeconvolveOptions, optional
        Parameters of the method; the rest is not looked at.

    Returns
    -------
    anndata.AnnData, n_samples x n_shared_genes
        One layer for each type, in the linear unit of the input; the layers of all types add up to ``X``. Genes that
        a sample lacks, or the reference, are left out.

    Raises
    ------
    UnknownNameError
        If a cell type or parameter does not exist.
    ScaleError, ExpressionError, MethodError
        As from `tmescope.bulk.deconvolution.deconvolve`.
    """
    from anndata import AnnData

    check_reference(reference)
    wanted = tuple(cell_types) if cell_types is not None else reference.cell_types
    for name in wanted:
        if name not in reference.cell_types:
            raise UnknownNameError.of("cell type", name, reference.cell_types, where="cell_types")
    method = COHORT if pooled else SAMPLE
    parameters = resolve_parameters(method.spec, dict((options or DeconvolveOptions()).parameters))
    genes = [str(g) for g in adata.var_names]
    check_names([str(s) for s in adata.obs_names], genes)
    declared = find_scale(adata, scale)
    target = target_scale(method.spec, declared)
    rows = MatrixRows(adata.X, declared, target)
    values = rows.read(0, len(rows))
    whole = np.flatnonzero(np.isnan(values).sum(axis=0) == 0)
    values = np.ascontiguousarray(values[:, whole])
    if (values < 0).any():
        raise ExpressionError(
            f"{int((values < 0).sum())} values are negative", where="X", expected="linear expression, 0 or more"
        )
    mixture = Mixture(values, tuple(genes[i] for i in whole.tolist()))
    silent = ~values.any(axis=1)
    if silent.any():
        names = [str(s) for s in adata.obs_names[silent]]
        raise ExpressionError(f"{len(names)} samples hold nothing but zeros: {examples(names)}", where="X")
    fit = fit_bayes(mixture, reference, parameters, pooled=pooled)
    used = values[:, fit.columns]
    found = AnnData(X=used, obs=adata.obs.copy(), var=pd.DataFrame(index=list(fit.genes)))
    for name in wanted:
        found.layers[name] = type_reads(used, fit, name)
    found.uns["tmescope"] = {"scale": str(target), "method": method.spec.name, "reference": reference.sha256}
    return found
