"""Cells by gene turned into genes by cell, and back into runs of genes: a counting sort, and steps between cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["place_run", "steps_between", "tally_entries", "turn_entries"]


@compiled
def tally_entries(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    totals: NDArray[np.int64],
    tally: NDArray[np.int64],
) -> None:
    """Count the entries of each gene, and add up the counts of each cell.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    totals : array of int64, n_cells
        Gets the total of each cell.
    tally : array of int64, n_genes
        Added to.
    """
    for cell in range(totals.shape[0]):
        total = np.int64(0)
        for i in range(ends[cell], ends[cell + 1]):
            tally[genes[i]] += 1
            total += np.int64(counts[i])
        totals[cell] = total


@compiled
def turn_entries(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    number: int,
    first: int,
    last: int,
    place: NDArray[np.int64],
    rows: NDArray[np.uint16],
    values: NDArray[Any],
) -> None:
    """Put entries of cells where they belong gene by gene: the second half of a counting sort.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    number : int
        Of the first of these cells in its panel.
    first, last : int
        Genes ``first:last`` are wanted.
    place : array of int64, last - first
        Where the next entry of each wanted gene goes; moved on.
    rows : array of uint16, n_wanted
        Gets the number of the cell in its panel.
    values : array of uint16 or uint32, n_wanted
        Gets the count.
    """
    for cell in range(ends.shape[0] - 1):
        for i in range(ends[cell], ends[cell + 1]):
            gene = genes[i] - first
            if gene >= 0 and genes[i] < last:
                to = place[gene]
                place[gene] = to + 1
                rows[to] = number + cell
                values[to] = counts[i]


@compiled
def steps_between(ends: NDArray[np.int64], rows: NDArray[np.uint16]) -> None:
    """Replace the rising rows of each gene by the steps from one to the next; the first stays.

    Parameters
    ----------
    ends : array of int64, n_genes + 1
        Where each gene begins and ends; the first is zero.
    rows : array of uint16, n_entries
        Changed.
    """
    for gene in range(ends.shape[0] - 1):
        last = np.uint16(0)
        for i in range(ends[gene], ends[gene + 1]):
            row = rows[i]
            rows[i] = row - last
            last = row


@compiled
def place_run(
    ends: NDArray[np.int64],
    steps: NDArray[np.uint16],
    counts: NDArray[Any],
    first: int,
    place: NDArray[np.int64],
    cells: NDArray[np.int32],
    values: NDArray[Any],
    largest: NDArray[np.int64],
) -> None:
    """Add the entries of one panel behind those of the panels before it, gene by gene.

    Parameters
    ----------
    ends : array of int64, n_genes + 1
        Where each gene begins and ends in this panel; the first is zero.
    steps : array of uint16, n_entries
        From one cell of a gene to the next; its first counts from the start of the panel.
    counts : array of uint16 or uint32, n_entries
        Of these cells.
    first : int
        Number of the panel's first cell in the atlas.
    place : array of int64, n_genes
        Where the next entry of each gene goes; moved on.
    cells : array of int32, n_entries of all panels
        Gets numbers of cells in the atlas.
    values : array of uint16 or uint32, n_entries of all panels
        Gets the counts.
    largest : array of int64, 1
        Raised to the largest number of a cell in its panel.
    """
    top = largest[0]
    for gene in range(place.shape[0]):
        begin, end, to = ends[gene], ends[gene + 1], place[gene]
        n = end - begin
        own, numbers = steps[begin:end], cells[to : to + n]
        row = np.int64(0)
        for i in range(n):
            row += np.int64(own[i])
            numbers[i] = first + row
        values[to : to + n] = counts[begin:end]
        place[gene] = to + n
        top = max(top, row)
    largest[0] = top
