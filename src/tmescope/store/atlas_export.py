"""An atlas written for other programs, or to be kept: in runs of cells and bounded memory."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from tmescope.foundation.errors import InputError, StoreError, UnknownNameError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.atlas_reading import Atlas, CellRows
from tmescope.store.atlas_tables import as_table
from tmescope.store.atomic import staged_file, staged_folder
from tmescope.store.compact_layout import BLOCK_ENTRIES, cut_blocks

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["ExportFormat", "export_atlas"]

ExportFormat = Literal["h5ad", "mtx", "parquet", "compact"]
"""What an atlas can be written as."""

TASK = "cells written"

_BYTES = 64
"""Bytes for each entry of a run, with what is made of it."""
_FEWEST = 1 << 16


def export_atlas(
    atlas: Atlas, output: Path, form: ExportFormat, *, memory: int = 1 << 30, progress: Progress = SILENT
) -> None:
    """Write an atlas for other programs.

    Parameters
    ----------
    atlas : Atlas
        What is written: counts, cells and genes, all bit for bit.
    output : Path
        A file for h5ad (X as CSR, gzip). A folder for ``mtx`` (matrix.mtx.gz, features.tsv.gz and barcodes.tsv.gz as of
        Cell Ranger, and cells.parquet) and for ``parquet`` (counts.parquet with numbers of cell and gene from zero,
        obs.parquet and var.parquet); a folder for ``compact``, of which `tmescope.store.compact_restore.restore_atlas`
        makes the atlas again, without its results. Nothing may be there.
    form : {'h5ad', 'mtx', 'parquet', 'compact'}
        Which.
    memory : int
        Bytes for counts beyond the tables of cells and genes.
    progress : Progress
        Told of cells.

    Raises
    ------
    StoreError
        Something is there already; a shard is damaged.
    InputError
        Too little memory.
    UnknownNameError
        No such form.
    """
    if form not in _WRITERS:
        raise UnknownNameError.of("format", form, get_args(ExportFormat), where="--to")
    if output.exists():
        raise StoreError("something is there already", where=str(output), expected="a new name")
    entries = memory // _BYTES
    fewest, cut = _CUTS.get(form, (_FEWEST, Atlas.bounds))
    if entries < fewest:
        raise InputError(
            f"{memory:,} bytes of memory are too few",
            where="--memory",
            expected=f"{_BYTES * fewest:,} bytes at least",
            next_step="give more",
        )
    progress.start(TASK, atlas.layout.n_cells, unit="cells")
    _WRITERS[form](atlas, output, _runs(atlas, cut(atlas, min(entries, 1 << 22)), progress))
    progress.finish(TASK, f"{atlas.layout.n_cells:,} in {output.name}")


def _runs(atlas: Atlas, bounds: Iterable[tuple[int, int]], progress: Progress) -> Iterator[CellRows]:
    for first, last in bounds:
        yield atlas.rows(first, last)
        progress.advance(TASK, last - first)


def _cells(atlas: Atlas) -> pd.DataFrame:
    return atlas.cells().set_axis(atlas.barcodes(), axis="index")


def _write_h5ad(atlas: Atlas, output: Path, runs: Iterator[CellRows]) -> None:
    import anndata
    import h5py

    layout = atlas.layout
    shape = (layout.n_cells, layout.n_genes)
    with staged_file(output) as staged:
        anndata.AnnData(obs=_cells(atlas), var=atlas.genes(), shape=shape).write_h5ad(staged, compression="gzip")
        with h5py.File(staged, "r+") as file:
            if "X" in file:
                del file["X"]
            group = file.create_group("X")
            group.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": np.array(shape)})
            packed: dict[str, Any] = {
                "compression": "gzip",
                "compression_opts": 1,
                "chunks": (min(layout.n_entries, 1 << 18),),
            }
            packed = packed if layout.n_entries else {}
            sparse = {
                name: group.create_dataset(name, (layout.n_entries,), dtype=dtype, **packed)
                for name, dtype in (("data", layout.count_dtype), ("indices", np.int32))
            }
            ends = np.zeros(layout.n_cells + 1, dtype=np.int64)
            at = 0
            for rows in runs:
                sparse["data"][at : at + rows.counts.size] = rows.counts
                sparse["indices"][at : at + rows.genes.size] = rows.genes
                ends[rows.first + 1 : rows.first + rows.n_cells + 1] = rows.ends[1:] + at
                at += rows.counts.size
            narrow: Any = np.int32 if layout.n_entries < 1 << 31 else np.int64
            group.create_dataset("indptr", data=ends.astype(narrow), compression="gzip", compression_opts=1)


def _write_mtx(atlas: Atlas, output: Path, runs: Iterator[CellRows]) -> None:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    layout, genes = atlas.layout, atlas.genes()
    ids = genes.get("gene_ids", genes.index)
    names = [[str(i), str(n)] for i, n in zip(ids, genes.index, strict=True)]
    cells = _cells(atlas)
    for word in (*(w for pair in names for w in pair), *cells.index):
        _check_word(str(word), output)
    with staged_folder(output) as staged:
        features = "".join(f"{i}\t{n}\tGene Expression\n" for i, n in names)
        _write_text(staged / "features.tsv.gz", features)
        _write_text(staged / "barcodes.tsv.gz", "".join(f"{b}\n" for b in cells.index))
        _write_table(as_table(cells, "cell"), staged / "cells.parquet")
        with (staged / "matrix.mtx.gz").open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as file:
            sizes = f"{layout.n_genes} {layout.n_cells} {layout.n_entries}"
            file.write(f"%%MatrixMarket matrix coordinate integer general\n{sizes}\n".encode())
            options = pacsv.WriteOptions(include_header=False, delimiter=" ")
            for rows in runs:
                cell = rows.first + 1 + np.repeat(np.arange(rows.n_cells), np.diff(rows.ends))
                pacsv.write_csv(pa.table([rows.genes + 1, cell, rows.counts], names=["g", "c", "n"]), file, options)


def _check_word(word: str, output: Path) -> None:
    if any(c in word for c in "\t\n\r\0"):
        raise InputError(
            f"the name {word[:60]!r} holds a tab or an end of line, which a file of lines cannot hold",
            where=str(output),
            expected="names without them",
            next_step="export h5ad or parquet instead",
        )


def _write_parquet(atlas: Atlas, output: Path, runs: Iterator[CellRows]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = pa.uint16() if atlas.layout.count_dtype == "uint16" else pa.uint32()
    schema = pa.schema([("cell", pa.int64()), ("gene", pa.int32()), ("count", count)])
    with staged_folder(output) as staged:
        _write_table(as_table(_cells(atlas), "cell"), staged / "obs.parquet")
        _write_table(as_table(atlas.genes(), "gene"), staged / "var.parquet")
        with pq.ParquetWriter(staged / "counts.parquet", schema, compression="zstd") as writer:
            for rows in runs:
                cell = rows.first + np.repeat(np.arange(rows.n_cells, dtype=np.int64), np.diff(rows.ends))
                writer.write_table(pa.table([cell, rows.genes, rows.counts], schema=schema))


def _write_compact(atlas: Atlas, output: Path, runs: Iterator[CellRows]) -> None:
    from tmescope.store.compact_export import write_compact_atlas  # it compiles kernels, which others need not wait for

    write_compact_atlas(atlas, output, runs)


def _write_table(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd")


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


_WRITERS: Mapping[str, Callable[[Atlas, Path, Iterator[CellRows]], None]] = MappingProxyType(
    {"h5ad": _write_h5ad, "mtx": _write_mtx, "parquet": _write_parquet, "compact": _write_compact}
)
_CUTS: Mapping[str, tuple[int, Callable[[Atlas, int], Iterable[tuple[int, int]]]]] = MappingProxyType(
    {"compact": (BLOCK_ENTRIES, lambda atlas, _: cut_blocks(atlas))}
)
"""Fewest entries that the memory must hold, and how cells are cut, for forms that fix their blocks."""
