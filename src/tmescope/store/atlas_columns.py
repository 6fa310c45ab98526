"""What an atlas says of its cells, column by column, in the form of AnnData's ``obs``."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.foundation.errors import SampleError
from tmescope.store.atlas_layout import AtlasLayout, check_column
from tmescope.store.damage import damaged, explain_damage
from tmescope.store.shard_files import committed_shard
from tmescope.store.sharded_vectors import (
    Shard,
    VectorAppender,
    VectorForm,
    VectorReader,
    write_declaration,
    write_group,
)
from tmescope.store.text_arrays import read_texts, write_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CellColumns"]

_CHUNK = 1 << 16
_NAMES = "_index"
_DTYPES = {"category": "int32", "float64": "float64", "int64": "int64", "bool": "bool"}
_EMPTY = {"category": -1, "float64": np.nan, "int64": None, "bool": None}


class CellColumns:
    """Columns of the cells of an atlas.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    layout : AtlasLayout
        What is in it.
    """

    def __init__(self, path: Path, layout: AtlasLayout) -> None:
        self.path, self.layout = path, layout
        self.forms = dict(layout.columns)
        self.appenders: dict[str, VectorAppender] = {}
        self._categories: dict[str, dict[str, int]] = {}
        self._names: list[str] = []
        self._n = layout.n_cells

    def create(self) -> None:
        """Make the group without columns."""
        write_texts(self.path, f"obs/{_NAMES}", (), chunk=_CHUNK)
        self.declare()

    def place(self, name: str) -> str:
        """Return where the values of a column lie.

        Parameters
        ----------
        name : str
            Of the column.
        """
        return _place(name, self.layout.columns[name])

    def append(self, obs: pd.DataFrame) -> None:
        """Add cells.

        Parameters
        ----------
        obs : pandas.DataFrame
            Index their names. Text and categories become categories, numbers stay numbers; a column that the atlas
            does not have yet is missing in the cells before, one that is absent here is missing in these.

        Raises
        ------
        SampleError
            If a column is of another kind than in the cells before, or whole numbers or truths would be missing.
        """
        self._check_names(obs)
        for name in [*self.forms, *(str(c) for c in obs.columns if str(c) not in self.forms)]:
            form = self._form(name, obs)
            appender = self._appender(name, form)
            if appender.length < self._n:
                appender.append(self._missing(name, form, self._n - appender.length))
            if name in obs.columns:
                appender.append(self._encode(name, obs[name], form))
            else:
                appender.append(self._missing(name, form, len(obs)))
        self._names += [str(n) for n in obs.index]
        self._n += len(obs)

    def _check_names(self, obs: pd.DataFrame) -> None:
        for name in obs.columns:
            try:
                check_column(name)
            except ValueError as error:
                raise SampleError(
                    f"a column of the cells is called {name!r}",
                    where=str(self.path),
                    expected="a letter or digit, then letters, digits, spaces and _ . ( ) % + -; 100 at most",
                    next_step="give the column another name",
                ) from error

    def finish(self) -> dict[str, dict[int, Shard]]:
        """Write names and categories, and return the files that were written by their place and number."""
        names, self._names = self._names, []
        place = f"obs/{_NAMES}"
        written = {place: write_texts(self.path, place, names, chunk=_CHUNK, length=self.layout.n_cells)}
        for name, known in self._categories.items():
            place = f"obs/{name}/categories"
            written[place] = write_texts(self.path, place, tuple(known), chunk=_CHUNK)
        return written

    def declare(self) -> None:
        """Write the declarations of all columns."""
        attributes = {
            "encoding-type": "dataframe",
            "encoding-version": "0.2.0",
            "_index": _NAMES,
            "column-order": list(self.layout.cell_columns),
        }
        write_group(self.path / "obs", attributes)
        for name, form in self.layout.columns.items():
            if form == "category":
                said = {"encoding-type": "categorical", "encoding-version": "0.2.0", "ordered": False}
                write_group(self.path / "obs" / name, said)
            write_declaration(self.path / _place(name, form), _vector(form), length=self.layout.n_cells)

    def read(self, names: Sequence[str] | None = None, *, first: int = 0, last: int | None = None) -> pd.DataFrame:
        """Return columns of cells, without their names: an index of numbers.

        Parameters
        ----------
        names : sequence of str, optional
            Which; all if omitted.
        first, last : int, optional
            Cells ``first:last``; all if omitted.

        Raises
        ------
        SampleError
            If there is no such column.
        StoreError
            If a file is damaged.
        """
        found: dict[str, Any] = {}
        last = self.layout.n_cells if last is None else last
        every = self.layout.cell_columns
        for name in every if names is None else names:
            if name not in self.layout.columns:
                found[name] = self._read_result(name, every)[first:last]
                continue
            form = self.layout.columns[name]
            values: Any = self._reader(name).read(first, last)
            if form == "category":
                known = pd.Index(self._known(name), dtype="str")
                with explain_damage(self.path, f"obs/{name}"):  # numbers of categories that there are not
                    values = pd.Categorical.from_codes(values, categories=known)
            found[name] = values
        return pd.DataFrame(found)

    def committed(self, place: str) -> Shard:
        """Return the last file of names, categories or values as it was when the atlas had its cells.

        Parameters
        ----------
        place : str
            As the root calls it, such as ``obs/_index``.

        Raises
        ------
        StoreError
            If what counts of it is damaged.
        """
        _, name, *part = place.split("/")
        if name != _NAMES and part != ["categories"]:
            return committed_shard(self._reader(name))
        texts = self._known(name) if part else tuple(self.names())
        last = texts[(len(texts) - 1) // _CHUNK * _CHUNK :]
        with tempfile.TemporaryDirectory() as folder:
            return write_texts(Path(folder), place, last, chunk=_CHUNK)[0]

    def _reader(self, name: str) -> VectorReader:
        form = self.layout.columns[name]
        return VectorReader(self.path / _place(name, form), _vector(form), length=self.layout.n_cells)

    def _of_results(self) -> list[str]:
        return [name for result in self.layout.results.values() for name in result.obs]

    def _read_result(self, name: str, every: Sequence[str]) -> Any:
        import zarr
        from anndata.io import read_elem

        if name not in every:
            raise SampleError(
                f"the atlas has no column {name!r}",
                where=str(self.path),
                expected=f"one of {', '.join(every) or 'none: it has no columns yet'}",
            )
        with explain_damage(self.path, f"obs/{name}"):
            return read_elem(zarr.open_group(self.path / "obs", mode="r", use_consolidated=False)[name])

    def names(self, *, first: int = 0, last: int | None = None) -> pd.Index[str]:
        """Return the names of cells.

        Parameters
        ----------
        first, last : int, optional
            Cells ``first:last``; all if omitted.

        Raises
        ------
        StoreError
            If a file is damaged.
        """
        last = self.layout.n_cells if last is None else last
        place = f"obs/{_NAMES}"
        found: pd.Index[str] = pd.Index(read_texts(self.path, place, first=first, last=last), dtype="str")
        if len(found) != last - first:
            raise damaged(self.path, place, f"ends before cell {last:,}")
        return found

    def _form(self, name: str, obs: pd.DataFrame) -> str:
        known = self.forms.get(name)
        if name not in obs.columns:
            return str(known)
        column = obs[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            form = "category"
        elif pd.api.types.is_bool_dtype(column.dtype):
            form = "bool"
        elif pd.api.types.is_integer_dtype(column.dtype):
            form = "int64"
        elif pd.api.types.is_float_dtype(column.dtype):
            form = "float64"
        else:
            form = "category"
        if known is None:
            self.forms[name] = form
        elif known != form and not (known == "float64" and form == "int64"):
            raise SampleError(
                f"the column {name!r} is {form} here and {known} in the cells before",
                where=str(self.path),
                expected="one kind of values in a column",
                next_step="give the column the same kind in every sample, or another name",
            )
        return known or form

    def _appender(self, name: str, form: str) -> VectorAppender:
        place = _place(name, form)
        if place not in self.appenders:
            length = self.layout.n_cells if name in self.layout.columns else 0
            if name in self._of_results():
                raise self._of_a_result(name)
            if name not in self.layout.columns:  # a writer that died may have left a column of this name
                shutil.rmtree(self.path / "obs" / name, ignore_errors=True)
            self.appenders[place] = VectorAppender(self.path / place, _vector(form), length=length)
            if form == "category":
                known = self._known(name) if length else ()
                self._categories[name] = {c: i for i, c in enumerate(known)}
        return self.appenders[place]

    def _of_a_result(self, name: str) -> SampleError:
        return SampleError(
            f"the cells have a column {name!r}, which is that of a result in the atlas",
            where=str(self.path),
            expected="columns of other names",
            next_step="leave the column out (--columns), or give it another name",
        )

    def _known(self, name: str) -> tuple[str, ...]:
        place = f"obs/{name}/categories"
        # the root says how many count; a writer that died may have left more
        with explain_damage(self.path, place):
            root = json.loads((self.path / "zarr.json").read_text(encoding="utf-8"))
            n = int(root["consolidated_metadata"]["metadata"][place]["shape"][0])
        return tuple(str(v) for v in read_texts(self.path, place, last=n))

    def _encode(self, name: str, column: pd.Series[Any], form: str) -> Any:
        if form != "category":
            return column.to_numpy(dtype=_DTYPES[form])
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes, used = pd.factorize(column.array.codes)
            named = column.array.categories.tolist()
            values: list[Any] = [None if i < 0 else named[i] for i in used.tolist()]
        else:
            codes, found = pd.factorize(column.astype("object"))
            values = found.tolist()
        known = self._categories[name]
        places = [-1 if v is None else known.setdefault(str(v), len(known)) for v in values]
        table = np.array([*places, -1], dtype=np.int32)
        return table[codes]

    def _missing(self, name: str, form: str, n: int) -> Any:
        value = _EMPTY[form]
        if value is None:
            raise SampleError(
                f"the column {name!r} ({form}) is not in every sample",
                where=str(self.path),
                expected="whole numbers and truths for every cell",
                next_step="add the column to every sample, or give it as text or as numbers with a decimal point",
            )
        return np.full(n, value, dtype=_DTYPES[form])


def _place(name: str, form: str) -> str:
    return f"obs/{name}/codes" if form == "category" else f"obs/{name}"


def _vector(form: str) -> VectorForm:
    return VectorForm(_DTYPES[form], chunk=_CHUNK, shard=_CHUNK * 64)
