"""Many questions at once: the false discovery rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError, examples
from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["benjamini_hochberg"]


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
    order = present[np.argsort(p[present], kind="stable")]
    m = order.size
    scaled = p[order] * (m / np.arange(1, m + 1))
    q = np.full(p.size, np.nan)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
