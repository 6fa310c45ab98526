"""Arrays that do not fit into memory, kept on the disk until they are asked for again, and never longer than that."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ScratchArrays", "ScratchPlace", "scratch_arrays"]

_LEFT = 1 << 30
"""Bytes that stay free on the disk for others."""


@dataclass(frozen=True)
class ScratchPlace:
    """Where some arrays were put.

    Parameters
    ----------
    offset : int
        Of the first byte.
    forms : tuple of (str, int)
        Type and length of each array.
    """

    offset: int
    forms: tuple[tuple[str, int], ...]

    @property
    def nbytes(self) -> int:
        """Return the bytes that they take."""
        return sum(np.dtype(dtype).itemsize * n for dtype, n in self.forms)


class ScratchArrays:
    """Arrays in a file; safe to use from several threads.

    Parameters
    ----------
    file : int
        Descriptor of a file that is open to be written and read.
    left : int
        Bytes that stay free on the disk: what would take of them is not put.
    """

    def __init__(self, file: int, *, left: int = _LEFT) -> None:
        self._file, self._left = file, left
        self._end = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Return the bytes that were put."""
        return self._end

    def put(self, arrays: Sequence[NDArray[Any]]) -> ScratchPlace | None:
        """Put arrays of one dimension, and return where they are; None where the disk has no room for them.

        Parameters
        ----------
        arrays : sequence of array, shape (n,)
            Contiguous numbers.
        """
        forms = tuple((a.dtype.str, a.size) for a in arrays)
        with self._lock:
            place = ScratchPlace(self._end, forms)
            self._end += place.nbytes
        at = place.offset
        try:
            disk = os.fstatvfs(self._file)
            if disk.f_bavail * disk.f_frsize < place.nbytes + self._left:
                return None
            for array in arrays:
                data = array.data.cast("B")
                while data:
                    written = os.pwrite(self._file, data, at)
                    data, at = data[written:], at + written
        except OSError:
            return None
        return place

    def take(self, place: ScratchPlace) -> tuple[NDArray[Any], ...]:
        """Return the arrays of a place.

        Parameters
        ----------
        place : ScratchPlace
            As `put` returned it.

        Raises
        ------
        OSError
            If the disk does not give back what it was given.
        """
        found, at = [], place.offset
        for dtype, n in place.forms:
            array = np.empty(n, dtype=dtype)
            data = array.data.cast("B")
            while data:
                read = os.preadv(self._file, [data], at)
                if not read:
                    message = f"a scratch file ends at byte {at:,}, before what was put there"
                    raise OSError(message)
                data, at = data[read:], at + read
            found.append(array)
        return tuple(found)


@contextmanager
def scratch_arrays(folder: Path, *, left: int = _LEFT) -> Iterator[ScratchArrays | None]:
    """Open room for arrays in a folder; None where nothing can be written to it.

    Parameters
    ----------
    folder : Path
        On the disk that is meant. The file has no name in it (or loses it at once), so that a process that is killed
        leaves nothing.
    left : int
        Bytes that stay free on the disk.
    """
    with ExitStack() as held:
        try:
            file = held.enter_context(tempfile.TemporaryFile(dir=folder, prefix=".scratch-"))
        except OSError:
            file = None
        yield None if file is None else ScratchArrays(file.fileno(), left=left)
