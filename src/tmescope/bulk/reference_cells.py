"""Labelled cells added up: counts, cells and squares for each state, from memory or from a file, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from tmescope.foundation.errors import ExpressionError, examples

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["CellSums", "add_cells", "mix_cells"]

_BLOCK = 2000


@dataclass(frozen=True, eq=False)
class CellSums:
    """What is known of groups of cells.

    Parameters
    ----------
    counts : array of float64, n_groups x n_genes
        Added up.
    seen : array of float64, n_groups x n_genes
        Share of the cells that have at least one count.
    mean_cpm, mean_squares : array of float64, n_groups x n_genes
        Mean over the cells of counts per million, and of their squares.
    n_cells : array of int64, n_groups
        How many there are.
    """

    counts: NDArray[np.float64]
    seen: NDArray[np.float64]
    mean_cpm: NDArray[np.float64]
    mean_squares: NDArray[np.float64]
    n_cells: NDArray[np.int64]


def add_cells(cells: AnnData, groups: NDArray[np.int64], n_groups: int) -> CellSums:
    """Add cells up by group.

    Parameters
    ----------
    cells : anndata.AnnData, n_cells x n_genes
        Counts: dense, sparse or backed.
    groups : array of int64, n_cells
        Group of each cell; -1 leaves it out.
    n_groups : int
        How many groups there are.

    Returns
    -------
    CellSums

    Raises
    ------
    ExpressionError
        If a value of a cell that is not left out is negative, missing or no whole number, or such a cell has no count.
    """
    sums = [np.zeros((n_groups, cells.n_vars)) for _ in range(4)]
    n_cells = np.bincount(groups[groups >= 0], minlength=n_groups)
    for first, block in _blocks(cells):
        member = groups[first : first + block.shape[0]]
        kept = np.flatnonzero(member >= 0)
        if not len(kept):
            continue
        counts = block[kept]
        names = cells.obs_names[first + kept]
        totals = _check_counts(counts, names)
        place = (np.arange(len(kept)), member[kept])
        gather = sparse.csr_matrix((np.ones(len(kept)), place), shape=(len(kept), n_groups)).T.tocsr()
        cpm = sparse.diags_array(1e6 / totals) @ counts
        for number, part in enumerate((counts, counts > 0, cpm, cpm.multiply(cpm))):
            sums[number] += (gather @ sparse.csr_matrix(part).astype(np.float64)).toarray()
    per_cell = [total / np.maximum(n_cells, 1)[:, None] for total in sums[1:]]
    return CellSums(sums[0], per_cell[0], per_cell[1], per_cell[2], n_cells)


def mix_cells(cells: AnnData, weights: sparse.csr_matrix) -> NDArray[np.float64]:
    """Add cells up with weights.

    Parameters
    ----------
    cells : anndata.AnnData, n_cells x n_genes
        As in `add_cells`.
    weights : sparse matrix, n_mixtures x n_cells
        How many times each cell is in each mixture.

    Returns
    -------
    array of float64, n_mixtures x n_genes
        Counts.
    """
    mixed = np.zeros((weights.shape[0], cells.n_vars))
    by_cell = weights.tocsc()
    for first, block in _blocks(cells):
        mixed += (by_cell[:, first : first + block.shape[0]] @ block).toarray()
    return mixed


def _blocks(cells: AnnData) -> Iterator[tuple[int, sparse.csr_matrix]]:
    for first in range(0, cells.n_obs, _BLOCK):
        part: Any = cells.X[first : first + _BLOCK]
        yield first, sparse.csr_matrix(part).astype(np.float64)


def _check_counts(counts: sparse.csr_matrix, names: Any) -> NDArray[np.float64]:
    values = counts.data
    bad = ~np.isfinite(values) | (values < 0) | (values != np.floor(values))
    if bad.any():
        raise ExpressionError(
            f"{int(bad.sum()):,} values are no counts: {examples(values[bad].tolist())}",
            where="X of the cells",
            expected="raw counts: whole numbers, 0 or more",
            next_step="take the layer with raw counts (--layer), not normalised values",
        )
    totals = np.asarray(counts.sum(axis=1)).ravel()
    if not (totals > 0).all():
        empty = [str(n) for n in names[totals == 0]]
        raise ExpressionError(
            f"{len(empty):,} cells have no count at all: {examples(empty)}",
            where="X of the cells",
            expected="cells that passed quality control",
            next_step="remove them, or leave their label empty",
        )
    return totals
