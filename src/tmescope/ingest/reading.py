"""A cohort as an AnnData in one call, for use from Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path

import anndata as ad

from tmescope.ingest.cohort import read_cohort as read_checked
from tmescope.ingest.endpoints import EndpointRule
from tmescope.ingest.options import CohortOptions, Identifiers
from tmescope.store.exchange import as_anndata_writes

__all__ = ["read_cohort"]


def read_cohort(
    expression: str | PathLike[str],
    samples: str | PathLike[str] | None = None,
    *,
    scale: str,
    identifiers: Identifiers | None = None,
    columns: Mapping[str, str] | None = None,
    endpoints: Mapping[str, EndpointRule] | None = None,
    options: CohortOptions | None = None,
) -> ad.AnnData:
    """Read an expression matrix and its sample table into an AnnData.

    For a whole study write a study file instead: it also records what was lost and why.

    Parameters
    ----------
    expression : path
        Genes x samples as TSV, CSV (also ``.gz``) or Parquet, or an h5ad file.
    samples : path, optional
        One row per sample as TSV, CSV (also ``.gz``) or Parquet.
    scale : str
        What the numbers are, such as ``counts``, ``tpm``, ``log2(tpm+1)``; checked, never guessed.
    identifiers : {'symbol', 'ensembl', 'entrez'}, optional
        What the gene names are; symbols where nothing is said.
    columns : mapping of str to str, optional
        ``sample_id``, ``patient_id``, ``cancer_type``, ``treatment``, ``timepoint``, ``sex``, ``age_years``
        to the names of the table's columns; columns that are called exactly so need no mapping.
    endpoints : mapping of str to ResponseRule or TimeToEventRule, optional
        By the name that the endpoint gets in ``obs``.
    options : CohortOptions, optional
        Everything else (orientation, format, selection ...). Its scale, identifiers and columns give way to
        the arguments above, columns only where the argument is given.

    Returns
    -------
    anndata.AnnData
        X: samples x genes, float64, in the declared scale, missing values NaN; see
        `tmescope.ingest.cohort.IngestedCohort`. It can be written with ``write_h5ad``. Warnings stand in
        ``uns["tmescope"]["warnings"]``, one sentence each.

    Raises
    ------
    TmescopeError
        What is wrong with the files, all problems at once.

    Examples
    --------
    >>> adata = read_cohort("expression.tsv", "samples.tsv", scale="log2(tpm+1)")  # doctest: +SKIP
    """
    base = options or CohortOptions(cohort_id="cohort", scale=scale)
    chosen = replace(
        base,
        scale=scale,
        identifiers=identifiers or base.identifiers,
        columns=base.columns if columns is None else columns,
    )
    cohort = read_checked(
        Path(expression), None if samples is None else Path(samples), options=chosen, endpoints=endpoints
    )
    adata = cohort.adata
    adata.obs, adata.var = as_anndata_writes(adata.obs), as_anndata_writes(adata.var)
    adata.uns["tmescope"]["warnings"] = [f"{w.code}: {w.message}" for w in cohort.warnings]
    return adata
