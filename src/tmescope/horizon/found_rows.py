"""Rows that a kernel finds, of which nobody knows beforehand how many there are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["gather_rows"]


def gather_rows(
    find: Callable[[NDArray[np.int32], NDArray[np.int64]], None], *, columns: int, guess: int
) -> NDArray[np.int32]:
    """Return the rows that a kernel finds; where there are more than guessed, it looks a second time.

    Parameters
    ----------
    find : callable
        Writes rows into its first argument as far as they fit, and how many there are into its second.
    columns : int
        Of a row.
    guess : int
        How many rows there will be.

    Returns
    -------
    array of int32, n_found x columns
    """
    size, count = guess, np.zeros(1, dtype=np.int64)
    while True:
        found = np.empty((size, columns), dtype=np.int32)
        find(found, count)
        if count[0] <= size:
            return found[: count[0]]
        size = int(count[0])
