"""Rank correlations of all pairs of columns, and whether groups of samples agree on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["heterogeneity", "spearman_matrix"]

_ALMOST_ONE = 1 - 1e-9


def spearman_matrix(matrix: ArrayLike, *, fewest: int = 3) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Spearman's correlation of every pair of columns, and how many rows it rests on.

    Answers which features rise and fall together, without regard to units and outliers.

    Parameters
    ----------
    matrix : array-like of float, shape (n_samples, n_features)
        NaN is missing.
    fewest : int
        Rows with both values below which a correlation is NaN.

    Returns
    -------
    correlation : array of float, shape (n_features, n_features)
        -1 to 1, symmetric, 1 on the diagonal; NaN for a column that is constant over the common rows.
    n : array of float, same shape
        Rows with both values.

    Raises
    ------
    InputError
        If the matrix is not two-dimensional or has infinite values.

    Notes
    -----
    Pearson's correlation of ranks, ties by their average rank. Where both columns are complete over the same rows
    their ranks are taken once; otherwise each pair is ranked over its common rows. Cost: O(n p^2), times log n for
    pairs with different gaps.
    """
    from scipy.stats import rankdata

    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2 or np.isinf(values).any():
        raise InputError(
            f"the matrix has {values.ndim} dimensions and {int(np.isinf(values).sum())} infinite values",
            where="argument matrix",
            expected="samples x features, NaN where a value is missing",
        )
    known = ~np.isnan(values)
    n = known.astype(np.float64).T @ known.astype(np.float64)
    p = values.shape[1]
    r = np.full((p, p), np.nan)
    # Columns with the same gaps share their rows, so that one ranking serves all their pairs.
    patterns: dict[bytes, list[int]] = {}
    for j in range(p):
        patterns.setdefault(known[:, j].tobytes(), []).append(j)
    for columns in patterns.values():
        rows = known[:, columns[0]]
        if rows.sum() >= fewest:
            square = np.ix_(np.array(columns), np.array(columns))
            r[square] = _pearson(rankdata(values[rows][:, columns], axis=0))
    groups = list(patterns.values())
    for a, first in enumerate(groups):
        for second in groups[a + 1 :]:
            rows = known[:, first[0]] & known[:, second[0]]
            if rows.sum() < fewest:
                continue
            left = rankdata(values[rows][:, first], axis=0)
            right = rankdata(values[rows][:, second], axis=0)
            block = _pearson(np.hstack([left, right]))[: len(first), len(first) :]
            r[np.ix_(np.array(first), np.array(second))] = block
            r[np.ix_(np.array(second), np.array(first))] = block.T
    return r, n


def _pearson(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = ranks - ranks.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (centred.T @ centred) / np.outer(size, size)
    r = np.clip((r + r.T) / 2, -1.0, 1.0)
    varies = size > 0
    r[~varies] = np.nan
    r[:, ~varies] = np.nan
    r[np.flatnonzero(varies), np.flatnonzero(varies)] = 1.0
    return np.asarray(r)


def heterogeneity(correlations: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """Return the p-value that correlations of independent groups are one and the same.

    Parameters
    ----------
    correlations : array-like of float, shape (n_groups, ...)
        One correlation of each group along the first axis; NaN leaves the group out.
    n : array-like of float, same shape
        Samples of each; groups with fewer than four are left out.

    Returns
    -------
    array of float, shape (...)
        NaN where fewer than two groups are left.

    Raises
    ------
    InputError
        If the shapes differ.

    Notes
    -----
    ``z = artanh(r)`` has variance ``1 / (n - 3)`` for correlations of normal variables (Fisher 1921);
    ``Q = sum((n - 3) (z - mean)^2)`` around the weighted mean is compared with chi-square of k - 1 degrees of freedom.
    For ranks the variance is slightly larger, so that p is slightly too small: use it with a smallest difference
    that matters. Correlations of size 1 are taken as just below it.
    """
    from scipy.stats import chi2

    r, size = np.asarray(correlations, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if r.shape != size.shape or r.ndim < 1:
        raise InputError(
            f"correlations of shape {r.shape} with n of shape {size.shape}",
            where="argument n",
            expected="one n for each correlation",
        )
    use = np.isfinite(r) & (size > 3)
    weight = np.where(use, size - 3, 0.0)
    z = np.arctanh(np.clip(np.where(use, r, 0.0), -_ALMOST_ONE, _ALMOST_ONE))
    k = use.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * z).sum(axis=0) / weight.sum(axis=0)
        p = chi2.sf((weight * (z - mean) ** 2).sum(axis=0), np.maximum(k - 1, 1))
    return np.asarray(np.where(k >= 2, p, np.nan))
