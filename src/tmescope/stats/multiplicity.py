"""Many questions at once: the false discovery rate, and the chance of a single false finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError, examples
from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["benjamini_hochberg", "benjamini_yekutieli", "bonferroni", "hochberg", "holm"]


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust a family of p-values: a threshold on the result bounds the share of false discoveries.

    What the family is, is the caller's decision and belongs beside the result.

    Parameters
    ----------
    p_values : array-like of float, shape (n,)
        In [0, 1]. NaN is a question that was not answered.

    Returns
    -------
    array of float64, shape (n,)
        q-values in [0, 1], in the order of the input; NaN where the p-value is NaN.

    Raises
    ------
    InputError
        If a p-value lies outside [0, 1], or there is more than one dimension.

    Notes
    -----
    ``q(i) = min over j >= i of p(j) m / j`` on the sorted values, m the number that are not
    missing: a missing p-value neither gets a q-value nor makes the others larger. Equal p-values get equal
    q-values. The bound holds for independent and for positively dependent tests.

    References
    ----------
    Benjamini and Hochberg, J R Stat Soc B 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    p, order = _sorted(p_values)
    m = order.size
    return _restored(_falling(p[order] * (m / np.arange(1, m + 1))), p, order)


def benjamini_yekutieli(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust a family of p-values for the false discovery rate whatever the dependence between the tests.

    Parameters
    ----------
    p_values : array-like of float, shape (n,)
        In [0, 1]. NaN is a question that was not answered.

    Returns
    -------
    array of float64, shape (n,)
        q-values in [0, 1], in the order of the input; NaN where the p-value is NaN.

    Raises
    ------
    InputError
        If a p-value lies outside [0, 1], or there is more than one dimension.

    Notes
    -----
    As `benjamini_hochberg`, times ``1 + 1/2 + ... + 1/m``.

    References
    ----------
    Benjamini and Yekutieli, Annals of Statistics 2001, doi:10.1214/aos/1013699998.
    """
    p, order = _sorted(p_values)
    ranks = np.arange(1, order.size + 1)
    return _restored(_falling(p[order] * (order.size / ranks) * float((1.0 / ranks).sum())), p, order)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust a family of p-values so that the chance of any false finding is bounded; holds under any dependence.

    Parameters
    ----------
    p_values : array-like of float, shape (n,)
        In [0, 1]. NaN is a question that was not answered.

    Returns
    -------
    array of float64, shape (n,)
        Adjusted p-values in [0, 1], in the order of the input; NaN where the p-value is NaN.

    Raises
    ------
    InputError
        If a p-value lies outside [0, 1], or there is more than one dimension.

    Notes
    -----
    ``max over j <= i of p(j) (m - j + 1)`` on the sorted values, at most 1. Never weaker than `bonferroni`.

    References
    ----------
    Holm, Scandinavian Journal of Statistics 1979, 6:65-70.
    """
    p, order = _sorted(p_values)
    m = order.size
    return _restored(np.maximum.accumulate(p[order] * (m - np.arange(m))), p, order)


def hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust a family of p-values so that the chance of any false finding is bounded, for tests that go together.

    Not for tests of which some go against each other (such as a share and its complement): use `holm` there.

    Parameters
    ----------
    p_values : array-like of float, shape (n,)
        In [0, 1]. NaN is a question that was not answered.

    Returns
    -------
    array of float64, shape (n,)
        Adjusted p-values in [0, 1], in the order of the input; NaN where the p-value is NaN.

    Raises
    ------
    InputError
        If a p-value lies outside [0, 1], or there is more than one dimension.

    Notes
    -----
    ``min over j >= i of p(j) (m - j + 1)`` on the sorted values. Never weaker than `holm`; holds for independent and
    for positively dependent tests.

    References
    ----------
    Hochberg, Biometrika 1988, doi:10.1093/biomet/75.4.800.
    """
    p, order = _sorted(p_values)
    m = order.size
    return _restored(_falling(p[order] * (m - np.arange(m))), p, order)


def bonferroni(p_values: ArrayLike) -> NDArray[np.float64]:
    """Multiply each p-value by the size of the family: bounds the chance of any false finding.

    Parameters
    ----------
    p_values : array-like of float, shape (n,)
        In [0, 1]. NaN is a question that was not answered.

    Returns
    -------
    array of float64, shape (n,)
        Adjusted p-values in [0, 1], in the order of the input; NaN where the p-value is NaN.

    Raises
    ------
    InputError
        If a p-value lies outside [0, 1], or there is more than one dimension.

    Notes
    -----
    ``min(1, m p)``, m the number that are not missing. `holm` finds at least as much under the same conditions.
    """
    p, order = _sorted(p_values)
    return _restored(p[order] * order.size, p, order)


def _sorted(p_values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the p-values, and the places of those that are not missing in rising order."""
    p = as_vector(p_values, name="p_values")
    outside = (p < 0.0) | (p > 1.0)
    if outside.any():
        raise InputError(
            f"{int(outside.sum())} p-values lie outside 0 to 1, for example "
            f"{examples(float(v) for v in p[outside][:4])}",
            where="argument p_values",
            expected="probabilities, NaN where there is none",
        )
    present = np.flatnonzero(~np.isnan(p))
    return p, present[np.argsort(p[present], kind="stable")]


def _falling(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum.accumulate(scaled[::-1])[::-1]


def _restored(adjusted: NDArray[np.float64], p: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    q = np.full(p.size, np.nan)
    q[order] = np.minimum(adjusted, 1.0)
    return q
