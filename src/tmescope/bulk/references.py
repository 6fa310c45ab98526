"""Profiles of cell types that a user brings: what deconvolution methods are given, and what makes them unusable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import ExpressionError, MethodError, examples
from tmescope.foundation.provenance import hash_array, hash_json
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = [
    "SignatureReference",
    "StateProfiles",
    "as_reference",
    "cell_fractions",
    "check_reference",
    "condition_number",
    "reference_hash",
]

_UNITS = ("cpm", "tpm", "linear")
_SINGULAR = 1e8
_CONDITION = 30.0
_FEWEST_PER_TYPE = 2


@dataclass(frozen=True, eq=False)
class StateProfiles:
    """Profiles over all genes, one for each state of a cell type, such as that type in one donor.

    Parameters
    ----------
    genes : tuple of str
        Each once.
    states : tuple of str
        Names, each once.
    cell_types : tuple of str, one for each state
        The type that a state belongs to.
    profiles : array of float64, n_states x n_genes
        Share of a state's counts that each gene has; each row sums to one, and every value is above zero.
    n_cells : tuple of int
        How many cells each state was built from.
    """

    genes: tuple[str, ...]
    states: tuple[str, ...]
    cell_types: tuple[str, ...]
    profiles: NDArray[np.float64]
    n_cells: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class SignatureReference:
    """Profiles of cell types over marker genes, and what more is known of them.

    Parameters
    ----------
    genes : tuple of str
        Each once.
    cell_types : tuple of str
        Each once.
    profiles : array of float64, n_genes x n_types
        Linear expression, 0 or more, in `unit`.
    variances : array of float64, n_genes x n_types, optional
        Variance between the cells of a type, in the square of `unit`.
    size_factors : array of float64, n_types, optional
        RNA content of a cell of each type, relative to the mean over types; None where it is not known.
    sha256 : str
        Of everything else; computed if empty.
    unit : {"cpm", "tpm", "linear"}
        ``linear`` where a table does not say more.
    states : StateProfiles, optional
        What the Bayesian method needs beyond the markers.
    malignant : str
        The cell type whose profile differs from patient to patient; empty where there is none.
    """

    genes: tuple[str, ...]
    cell_types: tuple[str, ...]
    profiles: NDArray[np.float64]
    variances: NDArray[np.float64] | None = None
    size_factors: NDArray[np.float64] | None = None
    sha256: str = ""
    unit: str = "cpm"
    states: StateProfiles | None = None
    malignant: str = ""

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", reference_hash(self))


def reference_hash(reference: SignatureReference) -> str:
    """Return the sha256 of everything that a reference holds."""
    states = reference.states
    arrays = {"profiles": reference.profiles, "variances": reference.variances, "sizes": reference.size_factors}
    hashed = {name: None if a is None else hash_array(np.asarray(a, dtype=np.float64)) for name, a in arrays.items()}
    described = {
        "genes": list(reference.genes),
        "cell_types": list(reference.cell_types),
        "unit": reference.unit,
        "malignant": reference.malignant,
        "states": None
        if states is None
        else {
            "genes": list(states.genes),
            "states": list(states.states),
            "cell_types": list(states.cell_types),
            "n_cells": list(states.n_cells),
            "profiles": hash_array(states.profiles),
        },
    }
    return hash_json({**hashed, **described})


def as_reference(given: object, *, method: str) -> SignatureReference:
    """Return what a method was given as its reference.

    Parameters
    ----------
    given : object
        Whatever the caller passed.
    method : str
        Name of the method, for the message.

    Raises
    ------
    MethodError
        If it is something else.
    """
    if isinstance(given, SignatureReference):
        return given
    raise MethodError(
        f"{method} was given a {type(given).__name__} as its reference",
        where="reference",
        expected="a SignatureReference",
        next_step="read one with tmescope.bulk.read_reference or read_reference_table",
    )


def check_reference(reference: SignatureReference, *, where: str = "reference") -> tuple[RunWarning, ...]:
    """Check that cell types can be told apart by a reference.

    Parameters
    ----------
    reference : SignatureReference
        The reference.
    where : str
        File or folder, for messages.

    Returns
    -------
    tuple of RunWarning
        ``reference.collinear`` where the condition number is above 30, with the most similar pair.

    Raises
    ------
    ExpressionError
        Other shapes than names; names twice; values that are negative, missing or infinite; a cell type or state of
        zeros.
    MethodError
        Fewer than two cell types; fewer genes than two for each cell type; a type that is a multiple or a mixture of
        others; a malignant type that is not there.

    Notes
    -----
    The condition number is that of the profiles with each column brought to length one: an error in a sample may come
    out that many times larger, relatively, in the fractions. It does not depend on the unit. From 1e8 on the solution
    is not determined by the data and the reference is refused.
    """
    _check_names(reference, where)
    _check_values(reference, where)
    if reference.states is not None:
        _check_states(reference.states, where)
    n_genes, n_types = reference.profiles.shape
    if n_genes < _FEWEST_PER_TYPE * n_types:
        raise MethodError(
            f"the reference has {n_genes} genes for {n_types} cell types",
            where=where,
            expected=f"at least {_FEWEST_PER_TYPE} genes for each cell type",
            next_step="take more marker genes, or fewer cell types",
        )
    condition = condition_number(reference.profiles)
    first, second, likeness = _closest_pair(reference)
    pair = f"{first!r} and {second!r} (cosine {likeness:.4f})"
    if condition > _SINGULAR:
        raise MethodError(
            f"cell types cannot be told apart: one is a multiple or a mixture of others; the closest are {pair}",
            where=where,
            expected=f"a condition number below {_SINGULAR:.0e}",
            next_step="merge these types, or take genes that differ between them",
        )
    if condition > _CONDITION:
        message = f"cell types are hard to tell apart (condition number {condition:.0f}); the closest are {pair}"
        return (RunWarning("reference.collinear", message, where, 2, (first, second)),)
    return ()


def condition_number(profiles: NDArray[np.float64]) -> float:
    """Return the condition number of profiles whose columns are brought to length one; infinite without full rank."""
    values = np.linalg.svd(profiles / np.linalg.norm(profiles, axis=0), compute_uv=False)
    return float(values[0] / values[-1]) if values[-1] > 0 else float("inf")


def cell_fractions(
    shares: NDArray[np.float64], size_factors: NDArray[np.float64] | None, *, scaled: bool = True
) -> NDArray[np.float64]:
    """Turn shares of RNA into shares of cells.

    Parameters
    ----------
    shares : array of float64, n_samples x n_types
        0 or more.
    size_factors : array of float64, n_types, optional
        RNA of a cell of each type; None leaves the shares as they are.
    scaled : bool
        False leaves them as well.

    Returns
    -------
    array of float64, n_samples x n_types
        Each row sums to one; a row of nothing but zeros is missing.
    """
    cells = shares / size_factors if scaled and size_factors is not None else shares
    totals = cells.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(cells, totals, out=np.full_like(cells, np.nan), where=totals > 0))


def _check_names(reference: SignatureReference, where: str) -> None:
    shape = (len(reference.genes), len(reference.cell_types))
    for what, array in (("profiles", reference.profiles), ("variances", reference.variances)):
        if array is not None and array.shape != shape:
            raise ExpressionError(
                f"the {what} are {array.shape}, the names {shape}", where=where, expected="genes x cell types"
            )
    sizes = reference.size_factors
    if sizes is not None and (sizes.shape != shape[1:] or not (np.isfinite(sizes).all() and (sizes > 0).all())):
        raise ExpressionError(
            f"the size factors are {examples(sizes.ravel().tolist())}",
            where=where,
            expected=f"{shape[1]} finite numbers above zero",
        )
    for what, names in (("gene", reference.genes), ("cell type", reference.cell_types)):
        _refuse_repeated(what, names, where)
    if len(reference.cell_types) < 2:
        raise MethodError(
            f"the reference has {len(reference.cell_types)} cell types", where=where, expected="at least two"
        )
    if reference.malignant and reference.malignant not in reference.cell_types:
        raise MethodError(
            f"the malignant type {reference.malignant!r} is not in the reference",
            where=where,
            expected=f"one of: {', '.join(reference.cell_types[:12])}",
        )
    if reference.unit not in _UNITS:
        raise ExpressionError(f"the unit is {reference.unit!r}", where=where, expected=f"one of {', '.join(_UNITS)}")


def _refuse_repeated(what: str, names: Sequence[str], where: str) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    blank = [name for name in names if not name.strip()]
    if repeated or blank:
        found = f"{len(repeated)} {what}s are there more than once: {examples(repeated)}" if repeated else ""
        raise ExpressionError(
            found or f"{len(blank)} {what}s have no name",
            where=where,
            expected=f"each {what} once, under a name",
            next_step="merge or rename them",
        )


def _check_values(reference: SignatureReference, where: str) -> None:
    for what, array in (("profiles", reference.profiles), ("variances", reference.variances)):
        if array is None:
            continue
        bad = ~np.isfinite(array) | (array < 0)
        if bad.any():
            shown = list(_places(reference, array, bad))
            raise ExpressionError(
                f"{int(bad.sum())} values of the {what} are negative or missing: {examples(shown)}",
                where=where,
                expected="linear expression: finite numbers, 0 or more",
                next_step="undo a logarithm or a centring before the table is used as a reference",
            )
    empty = [t for i, t in enumerate(reference.cell_types) if not reference.profiles[:, i].any()]
    if empty:
        raise ExpressionError(
            f"{len(empty)} cell types have nothing but zeros: {examples(empty)}",
            where=where,
            expected="some expression in every cell type",
            next_step="leave them out",
        )


def _check_states(states: StateProfiles, where: str) -> None:
    bad = ~np.isfinite(states.profiles) | (states.profiles < 0)
    empty = ~bad.any(axis=1) & (states.profiles.sum(axis=1) == 0)
    wrong = [s for i, s in enumerate(states.states) if bad[i].any() or empty[i]]
    if wrong:
        raise ExpressionError(
            f"{len(wrong)} states have negative or missing shares, or none at all: {examples(wrong)}",
            where=where,
            expected="shares of counts, 0 or more",
            next_step="build the reference again",
        )


def _places(reference: SignatureReference, array: NDArray[np.float64], bad: NDArray[np.bool_]) -> Iterator[str]:
    for gene, cell_type in np.argwhere(bad):
        yield f"{reference.genes[gene]}, {reference.cell_types[cell_type]}: {array[gene, cell_type]:g}"


def _closest_pair(reference: SignatureReference) -> tuple[str, str, float]:
    unit = reference.profiles / np.linalg.norm(reference.profiles, axis=0)
    likeness = np.triu(unit.T @ unit, k=1)
    first, second = np.unravel_index(int(np.argmax(likeness)), likeness.shape)
    return reference.cell_types[first], reference.cell_types[second], float(likeness[first, second])
