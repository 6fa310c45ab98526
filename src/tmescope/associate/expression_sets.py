"""In which direction the genes of each set moved between two groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.stats.moderated import fit_genes
from tmescope.stats.set_directions import compare_set

if TYPE_CHECKING:
    from tmescope.associate.expression_models import FittedGenes

__all__ = ["summarise_sets"]

_COLUMNS = (
    "gene_set", "n_genes", "n_in_set", "n_higher", "mean_effect", "mean_difference", "correlation", "inflation", "t",
    "df", "p_value", "method", "reason",
)  # fmt: skip


def summarise_sets(fitted: FittedGenes, gene_sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return one row for each gene set that has two tested genes or more.

    Parameters
    ----------
    fitted : FittedGenes
        Of a linear model; deseq2 has no residuals that the correlation could be read off, and gives no rows.
    gene_sets : mapping of str to sequence of str
        Genes by name of the set.

    Returns
    -------
    pandas.DataFrame
        Columns gene_set, n_genes (of the set, tested), n_in_set, n_higher (with a positive effect), mean_effect (mean
        log2 fold change), mean_difference (mean z of the set minus that of the others), correlation, inflation, t, df,
        p_value, method, reason.
    """
    if fitted.log_values is None or not gene_sets:
        return pd.DataFrame(columns=list(_COLUMNS))
    genes = pd.Index(fitted.rows["feature"])
    effects = fitted.rows["effect"].to_numpy(dtype=np.float64)
    rows = []
    for name, members in gene_sets.items():
        wanted = list(dict.fromkeys(str(g) for g in members))
        at = np.flatnonzero(genes.isin(wanted))
        if at.size < 2:
            continue
        in_set = np.zeros(len(genes), dtype=bool)
        in_set[at] = True
        residuals, df = _residuals(fitted, at)
        found = compare_set(fitted.rows["t"], in_set, residuals=residuals, residual_df=df, total_df=fitted.total_df)
        rows.append({
            "gene_set": name, "n_genes": found.n, "n_in_set": len(wanted), "n_higher": int((effects[at] > 0.0).sum()),
            "mean_effect": float(effects[at].mean()), "mean_difference": found.effect, "correlation": found.correlation,
            "inflation": found.inflation, "t": found.t, "df": found.df, "p_value": found.p_value,
            "method": found.method, "reason": found.reason,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _residuals(fitted: FittedGenes, at: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float]:
    if fitted.log_values is None:
        return np.empty((0, at.size)), 0.0
    y = fitted.log_values[:, at]
    weights = None if fitted.weights is None else fitted.weights[:, at]
    fits = fit_genes(y, fitted.design, weights=weights)
    left = y - fitted.design @ fits.coefficients.T
    if weights is not None:
        left = left * np.sqrt(weights)
    return left, float(len(y) - fitted.design.shape[1])
