"""Samples brought to one distribution: each value is replaced by what the target has at its rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["match_quantiles", "quantile_normalise"]


def quantile_normalise(values: ArrayLike) -> NDArray[np.float64]:
    """Give all samples the same distribution: the mean of their sorted values.

    For microarrays of one platform. A sample's result depends on all others; a single sample stays as it is, but for
    ties.

    Parameters
    ----------
    values : array-like of float, shape (n_samples, n_genes)
        Finite, in any one scale.

    Returns
    -------
    array of float64, shape (n_samples, n_genes)

    Raises
    ------
    InputError
        If the matrix is not two-dimensional or has values that are not finite.

    Notes
    -----
    Equal values all get what the target has at the mean of their ranks, as in the package preprocessCore. Cost:
    O(n p log p).

    References
    ----------
    Bolstad, Irizarry, Astrand and Speed, Bioinformatics 2003, 19: 185-193.
    """
    array = _as_matrix(values)
    if not array.size:
        return array.copy()
    return match_quantiles(array, np.sort(array, axis=1).mean(axis=0))


def match_quantiles(values: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Replace each value of a sample by the target's value of the same rank.

    Parameters
    ----------
    values : array-like of float, shape (n_samples, n_genes)
        Finite; only their order within a sample matters.
    target : array-like of float, shape (n_target,)
        Sorted from low to high, at least one.

    Returns
    -------
    array of float64, shape (n_samples, n_genes)

    Raises
    ------
    InputError
        If the matrix is not two-dimensional or has values that are not finite, or the target is empty or not sorted.

    Notes
    -----
    With r the mean rank (1 to p; equal values share one), the value is the target's at ``(r - 1) / (p - 1)`` of the way
    from its first to its last, linearly between neighbours. Where p is the length of the target, that is its r-th
    value. A sample of one gene gets the target's first.
    """
    from scipy.stats import rankdata

    array, wanted = _as_matrix(values), np.asarray(target, dtype=np.float64)
    if wanted.ndim != 1 or not wanted.size or not np.isfinite(wanted).all() or np.any(np.diff(wanted) < 0):
        raise InputError(
            f"the target of shape {wanted.shape} is no distribution",
            where="argument target",
            expected="finite numbers, sorted from low to high",
        )
    if not array.size:
        return array.copy()
    p = array.shape[1]
    places = np.asarray(rankdata(array, axis=1), dtype=np.float64) - 1.0
    if p != wanted.size:
        places *= (wanted.size - 1) / max(p - 1, 1)
    whole = np.floor(places + 1e-12 * max(wanted.size, 1))
    part = np.maximum(places - whole, 0.0)
    low = whole.astype(np.intp)
    high = np.minimum(low + 1, wanted.size - 1)
    found: NDArray[np.float64] = wanted[low] + part * (wanted[high] - wanted[low])
    return found


def _as_matrix(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not np.isfinite(array).all():
        n_wrong = int((~np.isfinite(array)).sum())
        raise InputError(
            f"the matrix has {array.ndim} dimensions and {n_wrong} values that are not finite",
            where="argument values",
            expected="samples x genes, finite numbers",
        )
    return array
