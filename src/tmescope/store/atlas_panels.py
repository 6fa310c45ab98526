"""The gene-major copy of an atlas: panels of cells turned into runs of genes, read as if they were one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import InputError, StoreError
from tmescope.kernels.gene_major import place_run
from tmescope.store.sharded_vectors import VectorForm, VectorReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_layout import AtlasLayout, AtlasPanel
    from tmescope.store.atlas_reading import Atlas

__all__ = ["GeneRun", "PanelPart", "PanelReader", "cut_genes", "open_panels", "panel_forms"]

_CHUNK = 1 << 16
_SHARD = 1 << 24
_RUN = 1 << 21
"""Entries of a run: more gain nothing, unless there are many panels."""
_RUN_CHUNKS = 8
"""Chunks of each panel in a run: those at its edges are decoded for two runs."""


@dataclass(frozen=True)
class GeneRun:
    """Genes that follow each other, as columns of a sparse matrix.

    Parameters
    ----------
    first : int
        Number of the first gene in the atlas.
    ends : array of int64, shape (n + 1,)
        Where each gene begins and ends in the two others; the first is zero.
    cells : array of int32, shape (n_entries,)
        Numbers of cells in the atlas, rising within a gene.
    counts : array of uint16 or uint32, shape (n_entries,)
    """

    first: int
    ends: NDArray[np.int64]
    cells: NDArray[np.int32]
    counts: NDArray[Any]

    @property
    def n_genes(self) -> int:
        """Return how many genes there are."""
        return self.ends.size - 1


@dataclass(frozen=True)
class PanelPart:
    """What one panel has of some genes, read when it is asked for.

    Parameters
    ----------
    panel : AtlasPanel
    ends : array of int64, shape (n + 1,)
        Where each gene begins and ends in the panel; the first is zero.
    """

    panel: AtlasPanel
    ends: NDArray[np.int64]
    _begin: int
    _steps: VectorReader
    _counts: VectorReader
    _where: str

    def steps(self) -> NDArray[np.uint16]:
        """Read the steps from one cell of a gene to the next; the first of a gene is from the start of the panel."""
        return self._steps.read(self._begin, self._begin + int(self.ends[-1]))

    def counts(self) -> NDArray[Any]:
        """Read the counts."""
        return self._counts.read(self._begin, self._begin + int(self.ends[-1]))

    def check(self, row: int) -> None:
        """Refuse a number of a cell that the panel does not have.

        Parameters
        ----------
        row : int
            The largest that was met.

        Raises
        ------
        StoreError
            If there is no such cell.
        """
        if row >= self.panel.last - self.panel.first:
            raise _impossible(self._where, "genes have cells beyond those there are")


class PanelReader:
    """Reads an atlas gene by gene; safe to use from several threads.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.

    Raises
    ------
    InputError
        If there are cells of which there is no gene-major copy.
    """

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self._known: NDArray[np.int32] | None = None
        layout = atlas.layout
        covered = layout.panels[-1].last if layout.panels else 0
        if covered < layout.n_cells:
            raise InputError(
                f"{layout.n_cells - covered} of {layout.n_cells} cells have no gene-major copy",
                where=str(atlas.path),
                expected="an atlas with a gene-major copy of all its cells",
                next_step="run the same tmescope atlas ingest again, without --no-gene-major: it makes what is missing",
            )
        forms = panel_forms(layout)
        self._readers = [
            {
                name: VectorReader(atlas.path / place, forms[name], length=_lengths(panel, layout.n_genes)[name])
                for name, place in panel.places.items()
            }
            for panel in layout.panels
        ]

    def totals(self) -> NDArray[np.int64]:
        """Return the total of the counts of every cell."""
        parts = [
            readers["totals"].read(0, panel.last - panel.first)
            for panel, readers in zip(self.atlas.layout.panels, self._readers, strict=True)
        ]
        return np.concatenate([np.zeros(0, dtype=np.int64), *parts])

    def ends(self) -> NDArray[np.int32]:
        """Return where each gene begins and ends in each panel; they are read once."""
        if self._known is None:
            n_genes = self.atlas.layout.n_genes
            found = np.empty((len(self._readers), n_genes + 1), dtype=np.int32)
            for number in range(len(self._readers)):
                found[number] = self._read_ends(number)
            self._known = found
        return self._known

    def read(self, first: int, last: int) -> GeneRun:
        """Read the genes ``first:last``.

        Parameters
        ----------
        first, last : int
            0 <= first <= last <= n_genes.

        Raises
        ------
        StoreError
            If a shard is damaged; its file is named.
        """
        parts = self.parts(first, last)
        ends = np.zeros(last - first + 1, dtype=np.int64)
        for part in parts:
            ends += part.ends
        cells = np.empty(int(ends[-1]), dtype=np.int32)
        counts = np.empty(int(ends[-1]), dtype=self.atlas.layout.count_dtype)
        place, largest = ends[:-1].copy(), np.zeros(1, dtype=np.int64)
        for part in parts:
            largest[0] = 0
            place_run(part.ends, part.steps(), part.counts(), part.panel.first, place, cells, counts, largest)
            part.check(int(largest[0]))
        return GeneRun(first, ends, cells, counts)

    def parts(self, first: int, last: int) -> tuple[PanelPart, ...]:
        """Return what each panel has of the genes ``first:last``; only where they end is read yet.

        Parameters
        ----------
        first, last : int
            0 <= first <= last <= n_genes.
        """
        found = []
        for panel, readers, known in zip(self.atlas.layout.panels, self._readers, self.ends(), strict=True):
            ends = known[first : last + 1].astype(np.int64)
            where = _place_of(self.atlas, panel)
            found.append(PanelPart(panel, ends - ends[0], int(ends[0]), readers["steps"], readers["counts"], where))
        return tuple(found)

    def bounds(
        self, memory: int, *, entry: int | None = None, part: int = 0, base: int = 0, where: str = "argument memory"
    ) -> tuple[tuple[int, int], ...]:
        """Cut the genes into runs that fit into memory, no longer than is good for the speed.

        Parameters
        ----------
        memory : int
            Bytes that one run may hold, here and at the caller's.
        entry : int, optional
            Bytes that are held for each entry of a run; those of `read` if omitted.
        part : int
            Bytes that are held beside for each entry of what is read of one panel.
        base : int
            Bytes that the caller holds for each entry of the largest gene.
        where : str
            What an error names.

        Raises
        ------
        InputError
            If the largest gene does not fit.
        """
        sizes, most = np.zeros((2, self.atlas.layout.n_genes), dtype=np.int64)
        for ends in self.ends():
            here = np.diff(ends)
            sizes += here
            np.maximum(most, here, out=most)
        largest = int(sizes.max(initial=0))
        # what is read of one panel comes beside all that was placed, and is no larger
        each = 2 * (4 + np.dtype(self.atlas.layout.count_dtype).itemsize) if entry is None else entry
        costs = each * sizes + part * most
        # a run stays in the processor's cache; of many panels it takes some chunks each, the less is read twice
        good = max(_RUN, _RUN_CHUNKS * _CHUNK * len(self._readers)) * int(costs.sum()) // max(int(sizes.sum()), 1)
        room = min(memory, max(good, int(costs.max(initial=1))) + base * largest)
        return cut_genes(sizes, memory=room, entry=each, each=part * most, base=base * largest, where=where)

    def runs(self, memory: int = 1 << 28) -> Iterator[GeneRun]:
        """Read all genes, in runs that fit into memory.

        Parameters
        ----------
        memory : int
            Bytes that one run may hold.
        """
        for first, last in self.bounds(memory):
            yield self.read(first, last)

    def _read_ends(self, number: int) -> NDArray[np.int64]:
        n_genes, panel = self.atlas.layout.n_genes, self.atlas.layout.panels[number]
        ends = self._readers[number]["ends"].read(0, n_genes + 1).astype(np.int64)
        if not 0 <= ends[0] <= ends[-1] <= panel.n_entries or (np.diff(ends) < 0).any():
            raise _impossible(_place_of(self.atlas, panel), f"genes 0 to {n_genes - 1} end where they cannot")
        return ends


@lru_cache(maxsize=2)
def open_panels(atlas: Atlas) -> PanelReader:
    """Return the reader of an atlas, the same one each time: it remembers where in its files the chunks are.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.

    Raises
    ------
    InputError
        As `PanelReader`.
    """
    return PanelReader(atlas)


def _place_of(atlas: Atlas, panel: AtlasPanel) -> str:
    return f"{atlas.path}: gene-major copy of the cells {panel.first} to {panel.last - 1}"


def _impossible(where: str, what: str) -> StoreError:
    return StoreError(
        what,
        where=where,
        expected="files as tmescope writes them",
        next_step="the files were written by something else: make the atlas again from its samples",
    )


def cut_genes(
    sizes: NDArray[np.int64],
    *,
    memory: int,
    entry: int,
    where: str = "argument memory",
    base: int = 0,
    each: int | NDArray[np.int64] = 0,
) -> tuple[tuple[int, int], ...]:
    """Cut genes into runs whose entries fit into memory, as few as can be.

    Parameters
    ----------
    sizes : array of int64, shape (n_genes,)
        Entries of each gene.
    memory : int
        Bytes that a run may hold.
    entry : int
        Bytes of an entry.
    where : str
        What an error names.
    base : int
        Bytes that are held whatever the run.
    each : int or array of int64, shape (n_genes,)
        Bytes that a gene takes beside its entries.

    Raises
    ------
    InputError
        If the largest gene does not fit.
    """
    largest = int(sizes.max(initial=0))
    costs = sizes * entry + each
    needed = base + max(int(costs.max(initial=0)), entry + (each if isinstance(each, int) else 0))
    if memory < needed:
        raise InputError(
            f"{memory} bytes are too few for one gene of {largest} cells",
            where=where,
            expected=f"at least {needed} bytes ({-(-needed // (1 << 20))} MiB) for each thread",
            next_step="give more memory, or fewer threads",
        )
    ends = np.concatenate([[0], np.cumsum(costs)])
    cuts = [0]
    while cuts[-1] < sizes.size:
        cuts.append(int(np.searchsorted(ends, ends[cuts[-1]] + memory - base, side="right")) - 1)
    return tuple(itertools.pairwise(cuts))


def panel_forms(layout: AtlasLayout) -> dict[str, VectorForm]:
    """Return the form of the vectors of a panel.

    Parameters
    ----------
    layout : AtlasLayout
        Of the atlas.

    Notes
    -----
    ``ends`` of genes, ``steps`` from one cell of a gene to the next, ``counts``, and ``totals`` of cells. A panel has
    65,536 cells at most, so that a step fits into 16 bits; most fit into 5, which is what bit-shuffling keeps of them.
    """
    types = {"ends": "int32", "steps": "uint16", "counts": layout.count_dtype, "totals": "int64"}
    return {name: VectorForm(dtype, chunk=_CHUNK, shard=_SHARD) for name, dtype in types.items()}


def _lengths(panel: AtlasPanel, n_genes: int) -> dict[str, int]:
    n = panel.n_entries
    return {"ends": n_genes + 1, "steps": n, "counts": n, "totals": panel.last - panel.first}
