"""Tables inside h5ad files (obs, var) as text: every encoding of AnnData's format, read by what the file declares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.hdf5_rules import find_child

__all__ = ["read_frame"]

_OLD_CATEGORIES = "__categories"


def read_frame(node: Any, where: str, *, names_only: bool = False) -> tuple[list[str], dict[str, list[str]]]:
    """Read a table of an AnnData file.

    Parameters
    ----------
    node : h5py.Group or h5py.Dataset
        Checked with `tmescope.ingest.hdf5_rules.check_tree`.
    where : str
        The file and the table, for messages.
    names_only : bool
        Whether to leave out the columns.

    Returns
    -------
    names : list of str
        The index.
    columns : dict of str to list of str
        Missing values are the empty text.

    Raises
    ------
    FileFormatError
        No index, columns of another length, a column in no known encoding.

    Notes
    -----
    Read are arrays of numbers and text, categories, and nullable numbers and text of the formats 0.7 and later,
    and the compound datasets of 0.6.
    """
    if isinstance(node, h5py.Dataset):
        return _read_compound(node, where, names_only=names_only)
    index = _text(node.attrs.get("_index", "_index"))
    names = _read_column(node, index, where)
    wanted = [] if names_only else [_text(name) for name in node.attrs.get("column-order", ())]
    columns = {name: _read_column(node, name, where) for name in wanted}
    for name, column in columns.items():
        if len(column) != len(names):
            raise _unsound(f"the column {name!r} has {len(column):,} values, the index {len(names):,}", where)
    return names, columns


def _read_compound(node: Any, where: str, *, names_only: bool) -> tuple[list[str], dict[str, list[str]]]:
    fields = node.dtype.names or ()
    index = next((name for name in ("index", "_index") if name in fields), None)
    if index is None or node.ndim != 1:
        raise _unsound("there is no table, but an array", where)
    values = node[()]
    others = [] if names_only else [name for name in fields if name != index]
    return _as_texts(values[index]), {name: _as_texts(values[name]) for name in others}


def _read_column(frame: Any, name: str, where: str) -> list[str]:
    place = f"{where}/{name}"
    if name not in frame:
        raise _unsound(f"the column {name!r} is declared and not there", where)
    node = find_child(frame, name, place)
    if isinstance(node, h5py.Dataset):
        old = frame.get(_OLD_CATEGORIES)
        if "categories" in node.attrs and old is not None and name in old:
            return _pick(_read_values(old, name, place), np.asarray(node[()]), place)
        return _read_values(frame, name, place)
    kind = _text(node.attrs.get("encoding-type", ""))
    if kind == "categorical":
        return _pick(_read_values(node, "categories", place), np.asarray(node["codes"][()]), place)
    if kind.startswith("nullable-"):
        values, mask = _read_values(node, "values", place), np.asarray(node["mask"][()]).astype(bool)
        if len(mask) != len(values):
            raise _unsound(f"there are {len(values):,} values and {len(mask):,} marks of missing ones", place)
        return ["" if missing else value for value, missing in zip(values, mask, strict=True)]
    raise _unsound(f"the column is in no known encoding ({kind or 'none is declared'})", place)


def _read_values(parent: Any, name: str, where: str) -> list[str]:
    node = find_child(parent, name, where)
    if isinstance(node, h5py.Group) and _text(node.attrs.get("encoding-type", "")) == "nullable-string-array":
        return _read_column(parent, name, where)
    if not isinstance(node, h5py.Dataset) or node.ndim != 1:
        raise _unsound("there is no list of values", where)
    return _as_texts(node[()])


def _pick(categories: Sequence[str], codes: Any, where: str) -> list[str]:
    if codes.dtype.kind not in "iu" or codes.ndim != 1:
        raise _unsound("the codes of the categories are no whole numbers", where)
    if len(codes) and not -1 <= int(codes.min()) <= int(codes.max()) < len(categories):
        raise _unsound(f"the codes run up to {int(codes.max()):,}, for {len(categories):,} categories", where)
    return [categories[code] if code >= 0 else "" for code in codes.tolist()]


def _as_texts(values: Any) -> list[str]:
    if values.dtype.kind in "OS":
        return [v.decode("utf-8") if type(v) is bytes else _text(v) for v in values.tolist()]
    if values.dtype.kind == "f":
        return ["" if math.isnan(value) else str(value) for value in values.tolist()]
    return [str(value) for value in values.tolist()]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _unsound(what: str, where: str) -> FileFormatError:
    return FileFormatError(
        what, where=where, expected="a table as anndata writes it", next_step="write the file again with anndata"
    )
