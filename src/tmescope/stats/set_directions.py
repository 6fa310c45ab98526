"""Whether the genes of a set change together more than other genes do, with their correlation counted (camera)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SetDirection", "compare_set"]


@dataclass(frozen=True, kw_only=True)
class SetDirection:
    """One gene set against all other genes.

    Parameters
    ----------
    n : int
        Genes of the set that have a statistic.
    effect : float
        Mean statistic (z) of the set minus that of the other genes.
    correlation : float
        Mean correlation between genes of the set in the residuals; negative ones count as zero in the test.
    inflation : float
        How many times larger it makes the variance of the set's mean: 1 + (n - 1) max(correlation, 0).
    t, p_value : float
        Two-sample t with that inflation, and its two-sided p.
    df : float
    method, reason : str
        What was done; ``reason`` is a word where p is NaN.
    """

    n: int
    effect: float
    correlation: float
    inflation: float
    t: float
    p_value: float
    df: float
    method: str
    reason: str


def compare_set(
    statistics: ArrayLike, in_set: ArrayLike, *, residuals: ArrayLike, residual_df: float, total_df: ArrayLike
) -> SetDirection:
    """Compare moderated t of the genes of a set with those of all other genes.

    Parameters
    ----------
    statistics : array-like of float, shape (genes,)
        Moderated t.
    in_set : array-like of bool, shape (genes,)
    residuals : array-like of float, shape (n, genes of the set)
        Residuals of the linear model (weighted ones times the root of their weight), in the order of the set's genes.
    residual_df : float
        Residual degrees of freedom of the linear model.
    total_df : array-like of float, shape (genes,)
        Degrees of freedom of each t.

    Returns
    -------
    SetDirection
        ``reason`` is ``few_genes`` where fewer than two genes are in the set or outside it.

    Raises
    ------
    InputError
        If shapes do not agree or there are no residual degrees of freedom.

    Notes
    -----
    Each t becomes the normal z of the same p. The variance of the mean z of m genes is 1 + (m - 1) r times that of
    independent genes, r their mean correlation, which the residuals tell: m times the mean square of the set's mean
    standardised residual is that inflation. It then stands in a two-sample t with the pooled variance of z. Genes that
    are correlated and a rank-sum without this factor give p-values that are far too small.

    References
    ----------
    Wu and Smyth, Nucleic Acids Research 2012, doi:10.1093/nar/gks461.
    """
    t, chosen = np.asarray(statistics, dtype=np.float64), np.asarray(in_set, dtype=bool)
    df, left = np.asarray(total_df, dtype=np.float64), np.asarray(residuals, dtype=np.float64)
    m, total = int(chosen.sum()), t.size
    if chosen.shape != t.shape or df.shape != t.shape or left.ndim != 2 or left.shape[1] != m or residual_df <= 0.0:
        raise InputError(
            f"statistics {t.shape}, in_set {chosen.shape}, total_df {df.shape} and residuals {left.shape} do not "
            f"agree, or there are no residual degrees of freedom ({residual_df:g})",
            expected="one statistic a gene, one column of residuals for each gene of the set",
        )
    method = "camera: competitive test with the correlation of the set's residuals"
    if m < 2 or total - m < 2:
        nothing = float("nan")
        return SetDirection(n=m, effect=nothing, correlation=nothing, inflation=nothing, t=nothing, p_value=nothing,
                            df=nothing, method=method, reason="few_genes")  # fmt: skip
    z = _normal(t, df)
    inflation = _inflation(left, residual_df)
    correlation = (inflation - 1.0) / (m - 1.0)
    inflation = 1.0 + (m - 1.0) * max(correlation, 0.0)
    others = total - m
    effect = float(z[chosen].mean() - z[~chosen].mean())
    squares = float(((z[chosen] - z[chosen].mean()) ** 2).sum() + ((z[~chosen] - z[~chosen].mean()) ** 2).sum())
    variance = squares / (total - 2.0)
    found = effect / float(np.sqrt(variance * (inflation / m + 1.0 / others)))
    freedom = float(min(residual_df, total - 2.0))
    p_value = float(2.0 * stats.t.sf(abs(found), freedom))
    return SetDirection(n=m, effect=effect, correlation=correlation, inflation=inflation, t=found, p_value=p_value,
                        df=freedom, method=method, reason="")  # fmt: skip


def _normal(t: NDArray[np.float64], df: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normal quantiles of the same tail probabilities, also where those underflow."""
    with np.errstate(divide="ignore"):
        log_tail = np.where(
            np.isinf(df), stats.norm.logsf(np.abs(t)), stats.t.logsf(np.abs(t), np.where(np.isinf(df), 1.0, df))
        )
    z = np.where(np.isfinite(log_tail), -_from_log_tail(log_tail), np.abs(t))
    return np.asarray(np.sign(t) * z)


def _from_log_tail(log_tail: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import ndtri_exp

    return np.asarray(ndtri_exp(np.where(np.isfinite(log_tail), log_tail, -1.0)))


def _inflation(residuals: NDArray[np.float64], residual_df: float) -> float:
    size = np.sqrt((residuals**2).sum(axis=0) / residual_df)
    known = size > 0.0
    if not known.any():
        return 1.0
    mean = (residuals[:, known] / size[known]).mean(axis=1)
    return float(known.sum() * (mean**2).sum() / residual_df)
