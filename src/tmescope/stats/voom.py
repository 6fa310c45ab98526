"""Counts as logarithms with a precision for each value (voom), so that linear models can be fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError, examples
from tmescope.stats.designs import as_matrix
from tmescope.stats.lowess import smooth_locally
from tmescope.stats.moderated import fit_genes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["WeightedCounts", "weigh_counts"]

_FEWEST_GENES = 2


@dataclass(frozen=True, kw_only=True)
class WeightedCounts:
    """Log counts per million with precisions.

    Parameters
    ----------
    log_cpm : array of float64, shape (n, genes)
        ``log2((count + 0.5) / (library size + 1) * 1e6)``.
    weights : array of float64, shape (n, genes)
        Inverse variances expected from the fitted size of each count.
    trend_x, trend_y : array of float64
        The curve: mean log2 count of each gene, and the smoothed root of its residual standard deviation.
    """

    log_cpm: NDArray[np.float64]
    weights: NDArray[np.float64]
    trend_x: NDArray[np.float64]
    trend_y: NDArray[np.float64]


def weigh_counts(
    counts: ArrayLike, design: ArrayLike, *, library_sizes: ArrayLike | None = None, fraction: float = 0.5
) -> WeightedCounts:
    """Turn counts into log counts per million and give each the precision that its size lets expect.

    Parameters
    ----------
    counts : array-like of float, shape (n, genes)
        Counts, estimated ones (with decimals) allowed; zero or more, none missing.
    design : array-like of float, shape (n, p)
        The design of the test that follows.
    library_sizes : array-like of float, shape (n,), optional
        Effective library sizes, such as normalised ones; the sums of the counts by default.
    fraction : float
        Share of genes in each neighbourhood of the smooth.

    Returns
    -------
    WeightedCounts

    Raises
    ------
    InputError
        If a count is negative or missing, a library is empty, fewer than two genes have counts, or the design cannot be
        fitted.

    Notes
    -----
    Fit each gene by least squares; smooth the root of residual standard deviations over mean log counts (lowess); read
    the curve at each fitted log count (flat beyond its ends); the weight is its power -4. Genes that are zero in all
    samples do not shape the curve. Genes with hardly any counts should be left out before.

    References
    ----------
    Law et al., Genome Biology 2014, doi:10.1186/gb-2014-15-2-r29.
    """
    y, x = as_matrix(counts, name="counts"), as_matrix(design, name="design")
    wrong = np.isnan(y) | (y < 0.0)
    if wrong.any():
        raise InputError(
            f"{int(wrong.sum())} counts are negative or missing, for example "
            f"{examples(float(v) for v in y[wrong][:4])}",
            where="argument counts",
            expected="counts, zero or more",
            next_step="give raw counts, not logarithms",
        )
    sizes = y.sum(axis=1) if library_sizes is None else np.asarray(library_sizes, dtype=np.float64)
    if sizes.shape != (len(y),) or not (sizes > 0.0).all():
        raise InputError("each sample needs a library size above zero", where="argument library_sizes")
    log_cpm = np.log2((y + 0.5) / (sizes[:, None] + 1.0) * 1e6)
    fits = fit_genes(log_cpm, x)
    seen = y.any(axis=0)
    if seen.sum() < _FEWEST_GENES:
        raise InputError(
            f"{int(seen.sum())} genes have counts: too few for a trend of precision over genes",
            where="argument counts",
            expected=f"{_FEWEST_GENES} genes or more, each with a count in some sample",
            next_step="keep more genes: lower the filter of counts",
        )
    at = fits.averages + np.log2(sizes + 1.0).mean() - np.log2(1e6)
    trend_x, trend_y = smooth_locally(at[seen], np.sqrt(np.sqrt(fits.variances[seen])), fraction=fraction)
    fitted = x @ fits.coefficients.T + np.log2(1e-6 * (sizes + 1.0))[:, None]
    distinct, where = np.unique(trend_x, return_inverse=True)
    heights = np.bincount(where, weights=trend_y) / np.bincount(where)
    return WeightedCounts(
        log_cpm=log_cpm,
        weights=1.0 / np.interp(fitted, distinct, heights) ** 4,
        trend_x=trend_x,
        trend_y=trend_y,
    )
