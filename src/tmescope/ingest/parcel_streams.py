"""Parcels one after another through a pipe: what a reading process hands over without being done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from tmescope.ingest.parcels import Parcel

__all__ = ["read_frame", "write_end", "write_frame"]

_LENGTH = 8
_LONGEST_HEAD = 1 << 31
_LARGEST_ARRAY = 1 << 33
_TYPES = frozenset({"<u2", "<u4", "<i4", "<i8", "<f8", "|b1", "|u1"})


def write_frame(out: IO[bytes], parcel: Parcel) -> None:
    """Write one parcel.

    Parameters
    ----------
    out : binary file
        The pipe.
    parcel : Parcel
        Its arrays are one-dimensional and of the few types that `read_frame` takes.
    """
    arrays = {name: np.ascontiguousarray(values) for name, values in parcel.arrays.items()}
    said = [[name, values.dtype.str, values.size] for name, values in arrays.items()]
    head = json.dumps({"arrays": said, "about": dict(parcel.about)}).encode()
    out.write(len(head).to_bytes(_LENGTH, "little") + head)
    for values in arrays.values():
        out.write(values.view(np.uint8).data)
    out.flush()


def write_end(out: IO[bytes]) -> None:
    """Say that no parcel follows: a pipe that closes without this is that of a process that died."""
    out.write(bytes(_LENGTH))
    out.flush()


def read_frame(fill: Callable[[memoryview], bool]) -> tuple[Parcel | None, bool]:
    """Read one parcel.

    Parameters
    ----------
    fill : callable
        Fills a buffer with the next bytes; False where there are not so many.

    Returns
    -------
    parcel : Parcel or None
        None at the end.
    sound : bool
        False where the stream broke off, or holds what no `write_frame` writes.
    """
    length = bytearray(_LENGTH)
    if not fill(memoryview(length)):
        return None, False
    size = int.from_bytes(length, "little")
    if size == 0:
        return None, True
    head = bytearray(min(size, _LONGEST_HEAD))
    if size > _LONGEST_HEAD or not fill(memoryview(head)):
        return None, False
    said = json.loads(head)
    arrays: dict[str, Any] = {}
    for name, kind, n in said["arrays"]:
        if kind not in _TYPES or not 0 <= n * np.dtype(kind).itemsize <= _LARGEST_ARRAY:
            return None, False
        arrays[name] = np.empty(n, dtype=kind)
        if n and not fill(memoryview(arrays[name]).cast("B")):
            return None, False
    return Parcel(arrays, said["about"]), True
