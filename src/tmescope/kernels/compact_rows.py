"""Rows of counts in few bits: steps from gene to gene, counts as bytes, and a list of those that no byte can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["decode_gaps", "encode_gaps", "join_counts", "split_counts"]


@compiled
def encode_gaps(
    ends: NDArray[np.int64], genes: NDArray[np.int32], gaps: NDArray[Any], wrong: NDArray[np.int64]
) -> None:
    """Turn sorted numbers of genes into steps from one to the next; the first of a cell is its number.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    genes : array of int32, n_entries
        Not negative; each larger than the one before in a cell.
    gaps : array of uint16 or uint32, n_entries
        Gets the steps.
    wrong : array of int64, 1
        Raised by the number of genes that are not larger than the one before.
    """
    n_wrong = 0
    for cell in range(ends.shape[0] - 1):
        own, steps = genes[ends[cell] : ends[cell + 1]], gaps[ends[cell] : ends[cell + 1]]
        if own.shape[0] == 0:
            continue
        steps[0] = own[0]
        for i in range(1, own.shape[0]):
            n_wrong += own[i] <= own[i - 1]
            steps[i] = own[i] - own[i - 1]
    wrong[0] += n_wrong


@compiled
def decode_gaps(
    ends: NDArray[np.int64], gaps: NDArray[Any], n_genes: int, genes: NDArray[np.int32], wrong: NDArray[np.int64]
) -> None:
    """Turn steps from gene to gene back into numbers of genes.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    gaps : array of uint16 or uint32, n_entries
        As from `encode_gaps`.
    n_genes : int
        There are.
    genes : array of int32, n_entries
        Gets the numbers.
    wrong : array of int64, 1
        Raised by the number of steps of zero after the first of a cell, and of cells that end beyond the last gene.
    """
    n_wrong = np.int64(0)
    for cell in range(ends.shape[0] - 1):
        steps, own = gaps[ends[cell] : ends[cell + 1]], genes[ends[cell] : ends[cell + 1]]
        if steps.shape[0] == 0:
            continue
        at = np.int64(steps[0])
        own[0] = at
        for i in range(1, steps.shape[0]):
            n_wrong += steps[i] == 0
            at += np.int64(steps[i])
            own[i] = at
        n_wrong += at >= n_genes
    wrong[0] += n_wrong


@compiled
def split_counts(
    counts: NDArray[Any], small: NDArray[np.uint8], positions: NDArray[np.uint32], values: NDArray[np.uint32]
) -> None:
    """Put counts into bytes, and those beyond 255 into a list.

    Parameters
    ----------
    counts : array of uint16 or uint32, n_entries
        None is zero.
    small : array of uint8, n_entries
        Gets the counts, and zero where one is in the list.
    positions, values : array of uint32, as many as there are counts beyond 255
        Get where these stand, and what they are.
    """
    to = 0
    for i in range(counts.shape[0]):
        if counts[i] > 255:
            small[i], positions[to], values[to] = 0, i, counts[i]
            to += 1
        else:
            small[i] = counts[i]


@compiled
def join_counts(
    small: NDArray[np.uint8],
    positions: NDArray[np.uint32],
    values: NDArray[np.uint32],
    counts: NDArray[Any],
    wrong: NDArray[np.int64],
) -> None:
    """Put counts of bytes and of the list together again.

    Parameters
    ----------
    small, positions, values : array of uint8 and uint32
        As from `split_counts`.
    counts : array of uint16 or uint32, n_entries
        Gets the counts.
    wrong : array of int64, 1
        Raised by the bytes of zero that the list does not name once, and the items of the list that name no such byte,
        hold a value that a byte could, or one that `counts` cannot.
    """
    n, largest = counts.shape[0], (np.uint64(1) << np.uint64(8 * counts.itemsize)) - np.uint64(1)
    n_zeros = np.int64(0)
    for i in range(n):
        n_zeros += small[i] == 0
        counts[i] = small[i]
    n_wrong = np.int64(0)
    for i in range(positions.shape[0]):
        at, value = np.int64(positions[i]), np.uint64(values[i])
        if at >= n or value <= np.uint64(255) or value > largest or counts[at] != 0:
            n_wrong += 1
        else:
            counts[at] = value
            n_zeros -= 1
    wrong[0] += n_wrong + n_zeros
