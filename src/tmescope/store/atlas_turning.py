"""The gene-major copy of an atlas is made: panel by panel, each counting as soon as it is whole."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.kernels.gene_major import pack_entries, tally_entries, unpack_steps
from tmescope.store.atlas_declaration import declare_atlas
from tmescope.store.atlas_layout import PANELS, AtlasLayout, AtlasPanel, AtlasSample, read_layout
from tmescope.store.atlas_lock import atlas_lock
from tmescope.store.atlas_panels import cut_genes, panel_forms
from tmescope.store.atlas_reading import Atlas, open_atlas
from tmescope.store.sharded_vectors import Shard, VectorAppender
from tmescope.store.threads import map_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["write_panels"]

_PANEL_CELLS = 1 << 16
_PANEL_ENTRIES = 1 << 25
_BLOCK = 1 << 20
_BASE = 16 * _BLOCK
"""Bytes for a block of cells as it is read, and for what waits to be written."""
_WAIT_S = 60.0


def write_panels(path: Path, *, memory: int = 1 << 30, threads: int = 1, progress: Progress = SILENT) -> AtlasLayout:
    """Make the gene-major copy of those cells of an atlas that have none.

    What is asked gene by gene (rank tests, say) needs it; it takes about one byte for each count above zero.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    memory : int
        Bytes that all threads together may hold. Less than a panel takes means that its cells are read more than once.
    threads : int
        Panels that are made at the same time; the bytes do not depend on it, nor on `memory`.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasLayout
        What is in the atlas now.

    Raises
    ------
    InputError
        If the memory is too little for one gene; the least is said.
    StoreError
        If a shard is damaged, the disk is full, or another writer changed the atlas meanwhile.

    Notes
    -----
    Panels are cut from the first cell on: 65,536 cells or 2^25 entries, whichever comes first. Samples that are added
    later leave them as they are, but for the last, which is made anew with more cells. Each panel is written to a
    folder of its own and counts once the root names it: a writer that is stopped loses one panel at most. A panel is
    a counting sort by gene, of blocks of cells each by itself, which are then put together gene by gene.
    """
    with atlas_lock(path, wait_s=_WAIT_S):
        return _write_all(path, memory=memory, threads=threads, progress=progress)


def _write_all(path: Path, *, memory: int, threads: int, progress: Progress) -> AtlasLayout:
    atlas = open_atlas(path)
    wanted = atlas.bounds(_PANEL_ENTRIES, cells=_PANEL_CELLS) if atlas.layout.n_cells else ()
    pairs = zip(atlas.layout.panels, wanted, strict=False)
    kept = sum(1 for _ in itertools.takewhile(lambda pair: _is_made(atlas, *pair), pairs))
    layout, task = atlas.layout, "turn cells into genes"
    progress.start(task, sum(b - a for a, b in wanted[kept:]), unit="cells")

    def make(first: int, last: int) -> tuple[AtlasPanel, dict[str, dict[int, Shard]]]:
        return _make(atlas, first, last, memory=memory // max(threads, 1))

    try:
        for panel, written in map_runs(make, wanted[kept:], threads=threads):
            layout = _commit(path, atlas.layout.samples, panel, written=written)
            progress.advance(task, panel.last - panel.first)
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(
            f"the gene-major copy cannot be written ({error.strerror})",
            where=str(error.filename or path),
            expected=f"a disk with about {-(-atlas.layout.n_entries // (1 << 19))} MiB of room that can be written to",
            next_step="make room and start again: what is finished is kept, and the atlas itself is unchanged",
        ) from error
    progress.finish(task)
    return layout


def _is_made(atlas: Atlas, panel: AtlasPanel, wanted: tuple[int, int]) -> bool:
    """Whether a panel covers these cells, and its files are there."""
    forms = panel_forms(atlas.layout)
    files = (
        forms[name].path(atlas.path / place, number)
        for name, place in panel.places.items()
        for number in range(len(atlas.layout.shards.get(place, ())))
    )
    return (panel.first, panel.last) == wanted and all(file.exists() for file in files)


def _make(atlas: Atlas, first: int, last: int, *, memory: int) -> tuple[AtlasPanel, dict[str, dict[int, Shard]]]:
    """Write the vectors of one panel, which do not count yet."""
    blocks = atlas.bounds(_BLOCK, first=first, last=last)
    totals, n_genes, n_entries = np.empty(last - first, np.int64), atlas.layout.n_genes, atlas.entries(first, last)
    forms, entry = panel_forms(atlas.layout), 2 * np.dtype(atlas.layout.count_dtype).itemsize
    each = 8 * len(blocks)  # where a gene begins in each block
    runs: tuple[tuple[int, int], ...] = ((0, n_genes),)
    found: _Turned | None = None
    if _BASE + entry * n_entries + each * n_genes <= memory:  # cells are read once
        found = _turn(atlas, blocks, runs[0], n_entries=n_entries, totals=totals)
        sizes = found.sizes()
    else:
        sizes = _tally(atlas, blocks, totals=totals)
        runs = cut_genes(sizes, memory=memory, entry=entry, base=_BASE, each=each)
    panel = AtlasPanel(first, last, n_entries)
    appenders = {name: VectorAppender(atlas.path / place, forms[name]) for name, place in panel.places.items()}
    appenders["ends"].append(np.concatenate([[0], np.cumsum(sizes)]))
    for run in runs:
        turned = found or _turn(atlas, blocks, run, n_entries=int(sizes[slice(*run)].sum()), totals=totals)
        for steps, counts in turned.pieces(atlas.layout.count_dtype):
            appenders["steps"].append(steps)
            appenders["counts"].append(counts)
    appenders["totals"].append(totals)
    return panel, {panel.places[name]: appender.finish() for name, appender in appenders.items()}


def _tally(atlas: Atlas, blocks: tuple[tuple[int, int], ...], *, totals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many entries each gene has."""
    sizes = np.zeros(atlas.layout.n_genes, np.int64)
    for a, b in blocks:
        rows, own = atlas.rows(a, b), slice(a - blocks[0][0], b - blocks[0][0])
        tally_entries(rows.ends, rows.genes, rows.counts, totals[own], sizes)
    return sizes


@dataclass(frozen=True)
class _Turned:
    """Genes of a panel, sorted in each block of its cells by itself.

    Rows of `begins` are blocks: where each gene begins in the words, and the last one ends.
    """

    begins: NDArray[np.int64]
    words: NDArray[Any]

    def sizes(self) -> NDArray[np.int64]:
        """Return how many entries each gene has."""
        found: NDArray[np.int64] = np.diff(self.begins, axis=1).sum(axis=0)
        return found

    def pieces(self, dtype: str) -> Iterator[tuple[NDArray[np.uint16], NDArray[Any]]]:
        """Yield the steps and counts of some genes at a time, blocks put together."""
        sizes = self.sizes()
        for first, last in cut_genes(sizes, memory=max(_BLOCK, int(sizes.max(initial=0))), entry=1):
            n = int(sizes[first:last].sum())
            steps, counts = np.empty(n, dtype=np.uint16), np.empty(n, dtype=dtype)
            unpack_steps(np.ascontiguousarray(self.begins[:, first : last + 1]), self.words, steps, counts)
            yield steps, counts


def _turn(
    atlas: Atlas,
    blocks: tuple[tuple[int, int], ...],
    run: tuple[int, int],
    *,
    n_entries: int,
    totals: NDArray[np.int64],
) -> _Turned:
    """Sort the entries of a run of genes in each block, which fits into the processor's cache."""
    wide = np.dtype(atlas.layout.count_dtype).itemsize > 2
    words = np.empty(n_entries, dtype=np.uint64 if wide else np.uint32)
    begins, end = np.empty((len(blocks), run[1] - run[0] + 1), np.int64), 0
    for number, (a, b) in enumerate(blocks):
        rows, start = atlas.rows(a, b), a - blocks[0][0]
        sizes = np.zeros(atlas.layout.n_genes, np.int64)
        tally_entries(rows.ends, rows.genes, rows.counts, totals[start : start + b - a], sizes)
        begins[number] = end + np.concatenate([[0], np.cumsum(sizes[slice(*run)])])
        end = int(begins[number, -1])
        pack_entries(rows.ends, rows.genes, rows.counts, start, run[0], begins[number, :-1].copy(), words)
    return _Turned(begins, words)


def _commit(
    path: Path, samples: tuple[AtlasSample, ...], panel: AtlasPanel, *, written: dict[str, dict[int, Shard]]
) -> AtlasLayout:
    """Let a panel count, in place of any that begin where it does or later."""
    layout = read_layout(path)
    before = tuple(p for p in layout.panels if p.first < panel.first)
    if layout.samples[: len(samples)] != samples or (before[-1].last if before else 0) != panel.first:
        raise StoreError(
            "another writer changed the atlas meanwhile",
            where=str(path),
            expected="one writer at a time",
            next_step="start again: panels that are finished are kept",
        )
    gone = {place for p in layout.panels[len(before) :] for place in p.places.values()}
    shards = {name: found for name, found in layout.shards.items() if name not in gone}
    layout = replace(layout, panels=(*before, panel), shards=shards)
    for place, found in written.items():
        layout = layout.with_shards(place, found)
    declare_atlas(path, layout)
    named = {Path(p.places["ends"]).parent.name for p in layout.panels}
    for folder in (path / PANELS).iterdir():
        begin = folder.name.split("-")[0]
        if folder.name not in named and begin.isdigit() and int(begin) <= panel.first:
            shutil.rmtree(folder)  # what this panel is in place of, or an earlier writer left
    return layout
