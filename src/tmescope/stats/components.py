"""Principal components with signs that do not depend on the library, and how much of them groups explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.gram_components import fix_signs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PrincipalComponents", "principal_components", "share_between_groups"]


@dataclass(frozen=True, kw_only=True)
class PrincipalComponents:
    """The first components of a matrix.

    Parameters
    ----------
    scores : array of float, shape (n_samples, k)
        Place of each sample, in the units of the matrix.
    shares : array of float, shape (k,)
        Share of the total variance of each component, falling; 0 to 1.
    loadings : array of float, shape (n_features, k)
        Unit vectors; the entry of largest size in each is positive.
    """

    scores: NDArray[np.float64]
    shares: NDArray[np.float64]
    loadings: NDArray[np.float64]


def principal_components(matrix: ArrayLike, *, n_components: int = 5) -> PrincipalComponents:
    """Return the first principal components of a matrix.

    Answers in which directions samples differ most. It centres the columns and scales nothing: give z-scores where
    the columns have different units.

    Parameters
    ----------
    matrix : array-like of float, shape (n_samples, n_features)
        Finite numbers; fill or drop what is missing before, and say so.
    n_components : int
        At most; no more than the rank of the centred matrix are returned.

    Returns
    -------
    PrincipalComponents
        None (k = 0) where all samples are equal or there are fewer than two.

    Raises
    ------
    InputError
        If the matrix is not two-dimensional or has values that are not finite.

    Notes
    -----
    From the eigenvectors of the smaller of the two Gram matrices of the centred columns: ``C = X - mean(X)``,
    ``C v = s u``, share ``s**2 / sum(C**2)``. A component has no sign of its own; here the loading of largest size is
    positive (of equal ones, the first). Components with equal shares have no order of their own either. Cost:
    O(n p min(n, p)).

    References
    ----------
    Jolliffe and Cadima, Phil Trans R Soc A 2016, doi:10.1098/rsta.2015.0202.
    """
    from scipy.linalg import eigh

    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise InputError(
            f"the matrix has {values.ndim} dimensions and {bad} values that are not finite",
            where="argument matrix",
            expected="samples x features, finite numbers",
            next_step="leave out or fill in what is missing",
        )
    centred = values - values.mean(axis=0) if values.size else values
    total = float((centred**2).sum())
    n, p = centred.shape
    if n < 2 or p == 0 or total <= 1e-24 * max(1.0, float((values**2).sum())):
        return PrincipalComponents(scores=np.empty((n, 0)), shares=np.empty(0), loadings=np.empty((p, 0)))
    is_tall = n >= p
    gram = centred.T @ centred if is_tall else centred @ centred.T
    k = min(n_components, len(gram))
    squares, vectors = eigh(gram, subset_by_index=[len(gram) - k, len(gram) - 1])
    squares, vectors = squares[::-1], vectors[:, ::-1]
    keep = squares > 1e-12 * total
    squares, vectors = squares[keep], vectors[:, keep]
    loadings = vectors if is_tall else centred.T @ vectors / np.sqrt(squares)
    loadings = fix_signs(loadings)
    return PrincipalComponents(scores=centred @ loadings, shares=squares / total, loadings=loadings)


def share_between_groups(scores: ArrayLike, groups: Sequence[object]) -> float:
    """Return which share of the variance of components lies between groups: R2 of the group, all components together.

    Answers how much of what separates samples goes with their group (cohort, batch). It says nothing of why: groups
    differ by biology as well as by platform.

    Parameters
    ----------
    scores : array-like of float, shape (n_samples, k)
        Components, each with the weight that its variance gives it.
    groups : sequence
        One of each sample.

    Returns
    -------
    float
        Sum of squares between the groups over the total sum of squares, 0 to 1; NaN where nothing varies.

    Raises
    ------
    InputError
        If there is not one group for each row.

    Notes
    -----
    Not corrected for chance: with g groups of n samples without any difference it is about (g - 1) / (n - 1).
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2 or len(values) != len(groups):
        raise InputError(
            f"{len(groups)} groups for scores of shape {values.shape}",
            where="argument groups",
            expected="one group for each row of the scores",
        )
    centred = values - values.mean(axis=0) if values.size else values
    total = float((centred**2).sum())
    if total == 0:
        return float("nan")
    rows: dict[object, list[int]] = {}
    for i, group in enumerate(groups):
        rows.setdefault(group, []).append(i)
    between = sum(len(r) * float((centred[r].mean(axis=0) ** 2).sum()) for r in rows.values())
    return min(1.0, between / total)
