"""Ranks of each gene over all cells, added up by groups of cells; zeros are not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["large_words", "panel_words", "rank_words"]

_WIDE, _NARROW = np.uint64(13), np.uint64(9)
_MANY = 8192
"""Entries from which few wide digits are sorted faster than more narrow ones, whose tables are smaller."""


@compiled
def _sort(words: NDArray[Any], spare: NDArray[Any], start: np.uint64, stop: np.uint64, digit: np.uint64) -> None:
    """Sort words by their bits from `start` to `stop`, `digit` at a time; those that agree stay in order."""
    n = words.shape[0]
    mask = (np.uint64(1) << digit) - np.uint64(1)
    place = np.empty(np.int64(mask) + 1, dtype=np.uint32)
    a, b = words, spare
    shift = start
    turned = False
    while shift < stop:
        place[:] = 0
        for i in range(n):
            place[(np.uint64(a[i]) >> shift) & mask] += np.uint32(1)
        total = np.uint32(0)
        for d in range(place.shape[0]):
            size = place[d]
            place[d] = total
            total += size
        for i in range(n):
            word = a[i]
            at = (np.uint64(word) >> shift) & mask
            b[place[at]] = word
            place[at] += np.uint32(1)
        a, b = b, a
        turned = not turned
        shift += digit
    if turned:
        words[:] = spare


@compiled
def panel_words(
    ends: NDArray[np.int64],
    steps: NDArray[np.uint16],
    counts: NDArray[Any],
    group: NDArray[np.uint16],
    scale: NDArray[np.float32],
    table: NDArray[np.float32],
    lowest: int,
    bits: int,
    place: NDArray[np.int64],
    words: NDArray[Any],
    shown: NDArray[np.int64],
    sums: NDArray[np.float64],
    ratios: NDArray[np.float32],
    owners: NDArray[np.int32],
    positions: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Write a word for each count of one panel whose cell has a group: its value above its group.

    Parameters
    ----------
    ends : array of int64, n_genes + 1
        Where each gene begins and ends in the panel; the first is zero.
    steps : array of uint16, n_entries
        From one cell that shows a gene to the next; its first counts from the start of the panel.
    counts : array of uint16 or uint32, n_entries
        Counts of these cells, above zero.
    group : array of uint16, cells of the panel
        Group of each cell; those of n_groups or more take no part.
    scale : array of float32, cells of the panel
        Counts of a cell over the counts that it is brought to; above zero where the cell shows a gene.
    table : array of float32, cells of the panel x n_known
        Values of the counts 1, 2, 3 ... in each cell.
    lowest : int
        Bits of the smallest value that there can be.
    bits : int
        Bits that hold a group.
    place : array of int64, n_genes
        Where the next word of each gene goes; moved on.
    words : array of uint32 or uint64, n_entries of all panels
        Gets the words.
    shown : array of int64, n_genes x n_groups
        Added to: cells that show the gene.
    sums : array of float64, n_genes x n_groups
        Added to: values of counts that the table knows, in the order of the cells.
    ratios, owners, positions : array of float32, int32 and int64, counts above n_known
        Get ``count / scale``, number of the gene, and place of the word of each count that the table does not know; the
        word holds the group alone until `large_words`.
    found : array of int64, 2
        Gets how many those are; and the entries of cells that the panel does not have, which are left out.

    Notes
    -----
    A value is ``log1p(count / scale)`` in float32. Positive floats are in the order of their bits, so that words are
    in the order of values.
    """
    low, n_bits = np.uint64(lowest), np.uint64(bits)
    n_cells, n_known, n_groups = np.uint64(group.shape[0]), np.uint64(table.shape[1]), np.uint64(shown.shape[1])
    value, large, beyond = np.empty(1, dtype=np.float32), np.uint64(0), np.int64(0)
    seen = value.view(np.uint32)
    for gene in range(place.shape[0]):
        begin, end = ends[gene], ends[gene + 1]
        own, numbers = steps[begin:end], counts[begin:end]
        added, cells_with = sums[gene], shown[gene]
        to = np.uint64(place[gene])
        cell = np.uint64(0)
        for i in range(end - begin):
            cell += np.uint64(own[i])
            if cell >= n_cells:
                beyond += 1
                continue
            g = np.uint64(group[cell])
            if g < n_groups:
                count = np.uint64(numbers[i])
                if count <= n_known:
                    value[0] = table[cell, count - np.uint64(1)]
                    words[to] = ((np.uint64(seen[0]) - low) << n_bits) | g
                    added[g] += np.float64(value[0])
                else:
                    ratios[large] = np.float32(count) / scale[cell]
                    owners[large] = gene
                    positions[large] = to
                    words[to] = g
                    large += np.uint64(1)
                to += np.uint64(1)
                cells_with[g] += 1
        place[gene] = to
    found[0], found[1] = large, beyond


@compiled
def large_words(
    values: NDArray[np.float32],
    owners: NDArray[np.int32],
    positions: NDArray[np.int64],
    lowest: int,
    bits: int,
    words: NDArray[Any],
    sums: NDArray[np.float64],
) -> None:
    """Complete the words of counts that no table knew.

    Parameters
    ----------
    values : array of float32, n
        Logarithms of one plus the ratios from `panel_words`.
    owners, positions : array of int32 and int64, n
        As from `panel_words`.
    lowest, bits : int
        As there.
    words : array of uint32 or uint64, n_entries of all panels
        Those at `positions` get their values.
    sums : array of float64, n_genes x n_groups
        Added to: these values, in their order.
    """
    low, n_bits = np.uint64(lowest), np.uint64(bits)
    seen = values.view(np.uint32)
    for k in range(values.shape[0]):
        at = positions[k]
        g = np.uint64(words[at])
        words[at] = ((np.uint64(seen[k]) - low) << n_bits) | g
        sums[owners[k], g] += np.float64(values[k])


@compiled
def _walk(
    words: NDArray[Any], bits: np.uint64, zeros: int, twice: NDArray[np.int64], ties: NDArray[np.float64]
) -> None:
    """Add up twice the mean rank of each word for its group, and the cubes that ties cost."""
    n = words.shape[0]
    mask = (np.uint64(1) << bits) - np.uint64(1)
    cubes = 0.0
    first, before = 0, np.uint64(0)
    for i in range(n):
        word = np.uint64(words[i])
        key = word >> bits
        if key != before:
            first = i
        before = key
        j = np.float64(i - first)
        cubes += 3.0 * j * (j + 1.0)
        twice[word & mask] += first
    last, before = n - 1, ~np.uint64(0)
    for k in range(n):
        i = n - 1 - k
        word = np.uint64(words[i])
        key = word >> bits
        if key != before:
            last = i
        before = key
        twice[word & mask] += last + 2 * (zeros + 1)
    z = np.float64(zeros)
    ties[0] = cubes + (z * z * z - z)


@compiled
def rank_words(
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    bits: int,
    range_bits: int,
    n_cells: int,
    words: NDArray[Any],
    spare: NDArray[Any],
    twice: NDArray[np.int64],
    ties: NDArray[np.float64],
) -> None:
    """Rank the values of each gene over all cells of any group, and add the ranks up by group.

    Parameters
    ----------
    starts, stops : array of int64, n_genes
        Where the words of each gene begin and end.
    bits, range_bits : int
        Bits that hold a group, and those above them that hold a value.
    n_cells : int
        Cells of any group; those without a word are zero.
    words : array of uint32 or uint64, n_entries
        As from `panel_words`; sorted.
    spare : array of the same type, most words of a gene
        Working space.
    twice : array of int64, n_genes x n_groups
        Zeros; gets twice the sum of the mean ranks (from 1) of the cells that show the gene.
    ties : array of float64, n_genes
        Gets the sum of ``t^3 - t`` over the sizes t of all ties; that of the zeros is among them.

    Notes
    -----
    A radix sort by digits of 13 bits, of 9 for genes that few cells show. Zeros are the lowest tie and need no
    sorting: the others rank behind them.
    """
    first, stop = np.uint64(bits), np.uint64(bits + range_bits)
    for gene in range(twice.shape[0]):
        own = words[starts[gene] : stops[gene]]
        n = own.shape[0]
        _sort(own, spare[:n], first, stop, _WIDE if n > _MANY else _NARROW)
        _walk(own, first, n_cells - n, twice[gene], ties[gene : gene + 1])
