"""Cells by gene turned into genes by cell, and back into runs of genes: a counting sort, and steps between cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["pack_entries", "place_run", "tally_entries", "unpack_steps"]


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
def pack_entries(
    ends: NDArray[np.int64],
    genes: NDArray[np.int32],
    counts: NDArray[Any],
    number: int,
    first: int,
    place: NDArray[np.int64],
    words: NDArray[Any],
) -> None:
    """Put entries of a block of cells where they belong gene by gene: the second half of a counting sort.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes, counts : array of int32 and uint16 or uint32, n_entries
        Counts above zero.
    number : int
        Of the first of these cells in its panel.
    first : int
        The first gene that is wanted; as many are as `place` has.
    place : array of int64, n_wanted genes
        Where the next entry of each wanted gene goes; moved on.
    words : array of uint32 for counts of 16 bits, of uint64 for those of 32
        Gets the number of the cell in its panel in the upper half of the bits, the count in the lower.

    Notes
    -----
    Blocks are small, so that what is written to stays in the processor's cache, and one word goes there instead of two.
    """
    half, n_wanted = np.uint64(4 * words.itemsize), np.uint64(place.shape[0])
    for cell in range(ends.shape[0] - 1):
        upper = np.uint64(number + cell) << half
        own, numbers = genes[ends[cell] : ends[cell + 1]], counts[ends[cell] : ends[cell + 1]]
        for i in range(own.shape[0]):
            gene = np.uint64(np.int64(own[i]) - first)  # what is below the first is beyond the last
            if gene < n_wanted:
                to = np.uint64(place[gene])
                place[gene] = to + np.uint64(1)
                words[to] = upper | np.uint64(numbers[i])


@compiled
def unpack_steps(
    begins: NDArray[np.int64], words: NDArray[Any], steps: NDArray[np.uint16], counts: NDArray[Any]
) -> None:
    """Put the blocks of a panel together gene by gene, as steps from one cell to the next; the first is from zero.

    Parameters
    ----------
    begins : array of int64, n_blocks x (n_genes + 1)
        Where each gene of each block begins in `words`, and the last one ends.
    words : array of uint32 or uint64
        As from `pack_entries`.
    steps : array of uint16, n_entries
        Gets the steps.
    counts : array of uint16 or uint32, n_entries
        Gets the counts.
    """
    half = np.uint64(4 * words.itemsize)
    lower = (np.uint64(1) << half) - np.uint64(1)
    to = 0
    for gene in range(begins.shape[1] - 1):
        last = np.uint64(0)
        for block in range(begins.shape[0]):
            own = words[begins[block, gene] : begins[block, gene + 1]]
            n = own.shape[0]
            if n == 0:
                continue
            further, numbers = steps[to : to + n], counts[to : to + n]
            further[0] = (np.uint64(own[0]) >> half) - last
            for i in range(1, n):
                further[i] = (np.uint64(own[i]) >> half) - (np.uint64(own[i - 1]) >> half)
            for i in range(n):
                numbers[i] = np.uint64(own[i]) & lower
            last = np.uint64(own[n - 1]) >> half
            to += n


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
