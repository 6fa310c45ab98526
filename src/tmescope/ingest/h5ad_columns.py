"""Columns of an AnnData table with their types: categories, numbers and truths, as an atlas can hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from tmescope.foundation.errors import FileFormatError, TmescopeError
from tmescope.ingest.h5ad_frames import read_frame
from tmescope.ingest.hdf5_rules import find_child

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["TypedColumn", "read_names", "read_typed"]

_MISSING = ("", "nan")


@dataclass(frozen=True)
class TypedColumn:
    """A column of cells.

    Parameters
    ----------
    form : str
        category, float64, int64 or bool.
    values : array
        Codes of categories as int32 with -1 where missing; else the values.
    categories : tuple of str
        Of a category.
    """

    form: str
    values: NDArray[Any]
    categories: tuple[str, ...] = ()


def read_names(frame: Any, where: str) -> list[str]:
    """Return the names of the rows of a table.

    Parameters
    ----------
    frame : h5py.Group or h5py.Dataset
        Checked with `tmescope.ingest.hdf5_rules.check_tree`.
    where : str
        The file and the table, for messages.
    """
    return read_frame(frame, where, names_only=True)[0]


def read_typed(frame: Any, where: str, *, wanted: Sequence[str] | None) -> tuple[dict[str, TypedColumn], list[str]]:
    """Read the columns of a table.

    Parameters
    ----------
    frame, where
        See `read_names`.
    wanted : sequence of str, optional
        Which; all that can be held if omitted.

    Returns
    -------
    columns : dict of str to TypedColumn
    left_out : list of str
        Columns that cannot be held, each with the reason.

    Notes
    -----
    Whole numbers of any width become int64 and fractions float64; with missing values both become float64, and truths
    become categories. Text becomes categories, those of a column of texts sorted.
    """
    if isinstance(frame, h5py.Dataset):  # the tables of anndata 0.6
        found = {name: _of_texts(texts) for name, texts in read_frame(frame, where)[1].items()}
        return {name: c for name, c in found.items() if wanted is None or name in wanted}, []
    columns: dict[str, TypedColumn] = {}
    left_out: list[str] = []
    for name in (_text(n) for n in frame.attrs.get("column-order", ())):
        if wanted is not None and name not in wanted:
            continue
        try:
            column = _read(frame, name, f"{where}/{name}")
        except TmescopeError as error:
            left_out.append(f"{name}: {error.what}")
        else:
            columns[name] = column
    return columns, left_out


def _read(frame: Any, name: str, where: str) -> TypedColumn:
    node = find_child(frame, name, where)
    old = frame.get("__categories")
    if isinstance(node, h5py.Dataset):
        if "categories" in node.attrs and old is not None and name in old:
            return _of_codes(node[()], _texts(old, name, where), where)
        return _of_values(node[()], where)
    kind = _text(node.attrs.get("encoding-type", ""))
    if kind == "categorical":
        return _of_codes(find_child(node, "codes", where)[()], _texts(node, "categories", where), where)
    if kind.startswith("nullable-"):
        values, mask = (np.asarray(find_child(node, n, where)[()]) for n in ("values", "mask"))
        return _of_nullable(values, mask.astype(bool), where)
    raise FileFormatError(f"no known encoding ({kind or 'none is declared'})", where=where)


def _texts(parent: Any, name: str, where: str) -> tuple[str, ...]:
    """Return the categories of a column, whatever they are, as text."""
    node = find_child(parent, name, where)
    values = node if isinstance(node, h5py.Dataset) else find_child(node, "values", where)
    found = np.asarray(values[()])
    if found.ndim != 1:
        raise FileFormatError("no list of categories", where=where)
    return tuple(_text(v) for v in found.tolist())


def _of_codes(codes: Any, known: Sequence[str], where: str) -> TypedColumn:
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        raise FileFormatError("codes of categories that are no whole numbers", where=where)
    if codes.size and not -1 <= int(codes.min()) <= int(codes.max()) < len(known):
        raise FileFormatError(f"codes up to {int(codes.max()):,} for {len(known):,} categories", where=where)
    table = {name: i for i, name in reversed(list(enumerate(known)))}
    same = np.array([-1 if name in _MISSING else table[name] for name in known] + [-1], dtype=np.int32)
    return TypedColumn("category", same[codes], tuple(known))


def _of_values(values: NDArray[Any], where: str) -> TypedColumn:
    if values.ndim != 1:
        raise FileFormatError(f"an array of shape {values.shape}", where=where)
    kind = values.dtype.kind
    if kind == "b":
        return TypedColumn("bool", values)
    if kind == "f":
        return TypedColumn("float64", values.astype(np.float64))
    if kind == "i" or (kind == "u" and (values.size == 0 or int(values.max()) < 1 << 63)):
        return TypedColumn("int64", values.astype(np.int64))
    if kind in "OS":
        return _of_texts([_text(v) for v in values.tolist()])
    raise FileFormatError(f"values of the type {values.dtype}", where=where)


def _of_nullable(values: NDArray[Any], missing: NDArray[np.bool_], where: str) -> TypedColumn:
    if values.shape != missing.shape:
        raise FileFormatError("values and marks of missing ones of other lengths", where=where)
    if not missing.any() or values.dtype.kind in "OS":
        texts = values.dtype.kind in "OS"
        full = np.array(["" if m else _text(v) for v, m in zip(values.tolist(), missing, strict=True)], dtype=object)
        return _of_values(full if texts else values, where)
    if values.dtype.kind == "b":
        return TypedColumn("category", np.where(missing, -1, values.astype(np.int32)), ("False", "True"))
    return TypedColumn("float64", np.where(missing, np.nan, values.astype(np.float64)))


def _of_texts(texts: Sequence[str]) -> TypedColumn:
    known = sorted(set(texts) - set(_MISSING))
    table = {name: i for i, name in enumerate(known)}
    return TypedColumn("category", np.array([table.get(t, -1) for t in texts], dtype=np.int32), tuple(known))


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
