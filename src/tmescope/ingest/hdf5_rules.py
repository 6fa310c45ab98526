"""What an HDF5 file may hold where we read it: numbers and text inside the file, of sizes that its bytes can bear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import Limits

__all__ = ["check_tree", "find_child"]

_FILTERS = frozenset({1, 2, 3, 32000})
"""gzip, shuffle, checksum, lzf: those that h5py brings along."""

_LARGEST_CHUNK = 1 << 30
_MOST_OBJECTS = 10_000
_DEEPEST = 8


def find_child(parent: Any, name: str, where: str) -> Any:
    """Return an object of a group, without following a link.

    Parameters
    ----------
    parent : h5py.Group
        The group.
    name : str
        Of the object, one level below.
    where : str
        The file and the object, for the message.

    Raises
    ------
    FileFormatError
        If it is a link to another file or to another place, or there is none.
    """
    link = parent.get(name, getlink=True)
    if link is None:
        raise _refused(f"there is no {name!r}; there is {', '.join(sorted(parent)[:12]) or 'nothing'}", where)
    if not isinstance(link, h5py.HardLink):
        kind = "a link to another file" if isinstance(link, h5py.ExternalLink) else "a link to another place"
        raise _refused(f"{name!r} is {kind}", where, step=f"write {name!r} itself into the file")
    return parent[name]


def check_tree(node: Any, limits: Limits, where: str) -> int:
    """Check an object and everything below it, before any of it is read.

    Parameters
    ----------
    node : h5py.Group or h5py.Dataset
        See `find_child`.
    limits : Limits
        On declared sizes and on how much they may exceed the stored ones.
    where : str
        The file and the object, for messages.

    Returns
    -------
    int
        How many bytes the values declare, all together.

    Raises
    ------
    FileFormatError
        Links, values stored in other files, virtual datasets, references and other objects, filters that are not
        part of h5py, sizes beyond the limits, more than 10,000 objects or 8 levels.
    """
    total = 0
    for number, (dataset, place) in enumerate(_each_dataset(node, where, _DEEPEST)):
        if number >= _MOST_OBJECTS:
            raise _refused(f"there are more than {_MOST_OBJECTS:,} objects", where)
        _check_places(dataset, place)
        _check_type(dataset, dataset.dtype, place)
        total += _check_sizes(dataset, limits, place)
    if total > limits.max_bytes:
        raise _refused(f"the values take {total:,} bytes", where, expected=f"at most {limits.max_bytes:,} bytes")
    return total


def _each_dataset(node: Any, where: str, levels: int) -> Iterator[tuple[Any, str]]:
    if isinstance(node, h5py.Dataset):
        yield node, where
        return
    if not isinstance(node, h5py.Group):
        raise _refused("there is a named type where values should be", where)
    if levels == 0:
        raise _refused(f"there are more than {_DEEPEST} levels", where)
    for name in node:
        place = f"{where}/{name}"
        yield from _each_dataset(find_child(node, name, place), place, levels - 1)


def _check_places(dataset: Any, where: str) -> None:
    if dataset.external or dataset.is_virtual:
        raise _refused(
            "the values are stored in other files", where, step="copy the values into the file (h5repack does it)"
        )
    plan = dataset.id.get_create_plist()
    for i in range(plan.get_nfilters()):
        number, _, _, name = plan.get_filter(i)
        if number not in _FILTERS:
            shown = bytes(name).decode("ascii", "replace")[:40] or "not named"
            raise _refused(
                f"the values are compressed by the filter {number} ({shown})",
                where,
                expected="no compression, gzip or lzf",
                step='write the file again, with compression="gzip"',
            )


def _check_type(dataset: Any, dtype: np.dtype[Any], where: str) -> None:
    if dtype.names is not None:
        for name in dtype.names:
            _check_type(dataset, dtype[name], f"{where}, field {name!r}")
        return
    is_text = h5py.check_string_dtype(dtype) is not None
    if dtype.kind not in "iufb" and not is_text:
        raise _refused(
            f"the values are objects, not numbers or text ({dtype})", where, step="write numbers or text in their place"
        )


def _check_sizes(dataset: Any, limits: Limits, where: str) -> int:
    if dataset.shape is None:
        raise _refused("the values have no shape", where)
    size: int = int(np.prod([int(n) for n in dataset.shape], dtype=object)) * int(dataset.dtype.itemsize)
    chunk = int(np.prod([int(n) for n in dataset.chunks or ()], dtype=object)) * dataset.dtype.itemsize
    if size > limits.max_bytes:
        raise _refused(
            f"the values take {size:,} bytes (shape {dataset.shape})",
            where,
            expected=f"at most {limits.max_bytes:,} bytes",
        )
    if dataset.chunks and chunk > _LARGEST_CHUNK:
        raise _refused(f"a chunk takes {chunk:,} bytes", where, expected=f"at most {_LARGEST_CHUNK:,} bytes")
    stored = dataset.id.get_storage_size()
    if size > limits.ratio_from and size > limits.max_ratio * max(stored, 1):
        raise _refused(
            f"{stored:,} stored bytes declare {size:,} bytes of values",
            where,
            expected=f"at most {limits.max_ratio:g} times as many; no real matrix compresses so well",
        )
    return size


def _refused(what: str, where: str, *, expected: str | None = None, step: str | None = None) -> FileFormatError:
    return FileFormatError(
        what,
        where=where,
        expected=expected or "numbers and text inside this file",
        next_step=step or "write or download the file again",
    )
