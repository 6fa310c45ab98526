"""xCell: enrichment of 64 cell types, made linear and freed of what spills over between them (Aran et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.methods.ssgsea import walk
from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.foundation.errors import FactsError
from tmescope.foundation.method import THREADS, Method, MethodSpec, Parameter
from tmescope.stats.least_squares import constrained_least_squares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.facts.references.xcell import SpillOver, XCell

__all__ = ["FINAL", "RAW", "apply_xcell", "apply_xcell_raw", "fit_xcell", "xcell", "xcell_raw"]

_WEIGHT_OF_RANKS = 0.25
_SPAN = 5000.0
"""Raw scores are divided by it before the power; tested, like the composites, against the numbers of the original."""

_COMPOSITES = {
    "ImmuneScore": (
        1.5,
        (
            "B-cells",
            "CD4+ T-cells",
            "CD8+ T-cells",
            "DC",
            "Eosinophils",
            "Macrophages",
            "Mast cells",
            "Monocytes",
            "Neutrophils",
            "NK cells",
        ),
    ),
    "StromaScore": (2.0, ("Adipocytes", "Endothelial cells", "Fibroblasts")),
}
"""Divisor, and the cell types whose scores are added up; the third composite is the sum of these two."""
_TOGETHER = "MicroenvironmentScore"


def xcell_raw(mixture: Mixture, reference: XCell, parameters: Mapping[str, Any]) -> Estimates:
    """Return the enrichment of each cell type, beside the least enriched sample of the cohort.

    Parameters
    ----------
    mixture : Mixture
        A cohort; any monotone scale ranks alike.
    reference : XCell
        Sets and the genes that are ranked.
    parameters : mapping
        ``threads``.

    Returns
    -------
    Estimates
        64 cell types, in rank positions, 0 or more.
    """
    scores = _score_sets(mixture, reference, threads=parameters["threads"])
    return _as_raw(mixture, reference, scores=scores, state=_learn(scores, reference))


def xcell(mixture: Mixture, reference: XCell, parameters: Mapping[str, Any]) -> Estimates:
    """Return the scores of the cell types, comparable between samples and freed of spill-over.

    Parameters
    ----------
    mixture : Mixture
        A cohort; any monotone scale ranks alike. Arrays are calibrated by their own matrices.
    reference : XCell
        Sets, genes and spill-over matrices.
    parameters : mapping
        ``alpha`` and ``threads``.

    Returns
    -------
    Estimates
        64 cell types and three composites, 0 or more, in no unit.

    Raises
    ------
    FactsError
        If the mixture is of arrays and their matrices are not installed.

    Notes
    -----
    Each set is scored as by ssGSEA (alpha 0.25, not normalised) over the genes of the reference that were measured. The
    mean over a type's sets, less the cohort's smallest, is ``r``; ``t = (r / 5000)^V2 / (2 V3)`` with the type's
    calibration. The scores ``x >= 0`` minimise ``|S x - t|`` where ``S`` is the spill-over matrix times `alpha`, with 1
    on the diagonal. A type none of whose genes was measured has no score and takes no part in it.
    """
    scores = _score_sets(mixture, reference, threads=parameters["threads"])
    return _as_final(mixture, reference, parameters, scores=scores, state=_learn(scores, reference))


def fit_xcell(mixture: Mixture, reference: XCell, parameters: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Keep what a cohort says of all raw scores.

    Parameters
    ----------
    mixture, reference, parameters
        As in `xcell`.

    Returns
    -------
    dict
        ``lowest_of_sets``: the smallest score of each set; ``lowest_of_types``: the smallest mean over each type's
        sets. NaN where no gene was measured.
    """
    return _learn(_score_sets(mixture, reference, threads=parameters["threads"]), reference)


def apply_xcell_raw(
    mixture: Mixture, reference: XCell, parameters: Mapping[str, Any], *, state: Mapping[str, NDArray[np.float64]]
) -> Estimates:
    """Return the raw scores that each new sample has beside the cohort that was fitted.

    Parameters
    ----------
    mixture, reference, parameters
        As in `xcell_raw`.
    state : mapping
        From `fit_xcell`.

    Returns
    -------
    Estimates
        As from `xcell_raw`. Where a sample lies below the whole cohort, 0 stands for it, as it would inside it.
    """
    scores = _score_sets(mixture, reference, threads=parameters["threads"])
    return _as_raw(mixture, reference, scores=scores, state=state)


def apply_xcell(
    mixture: Mixture, reference: XCell, parameters: Mapping[str, Any], *, state: Mapping[str, NDArray[np.float64]]
) -> Estimates:
    """Return the scores that each new sample has beside the cohort that was fitted.

    Parameters
    ----------
    mixture, reference, parameters
        As in `xcell`.
    state : mapping
        From `fit_xcell`.

    Returns
    -------
    Estimates
        As from `xcell`: exactly what it gives the sample in a cohort of those that were fitted and this one.
    """
    scores = _score_sets(mixture, reference, threads=parameters["threads"])
    return _as_final(mixture, reference, parameters, scores=scores, state=state)


def name_genes(reference: XCell, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG001 - all are asked so
    """Return the genes that are ranked.

    Parameters
    ----------
    reference : XCell
        The reference.
    parameters : mapping
        None has a say.
    """
    return reference.genes


def _score_sets(mixture: Mixture, reference: XCell, *, threads: int) -> NDArray[np.float64]:
    ranked = frozenset(reference.genes)
    columns = [i for i, gene in enumerate(mixture.genes) if gene in ranked]
    sets = index_sets(reference.signatures, [mixture.genes[i] for i in columns])
    values = mixture.values[:, columns]
    return walk(values, sets, alpha=_WEIGHT_OF_RANKS, threads=threads, whole=True)


def _mean_of_types(
    scores: NDArray[np.float64], reference: XCell, lowest_of_sets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean over each type's sets, of those that the cohort has; NaN where a sample lacks one of them."""
    position = {name: i for i, name in enumerate(reference.signatures)}
    scored = ~np.isnan(lowest_of_sets)
    means = np.full((len(scores), len(reference.cell_types)), np.nan)
    for i, cell_type in enumerate(reference.cell_types):
        columns = [position[name] for name in reference.sets_of(cell_type) if scored[position[name]]]
        if columns:
            means[:, i] = _sum(scores, columns) / len(columns)
    return means


def _sum(values: NDArray[np.float64], columns: list[int]) -> NDArray[np.float64]:
    """Add up columns, row by row: to the last bit the same however many rows there are."""
    added: NDArray[np.float64] = np.ascontiguousarray(values[:, columns]).sum(axis=1)
    return added


def _learn(scores: NDArray[np.float64], reference: XCell) -> dict[str, NDArray[np.float64]]:
    lowest = scores.min(axis=0)
    return {"lowest_of_sets": lowest, "lowest_of_types": _mean_of_types(scores, reference, lowest).min(axis=0)}


def _as_raw(
    mixture: Mixture,
    reference: XCell,
    *,
    scores: NDArray[np.float64],
    state: Mapping[str, NDArray[np.float64]],
) -> Estimates:
    lowest = state["lowest_of_sets"]
    raw = _mean_of_types(np.maximum(scores - lowest, 0.0), reference, lowest)
    return Estimates(reference.cell_types, raw, _coverage(mixture, reference, {t: (t,) for t in reference.cell_types}))


def _as_final(
    mixture: Mixture,
    reference: XCell,
    parameters: Mapping[str, Any],
    *,
    scores: NDArray[np.float64],
    state: Mapping[str, NDArray[np.float64]],
) -> Estimates:
    types = reference.cell_types
    spill_over = _choose_matrices(reference, is_array=mixture.is_array)
    power, half = (_in_order(spill_over, column, types) for column in ("V2", "V3"))
    means = _mean_of_types(scores, reference, state["lowest_of_sets"])
    raised = np.maximum(means - state["lowest_of_types"], 0.0)
    linear = (raised / _SPAN) ** power / (2.0 * half)
    place = [spill_over.matrix.rows.index(t) for t in types]
    found = _compensate(linear, spill_over.matrix.values[np.ix_(place, place)], alpha=parameters["alpha"])
    parts = {name: added for name, (_, added) in _COMPOSITES.items()}
    parts[_TOGETHER] = tuple(t for added in parts.values() for t in added)
    sums = [_sum(found, [types.index(t) for t in added]) / divisor for divisor, added in _COMPOSITES.values()]
    values = np.column_stack([found, *sums, sum(sums)])
    coverage = _coverage(mixture, reference, {**{t: (t,) for t in types}, **parts})
    return Estimates((*types, *parts), values, coverage)


def _choose_matrices(reference: XCell, *, is_array: bool) -> SpillOver:
    if not is_array:
        return reference.sequenced
    if reference.arrays is None:
        raise FactsError(
            "the installed reference xcell has no spill-over matrix for microarrays",
            where="xcell",
            expected="spill.array_K.tsv and spill.array_fv.tsv beside the other files",
            next_step="tmescope facts add xcell --from FOLDER --accept-licence xcell, with both files in the folder",
        )
    return reference.arrays


def _in_order(spill_over: SpillOver, column: str, types: tuple[str, ...]) -> NDArray[np.float64]:
    calibration = spill_over.calibration
    ordered: NDArray[np.float64] = calibration.column(column)[[calibration.rows.index(t) for t in types]]
    return ordered


def _compensate(linear: NDArray[np.float64], spilled: NDArray[np.float64], *, alpha: float) -> NDArray[np.float64]:
    """Return for each row the non-negative scores whose spill-over comes closest to it; NaN columns stay out."""
    scored = np.flatnonzero(~np.isnan(linear).any(axis=0))
    mixing = alpha * spilled[np.ix_(scored, scored)]
    np.fill_diagonal(mixing, 1.0)
    found = np.full_like(linear, np.nan)
    found[:, scored] = constrained_least_squares(mixing, linear[:, scored]).values
    return found


def _coverage(mixture: Mixture, reference: XCell, parts: Mapping[str, tuple[str, ...]]) -> NDArray[np.float64]:
    """Return the share of all genes of each output's sets that was measured."""
    there = (gene for gene, is_there in zip(mixture.genes, mixture.is_measured(), strict=True) if is_there)
    measured = frozenset(reference.genes).intersection(there)
    genes: dict[str, set[str]] = {}
    for name, members in reference.signatures.items():
        genes.setdefault(name.partition("%")[0], set()).update(members)
    wanted = [set().union(*(genes[t] for t in types)) for types in parts.values()]
    return np.array([len(one & measured) / len(one) for one in wanted])


RAW = Method(
    MethodSpec(
        name="xcell_raw",
        room="bulk",
        summary="Enrichment of 64 cell types: mean rank enrichment of several sets each, above the cohort's lowest.",
        needs_log=False,
        units=("tpm", "fpkm", "array"),
        scope="cohort",
        unit="rank positions",
        low=0.0,
        high=np.inf,
        reference="10.1186/s13059-017-1349-1",
        higher_means="more of this cell type than in other samples of the cohort; types do not compare with each other",
        licence="GPL-3, as stated by method overviews. Who passes the data on is bound by it: ask your lawyers before "
        "use.",
        commercial_use=False,
        ties="equal values share their average rank, cut to a whole number, and keep the order of the input genes",
        min_samples=2,
        ranks_all_genes=True,
        installed="xcell",
        parameters=(THREADS,),
    ),
    xcell_raw,
    fit_xcell,
    apply_xcell_raw,
    vocabulary=name_genes,
)

FINAL = Method(
    replace(
        RAW.spec,
        name="xcell",
        summary="Scores of 64 cell types and three composites: enrichment made linear and freed of spill-over.",
        unit="score",
        parameters=(
            Parameter(
                "alpha",
                float,
                0.5,
                "Strength of the spill-over compensation; 0 leaves the linear scores as they are (0 to 1).",
                0.0,
                1.0,
            ),
            THREADS,
        ),
    ),
    xcell,
    fit_xcell,
    apply_xcell,
    vocabulary=name_genes,
)
