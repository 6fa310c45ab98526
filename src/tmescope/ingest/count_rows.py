"""Cells as rows of whole numbers: what a source stores, checked and brought into the one form that an atlas takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["CountRows", "as_whole", "cut_rows", "tidy_rows"]

_LARGEST = (1 << 32) - 1
_PART = 1 << 16
"""Numbers that are looked at together: they stay in the processor's cache."""


@dataclass(frozen=True)
class CountRows:
    """Cells that follow each other.

    Parameters
    ----------
    ends : array of int64, shape (n + 1,)
        Where each cell begins and ends in the two others; the first is zero.
    genes : array of int32
        Sorted within a cell, each once.
    counts : array of uint16 or uint32
        Above zero.
    """

    ends: NDArray[np.int64]
    genes: NDArray[np.int32]
    counts: NDArray[Any]

    @property
    def n_cells(self) -> int:
        """Return how many cells there are."""
        return self.ends.size - 1

    def renumbered(self, table: NDArray[np.int32]) -> CountRows:
        """Return the rows with other numbers of genes.

        Parameters
        ----------
        table : array of int32
            For each gene its new number; -1 leaves it out, and genes of one new number are added up.
        """
        genes = table[self.genes]
        return tidy_rows(self.ends, genes, self.counts, kept=genes >= 0)


def as_whole(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return numbers as uint16, or as uint32 where one needs it; None where one is no count.

    Parameters
    ----------
    values : array
        Of any type of numbers. NaN, infinity, fractions, negative numbers and those beyond 4,294,967,295 are no counts.
    """
    for dtype in (np.uint16, np.uint32):
        out = np.empty(values.shape, dtype=dtype)
        if _convert(values, out):
            return out
    return None


def _convert(values: NDArray[Any], out: NDArray[Any]) -> bool:
    with np.errstate(invalid="ignore"):
        for first in range(0, values.size, _PART):
            part, target = values[first : first + _PART], out[first : first + _PART]
            # what does not fit wraps or becomes anything, and differs then from what it was
            np.copyto(target, part, casting="unsafe")
            if not np.array_equal(target, part):
                return False
    return True


def tidy_rows(
    ends: NDArray[np.int64],
    genes: NDArray[Any],
    counts: NDArray[Any],
    *,
    kept: NDArray[np.bool_] | None = None,
) -> CountRows:
    """Return rows whose genes are sorted and each there once, without zeros.

    Parameters
    ----------
    ends : array of int64
        As in `CountRows`.
    genes, counts : array of whole numbers
        In any order; a gene that stands twice in a cell has the sum.
    kept : array of bool, optional
        Entries that count; all if omitted.
    """
    if kept is not None and not kept.all():
        before = np.concatenate([[0], np.cumsum(kept)])
        ends, genes, counts = before[ends], genes[kept], counts[kept]
    genes = genes.astype(np.int32, copy=False)
    if not counts.all():
        return tidy_rows(ends, genes, counts, kept=counts > 0)
    if _rise(ends, genes):
        return CountRows(ends, genes, counts)
    rows = np.repeat(np.arange(ends.size - 1), np.diff(ends))
    order = np.lexsort((genes, rows))
    rows, genes, counts = rows[order], genes[order], counts[order]
    first = np.flatnonzero(np.concatenate([[True], (np.diff(rows) > 0) | (np.diff(genes) > 0)]))
    sums = np.add.reduceat(counts.astype(np.int64), first)
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows[first], minlength=ends.size - 1))])
    narrow: Any = np.uint16 if counts.dtype == np.uint16 and sums.max() < 1 << 16 else np.uint32
    return CountRows(ends, genes[first], np.minimum(sums, _LARGEST).astype(narrow))


def _rise(ends: NDArray[np.int64], genes: NDArray[np.int32]) -> bool:
    """Return whether genes rise within each cell."""
    rises = np.ones(genes.size + 1, dtype=np.bool_)
    np.greater(genes[1:], genes[:-1], out=rises[1:-1])
    rises[ends] = True
    return bool(rises.all())


def cut_rows(ends: NDArray[np.int64], *, first: int, last: int, entries: int) -> Iterator[tuple[int, int]]:
    """Cut rows into runs of at most so many entries, one row at least.

    Parameters
    ----------
    ends : array of int64
        Where the rows of a whole matrix end; the first is zero.
    first, last : int
        Rows ``first:last``.
    entries : int
        Of a run.

    Yields
    ------
    first, last : int
    """
    while first < last:
        found = int(np.searchsorted(ends, ends[first] + entries, side="right")) - 1
        stop = min(max(found, first + 1), last)
        yield first, stop
        first = stop
