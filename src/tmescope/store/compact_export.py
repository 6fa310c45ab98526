"""An atlas written in its compact form, block by block: 1 to 1.3 bytes for each count above zero."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

from tmescope.foundation.errors import StoreError
from tmescope.store.atlas_reading import Atlas, CellRows
from tmescope.store.atomic import staged_folder
from tmescope.store.compact_blocks import Rows, encode_block
from tmescope.store.compact_layout import (
    BLOCKS,
    CELLS,
    GENES,
    BlockForm,
    CompactBlock,
    CompactLayout,
    write_compact,
)
from tmescope.store.compact_tables import write_cells, write_genes
from tmescope.store.shard_files import measure_file
from tmescope.store.sharded_vectors import Shard

__all__ = ["write_compact_atlas"]


def write_compact_atlas(atlas: Atlas, output: Path, runs: Iterable[CellRows]) -> None:
    """Write an atlas in its compact form.

    Parameters
    ----------
    atlas : Atlas
        What is written: counts, genes, cells and samples. Results and gene-major copies are not.
    output : Path
        A folder; nothing may be there.
    runs : iterable of CellRows
        All its cells, cut as `tmescope.store.compact_layout.cut_blocks` says.

    Raises
    ------
    StoreError
        If something is there, a shard is damaged, or the atlas holds what tmescope does not write.

    Notes
    -----
    The folder holds ``atlas.json`` (format, version, what the atlas says of itself, and size and checksum of every
    part), ``blocks.bin`` (see `tmescope.store.compact_blocks.encode_block`), ``obs.parquet`` and ``var.parquet``. The
    same atlas gives the same bytes, whatever the memory.
    """
    form = BlockForm(atlas.layout.n_genes, atlas.layout.count_dtype)
    with staged_folder(output, is_new=True) as staged:
        with (staged / BLOCKS).open("wb") as file:
            blocks = []
            for rows in runs:
                body = _encoded(atlas, rows, form)
                file.write(body)
                blocks.append(CompactBlock(rows.n_cells, rows.counts.size, Shard(len(body), zlib.crc32(body))))
        write_cells(staged, atlas)
        write_genes(staged, atlas)
        tables = {name: measure_file(staged / name) for name in (CELLS, GENES)}
        write_compact(staged, CompactLayout(atlas.layout, tables, tuple(blocks)))


def _encoded(atlas: Atlas, rows: CellRows, form: BlockForm) -> bytes:
    try:
        return encode_block(Rows(rows.ends, rows.genes, rows.counts), form)
    except ValueError as error:
        raise StoreError(
            f"of the cells {rows.first} to {rows.first + rows.n_cells - 1} {error}",
            where=str(atlas.path),
            expected="an atlas as tmescope writes it: genes in ascending order, counts above zero",
            next_step="the files were written by something else: make the atlas again from its samples",
        ) from error
