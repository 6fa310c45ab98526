"""Fractions of cell types by least squares on profiles of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.foundation.errors import MethodError, examples
from tmescope.foundation.method import Method, MethodSpec, Parameter
from tmescope.foundation.result import RunWarning
from tmescope.stats.least_squares import constrained_least_squares

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CONSTRAINED", "NNLS", "Profiles", "constrained", "nnls", "profile_genes"]

OTHER = "uncharacterised"
_COLLINEAR = 30.0
_DEPENDENT = 1e8
_SMALLEST_VARIANCE = 0.01


class Profiles(Protocol):
    """What a reference of the user's own has.

    A `tmescope.bulk.references` object is one; anything with these attributes is taken.
    """

    @property
    def genes(self) -> tuple[str, ...]:
        """Gene symbols, each once."""
        ...

    @property
    def cell_types(self) -> tuple[str, ...]:
        """Cell types, each once."""
        ...

    @property
    def profiles(self) -> NDArray[np.float64]:
        """Mean expression, n_genes x n_types, linear, scaled to one million over all genes."""
        ...

    @property
    def variances(self) -> NDArray[np.float64] | None:
        """Variances of the same shape, or None."""
        ...

    @property
    def size_factors(self) -> NDArray[np.float64] | None:
        """Relative mRNA content of a cell of each type, or None."""
        ...


_WEIGHTS = Parameter(
    "weights",
    str,
    "none",
    "none: all genes count alike; variance: each by one over its variance within cell types, which the reference must "
    "have.",
    choices=("none", "variance"),
)
_SCALE_MRNA = Parameter(
    "scale_mrna",
    bool,
    True,
    "Whether shares of mRNA are turned into shares of cells by the size factors of the reference, where it has them.",
)


def profile_genes(reference: Profiles, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG001
    """Return the genes of the profiles.

    Parameters
    ----------
    reference : Profiles
        The user's.
    parameters : mapping
        None are used.
    """
    return tuple(reference.genes)


def nnls(mixture: Mixture, reference: Profiles, parameters: Mapping[str, Any]) -> Estimates:
    """Estimate what share each type has among the types of the reference.

    Parameters
    ----------
    mixture : Mixture
        Linear, in any unit: only the proportions of a sample's genes matter.
    reference : Profiles
        The user's.
    parameters : mapping
        ``weights`` and ``scale_mrna``.

    Returns
    -------
    Estimates
        Fractions that sum to 1; NaN where no type explains anything of the sample.

    Raises
    ------
    MethodError
        If profiles are negative, not finite, or dependent, or fewer genes than types are there.

    Notes
    -----
    ``min sum_g w_g (b_g - sum_j S_gj x_j)**2`` over x >= 0; x is divided by its sum, then by the size factors and again
    by its sum. Cells of types that are not in the reference are shared out among those that are: `constrained` leaves
    them apart.
    """
    found, share, warnings = _fit(mixture, reference, parameters, total="any")
    found = _to_cells(found, reference, parameters)
    sums = found.sum(axis=1, keepdims=True)
    found = np.divide(found, sums, out=np.full_like(found, np.nan), where=sums > 0)
    return Estimates(tuple(reference.cell_types), found, np.full(found.shape[1], share), warnings)


def constrained(mixture: Mixture, reference: Profiles, parameters: Mapping[str, Any]) -> Estimates:
    """Estimate what share each type of the reference has of the sample, and what is left for all other cells.

    Parameters
    ----------
    mixture : Mixture
        Linear, over all genes that were measured: a sample is scaled to a sum of one million.
    reference : Profiles
        The user's, scaled to one million over all genes.
    parameters : mapping
        ``weights`` and ``scale_mrna``.

    Returns
    -------
    Estimates
        Fractions that sum to 1, ``uncharacterised`` last.

    Raises
    ------
    MethodError
        As from `nnls`.

    Notes
    -----
    ``min sum_g w_g (b_g - sum_j S_gj x_j)**2`` over x >= 0, sum(x) <= 1; then ``x / size``, brought back to the sum
    that x had: other cells are taken to have the mean mRNA content of those found. Other cells must not express the
    genes of the reference: what they add to these counts as the types'.
    """
    found, share, warnings = _fit(mixture, reference, parameters, total="at most one")
    known = found.sum(axis=1, keepdims=True)
    cells = _to_cells(found, reference, parameters)
    sums = cells.sum(axis=1, keepdims=True)
    cells *= np.divide(known, sums, out=np.ones_like(sums), where=sums > 0)
    values = np.concatenate([cells, np.maximum(0.0, 1.0 - known)], axis=1)
    return Estimates((*reference.cell_types, OTHER), values, np.full(values.shape[1], share), warnings)


def _fit(
    mixture: Mixture, reference: Profiles, parameters: Mapping[str, Any], *, total: Any
) -> tuple[NDArray[np.float64], float, tuple[RunWarning, ...]]:
    """Return coefficients, the share of the reference's genes that they stand on, and warnings."""
    profiles = _checked(reference)
    place = {gene: i for i, gene in enumerate(mixture.genes)}
    rows = [i for i, gene in enumerate(reference.genes) if gene in place]
    n_types = len(reference.cell_types)
    if len(rows) < n_types:
        raise MethodError(
            f"{len(rows)} of the reference's {len(reference.genes)} genes were measured, for {n_types} cell types",
            where="genes",
            expected="at least as many genes as cell types",
            next_step="check the identifiers (tmescope check), or take a reference with more genes",
        )
    design = profiles[rows]
    weights = _weights(reference, rows) if parameters["weights"] == "variance" else None
    warnings = _check_collinear(design, reference.cell_types, weights)
    columns = [place[reference.genes[i]] for i in rows]
    totals = mixture.values.sum(axis=1, keepdims=True)
    scaled = mixture.values[:, columns] * (1e6 / totals)
    found = constrained_least_squares(design, scaled, total=total, weights=weights)
    return found.values, len(rows) / len(reference.genes), warnings


def _checked(reference: Profiles) -> NDArray[np.float64]:
    profiles = np.asarray(reference.profiles, dtype=np.float64)
    shape = (len(reference.genes), len(reference.cell_types))
    if profiles.shape != shape:
        raise MethodError(
            f"the profiles have shape {profiles.shape}", where="reference", expected=f"genes x cell types, {shape}"
        )
    wrong = np.argwhere(~(np.isfinite(profiles) & (profiles >= 0)))
    if len(wrong):
        told = (f"{reference.genes[g]} in {reference.cell_types[t]}: {profiles[g, t]:g}" for g, t in wrong[:3])
        raise MethodError(
            f"{len(wrong)} values of the reference are negative or no numbers: {examples(told)}",
            where="reference",
            expected="mean expression on the linear scale, 0 or more",
            next_step="build it from linear values (TPM, CPM), not from logarithms or z-scores",
        )
    return profiles


def _weights(reference: Profiles, rows: list[int]) -> NDArray[np.float64]:
    """Return one over each gene's mean variance within types; at most 100 times the weight of the median gene."""
    if reference.variances is None:
        raise MethodError(
            "the reference has no variances to weigh genes by",
            where="weights = 'variance'",
            expected="a reference that was built from several samples or cells of each type",
            next_step="set weights = 'none'",
        )
    variances = np.asarray(reference.variances, dtype=np.float64)[rows].mean(axis=1)
    if not (np.isfinite(variances).all() and (variances >= 0).all() and variances.any()):
        raise MethodError(
            "the reference's variances are not all finite and 0 or more, or none is above 0", where="reference"
        )
    above = variances[variances > 0]
    weights: NDArray[np.float64] = 1.0 / np.maximum(variances, _SMALLEST_VARIANCE * np.median(above))
    weights /= weights.max()
    return weights


def _check_collinear(
    design: NDArray[np.float64], cell_types: tuple[str, ...], weights: NDArray[np.float64] | None
) -> tuple[RunWarning, ...]:
    """Refuse types that cannot be told apart, and warn of those that hardly can (Belsley, Kuh and Welsch 1980)."""
    weighted = design if weights is None else design * np.sqrt(weights)[:, None]
    lengths = np.linalg.norm(weighted, axis=0)
    if np.any(lengths == 0):
        silent = [t for t, length in zip(cell_types, lengths, strict=True) if length == 0]
        raise MethodError(
            f"{len(silent)} cell types express none of the genes that were measured: {examples(silent)}",
            where="reference",
            next_step="leave them out, or check the identifiers",
        )
    unit = weighted / lengths
    singular = np.linalg.svd(unit, compute_uv=False)
    index = float(singular[0] / singular[-1]) if singular[-1] > 0 else np.inf
    alike = unit.T @ unit - np.eye(len(cell_types))
    first, second = sorted(int(i) for i in np.unravel_index(np.argmax(alike), alike.shape))
    pair = f"{cell_types[first]} and {cell_types[second]} (cosine {alike[first, second]:.4f})"
    if index > _DEPENDENT:
        raise MethodError(
            f"profiles of the reference are combinations of each other; most alike are {pair}",
            where="reference",
            expected="cell types that the measured genes tell apart",
            next_step="merge these types, or take more genes",
        )
    if index <= _COLLINEAR:
        return ()
    message = f"profiles of the reference are nearly collinear (condition index {index:.0f}); most alike are {pair}"
    return (RunWarning("reference.collinear", message, count=2, examples=(cell_types[first], cell_types[second])),)


def _to_cells(found: NDArray[np.float64], reference: Profiles, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    if reference.size_factors is None or not parameters["scale_mrna"]:
        return found
    sizes = np.asarray(reference.size_factors, dtype=np.float64)
    if sizes.shape != (found.shape[1],) or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise MethodError(
            f"the size factors of the reference are {examples(float(s) for s in sizes.ravel()[:3])}",
            where="reference",
            expected="one number above zero for each cell type",
        )
    return np.asarray(found / sizes)


NNLS = Method(
    MethodSpec(
        name="nnls",
        room="bulk",
        summary="Share of each cell type among those of a reference of your own, by non-negative least squares.",
        needs_log=False,
        units=("tpm", "fpkm", "cpm", "counts", "array"),
        scope="sample",
        unit="fraction",
        low=0.0,
        high=1.0,
        reference="10.1137/1.9781611971217",
        higher_means="more cells of that type among the cells of the reference's types",
        ties="none: values enter as they are",
        parameters=(_WEIGHTS, _SCALE_MRNA),
        own_reference=True,
        additive=True,
    ),
    nnls,
    vocabulary=profile_genes,
)

CONSTRAINED = Method(
    replace(
        NNLS.spec,
        name="constrained",
        summary="Share of each cell type of a reference of your own, and of all other cells: x >= 0, sum <= 1.",
        units=("tpm", "fpkm", "cpm"),
        higher_means="more cells of that type among all cells of the sample",
    ),
    constrained,
    vocabulary=profile_genes,
)
