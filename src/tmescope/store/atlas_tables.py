"""Cells and genes of an atlas as Parquet beside it, for DuckDB and other programs that read tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.store.atlas_columns import CellColumns
from tmescope.store.atlas_layout import HIDDEN, AtlasLayout, read_layout
from tmescope.store.atomic import staged_file

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["CELLS", "GENES", "as_table", "check_tables", "update_tables", "write_genes"]

CELLS = f"{HIDDEN}/obs"
"""Folder of the parts of the table of cells, in an atlas; each part is named by the number of its first cell."""

GENES = f"{HIDDEN}/var.parquet"
"""The table of genes."""

_DIGITS = 12


def write_genes(path: Path, genes: pd.DataFrame) -> None:
    """Write the table of genes.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    genes : pandas.DataFrame
        ``var`` of AnnData.
    """
    _write(as_table(genes, "gene"), path / GENES)


def update_tables(path: Path) -> None:
    """Let the parts of the table of cells say what the root says: add what is missing, remove what is too much.

    Parameters
    ----------
    path : Path
        Folder of the atlas.

    Notes
    -----
    Called after each commit. A process that dies between the two leaves the table behind the store until the next one
    writes; `check_tables` says so.
    """
    layout = read_layout(path)
    at, wrong = _covered(path, layout)
    for part in wrong:
        part.unlink()
    if at < layout.n_cells:
        _write(_cells(path, layout, first=at, last=layout.n_cells), path / CELLS / f"{at:0{_DIGITS}d}.parquet")


def check_tables(path: Path) -> Iterator[str]:
    """Yield what the tables say otherwise than the store.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    layout = read_layout(path)
    try:
        genes = pq.read_metadata(path / GENES).num_rows
    except (OSError, pa.ArrowInvalid):
        yield f"{GENES} cannot be read"
    else:
        if genes != layout.n_genes:
            yield f"{GENES} has {genes} genes instead of {layout.n_genes}"
    at, wrong = _covered(path, layout)
    for part in wrong:
        yield f"{part.relative_to(path)} is no part of the table of cells, or cannot be read"
    if at < layout.n_cells:
        yield f"{CELLS} lacks {layout.n_cells - at} of {layout.n_cells} cells; the next ingest adds them"
    for part in sorted(set((path / CELLS).glob("*.parquet")) - set(wrong)):
        try:
            found = pq.read_table(part)
            first = int(part.stem)
            written = _cells(path, layout, first=first, last=first + found.num_rows)
            if not found.equals(written.select(found.column_names)):
                yield f"{part.relative_to(path)} says otherwise than the store"
        except (OSError, KeyError, ValueError, pa.ArrowInvalid) as error:
            yield f"{part.relative_to(path)} cannot be compared ({type(error).__name__}: {str(error)[:200]})"


def _covered(path: Path, layout: AtlasLayout) -> tuple[int, list[Path]]:
    """Return how many cells the parts hold from the first on, and which parts do not belong to them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = 0
    wrong: list[Path] = []
    for part in sorted((path / CELLS).glob("*.parquet")):
        try:
            n = pq.read_metadata(part).num_rows
        except (OSError, pa.ArrowInvalid):
            n = 0
        if part.stem != f"{at:0{_DIGITS}d}" or not 0 < n <= layout.n_cells - at:
            wrong.append(part)
        else:
            at += n
    return at, wrong


def _cells(path: Path, layout: AtlasLayout, *, first: int, last: int) -> pa.Table:
    columns = CellColumns(path, layout)
    frame = columns.read(list(layout.columns), first=first, last=last)
    frame.index = columns.names(first=first, last=last)
    return as_table(frame, "cell")


def as_table(frame: pd.DataFrame, name: str) -> pa.Table:
    """Return a table of cells or genes for Parquet: categories as text, which does not say which others there are.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``obs`` or ``var``.
    name : str
        Of the column with the names of its rows.
    """
    import pyarrow as pa

    table = pa.Table.from_pandas(frame.rename_axis(name).reset_index(), preserve_index=False).replace_schema_metadata()
    plain = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(plain))


def _write(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    with staged_file(path) as staged:
        pq.write_table(table, staged, compression="zstd")
