"""What an HDF5 file may not do before it is read: lead to other files, outgrow the memory, contradict itself."""

from __future__ import annotations

from typing import Any, NoReturn

import h5py
from scipy import sparse

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import Limits

__all__ = ["check_inside", "check_sparse"]

_MOST_NODES = 10_000


def check_inside(parent: Any, name: str, limits: Limits, *, where: str) -> None:
    """Check that an element and all below it lie in this file and fit in memory.

    Parameters
    ----------
    parent : h5py.Group
        Where the element is.
    name : str
        Its name; nothing is checked where it is not there.
    limits : Limits
        On the bytes of all data sets together.
    where : str
        The file, for messages.

    Raises
    ------
    FileFormatError
        If a link or a data set leads to another file, or the data are larger than the limit.
    """
    pending = [(parent, name)]
    seen: set[int] = set()
    n_bytes = 0
    while pending:
        group, child = pending.pop()
        node = _open(group, child, where)
        if node is None:
            continue
        address = h5py.h5o.get_info(node.id).addr
        if address in seen:
            continue
        seen.add(address)
        if isinstance(node, h5py.Group):
            pending.extend((node, inner) for inner in node)
        elif isinstance(node, h5py.Dataset):
            n_bytes += _measure(node, where)
        if n_bytes > limits.max_bytes or len(seen) > _MOST_NODES:
            _refuse(
                f"{name} holds {len(seen):,} elements of {n_bytes:,} bytes and more",
                where,
                f"at most {_MOST_NODES:,} elements and {limits.max_bytes:,} bytes",
            )


def _open(group: Any, name: str, where: str) -> Any:
    place = f"{group.name.rstrip('/')}/{name}"
    inside = "all of the table or matrix inside this file"
    if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
        _refuse(f"{place} is a link to another file", where, inside)
    node = group.get(name)
    if node is None:  # absent, or a link to nothing
        return None
    if h5py.h5f.get_name(node.id) != h5py.h5f.get_name(group.id):  # a soft link through one of the former
        _refuse(f"{place} leads to another file", where, inside)
    if isinstance(node, h5py.Dataset) and (node.external or node.is_virtual):
        _refuse(f"the values of {place} are stored in other files", where, inside)
    return node


def _measure(node: Any, where: str) -> int:
    """Return the bytes of a data set as declared, which its filters and fill values may make far more than stored."""
    if node.shape is None:
        _refuse(f"{node.name} is an element without values", where, "an array")
    return int(node.size) * max(int(node.dtype.itemsize), 8)


def check_sparse(values: Any, where: str) -> None:
    """Check that the positions of a sparse matrix lie inside it: scipy writes wherever they say.

    Parameters
    ----------
    values : numpy.ndarray or scipy.sparse.spmatrix
        As read; dense ones pass.
    where : str
        The file, for messages.

    Raises
    ------
    FileFormatError
        If pointers decrease or point outside, or indices lie outside.
    """
    if not sparse.issparse(values):
        return
    try:
        values.check_format(full_check=True)
    except ValueError as error:
        _refuse(f"the sparse matrix contradicts itself ({error})", where, "positions inside the matrix")


def _refuse(what: str, where: str, expected: str) -> NoReturn:
    raise FileFormatError(what, where=where, expected=expected, next_step="write the file again with anndata")
