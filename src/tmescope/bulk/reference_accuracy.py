"""How accurate a reference is: fractions of pseudo-bulks from cells, or donors, that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.bulk.reference_building import Assembled, BuildOptions, LabelledCells, assemble, read_labels
from tmescope.bulk.reference_cells import mix_cells
from tmescope.bulk.references import SignatureReference, cell_fractions, check_reference
from tmescope.foundation.errors import MethodError
from tmescope.foundation.progress import Progress, SilentProgress
from tmescope.foundation.result import RunWarning
from tmescope.stats.concordance import agreement
from tmescope.stats.least_squares import constrained_least_squares

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["BuiltReference", "HeldOut", "build_reference", "hold_out", "measure_accuracy"]

_FEWEST_DONORS = 3
_HELD_DONORS = 1 / 3


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A reference from a part of the cells, and pseudo-bulks from the other.

    Parameters
    ----------
    reference : SignatureReference
        Built from the first part.
    mixtures : anndata.AnnData, n_mixtures x n_genes
        Counts; ``obsm["fractions"]`` holds the true shares of cells, in the order of the reference's types.
    held_out : str
        ``donors`` or ``cells``: what the second part is.
    """

    reference: SignatureReference
    mixtures: AnnData
    held_out: str


@dataclass(frozen=True, eq=False)
class BuiltReference:
    """A reference, and what is known of it.

    Parameters
    ----------
    reference : SignatureReference
        From all cells.
    accuracy : pandas.DataFrame
        See `measure_accuracy`; of a reference built in the same way without the held-out cells.
    markers : pandas.DataFrame
        See `tmescope.bulk.reference_markers.select_markers`.
    n_cells : dict of str to int
        Cells of each type.
    left_out : dict of str to int
        Labels with too few cells; the empty text for cells without a label.
    warnings : tuple of RunWarning
        Labels that were left out, types with few markers, types that are hard to tell apart.
    """

    reference: SignatureReference
    accuracy: pd.DataFrame
    markers: pd.DataFrame
    n_cells: dict[str, int]
    left_out: dict[str, int]
    warnings: tuple[RunWarning, ...]


def build_reference(
    cells: AnnData,
    *,
    options: BuildOptions | None = None,
    rng: np.random.Generator | int = 0,
    progress: Progress | None = None,
) -> BuiltReference:
    """Build a reference from labelled cells and measure how accurate it is.

    Answers "can these cell types be told apart in bulk, and how well?". The accuracy is that of mixtures of the same
    kind of cells: on bulk of another protocol it is lower.

    Parameters
    ----------
    cells : anndata.AnnData, n_cells x n_genes
        Raw counts, dense, sparse or backed; labels in ``obs``. Not changed.
    options : BuildOptions, optional
        Columns, limits and the rule for markers.
    rng : numpy.random.Generator or int
        For the split and the pseudo-bulks; the same seed gives the same reference and accuracy.
    progress : Progress, optional
        Is told of the steps.

    Returns
    -------
    BuiltReference

    Raises
    ------
    UnknownNameError
        If there is no such column or malignant label.
    ExpressionError
        If values are no counts, or gene names are not unique.
    MethodError
        If fewer than two labels have enough cells, or cell types cannot be told apart.
    """
    options = options or BuildOptions()
    told = progress or SilentProgress()
    told.start("labels")
    labelled = read_labels(cells, options)
    told.finish("labels", f"{len(labelled.cell_types)} cell types, {int((labelled.type_of >= 0).sum()):,} cells")
    told.start("profiles")
    built = assemble(cells, labelled, options)
    similar = check_reference(built.reference, where="cells")
    told.finish("profiles", f"{len(built.reference.genes)} marker genes")
    told.start("accuracy")
    accuracy, notes = _measure(cells, labelled, options, rng=np.random.default_rng(rng))
    told.finish("accuracy", f"{options.n_mixtures} pseudo-bulks")
    warnings = (*_tell_left_out(labelled, options), *built.warnings, *similar, *notes)
    return BuiltReference(
        built.reference, accuracy, built.markers, built.n_cells, dict(labelled.left_out), tuple(warnings)
    )


def hold_out(cells: AnnData, labelled: LabelledCells, options: BuildOptions, *, rng: np.random.Generator) -> HeldOut:
    """Split cells, build a reference from one part and pseudo-bulks from the other.

    Parameters
    ----------
    cells, labelled, options
        As for `tmescope.bulk.reference_building.assemble`.
    rng : numpy.random.Generator
        Draws the split and the mixtures.

    Returns
    -------
    HeldOut

    Raises
    ------
    MethodError
        If fewer than two cell types are in both parts.

    Notes
    -----
    From three donors on a third of the donors is held out, else half of the cells of each type. Fractions are drawn
    from a flat Dirichlet distribution, cells of each type with replacement: the true share is the share of cells drawn.
    Types that are in one part alone are left out.
    """
    by_donor = len(labelled.donors) >= _FEWEST_DONORS
    held = _held_donors(labelled, rng) if by_donor else _held_cells(labelled, rng)
    n_types = len(labelled.cell_types)
    known = labelled.type_of >= 0
    n_built, n_held = (np.bincount(labelled.type_of[known & part], minlength=n_types) for part in (~held, held))
    both = (n_built >= 2) & (n_held >= 1)
    if both.sum() < 2:
        raise MethodError(
            f"{int(both.sum())} cell types have cells in both parts of the split",
            where="donors" if by_donor else "cells",
            expected="at least two",
            next_step="build without the donor column, or with a coarser column of labels",
        )
    kept = _keep_types(labelled, both)
    part_options = options if options.malignant in kept.cell_types else _without_malignant(options)
    built: Assembled = assemble(cells, kept, part_options, chosen=~held)
    mixtures = _mix(cells, np.where(held, kept.type_of, -1), len(kept.cell_types), options=options, rng=rng)
    return HeldOut(built.reference, mixtures, "donors" if by_donor else "cells")


def measure_accuracy(
    estimates: NDArray[np.float64], truth: NDArray[np.float64], cell_types: Sequence[str], *, method: str
) -> pd.DataFrame:
    """Compare estimated with true fractions, type by type.

    Parameters
    ----------
    estimates, truth : array of float64, n_mixtures x n_types
        Fractions.
    cell_types : sequence of str
        Their names.
    method : str
        What estimated them.

    Returns
    -------
    pandas.DataFrame
        Columns method, cell_type, n, rmse, bias, pearson, ccc; the last row, ``all``, is over all types together.
    """
    rows = [
        {"method": method, "cell_type": name, **asdict(agreement(estimates[:, i], truth[:, i]))}
        for i, name in enumerate(cell_types)
    ]
    rows.append({"method": method, "cell_type": "all", **asdict(agreement(estimates.ravel(), truth.ravel()))})
    return pd.DataFrame(rows)


def _measure(
    cells: AnnData, labelled: LabelledCells, options: BuildOptions, *, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[RunWarning]]:
    try:
        held = hold_out(cells, labelled, options, rng=rng)
    except MethodError as error:
        message = f"the accuracy is not known, a part of the cells does not suffice: {error.what}"
        return _no_accuracy(), [RunWarning("reference.not_measured", message, "cells", len(labelled.cell_types))]
    reference, truth = held.reference, np.asarray(held.mixtures.obsm["fractions"])
    place = {g: i for i, g in enumerate(map(str, held.mixtures.var_names))}
    counts = np.asarray(held.mixtures.X)
    cpm = 1e6 * counts[:, [place[g] for g in reference.genes]] / counts.sum(axis=1, keepdims=True)
    shares = constrained_least_squares(reference.profiles, cpm).values
    found = cell_fractions(shares, reference.size_factors)
    table = measure_accuracy(found, truth, reference.cell_types, method="nnls")
    table["held_out"] = held.held_out
    lost = [t for t in labelled.cell_types if t not in reference.cell_types]
    if not lost:
        return table, []
    message = f"the accuracy of {len(lost)} cell types is not known: they are not in both parts of the split"
    return table, [RunWarning("reference.not_measured", message, "", len(lost), tuple(lost[:3]))]


def _no_accuracy() -> pd.DataFrame:
    return measure_accuracy(np.zeros((0, 0)), np.zeros((0, 0)), (), method="nnls").assign(held_out="")


def _held_donors(labelled: LabelledCells, rng: np.random.Generator) -> NDArray[np.bool_]:
    n_donors = len(labelled.donors)
    held = rng.permutation(n_donors)[: max(1, round(n_donors * _HELD_DONORS))]
    return np.isin(labelled.donor_of, held)


def _held_cells(labelled: LabelledCells, rng: np.random.Generator) -> NDArray[np.bool_]:
    held = np.zeros(len(labelled.type_of), dtype=bool)
    for number in range(len(labelled.cell_types)):
        own = rng.permutation(np.flatnonzero(labelled.type_of == number))
        held[own[: len(own) // 2]] = True
    return held


def _keep_types(labelled: LabelledCells, kept: NDArray[np.bool_]) -> LabelledCells:
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    type_of = np.where(labelled.type_of >= 0, number[np.maximum(labelled.type_of, 0)], -1)
    names = tuple(t for t, k in zip(labelled.cell_types, kept, strict=True) if k)
    return LabelledCells(names, labelled.donors, type_of, labelled.donor_of, dict(labelled.left_out))


def _without_malignant(options: BuildOptions) -> BuildOptions:
    return replace(options, malignant="")


def _mix(
    cells: AnnData, type_of: NDArray[np.int64], n_types: int, *, options: BuildOptions, rng: np.random.Generator
) -> AnnData:
    from anndata import AnnData

    weights = sparse.lil_matrix((options.n_mixtures, len(type_of)))
    truth = np.zeros((options.n_mixtures, n_types))
    pools = [np.flatnonzero(type_of == number) for number in range(n_types)]
    for mixture in range(options.n_mixtures):
        drawn = rng.multinomial(options.cells_per_mixture, rng.dirichlet(np.ones(n_types)))
        truth[mixture] = drawn / options.cells_per_mixture
        for pool, n in zip(pools, drawn, strict=True):
            picked, times = np.unique(rng.choice(pool, n), return_counts=True)
            weights[mixture, picked] = times
    names = [f"mixture{i + 1:04d}" for i in range(options.n_mixtures)]
    mixed = AnnData(
        X=mix_cells(cells, weights.tocsr()),
        obs=pd.DataFrame(index=names),
        var=pd.DataFrame(index=[str(g) for g in cells.var_names]),
        uns={"tmescope": {"scale": "counts", "cohort_id": "held_out"}},
    )
    mixed.obsm["fractions"] = truth
    return mixed


def _tell_left_out(labelled: LabelledCells, options: BuildOptions) -> list[RunWarning]:
    few = {t: n for t, n in labelled.left_out.items() if t}
    found = []
    if few:
        shown = ", ".join(f"{t} ({n})" for t, n in list(few.items())[:3])
        message = f"{len(few)} labels have fewer than {options.min_cells} cells and are left out: {shown}"
        found.append(RunWarning("reference.label_left_out", message, options.labels, len(few), tuple(list(few)[:3])))
    if without := labelled.left_out.get("", 0):
        message = f"{without:,} cells have no label or no donor and are left out"
        found.append(RunWarning("reference.unlabelled", message, options.labels, without))
    return found
