"""The variance that genes of a given mean have: local quadratic regression of one logarithm on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["expected_variance"]

_FEWEST = 20


def expected_variance(
    mean: NDArray[np.float64], variance: NDArray[np.float64], *, span: float = 0.3, where: str = "trend of the variance"
) -> NDArray[np.float64]:
    """Return the variance that is expected of a gene with its mean.

    Parameters
    ----------
    mean, variance : array of float64, shape (n_genes,)
        Of counts over cells; genes that do not vary are left out of the fit.
    span : float
        Share of the genes in a neighbourhood.
    where : str
        Of which cells, for messages.

    Returns
    -------
    array of float64, shape (n_genes,)
        Above zero; 1 for genes that do not vary.

    Raises
    ------
    InputError
        If fewer than 20 genes vary, or no curve can be fitted.
    MissingDependencyError
        If scikit-misc is not installed.

    Notes
    -----
    Loess of log10 variance on log10 mean, degree 2, tricube weights, direct fits at the vertices of a k-d tree with
    blending between them: the algorithm of Cleveland and Grosse, as scikit-misc carries it.

    References
    ----------
    Cleveland and Grosse, Computational methods for local regression, Statistics and Computing 1991, 1:47-62. Stuart et
    al., Cell 2019 (what it is for).
    """
    try:
        from skmisc.loess import loess
    except ImportError as error:
        raise MissingDependencyError(
            "scikit-misc is not installed, which fits the trend of the variance",
            where="flavour seurat_v3",
            next_step="install tmescope[cells], or choose the flavour seurat",
        ) from error
    varies = variance > 0.0
    if int(varies.sum()) < _FEWEST:
        raise InputError(
            f"{int(varies.sum())} genes vary",
            where=where,
            expected=f"at least {_FEWEST}",
            next_step="leave out groups of few cells",
        )
    try:
        model = loess(np.log10(mean[varies]), np.log10(variance[varies]), span=span, degree=2)
        model.fit()
    except ValueError as error:
        raise InputError(
            f"no curve fits the variances of {int(varies.sum())} genes: {error}",
            where=where,
            expected="means that differ",
            next_step="leave out groups of few cells, or choose the flavour seurat",
        ) from error
    fitted = np.zeros(mean.size)
    fitted[varies] = model.outputs.fitted_values
    return np.asarray(10.0**fitted)
