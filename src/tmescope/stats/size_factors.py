"""Size factors of libraries by the median of ratios, which a few strongly different genes do not move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.designs import as_matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["median_ratios"]

_FEWEST_GENES = 10


def median_ratios(counts: ArrayLike) -> NDArray[np.float64] | None:
    """Return each sample's size factor: the median, over genes, of its count to the gene's geometric mean.

    Parameters
    ----------
    counts : array-like of float, shape (n, genes)
        Counts, zero or more, none missing.

    Returns
    -------
    array of float64, shape (n,), or None
        None where fewer than 10 genes are above zero in every sample: there is nothing to compare libraries by.

    Raises
    ------
    InputError
        If a count is negative or missing.

    Notes
    -----
    Only genes above zero in every sample have a geometric mean. Cost O(n genes).

    References
    ----------
    Anders and Huber, Genome Biology 2010, doi:10.1186/gb-2010-11-10-r106.
    """
    y = as_matrix(counts, name="counts")
    if np.isnan(y).any() or (y < 0.0).any():
        raise InputError("counts are negative or missing", where="argument counts", expected="counts, zero or more")
    seen = y[:, (y > 0.0).all(axis=0)]
    if seen.shape[1] < _FEWEST_GENES:
        return None
    logs = np.log(seen)
    return np.asarray(np.exp(np.median(logs - logs.mean(axis=0), axis=1)))
