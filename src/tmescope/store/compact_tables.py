"""The tables of cells and genes of a compact atlas: Parquet, in parts of cells, with every bit of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.foundation.errors import InputError, TmescopeError
from tmescope.store.atlas_columns import CellColumns
from tmescope.store.atlas_layout import AtlasLayout, hash_names
from tmescope.store.atlas_reading import Atlas
from tmescope.store.compact_layout import CELLS, GENES, damaged_part

__all__ = ["read_cells", "read_genes", "write_cells", "write_genes"]

_NAMES = "_index"
"""Column of the names of cells: AnnData keeps this name for it, so that no other column has it."""
_CELLS = 1 << 16
_TYPES = {"category": pa.string(), "float64": pa.float64(), "int64": pa.int64(), "bool": pa.bool_()}


def write_cells(path: Path, atlas: Atlas) -> None:
    """Write names and columns of the cells of an atlas, without those of results.

    Parameters
    ----------
    path : Path
        Folder of the compact atlas.
    atlas : Atlas
        Where they are read, 65,536 cells at a time.
    """
    layout = atlas.layout
    columns, schema = CellColumns(atlas.path, layout), _schema_of(layout)
    with pq.ParquetWriter(path / CELLS, schema, compression="zstd") as writer:
        for first in range(0, layout.n_cells, _CELLS):
            last = min(first + _CELLS, layout.n_cells)
            frame = columns.read(list(layout.columns), first=first, last=last)
            arrays = [pa.array(columns.names(first=first, last=last).to_numpy(dtype=object), pa.string())]
            for name, form in layout.columns.items():
                # NaN stays NaN: as a missing value it would come back with other bits
                found = pa.array(frame[name], from_pandas=form == "category")
                arrays.append(found.cast(_TYPES[form]))
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _schema_of(layout: AtlasLayout) -> pa.Schema:
    columns = [pa.field(name, _TYPES[form]) for name, form in layout.columns.items()]
    return pa.schema([pa.field(_NAMES, pa.string()), *columns])


def write_genes(path: Path, atlas: Atlas) -> None:
    """Write the table of genes of an atlas, without the columns of results.

    Parameters
    ----------
    path : Path
        Folder of the compact atlas.
    atlas : Atlas
        Whose genes they are.
    """
    found = atlas.genes()
    of_results = [name for result in atlas.layout.results.values() for name in result.var]
    table = pa.Table.from_pandas(found.drop(columns=of_results), preserve_index=True)
    pq.write_table(table, path / GENES, compression="zstd")


def read_genes(path: Path, layout: AtlasLayout, *, memory: int) -> pd.DataFrame:
    """Return the table of genes.

    Parameters
    ----------
    path : Path
        Folder of the compact atlas.
    layout : AtlasLayout
        Of the atlas that it was made of.
    memory : int
        Bytes that the table may take.

    Raises
    ------
    StoreError
        If it is not the table of these genes.
    InputError
        If it takes more.
    """
    with _explained(path / GENES):
        file = pq.ParquetFile(path / GENES)
        _check_size(file, path / GENES, n_rows=layout.n_genes, memory=memory)
        found: pd.DataFrame = file.read().to_pandas()
        is_same = len(found) == layout.n_genes and hash_names(found.index) == layout.genes_sha256
    if not is_same:
        raise damaged_part(path / GENES, "holds other genes than the header says")
    return found


def read_cells(
    path: Path, layout: AtlasLayout, runs: Iterable[tuple[str, int]], *, memory: int
) -> Iterator[pd.DataFrame]:
    """Yield the cells of each run: index barcodes, columns as `tmescope.store.atlas_writing.AtlasWriter` takes them.

    Parameters
    ----------
    path : Path
        Folder of the compact atlas.
    layout : AtlasLayout
        Of the atlas that it was made of.
    runs : iterable of (str, int)
        Sample and number of cells of each run, in order.
    memory : int
        Bytes that one part of the table may take.

    Raises
    ------
    StoreError
        If it is not the table of these cells.
    InputError
        If a part takes more.
    """
    place = path / CELLS
    with _explained(place):
        file = pq.ParquetFile(place)
        _check_size(file, place, n_rows=layout.n_cells, memory=memory)
        if not file.schema_arrow.equals(_schema_of(layout)):
            raise damaged_part(place, "has other columns than the header says")
        batches = file.iter_batches(batch_size=_CELLS)
    left = pa.Table.from_batches([], schema=_schema_of(layout))
    for sample_id, n in runs:
        with _explained(place):
            while left.num_rows < n:
                left = pa.concat_tables([left, pa.Table.from_batches([next(batches)], schema=left.schema)])
            frame = _frame(left.slice(0, n), layout, place, sample_id=sample_id)
            left = left.slice(n)
        yield frame


def _frame(table: pa.Table, layout: AtlasLayout, place: Path, *, sample_id: str) -> pd.DataFrame:
    whole = [_NAMES, *(name for name, form in layout.columns.items() if form != "category")]
    if any(table[name].null_count for name in whole):
        raise damaged_part(place, "lacks a name or a number")
    names, start = table[_NAMES].to_pylist(), f"{sample_id}:"
    if not all(name.startswith(start) for name in names):
        raise damaged_part(place, f"has cells of another sample among those of {sample_id[:60]!r}")
    columns = {name: _values(table[name], form) for name, form in layout.columns.items()}
    return pd.DataFrame(columns, index=pd.Index([name[len(start) :] for name in names], dtype=object))


def _values(column: pa.ChunkedArray, form: str) -> Any:
    if form != "category":
        return column.combine_chunks().to_numpy(zero_copy_only=False)
    encoded: Any = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy()
    return pd.Categorical.from_codes(codes, categories=pd.Index(encoded.dictionary.to_pylist(), dtype=object))


def _check_size(file: pq.ParquetFile, place: Path, *, n_rows: int, memory: int) -> None:
    if file.metadata.num_rows != n_rows:
        raise damaged_part(place, f"has {file.metadata.num_rows} rows instead of {n_rows}")
    groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
    if (largest := max((group.total_byte_size for group in groups), default=0)) > memory:
        raise InputError(
            f"a part of the table takes {largest:,} bytes",
            where=str(place),
            expected=f"{memory:,} bytes at most",
            next_step="give more --memory",
        )


@contextmanager
def _explained(place: Path) -> Iterator[None]:
    try:
        yield
    except TmescopeError:
        raise
    except Exception as error:  # a damaged file makes the libraries raise nearly anything
        said = " ".join(str(error).split())[:200]
        raise damaged_part(place, f"cannot be read ({type(error).__name__}: {said})") from error
