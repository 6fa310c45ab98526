"""The fixed point of a multinomial mixture with known profiles: how the reads of a sample divide among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Block = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

__all__ = ["MixtureModel", "expected_shares", "fit_shares", "reads_of"]

_TINY = 1e-300
_WARM = 5
_BLOCK = 512
_SHRINK = 0.1
_NEAR = 0.995


@dataclass(frozen=True, eq=False)
class MixtureModel:
    """Profiles, the prior, and when to stop.

    Parameters
    ----------
    profiles : array of float64, n_parts x n_genes
        Share of each gene among the reads of a part; rows sum to one.
    alpha : float
        Parameter of the symmetric Dirichlet prior, above zero.
    tolerance : float
        A sample is done when a whole Newton step changes no share by more than this.
    max_steps : int
        Most steps for one sample.
    """

    profiles: NDArray[np.float64]
    alpha: float = 0.01
    tolerance: float = 1e-8
    max_steps: int = 100


def fit_shares(
    values: NDArray[np.float64], model: MixtureModel, *, own: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], int]:
    """Estimate which share of each sample's reads is from each part.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Reads, or expression proportional to them; 0 or more, no sample without any.
    model : MixtureModel
        The parts that all samples share.
    own : array of float64, n_samples x n_genes, optional
        The profile of one further part that each sample has for itself; it becomes the last.

    Returns
    -------
    shares : array of float64, n_samples x n_parts
        Rows sum to one.
    n_open : int
        How many samples had not met the tolerance after `max_steps`; they hold the last step.

    Notes
    -----
    With reads ``x_g``, profiles ``phi_kg`` and shares ``theta_k``, the expected number of reads of part k is
    ``n_k = sum_g x_g theta_k phi_kg / sum_j theta_j phi_jg``, and the mean of theta given those reads is
    ``(n_k + alpha) / (N + K alpha)``. What is looked for is the fixed point of putting one into the other. It is the
    one maximum on the simplex of the concave ``sum_g x_g log(sum_k theta_k phi_kg) + alpha sum_k log(theta_k)``.
    Repeating the two formulas comes near it ever more slowly where parts are alike; here it is found by Newton steps of
    a primal-dual interior-point method, whose last steps are quadratic. Each sample is by itself: cost grows linearly
    with samples and genes, and with the square of the parts.
    """
    n_shared, n_genes = model.profiles.shape
    parts = np.empty((n_shared + (own is not None), n_genes))
    parts[:n_shared] = model.profiles
    shares = np.empty((len(values), len(parts)))
    n_open = 0
    explained = model.profiles.any(axis=0)
    for sample, reads in enumerate(values):
        known = explained
        if own is not None:
            parts[-1] = own[sample]
            known = explained | (own[sample] > 0)
        shares[sample], done = _fit_sample(np.where(known, reads, 0.0), parts, model)
        n_open += not done
    return shares, n_open


def expected_shares(
    reads: NDArray[np.float64], shares: NDArray[np.float64], profiles: NDArray[np.float64], *, alpha: float
) -> NDArray[np.float64]:
    """Return the mean of the shares of one sample given the reads that the present shares give to each part.

    Parameters
    ----------
    reads : array of float64, n_genes
        Of the sample.
    shares : array of float64, n_parts
        Above zero.
    profiles : array of float64, n_parts x n_genes
        Of the parts.
    alpha : float
        Parameter of the prior.

    Returns
    -------
    array of float64, n_parts
        Equal to `shares` at the fixed point.
    """
    counted = shares * (profiles @ (reads / np.maximum(shares @ profiles, _TINY))) + alpha
    return np.asarray(counted / counted.sum())


def reads_of(
    values: NDArray[np.float64],
    shares: NDArray[np.float64],
    profiles: NDArray[np.float64],
    *,
    parts: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the expected reads of some parts together, gene by gene.

    Parameters
    ----------
    values : array of float64, n_samples x n_genes
        Reads.
    shares : array of float64, n_samples x n_parts
        From `fit_shares`.
    profiles : array of float64, n_parts x n_genes
        Of all parts.
    parts : array of bool, n_parts
        Which are added up.

    Returns
    -------
    array of float64, n_samples x n_genes
        Between 0 and `values`; summed over all parts it is `values` wherever any profile is above zero.
    """
    whole = np.maximum(shares @ profiles, _TINY)
    return np.asarray(values * (shares[:, parts] @ profiles[parts]) / whole)


def _fit_sample(
    reads: NDArray[np.float64], parts: NDArray[np.float64], model: MixtureModel
) -> tuple[NDArray[np.float64], bool]:
    """Follow the central path down to the prior's weight, then take Newton steps until they are short."""
    blocks = _cut(reads, parts)
    n_parts = len(parts)
    total = float(reads.sum()) + n_parts * model.alpha
    shares = np.full(n_parts, 1.0 / n_parts)
    for _ in range(_WARM):
        shares = (shares * _slopes(blocks, shares, None) + model.alpha) / total
    slack = np.maximum(total - _slopes(blocks, shares, None), total * 1e-3)
    curvature = np.empty((n_parts, n_parts))
    for _ in range(model.max_steps):
        weight = max(model.alpha, _SHRINK * float(shares @ slack) / n_parts)
        slopes = _slopes(blocks, shares, curvature)
        curvature[np.diag_indices(n_parts)] += slack / shares
        change = np.linalg.solve(curvature, slopes - total + weight / shares)
        slack_change = weight / shares - slack - slack / shares * change
        length = min(1.0, _stay_inside(shares, change), _stay_inside(slack, slack_change))
        shares = shares + length * change
        slack = slack + length * slack_change
        if length == 1.0 and weight == model.alpha and float(np.abs(change).max()) <= model.tolerance:
            return shares / shares.sum(), True
    return shares / shares.sum(), False


def _cut(reads: NDArray[np.float64], parts: NDArray[np.float64]) -> list[_Block]:
    """Cut the genes that were seen into blocks that the processor's cache holds: reads, their roots, profiles."""
    seen = np.flatnonzero(reads > 0)
    found: list[_Block] = []
    for first in range(0, len(seen), _BLOCK):
        genes = seen[first : first + _BLOCK]
        found.append((reads[genes], np.sqrt(reads[genes]), np.ascontiguousarray(parts[:, genes])))
    return found


def _slopes(
    blocks: list[_Block],
    shares: NDArray[np.float64],
    curvature: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Return the slope of the log-likelihood in each share; write its negative curvature where there is room for it."""
    slopes = np.zeros(len(shares))
    if curvature is not None:
        curvature[:] = 0.0
    for reads, roots, profiles in blocks:
        whole = np.maximum(shares @ profiles, _TINY)
        slopes += profiles @ (reads / whole)
        if curvature is not None:
            scaled = profiles * (roots / whole)
            curvature += scaled @ scaled.T
    return slopes


def _stay_inside(values: NDArray[Any], change: NDArray[Any]) -> float:
    falling = change < 0
    return float(np.min(-_NEAR * values[falling] / change[falling], initial=np.inf))
