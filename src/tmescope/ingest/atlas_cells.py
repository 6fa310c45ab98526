"""What an atlas says of the cells of a source: what the sheet says of the sample, and what the source says of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.foundation.errors import SampleError, examples
from tmescope.ingest.atlas_sheet import SheetRow
from tmescope.ingest.cell_streams import CellColumn, CellHead, CellRun
from tmescope.store.atlas_layout import AtlasLayout, check_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["agree_columns", "frame_of", "unnameable"]

_OWN = frozenset({"sample_id"})


def unnameable(head: CellHead) -> list[str]:
    """Return the columns of a source whose names an atlas cannot hold.

    Parameters
    ----------
    head : CellHead
        What the source says.
    """
    return [name for name in head.columns if not _can_be_named(name)]


def _can_be_named(name: str) -> bool:
    try:
        check_column(name)
    except ValueError:
        return False
    return True


def agree_columns(sources: Sequence[tuple[SheetRow, CellHead]], layout: AtlasLayout) -> dict[str, str]:
    """Return the form of each column that sources say of their cells.

    Parameters
    ----------
    sources : sequence of (SheetRow, CellHead)
        Those that are added.
    layout : AtlasLayout
        What the atlas has.

    Returns
    -------
    dict of str to str
        Whole numbers and truths that not all cells have become fractions, which can be missing, and categories.

    Raises
    ------
    SampleError
        A column that is text in one source and numbers in another.

    Notes
    -----
    A column of the sheet goes before one of the same name in a source.
    """
    found: dict[str, str] = {}
    for row, head in sources:
        for name, column in _own_columns(row, head).items():
            before = found.get(name, column.form)
            found[name] = _both(name, before, column.form, where=row.place)
    everywhere = not layout.n_cells
    for name, form in found.items():
        if name in layout.columns:
            found[name] = _into(name, form, layout.columns[name])
        elif not everywhere or not all(name in _own_columns(row, head) for row, head in sources):
            found[name] = {"int64": "float64", "bool": "category"}.get(form, form)
    return found


def _own_columns(row: SheetRow, head: CellHead) -> Mapping[str, CellColumn]:
    taken = _OWN | set(row.columns)
    return {name: c for name, c in head.columns.items() if name not in taken and _can_be_named(name)}


def _both(name: str, one: str, other: str, *, where: str) -> str:
    if one == other:
        return one
    if {one, other} == {"int64", "float64"}:
        return "float64"
    if {one, other} == {"bool", "category"}:
        return "category"
    raise _disagreeing(name, one, other, where=where)


def _into(name: str, form: str, kept: str) -> str:
    if form == kept or (form, kept) in {("int64", "float64"), ("bool", "category")}:
        return kept
    raise _disagreeing(name, form, kept, where="the atlas")


def _disagreeing(name: str, one: str, other: str, *, where: str) -> SampleError:
    return SampleError(
        f"the column {name!r} of the cells is {one} in one source and {other} in another",
        where=where,
        expected="one kind of values in a column",
        next_step="say with --columns which columns of the cells come along, without this one, or mend the sources",
    )


def frame_of(run: CellRun, row: SheetRow, head: CellHead, *, forms: Mapping[str, str]) -> pd.DataFrame:
    """Return what an atlas says of a run of cells.

    Parameters
    ----------
    run : CellRun
        The cells.
    row : SheetRow
        What the sheet says of the sample.
    head : CellHead
        What the source says of itself.
    forms : mapping of str to str
        From `agree_columns`.

    Returns
    -------
    pandas.DataFrame
        Index barcodes.

    Raises
    ------
    SampleError
        Cells without a barcode.
    """
    if nameless := [i for i, b in enumerate(run.barcodes) if not b.strip()]:
        raise SampleError(
            f"{len(nameless):,} cells have no barcode (the first is number {nameless[0] + 1} of its run)",
            where=f"{row.path} ({examples([run.sample or row.sample_id])})",
            expected="a barcode for each cell",
            next_step="name the cells",
        )
    said = {name: _repeated(value, len(run.barcodes)) for name, value in row.columns.items()}
    own = {name: _column(run.columns[name], column, forms[name]) for name, column in _own_columns(row, head).items()}
    return pd.DataFrame({**said, **own}, index=pd.Index(run.barcodes, dtype=object))


def _repeated(value: str, n: int) -> Any:
    return _categorical(np.full(n, 0 if value else -1), [value or "missing"])


def _column(values: NDArray[Any], column: CellColumn, form: str) -> Any:
    if form == "category" and column.form == "bool":
        return _categorical(values.astype(np.int32), ["False", "True"])
    if form != "category":
        return values.astype(form)
    names = list(dict.fromkeys(column.categories))
    if len(names) == len(column.categories):
        return _categorical(values, names)
    place = {name: i for i, name in enumerate(names)}
    table = np.array([*(place[c] for c in column.categories), -1], dtype=np.int32)
    return _categorical(table[values], names)


def _categorical(codes: Any, names: list[str]) -> Any:
    return pd.Categorical.from_codes(codes, dtype=_type_of(tuple(names)))


@lru_cache(maxsize=32)
def _type_of(names: tuple[str, ...]) -> pd.CategoricalDtype:
    """Return the type of a column, which comes with each run of cells."""
    return pd.CategoricalDtype(pd.Index(names, dtype=object))
