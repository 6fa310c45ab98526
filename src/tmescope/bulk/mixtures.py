"""What deconvolution methods are given and what they return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tmescope.foundation.result import RunWarning

__all__ = ["Estimates", "Mixture"]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Bulk samples, ready for a deconvolution method.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        In the scale that the method's spec asks for; no NaN, no infinity, nothing negative on linear scales, and no
        sample of nothing but zeros. Not to be changed.
    genes : tuple of str
        Each once; those that the reference names stand under its names.
    is_array : bool
        Whether the values are microarray intensities.
    """

    values: NDArray[np.float64]
    genes: tuple[str, ...]
    is_array: bool = False


@dataclass(frozen=True, eq=False)
class Estimates:
    """What a deconvolution method found.

    Parameters
    ----------
    features : tuple of str
        Cell types (and further outputs) as the method calls them.
    values : array of float64, n_samples x n_features
        In the unit that the method's spec states; NaN where a value is missing.
    coverage : array of float64, n_features
        Share of the reference's genes that each output stands on, 0 to 1.
    warnings : tuple of RunWarning
        What a reader must know; `where` is filled with the cohort by the caller where it is empty.
    """

    features: tuple[str, ...]
    values: NDArray[np.float64]
    coverage: NDArray[np.float64]
    warnings: tuple[RunWarning, ...] = ()
