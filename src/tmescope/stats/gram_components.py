"""Principal components from the products of columns: all that is needed where rows are too many to be held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GramComponents", "components_of_products", "fix_signs"]

_SMALL = 300
"""Matrices up to here are decomposed as a whole."""


@dataclass(frozen=True, kw_only=True)
class GramComponents:
    """The first principal components of rows that only their products are known of.

    Parameters
    ----------
    loadings : array of float64, shape (n_columns, k)
        Unit vectors; the entry of largest size in each is positive.
    variances : array of float64, shape (k,)
        Variance of the rows along each (n - 1), falling.
    shares : array of float64, shape (k,)
        Of the total variance, 0 to 1.
    centre : array of float64, shape (n_columns,)
        Mean of the rows, in the units of the loadings: the score of a row is ``(row / scale - centre) @ loadings``.
    """

    loadings: NDArray[np.float64]
    variances: NDArray[np.float64]
    shares: NDArray[np.float64]
    centre: NDArray[np.float64]


def fix_signs(loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn components so that the entry of largest size in each is positive; of equal ones, the first.

    Parameters
    ----------
    loadings : array of float64, shape (n_columns, k)
    """
    if not loadings.size:
        return loadings
    # sizes that differ by rounding alone count as equal, so that the first of them decides on every machine
    sizes = np.abs(loadings)
    leading = np.argmax(sizes >= sizes.max(axis=0) * (1 - 1e-9), axis=0)
    return np.asarray(loadings * np.where(loadings[leading, np.arange(loadings.shape[1])] < 0, -1.0, 1.0))


def components_of_products(
    products: NDArray[np.float64],
    sums: NDArray[np.float64],
    n_rows: int,
    *,
    n_components: int,
    scale: NDArray[np.float64] | None = None,
) -> GramComponents:
    """Return principal components of centred rows from sums of products and sums.

    Parameters
    ----------
    products : array of float64, shape (n_columns, n_columns)
        ``X' X``; only what is on and above the diagonal is read.
    sums : array of float64, shape (n_columns,)
        Of the columns of X.
    n_rows : int
        Rows of X.
    n_components : int
        At most; no more than the rank are returned.
    scale : array of float64, shape (n_columns,), optional
        Divides the columns first; 1 if omitted.

    Returns
    -------
    GramComponents
        None (k = 0) where there are fewer than two rows, or nothing varies.

    Raises
    ------
    InputError
        If a number is not finite, or there are not as many sums as columns.

    Notes
    -----
    ``C = (X'X - n m m') / (n - 1)``, its eigenvectors by LAPACK for up to 300 columns, by implicitly restarted Lanczos
    to machine precision from a fixed start for more. Centring by subtraction loses as many digits as the square of the
    mean is larger than the variance: expression has mean and spread of one size, so that one or two of sixteen go.

    References
    ----------
    Jolliffe and Cadima, Phil Trans R Soc A 2016, doi:10.1098/rsta.2015.0202.
    """
    p = sums.size
    if products.shape != (p, p) or not (np.isfinite(products).all() and np.isfinite(sums).all()):
        raise InputError(
            f"products of shape {products.shape} and {p} sums, or some that are not finite",
            where="argument products",
            expected="finite numbers, one row and column for each sum",
        )
    centre = sums / max(n_rows, 1) / (1.0 if scale is None else scale)
    if n_rows < 2 or p == 0:
        return _none(centre)
    covariance = np.triu(products)
    covariance += np.triu(products, 1).T
    if scale is not None:
        covariance /= np.outer(scale, scale)
    largest = float(np.diagonal(covariance).sum())
    covariance -= n_rows * np.outer(centre, centre)
    covariance /= n_rows - 1
    total = float(np.diagonal(covariance).sum())
    if total <= 1e-12 * largest / n_rows or total <= 0.0:
        return _none(centre)
    variances, vectors = _leading(covariance, min(n_components, p, n_rows - 1))
    keep = variances > 1e-12 * total
    return GramComponents(
        loadings=np.ascontiguousarray(fix_signs(vectors[:, keep])),
        variances=variances[keep],
        shares=variances[keep] / total,
        centre=centre,
    )


def _leading(matrix: NDArray[np.float64], k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.linalg import eigh
    from scipy.linalg.blas import dsymv
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    p = len(matrix)
    found = None
    if p > _SMALL and 4 * k < p:
        start = np.random.default_rng(0).normal(size=p)  # a fixed one: nothing of the answer is random
        # half of the matrix is read for each product: that is what they take their time for
        half = LinearOperator((p, p), matvec=lambda x: dsymv(1.0, matrix.T, x.ravel(), lower=1), dtype=np.float64)
        try:
            found = eigsh(half, k, v0=start, tol=0)
        except ArpackNoConvergence:
            found = None
    values, vectors = eigh(matrix, subset_by_index=[p - k, p - 1]) if found is None else found
    order = np.argsort(-values, kind="stable")
    return values[order], vectors[:, order]


def _none(centre: NDArray[np.float64]) -> GramComponents:
    empty = np.empty(0)
    return GramComponents(loadings=np.empty((centre.size, 0)), variances=empty, shares=empty, centre=centre)
