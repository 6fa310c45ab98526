"""A matrix whose number of rows shows only at the end, filled without a second copy of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["GrowingColumns"]

_MOST_AT_ONCE = 1024


class GrowingColumns:
    """Columns side by side in one piece of memory, each with room for further rows.

    Parameters
    ----------
    n_columns : int
        Fixed.

    Notes
    -----
    Where the room does not suffice, or is more than was needed, the columns are moved inside their memory, which the
    system extends or cuts in place: at no time are there two matrices. Room that no row was written to is not memory
    yet. Nothing that was returned by `room` may be used after the next call.
    """

    def __init__(self, n_columns: int) -> None:
        self._n_columns = n_columns
        self._n_rows = 0
        self._capacity = 0
        self._flat: NDArray[np.float64] = np.empty(0)

    @property
    def n_rows(self) -> int:
        """Rows so far."""
        return self._n_rows

    def room(self, n_rows: int, *, expected: int = 0) -> NDArray[np.float64]:
        """Return the next rows to write to.

        Parameters
        ----------
        n_rows : int
            How many are needed at once.
        expected : int
            How many there will be at the end, as far as one can tell; believed up to 1,024 times of what is there,
            and as far as there is memory.

        Returns
        -------
        array of float64, shape (n_rows, n_columns)
            A view; `add` says how many of the rows count.
        """
        needed = self._n_rows + n_rows
        if needed > self._capacity:
            self._widen(needed, max(needed, min(expected, _MOST_AT_ONCE * needed)))
        by_column = self._flat.reshape(self._n_columns, self._capacity)
        return by_column[:, self._n_rows : needed].T

    def add(self, n_rows: int) -> None:
        """Count rows that were written to the front of the room."""
        self._n_rows += n_rows

    def finish(self) -> NDArray[np.float64]:
        """Return the matrix, shape (n_columns, n_rows), C-contiguous; the columns can grow no more."""
        n = self._n_rows
        if n != self._capacity:
            for i in range(1, self._n_columns):
                start = i * self._capacity
                self._flat[i * n : (i + 1) * n] = self._flat[start : start + n]
            self._flat.resize(self._n_columns * n, refcheck=False)
        matrix, self._flat, self._capacity = self._flat.reshape(self._n_columns, n), np.empty(0), 0
        self._n_rows = 0
        return matrix

    def _widen(self, needed: int, capacity: int) -> None:
        n, old = self._n_rows, self._capacity
        if not n:
            try:
                self._flat = np.empty(self._n_columns * capacity)
            except MemoryError:  # the expectation was beyond all reason: make room for what is there
                capacity = needed
                self._flat = np.empty(self._n_columns * capacity)
        else:
            self._flat.resize(self._n_columns * capacity, refcheck=False)
            for i in range(self._n_columns - 1, 0, -1):
                self._flat[i * capacity : i * capacity + n] = self._flat[i * old : i * old + n]
        self._capacity = capacity
