"""An atlas made again of its compact form, number for number, block by block."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from tmescope.foundation.errors import InputError, StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.atlas_layout import AtlasLayout
from tmescope.store.atlas_writing import AtlasWriter, create_atlas
from tmescope.store.atomic import staged_folder
from tmescope.store.compact_blocks import Rows, decode_block
from tmescope.store.compact_layout import BLOCKS, CompactLayout, damaged_part, read_compact
from tmescope.store.compact_tables import read_cells, read_genes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Restored", "restore_atlas"]

TASK = "cells restored"
"""What a listener is told."""

_BYTES_OF_ENTRY = 32
_BYTES_OF_CELL = 512
_HELD = 1 << 26
"""Bytes for a file of each vector as it is put together, and for a part of the tables."""
_COMMIT_CELLS = 50_000


@dataclass(frozen=True)
class Restored:
    """What became of a compact atlas.

    Parameters
    ----------
    layout : AtlasLayout
        What the atlas holds.
    other_files : tuple of str
        Vectors whose files have other bytes than those of the original, although they hold the same: another version
        of tmescope or of a compressor wrote them. Empty where all are the same.
    """

    layout: AtlasLayout
    other_files: tuple[str, ...]


def restore_atlas(
    path: Path, output: Path, *, memory: int = 1 << 30, threads: int = 1, progress: Progress = SILENT
) -> Restored:
    """Make an atlas of its compact form.

    Parameters
    ----------
    path : Path
        Folder made by ``tmescope atlas export --to compact``.
    output : Path
        Folder of the atlas; nothing may be there.
    memory : int
        Bytes beyond what all libraries take.
    threads : int
        With 2, counts and numbers of genes are compressed at the same time; the bytes are the same.
    progress : Progress
        Told of cells.

    Returns
    -------
    Restored

    Raises
    ------
    MissingFileError, FileFormatError, FormatVersionError
        As `tmescope.store.compact_layout.read_compact`.
    StoreError
        Something is there already; a file or block is damaged, and is named. No atlas is left then.
    InputError
        Too little memory for a block; the least is said.

    Notes
    -----
    Counts, genes, cells with their columns, samples and options are those of the original; results and gene-major
    copies are calculated again where they are needed. Each block is checked by its checksum before it is unpacked, and
    its numbers after; what is made is compared with what the original said of itself.
    """
    if output.exists():
        raise StoreError("something is there already", where=str(output), expected="a new name")
    compact = read_compact(path)
    _check_memory(compact, path, memory)
    wanted = compact.atlas
    genes = read_genes(path, wanted, memory=memory)
    progress.plan({TASK: 1.0})
    progress.start(TASK, wanted.n_cells, unit="cells")
    with staged_folder(output, is_new=True) as staged:
        staged.rmdir()  # the atlas makes it
        create_atlas(
            staged, genes, count_dtype=wanted.count_dtype, shard=wanted.shard, made_with=dict(wanted.made_with)
        )
        layout = _add_all(
            AtlasWriter(staged, threads=threads), _Blocks(path, compact, memory=memory, progress=progress)
        )
        _check_same(layout, wanted, path)
    progress.finish(TASK, f"{wanted.n_cells:,} in {output.name}")
    names = sorted({*layout.shards, *wanted.shards})
    return Restored(layout, tuple(n for n in names if layout.shards.get(n) != wanted.shards.get(n)))


def _check_memory(compact: CompactLayout, path: Path, memory: int) -> None:
    sizes = (b.file.nbytes + _BYTES_OF_ENTRY * b.n_entries + _BYTES_OF_CELL * b.n_cells for b in compact.blocks)
    needed = _HELD + max(sizes, default=0)
    if memory < needed:
        raise InputError(
            f"{memory:,} bytes of memory are too few",
            where=f"--memory; {path}",
            expected=f"{needed:,} bytes at least, for its largest block",
            next_step="give more",
        )


def _add_all(writer: AtlasWriter, blocks: _Blocks) -> AtlasLayout:
    committed = 0
    samples = {sample.sample_id: sample for sample in blocks.compact.atlas.samples}
    for sample_id, numbers in blocks.compact.by_sample():
        writer.add_sample(sample_id, blocks.of(numbers), source=samples[sample_id].source)
        if writer.n_cells - committed >= _COMMIT_CELLS:
            writer.commit()
            committed = writer.n_cells
    return writer.commit() if writer.has_more else writer.layout


class _Blocks:
    """The cells of a compact atlas, read in order."""

    def __init__(self, path: Path, compact: CompactLayout, *, memory: int, progress: Progress) -> None:
        self.compact = compact
        self._path, self._progress, self._at = path / BLOCKS, progress, 0
        runs = ((name, compact.blocks[i].n_cells) for name, numbers in compact.by_sample() for i in numbers)
        self._cells = read_cells(path, compact.atlas, runs, memory=memory)

    def of(self, numbers: tuple[int, ...]) -> Iterator[tuple[sparse.csr_matrix, pd.DataFrame]]:
        """Yield the blocks of a sample: counts and cells, as `AtlasWriter` takes them."""
        for number in numbers:
            rows = self._read(number)
            shape = (rows.ends.size - 1, self.compact.atlas.n_genes)
            # with ends of 64 bits SciPy would copy the numbers of genes to as many
            ends = rows.ends.astype(np.int32) if rows.counts.size < 1 << 31 else rows.ends
            yield sparse.csr_matrix((rows.counts, rows.genes, ends), shape=shape), next(self._cells)
            self._progress.advance(TASK, rows.ends.size - 1)

    def _read(self, number: int) -> Rows:
        block = self.compact.blocks[number]
        with self._path.open("rb", buffering=0) as file:
            body = os.pread(file.fileno(), block.file.nbytes, self._at)
        self._at += block.file.nbytes
        how = "is cut short" if len(body) != block.file.nbytes else "holds other bytes than were written"
        if len(body) != block.file.nbytes or zlib.crc32(body) != block.file.crc32:
            raise damaged_part(f"{self._path}: {self.compact.where(number)}", how)
        try:
            return decode_block(body, self.compact.form, n_cells=block.n_cells, n_entries=block.n_entries)
        except ValueError as error:
            raise damaged_part(f"{self._path}: {self.compact.where(number)}", f"cannot be: {error}") from error


def _check_same(found: AtlasLayout, wanted: AtlasLayout, path: Path) -> None:
    one, other = (replace(layout, shards={}) for layout in (found, wanted))
    if one == other and list(found.columns) == list(wanted.columns):
        return
    names = [name for name in vars(one) if getattr(one, name) != getattr(other, name)] or ["columns"]
    raise damaged_part(path, f"has another {names[0]} than its header says")
