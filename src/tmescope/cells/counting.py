"""The first pass over an atlas: quality of every cell, sums of groups of cells, moments of every gene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.budget import DEFAULT_MEMORY, Budget
from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.kernels.cell_sums import cell_sums
from tmescope.kernels.largest_counts import largest_counts
from tmescope.store.atlas_passes import Added, Local, Runner, Span, fold_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_layout import AtlasLayout
    from tmescope.store.atlas_reading import Atlas

__all__ = ["AtlasCounts", "GroupsFrom", "count_atlas", "least_memory"]

_MOST_GROUPS = 1 << 24
_ENTRIES = 1 << 22
"""Counts that are decoded together: 16 chunks of a store."""
_COLUMNS = ["total_counts", "n_genes", "marked_counts", "largest_count"]
_OF_A_CELL = 88
"""Bytes: its group, four columns of whole numbers in its part and again in the table, and where it ends."""
_OF_A_THREAD = 1 << 20
"""Bytes: what a thread and the allocator keep for themselves."""


@dataclass(frozen=True)
class AtlasCounts:
    """What one pass found.

    Parameters
    ----------
    cells : pandas.DataFrame, n_cells
        ``total_counts``, ``n_genes``, ``marked_counts`` (of marked genes), ``largest_count``, and where asked for
        ``top_counts`` (of the genes with most counts in the cell); in the atlas' order.
    sums : array of int64, shape (n_groups, n_genes)
        Added counts of each group.
    group_sizes : array of int64, shape (n_groups,)
        Cells of each group.
    squares, cells_with : array of int64, shape (n_genes,)
        Sum of squares of the counts of each gene, and cells that show it.
    """

    cells: pd.DataFrame
    sums: NDArray[np.int64]
    group_sizes: NDArray[np.int64]
    squares: NDArray[np.int64]
    cells_with: NDArray[np.int64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean count of each gene over all cells."""
        return np.asarray(self.sums.sum(axis=0) / max(len(self.cells), 1))

    @property
    def variance(self) -> NDArray[np.float64]:
        """Variance of the counts of each gene (n - 1); refused where their squares may not fit into 63 bits."""
        n, largest = len(self.cells), int(self.cells["largest_count"].max()) if len(self.cells) else 0
        if largest * int(self.sums.sum(axis=0).max(initial=0)) > np.iinfo(np.int64).max:  # no square sum is larger
            raise InputError(
                f"counts go up to {largest:,}: the sums of their squares may be larger than 64 bits hold",
                where="variance of counts",
                expected="counts of molecules, whose squares add up to less than 2^63",
                next_step="look at what these counts are; totals, genes and sums by group are right as they stand",
            )
        total = self.sums.sum(axis=0).astype(np.float64)
        return np.asarray((self.squares - total**2 / max(n, 1)) / max(n - 1, 1))


@dataclass(frozen=True)
class GroupsFrom:
    """Groups of cells that follow each other: all others are left out, so that sums can be had a part at a time.

    Parameters
    ----------
    first : int
        The first of the cells.
    number : array of int32, shape (n,)
        Group of it and of those that follow, from 0.
    """

    first: int
    number: NDArray[np.int32]


def count_atlas(
    atlas: Atlas,
    *,
    groups: Sequence[int] | NDArray[np.int32] | GroupsFrom | None = None,
    marked: Sequence[str] = (),
    n_top: int = 0,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> AtlasCounts:
    """Count everything that one pass over an atlas can count.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.
    groups : sequence of int or GroupsFrom, optional
        Number of each cell's group, from 0 (pseudo-bulk of sample and cell type, say); all cells are one if omitted.
    marked : sequence of str
        Genes whose counts are added up apart, such as mitochondrial ones; those that the atlas lacks add nothing.
    n_top : int
        Of how many of its largest counts to take the sum in each cell; not taken if 0.
    memory : int
        Bytes that this process may hold beyond `tmescope.foundation.budget.BASE`, and each process of a cluster.
    runner : Runner, optional
        Who counts: `tmescope.store.atlas_passes.Local` with some threads, one if omitted; whole numbers do not depend
        on it.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasCounts

    Raises
    ------
    InputError
        If there is not one group for each cell, or one is below zero; or if the memory is not enough for the sums and
        a chunk of counts, with how much would be.
    StoreError
        If a shard is damaged.
    """
    layout = atlas.layout
    part_of = groups if isinstance(groups, GroupsFrom) else None
    first, last = (part_of.first, part_of.first + part_of.number.size) if part_of else (0, layout.n_cells)
    numbers = part_of.number if part_of else groups
    given = np.zeros(last - first, np.int32) if numbers is None else np.asarray(numbers)
    whole = given.dtype.kind in "iu" and given.shape == (last - first,) and 0 <= first <= last <= layout.n_cells
    group = given.astype(np.int32) if whole else np.full(given.size, -1, dtype=np.int32)
    if not whole or (given < 0).any() or (given > _MOST_GROUPS).any():
        raise InputError(
            f"there are {group.size} groups for {last - first} cells, the smallest {group.min(initial=0)}",
            where="argument groups",
            expected="a number from 0 for each cell",
        )
    n_groups = int(group.max(initial=0)) + 1
    who = runner or Local()
    entries = _entries(layout, (n_groups, last - first), memory=memory, runner=who)
    flags = np.asarray(atlas.genes().index.isin(list(marked)), dtype=np.uint8)
    asked = _Asked(group, n_groups, flags, n_top, first)
    spans = atlas.bounds(entries, first=first, last=last)
    parts, found = fold_spans(_add, atlas, spans, given=asked, runner=who, progress=progress, task="count cells")
    sums, moments = found or _zeros(n_groups, layout.n_genes)
    columns = [*_COLUMNS, *(["top_counts"] if n_top else [])]
    cells = np.empty((last - first, len(columns)), dtype=np.int64)
    end = len(cells)
    while parts:  # from the end, so that each can be let go
        part = parts.pop()
        cells[end - len(part) : end] = part
        end -= len(part)
    table = pd.DataFrame(cells, columns=columns, copy=False)
    return AtlasCounts(table, sums, np.bincount(group, minlength=n_groups), moments[:, 0], moments[:, 1])


def least_memory(layout: AtlasLayout, *, n_groups: int, n_cells: int, runner: Runner | None = None) -> int:
    """Return the bytes that `count_atlas` needs at least.

    Parameters
    ----------
    layout : AtlasLayout
        Of the atlas.
    n_groups : int
        Groups of cells.
    n_cells : int
        Cells that are counted.
    runner : Runner, optional
        Who counts.
    """
    budget = _budget(layout, (n_groups, n_cells), memory=0, runner=runner or Local())
    return budget.minimum(_least(layout))


def _entries(layout: AtlasLayout, sizes: tuple[int, int], *, memory: int, runner: Runner) -> int:
    """Return how many counts are decoded together, for so many groups and cells."""
    budget = _budget(layout, sizes, memory=memory, runner=runner)
    because = f"the sums of {sizes[0]:,} groups and the table of {sizes[1]:,} cells"
    return budget.items(least=_least(layout), most=_ENTRIES, where="memory (--memory)", because=because)


def _least(layout: AtlasLayout) -> int:
    return min(max(layout.chunk, layout.n_genes), _ENTRIES)


def _budget(layout: AtlasLayout, sizes: tuple[int, int], *, memory: int, runner: Runner) -> Budget:
    n_groups, n_cells = sizes
    together = runner.n_together
    # the sums of each thread, and where others send theirs, the one that is added to the total
    sums = (together + (not isinstance(runner, Local))) * 8 * layout.n_genes * (n_groups + 2)
    item = 4 + np.dtype(layout.count_dtype).itemsize
    fixed = sums + _OF_A_CELL * n_cells
    part = 12 * layout.chunk + _OF_A_THREAD
    return Budget(memory=memory, fixed=fixed, together=together, item=item, part=part)


@dataclass(frozen=True)
class _Asked:
    group: NDArray[np.int32]
    n_groups: int
    marked: NDArray[np.uint8]
    n_top: int
    first: int


def _zeros(n_groups: int, n_genes: int) -> Added:
    return np.zeros((n_groups, n_genes), np.int64), np.zeros((n_genes, 2), np.int64)


def _add(span: Span, asked: _Asked, sums: Added | None) -> tuple[NDArray[np.int64], Added]:
    sums = sums or _zeros(asked.n_groups, asked.marked.size)
    rows = span.rows()
    cells = np.zeros((rows.n_cells, 4), dtype=np.int64)
    group = asked.group[span.first - asked.first : span.last - asked.first]
    cell_sums(rows.ends, rows.genes, rows.counts, group, asked.marked, cells, *sums)
    if asked.n_top:
        top = np.zeros(rows.n_cells, dtype=np.int64)
        largest_counts(rows.ends, rows.counts, asked.n_top, top)
        cells = np.column_stack([cells, top])
    return cells, sums
