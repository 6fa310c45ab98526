"""What the largest counts of each cell add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["largest_counts"]

_SMALL = 64


@compiled
def largest_counts(ends: NDArray[np.int64], counts: NDArray[Any], n: int, sums: NDArray[np.int64]) -> None:
    """Write the sum of the n largest counts of each cell.

    Parameters
    ----------
    ends : array of int64, n_cells + 1
        Where each cell begins and ends; the first is zero.
    counts : array of uint16 or uint32, n_entries
        Counts above zero.
    n : int
        At least one; a cell with fewer counts has the sum of all.
    sums : array of int64, n_cells
        Written.

    Notes
    -----
    Small counts are tallied by size, and those that are larger than all of them sorted.
    """
    tally = np.zeros(_SMALL, dtype=np.int64)
    widest = np.int64(0)
    for cell in range(sums.size):
        widest = max(widest, ends[cell + 1] - ends[cell])
    large = np.empty(widest, dtype=np.int64)
    for cell in range(sums.size):
        tally[:] = 0
        n_large = 0
        for i in range(ends[cell], ends[cell + 1]):
            count = np.int64(counts[i])
            if count < _SMALL:
                tally[count] += 1
            else:
                large[n_large] = count
                n_large += 1
        total, left = np.int64(0), np.int64(n)
        found = np.sort(large[:n_large])
        for i in range(n_large - 1, max(n_large - 1 - n, -1), -1):
            total += found[i]
            left -= 1
        for size in range(_SMALL - 1, 0, -1):
            taken = min(left, tally[size])
            total += taken * size
            left -= taken
        sums[cell] = total
