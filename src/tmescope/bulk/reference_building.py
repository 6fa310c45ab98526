"""From labelled cells to a reference: labels, markers, profiles, variances, size factors, and how accurate it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmescope.bulk.reference_cells import CellSums, add_cells
from tmescope.bulk.reference_markers import MarkerRule, select_markers
from tmescope.bulk.references import SignatureReference, StateProfiles
from tmescope.foundation.errors import ExpressionError, MethodError, UnknownNameError, examples
from tmescope.foundation.result import RunWarning

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["Assembled", "BuildOptions", "LabelledCells", "assemble", "read_labels"]


@dataclass(frozen=True)
class BuildOptions:
    """How a reference is built from cells.

    Parameters
    ----------
    labels : str
        Column of ``obs`` with the cell type; cells without one are left out.
    donors : str
        Column of ``obs`` with the donor; empty if all cells are one donor's, or it is not known.
    malignant : str
        The label of malignant cells; empty if there is none.
    min_cells : int
        Labels with fewer cells are left out; donors with fewer of a type do not count for its profile, unless all have.
    markers : MarkerRule
        Which genes are markers.
    smoothing : float
        How many counts of the mean profile of all types are added to a type's, and of the type's to a state's, so that
        no gene is impossible in any; above zero.
    n_mixtures, cells_per_mixture : int
        Pseudo-bulks on which the accuracy is measured, and cells in each.
    """

    labels: str = "cell_type"
    donors: str = ""
    malignant: str = ""
    min_cells: int = 10
    markers: MarkerRule = field(default_factory=MarkerRule)
    smoothing: float = 100.0
    n_mixtures: int = 100
    cells_per_mixture: int = 500


@dataclass(frozen=True, eq=False)
class LabelledCells:
    """Which cell is of which type and donor.

    Parameters
    ----------
    cell_types, donors : tuple of str
        Names, sorted.
    type_of, donor_of : array of int64, n_cells
        Place of each cell's type and donor; type -1 is left out.
    left_out : mapping of str to int
        Labels that have too few cells, and how many they have; the empty text for cells without a label or donor.
    """

    cell_types: tuple[str, ...]
    donors: tuple[str, ...]
    type_of: NDArray[np.int64]
    donor_of: NDArray[np.int64]
    left_out: dict[str, int]


@dataclass(frozen=True, eq=False)
class Assembled:
    """A reference and the markers that it stands on.

    Parameters
    ----------
    reference : SignatureReference
        The reference.
    markers : pandas.DataFrame
        See `tmescope.bulk.reference_markers.select_markers`.
    n_cells : dict of str to int
        Cells of each type.
    warnings : tuple of RunWarning
        Types with few markers.
    """

    reference: SignatureReference
    markers: pd.DataFrame
    n_cells: dict[str, int]
    warnings: tuple[RunWarning, ...]


def read_labels(cells: AnnData, options: BuildOptions) -> LabelledCells:
    """Read types and donors of cells.

    Parameters
    ----------
    cells : anndata.AnnData
        The cells.
    options : BuildOptions
        Which columns, and how many cells a label needs.

    Returns
    -------
    LabelledCells

    Raises
    ------
    UnknownNameError
        If there is no such column or malignant label.
    ExpressionError
        If gene names are not unique.
    MethodError
        If fewer than two labels have enough cells.
    """
    repeated = [g for g, n in Counter(map(str, cells.var_names)).items() if n > 1]
    if repeated:
        raise ExpressionError(
            f"{len(repeated)} genes are there more than once: {examples(repeated)}",
            where="var_names of the cells",
            expected="each gene once",
            next_step="add up or rename them",
        )
    labels = _column(cells, options.labels)
    donors = _column(cells, options.donors) if options.donors else ["all"] * cells.n_obs
    named = [label if donor else "" for label, donor in zip(labels, donors, strict=True)]
    counted = Counter(named)
    if options.malignant and options.malignant not in counted:
        raise UnknownNameError.of("cell type", options.malignant, counted, where="--malignant")
    kept = sorted(t for t, n in counted.items() if t and n >= options.min_cells)
    if len(kept) < 2:
        raise MethodError(
            f"{len(kept)} labels have at least {options.min_cells} cells",
            where=f"obs column {options.labels!r}",
            expected="at least two",
            next_step="choose a coarser column of labels, or lower min_cells",
        )
    place = {name: i for i, name in enumerate(kept)}
    names = sorted({d for d, t in zip(donors, named, strict=True) if t in place})
    number = {name: i for i, name in enumerate(names)}
    return LabelledCells(
        tuple(kept),
        tuple(names),
        np.array([place.get(t, -1) for t in named], dtype=np.int64),
        np.array([number.get(d, -1) for d in donors], dtype=np.int64),
        {t: counted[t] for t in sorted(counted) if t not in place},
    )


def assemble(
    cells: AnnData, labelled: LabelledCells, options: BuildOptions, *, chosen: NDArray[np.bool_] | None = None
) -> Assembled:
    """Build a reference from cells whose types are known.

    Parameters
    ----------
    cells : anndata.AnnData, n_cells x n_genes
        Raw counts.
    labelled : LabelledCells
        From `read_labels`.
    options : BuildOptions
        How.
    chosen : array of bool, n_cells, optional
        Which cells; all that have a type if omitted.

    Returns
    -------
    Assembled

    Raises
    ------
    MethodError
        If a cell type has no marker, or none of the chosen cells.
    ExpressionError
        See `tmescope.bulk.reference_cells.add_cells`.

    Notes
    -----
    A profile is the counts per million of a type's cells added up; with several donors the mean of theirs. Variances
    are those between all cells of the type. Size factors come from mean counts per cell by type and donor, the effect
    of the type beside that of the donor (least squares of their logarithms, weighted by cells), with a mean of one.
    """
    n_types, n_donors = len(labelled.cell_types), len(labelled.donors)
    groups = np.where(labelled.type_of >= 0, labelled.type_of * n_donors + labelled.donor_of, -1)
    if chosen is not None:
        groups = np.where(chosen, groups, -1)
    sums = add_cells(cells, groups, n_types * n_donors)
    counts = sums.counts.reshape(n_types, n_donors, -1)
    n_cells = sums.n_cells.reshape(n_types, n_donors)
    whole = _by_type(sums, n_cells)
    absent = [t for t, n in zip(labelled.cell_types, whole.n_cells, strict=True) if not n]
    if absent:
        raise MethodError(f"{len(absent)} cell types have no cells: {examples(absent)}", where="cells")
    genes = tuple(map(str, cells.var_names))
    markers = select_markers(
        whole, (genes, labelled.cell_types), rule=options.markers, by_donor=list(counts.transpose(1, 0, 2))
    )
    wanted = set(markers["gene_symbol"])
    rows = np.array([i for i, g in enumerate(genes) if g in wanted], dtype=np.int64)
    used = _used_donors(n_cells, options.min_cells)
    profiles = np.array([_mean_cpm(counts[t][used[t]]) for t in range(n_types)])
    n = np.maximum(whole.n_cells, 2)[:, None]
    spread = np.maximum(whole.mean_squares - whole.mean_cpm**2, 0.0) * n / (n - 1)
    reference = SignatureReference(
        genes=tuple(genes[i] for i in rows),
        cell_types=labelled.cell_types,
        profiles=np.ascontiguousarray(profiles[:, rows].T),
        variances=np.ascontiguousarray(spread[:, rows].T),
        size_factors=_size_factors(counts.sum(axis=2), n_cells),
        unit="cpm",
        states=_states(genes, labelled, sums=(counts, n_cells), used=used, smoothing=options.smoothing),
        malignant=options.malignant,
    )
    warnings = _few_markers(markers, labelled.cell_types, options.markers.fewest_markers)
    per_type = dict(zip(labelled.cell_types, map(int, whole.n_cells), strict=True))
    return Assembled(reference, markers, per_type, tuple(warnings))


def _column(cells: AnnData, name: str) -> list[str]:
    if name not in cells.obs.columns:
        raise UnknownNameError.of("column", name, map(str, cells.obs.columns), where="obs of the cells")
    values = cells.obs[name]
    return ["" if missing else str(v).strip() for v, missing in zip(values, values.isna(), strict=True)]


def _by_type(sums: CellSums, n_cells: NDArray[np.int64]) -> CellSums:
    n_types, n_donors = n_cells.shape
    total = n_cells.sum(axis=1)
    weight = (n_cells / np.maximum(total, 1)[:, None])[:, :, None]

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((values.reshape(n_types, n_donors, -1) * weight).sum(axis=1))

    counts = sums.counts.reshape(n_types, n_donors, -1).sum(axis=1)
    return CellSums(counts, mean(sums.seen), mean(sums.mean_cpm), mean(sums.mean_squares), total)


def _used_donors(n_cells: NDArray[np.int64], fewest: int) -> NDArray[np.bool_]:
    """Return which donors count for each type: those with enough cells, or all where none has."""
    enough = n_cells >= fewest
    return np.asarray(np.where(enough.any(axis=1, keepdims=True), enough, n_cells > 0))


def _mean_cpm(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((1e6 * counts / counts.sum(axis=1, keepdims=True)).mean(axis=0))


def _size_factors(counts: NDArray[np.float64], n_cells: NDArray[np.int64]) -> NDArray[np.float64]:
    n_types, n_donors = n_cells.shape
    types, donors = np.nonzero(n_cells)
    weight = np.sqrt(n_cells[types, donors])
    design = np.zeros((len(types), n_types + n_donors))
    design[np.arange(len(types)), types] = 1.0
    design[np.arange(len(types)), n_types + donors] = 1.0
    logged = np.log(counts[types, donors] / n_cells[types, donors])
    effects = np.linalg.lstsq(design * weight[:, None], logged * weight, rcond=None)[0][:n_types]
    sizes = np.exp(effects - effects.mean())
    return np.asarray(sizes / sizes.mean())


def _states(
    genes: Sequence[str],
    labelled: LabelledCells,
    *,
    sums: tuple[NDArray[np.float64], NDArray[np.int64]],
    used: NDArray[np.bool_],
    smoothing: float,
) -> StateProfiles:
    """Return one state for each type and donor that counts, over all genes that any type has."""
    counts, n_cells = sums
    seen = np.flatnonzero(counts.sum(axis=(0, 1)) > 0)
    by_type = counts[:, :, seen].sum(axis=1)
    mean = (by_type / by_type.sum(axis=1, keepdims=True)).mean(axis=0)
    types = _smooth(by_type, mean, smoothing)
    names, cell_types, rows, numbers = [], [], [], []
    for t, cell_type in enumerate(labelled.cell_types):
        several = int(used[t].sum()) > 1
        for d, donor in enumerate(labelled.donors):
            if not used[t, d]:
                continue
            names.append(f"{cell_type} | {donor}" if several else cell_type)
            cell_types.append(cell_type)
            rows.append(_smooth(counts[t, d, seen], types[t], smoothing) if several else types[t])
            numbers.append(int(n_cells[t, d]))
    return StateProfiles(
        tuple(genes[i] for i in seen.tolist()), tuple(names), tuple(cell_types), np.array(rows), tuple(numbers)
    )


def _smooth(counts: NDArray[np.float64], prior: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    return np.asarray((counts + weight * prior) / (counts.sum(axis=-1, keepdims=True) + weight))


def _few_markers(markers: pd.DataFrame, cell_types: Sequence[str], fewest: int) -> list[RunWarning]:
    own = markers.loc[markers["higher_in"] == "", "cell_type"].value_counts()
    few = [t for t in cell_types if own.get(t, 0) < fewest]
    if not few:
        return []
    shown = examples([f"{t} ({own.get(t, 0)})" for t in few])
    message = f"cell types with fewer than {fewest} genes that are highest in them: {shown}"
    return [RunWarning("reference.few_markers", message, "", len(few), tuple(few[:3]))]
