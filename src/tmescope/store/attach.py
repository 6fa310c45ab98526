"""The one writer into AnnData: a result's wide table goes into ``obsm`` under the method's name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tmescope.foundation.errors import InputError, examples

if TYPE_CHECKING:
    from anndata import AnnData

    from tmescope.foundation.result import Result

__all__ = ["attach"]


def attach(adata: AnnData, result: Result) -> AnnData:
    """Attach scores to the AnnData that they were computed from.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Changed in place: ``obsm[method]`` becomes a data frame of n_samples x n_features, ``uns["tmescope_results"]``
        gets the provenance as JSON under the method's name.
    result : Result
        Its table has the columns sample_id, method, feature and value.

    Returns
    -------
    anndata.AnnData
        The same object.

    Raises
    ------
    InputError
        If the table lacks those columns, or names samples that are not in `adata`.
    """
    absent = {"sample_id", "method", "feature", "value"} - set(result.table.columns)
    if absent:
        raise InputError(
            f"the result has no column {examples(sorted(absent))}",
            expected="a tidy table of scores per sample",
        )
    strangers = sorted(set(result.table["sample_id"]) - set(adata.obs_names))
    if strangers:
        raise InputError(
            f"{len(strangers)} samples of the result are not in the AnnData: {examples(strangers)}",
            next_step="attach to the AnnData that was scored",
        )
    kept = dict(adata.uns.get("tmescope_results", {}))
    for method, rows in result.table.groupby("method", sort=False):
        wide = rows.pivot(index="sample_id", columns="feature", values="value")
        wide = wide.reindex(index=adata.obs_names, columns=list(dict.fromkeys(rows["feature"])))
        wide.columns.name = None
        wide.index.name = adata.obs_names.name
        adata.obsm[str(method)] = wide
        kept[str(method)] = json.dumps(result.provenance.as_dict(), sort_keys=True)
    adata.uns["tmescope_results"] = kept
    return adata
