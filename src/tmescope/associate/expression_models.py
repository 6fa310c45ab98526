"""The models of expression: limma's moderated t, voom-limma and DESeq2, with results in one shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.associate.deseq2 import fit_negative_binomial
from tmescope.stats.moderated import ModeratedTest, fit_genes, moderate
from tmescope.stats.size_factors import median_ratios
from tmescope.stats.voom import weigh_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.expression_scales import Model
    from tmescope.foundation.scale import Scale

__all__ = ["FittedGenes", "fit_model"]

_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class FittedGenes:
    """The last column of a design, tested for every gene.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns feature, source, effect, effect_name, std_error, ci_low, ci_high, p_value, average, t, log_odds.
    method : str
        For the methods column.
    checks : str
        How variances were shared, and how libraries were compared.
    prior_df : float
        Degrees of freedom of the prior; NaN of deseq2.
    log_values : array of float64, shape (n, genes), or None
        What the linear model was fitted to; None of deseq2.
    design : array of float64, shape (n, p)
    weights : array of float64, shape (n, genes), or None
        Precision weights of voom.
    total_df : array of float64, shape (genes,)
        Degrees of freedom of each t; infinite of deseq2.
    """

    rows: pd.DataFrame
    method: str
    checks: str
    prior_df: float
    log_values: NDArray[np.float64] | None
    design: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    total_df: NDArray[np.float64]


def fit_model(expression: pd.DataFrame, design: NDArray[np.float64], *, model: Model, scale: Scale) -> FittedGenes:
    """Fit a model to every gene and test the last column of the design.

    Parameters
    ----------
    expression : pandas.DataFrame
        Samples x genes, none missing, no gene constant.
    design : array of float64, shape (n, p)
        With an intercept.
    model : {"limma", "voom", "deseq2"}
        Checked against the scale before.
    scale : Scale
        Of the expression.

    Returns
    -------
    FittedGenes
    """
    values = expression.to_numpy(dtype=np.float64)
    genes = expression.columns
    if model == "deseq2":
        return _negative_binomial(values, design, genes=genes)
    contrast = np.zeros(design.shape[1])
    contrast[-1] = 1.0
    if model == "limma":
        in_log2 = values * float(np.log2(scale.log_base or 2.0))
        test = moderate(fit_genes(in_log2, design), contrast, trend=True)
        method, libraries, weights = f"limma: moderated t with trend on {scale}", "", None
    else:
        factors = median_ratios(values)
        sizes = values.sum(axis=1)
        libraries = "; library sizes as they are: too few genes have counts in every sample"
        if factors is not None:
            sizes = factors * float(np.exp(np.mean(np.log(sizes))))
            libraries = "; library sizes by the median of ratios"
        weighed = weigh_counts(values, design, library_sizes=sizes)
        in_log2, weights = weighed.log_cpm, weighed.weights
        test = moderate(fit_genes(in_log2, design, weights=weights), contrast)
        method = "voom-limma: moderated t on log2 counts per million with precision weights"
    return FittedGenes(
        rows=_moderated_rows(genes, test),
        method=method,
        checks=f"prior degrees of freedom {test.prior_df:.3g}{libraries}",
        prior_df=test.prior_df,
        log_values=in_log2,
        design=design,
        weights=weights,
        total_df=test.total_df,
    )


def _moderated_rows(genes: pd.Index[str], test: ModeratedTest) -> pd.DataFrame:
    half = stats.t.isf((1.0 - _LEVEL) / 2.0, test.total_df) * test.std_errors
    return _rows(genes, effect=test.effects, std_error=test.std_errors, half=half).assign(
        p_value=test.p_values, average=test.averages, t=test.t, log_odds=test.log_odds
    )


def _negative_binomial(
    values: NDArray[np.float64], design: NDArray[np.float64], *, genes: pd.Index[str]
) -> FittedGenes:
    test = fit_negative_binomial(values, design)
    half = stats.norm.isf((1.0 - _LEVEL) / 2.0) * test.std_errors
    rows = _rows(genes, effect=test.effects, std_error=test.std_errors, half=half).assign(
        p_value=test.p_values, average=np.log2(test.averages + 0.5), t=test.z, log_odds=np.nan
    )
    whole = float(np.mean(values == np.round(values)))
    rounded = "" if whole == 1.0 else f"; {1.0 - whole:.1%} of counts were rounded to whole ones"
    outlying = f"; {test.n_outlying} genes have outlying counts by Cook's distance and no p" if test.n_outlying else ""
    return FittedGenes(
        rows=rows,
        method=f"deseq2: negative binomial Wald test by PyDESeq2 {test.version}",
        checks=f"size factors by the median of ratios; no independent filtering{rounded}{outlying}",
        prior_df=float("nan"),
        log_values=None,
        design=design,
        weights=None,
        total_df=np.full(len(rows), np.inf),
    )


def _rows(
    genes: pd.Index[str], *, effect: NDArray[np.float64], std_error: NDArray[np.float64], half: NDArray[np.float64]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": genes.astype("str"),
            "source": "expression",
            "effect": effect,
            "effect_name": "log2_fold_change",
            "std_error": std_error,
            "ci_low": effect - half,
            "ci_high": effect + half,
        }
    )
