"""What deconvolution methods are given and what they return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.foundation.result import RunWarning

__all__ = ["Composition", "Estimates", "Mixture"]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Bulk samples, ready for a deconvolution method.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        In the scale that the method's spec asks for; no infinity, nothing negative on linear scales, and no sample of
        nothing but zeros. No NaN, except where a frozen method is applied: NaN there is a gene of the fit that the
        samples lack, the same for all of them. Not to be changed.
    genes : tuple of str
        Each once; those that the reference names stand under its names.
    is_array : bool
        Whether the values are microarray intensities.
    """

    values: NDArray[np.float64]
    genes: tuple[str, ...]
    is_array: bool = False

    def is_measured(self) -> NDArray[np.bool_]:
        """Return for each gene whether some sample has a value of it."""
        measured: NDArray[np.bool_] = np.logical_not(np.all(np.isnan(self.values), axis=0))
        return measured


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


@dataclass(frozen=True, eq=False)
class Composition:
    """What was found for every sample of a cohort.

    Parameters
    ----------
    features : tuple of str
        Outputs of the method.
    values : array of float64, n_samples x n_features
        NaN where missing.
    coverage : array of float64, n_samples x n_features
        Share of the reference's genes that each value stands on, 0 to 1.
    empty : array of bool, n_samples
        Samples that express no gene of the reference.
    warnings : tuple of RunWarning
        Of the method.
    """

    features: tuple[str, ...]
    values: NDArray[np.float64]
    coverage: NDArray[np.float64]
    empty: NDArray[np.bool_]
    warnings: tuple[RunWarning, ...] = ()
