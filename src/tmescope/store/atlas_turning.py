"""The gene-major copy of an atlas is made: panel by panel, each counting as soon as it is whole."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.kernels.gene_major import steps_between, tally_entries, turn_entries
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
    a counting sort by gene: cells are read once to see how many show each gene, and again to put them in their places.
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
    totals, sizes = np.empty(last - first, np.int64), np.zeros(atlas.layout.n_genes, np.int64)
    for a, b in blocks:
        rows = atlas.rows(a, b)
        tally_entries(rows.ends, rows.genes, rows.counts, totals[a - first : b - first], sizes)
    panel, forms = AtlasPanel(first, last, int(sizes.sum())), panel_forms(atlas.layout)
    entry = sum(np.dtype(forms[name].dtype).itemsize for name in ("steps", "counts"))
    appenders = {name: VectorAppender(atlas.path / place, forms[name]) for name, place in panel.places.items()}
    appenders["ends"].append(np.concatenate([[0], np.cumsum(sizes)]))
    appenders["totals"].append(totals)
    for run in cut_genes(sizes, memory=memory, entry=entry, base=_BASE):
        steps, counts = _turn(atlas, blocks, run, sizes=sizes)
        for at in range(0, steps.size, _BLOCK):
            appenders["steps"].append(steps[at : at + _BLOCK])
            appenders["counts"].append(counts[at : at + _BLOCK])
    return panel, {panel.places[name]: appender.finish() for name, appender in appenders.items()}


def _turn(
    atlas: Atlas, blocks: tuple[tuple[int, int], ...], run: tuple[int, int], *, sizes: NDArray[np.int64]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16 | np.uint32]]:
    """Return the steps and counts of a run of genes."""
    ends = np.concatenate([[0], np.cumsum(sizes[run[0] : run[1]])])
    steps = np.empty(int(ends[-1]), dtype=np.uint16)
    counts = np.empty(int(ends[-1]), dtype=atlas.layout.count_dtype)
    place = ends[:-1].copy()
    for a, b in blocks:
        rows = atlas.rows(a, b)
        turn_entries(rows.ends, rows.genes, rows.counts, a - blocks[0][0], *run, place, steps, counts)
    steps_between(ends, steps)
    return steps, counts


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
