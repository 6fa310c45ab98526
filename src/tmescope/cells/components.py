"""Principal components of cells: one pass over an atlas, and one over what varies, in memory or on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.kernels.chosen_genes import add_products, chosen_values, place_cells, turn_cells
from tmescope.kernels.gene_moments import cell_scales
from tmescope.stats.gram_components import components_of_products
from tmescope.store.atlas_layout import HIDDEN
from tmescope.store.atlas_passes import Local, Span, map_spans
from tmescope.store.scratch_arrays import ScratchArrays, ScratchPlace, scratch_arrays
from tmescope.store.threads import map_row_blocks, one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.stats.gram_components import GramComponents
    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas

__all__ = ["CellComponents", "find_components"]

_SPAN_ENTRIES = 1 << 24
_BLOCK_ENTRIES = 1 << 21
_TILE = 4096
"""Cells whose chosen values are multiplied together: they lie in the second cache."""
_MOST_GENES = 1 << 16
_BLOCK_BYTES = 60 * _BLOCK_ENTRIES
"""What one thread holds of a block: its counts as read, and at most as many values, each turned."""
_KEPT_BYTES = 6


@dataclass(frozen=True)
class CellComponents:
    """Places of cells along their first principal components.

    Parameters
    ----------
    scores : array of float32, shape (n_cells, k)
    genes : pandas.DataFrame
        Index genes of the atlas; ``PC1`` and so on: loadings, zero for genes that were not chosen. Unit vectors; the
        entry of largest size in each is positive.
    variances, shares : array of float64, shape (k,)
        Variance of the cells along each, and its share of the total variance of the chosen genes.
    n_passes : int
        How often the atlas was read, in part or whole.
    scratch_bytes : int
        What was kept on the disk meanwhile.
    """

    scores: NDArray[np.float32]
    genes: pd.DataFrame
    variances: NDArray[np.float64]
    shares: NDArray[np.float64]
    n_passes: int
    scratch_bytes: int = 0


def find_components(
    atlas: Atlas,
    chosen: Sequence[bool] | NDArray[np.bool_],
    *,
    n_components: int = 50,
    scale: bool = False,
    memory: int = 1 << 30,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> CellComponents:
    """Find the principal components of log-normalised counts of chosen genes.

    Answers along which directions cells differ most: the ground for neighbours, clusters and maps.

    Parameters
    ----------
    atlas : Atlas
        Counts.
    chosen : sequence of bool
        Which genes, in the order of the atlas: `VariableGenes.chosen`.
    n_components : int
        At most; no more than the rank are returned.
    scale : bool
        Whether each gene is brought to unit variance first, and values above 10 standard deviations are set to 10
        (one pass more).
    memory : int
        Bytes, a hard budget for all that grows with genes, blocks and threads. What is left of it beside the scores
        holds the values of the chosen genes; those that it cannot hold go to a file in the atlas, six bytes each, as
        long as the call runs and a gibibyte of the disk stays free. Scores that are more than what is left, 4 bytes
        each, come on top.
    runner : Runner, optional
        Who works. The bytes of the answer are the same for any number of threads.
    progress : Progress
        Told of cells.

    Returns
    -------
    CellComponents

    Raises
    ------
    InputError
        If there is not one truth for each gene, none or more than 65,535 are chosen, fewer than one component is asked
        for, or the memory is too small.

    Notes
    -----
    Values are ``v = log(1 + 10,000 * count / total)``, the total over all genes, as float32. The first pass adds up
    ``V'V`` and ``V'1`` in float64, from which the centred covariance and its eigenvectors follow; then the values are
    projected. They are read from the atlas again where neither memory nor disk could keep them, and by workers of a
    cluster. A cell without counts has values of zero. Spans and their order depend on the atlas alone. Cost: half the
    sum over cells of the squared number of chosen genes seen, and one decomposition of genes x genes.

    References
    ----------
    Jolliffe and Cadima, Phil Trans R Soc A 2016, doi:10.1098/rsta.2015.0202.
    """
    place = _place(chosen, atlas)
    n_chosen = int((place >= 0).sum())
    if n_components < 1:
        raise InputError(f"{n_components} components", where="argument n_components", expected="1 or more")
    spans = atlas.bounds(_SPAN_ENTRIES)
    spare = max(_spare(memory, n_chosen, runner) - 4 * min(n_components, n_chosen) * atlas.layout.n_cells, 0)
    with scratch_arrays(atlas.path / HIDDEN) if _is_local(runner) else nullcontext() as scratch:
        passes = _Passes(atlas, place, runner, progress, scratch)
        limits, deviations = passes.limits(spans) if scale else (np.full(n_chosen, np.inf), None)
        products, kept = passes.products(spans, limits, spare=spare)
        with one_blas_thread():
            found = components_of_products(
                products[0], products[1], atlas.layout.n_cells, n_components=n_components, scale=deviations
            )
        del products
        loadings = found.loadings if deviations is None else found.loadings / deviations[:, None]
        scores = passes.project(spans, kept, given=_Projected(place, limits, loadings, found.centre @ found.loadings))
        n_passes = 1 + int(scale) + int(any(k is None for k in kept))
        table = _loadings(atlas, place, found)
        put = scratch.nbytes if scratch else 0
        return CellComponents(scores, table, found.variances, found.shares, n_passes, put)


def _is_local(runner: Runner | None) -> bool:
    return runner is None or isinstance(runner, Local)


def _place(chosen: Sequence[bool] | NDArray[np.bool_], atlas: Atlas) -> NDArray[np.int32]:
    flags = np.asarray(chosen)
    n_genes = atlas.layout.n_genes
    if flags.shape != (n_genes,) or flags.dtype != bool or not 0 < int(flags.sum()) < _MOST_GENES:
        shown = int(flags.sum()) if flags.dtype == bool else str(flags.dtype)
        raise InputError(
            f"{flags.size} values say which of {n_genes} genes are chosen, {shown} of them",
            where="argument chosen",
            expected=f"True or False for each gene of the atlas, between 1 and {_MOST_GENES - 1:,} of them True",
        )
    return np.where(flags, np.cumsum(flags) - 1, -1).astype(np.int32)


def _spare(memory: int, n_chosen: int, runner: Runner | None) -> int:
    """Return the bytes that are left for values, once every worker has a block, and tables of genes x genes."""
    workers = runner.n_workers if runner else 1
    # a table for each worker and each that waits for its turn, the sum, and as many again while it is decomposed
    tables = (3 * workers + 4) * 8 * n_chosen**2
    needed = tables + workers * _BLOCK_BYTES
    if memory < needed:
        raise InputError(
            f"{memory:,} bytes are too few for {n_chosen:,} genes and {workers} workers",
            where="argument memory",
            expected=f"at least {needed:,} bytes",
            next_step="choose fewer genes, or fewer threads",
        )
    return memory - needed


@dataclass(frozen=True)
class _Kept:
    """Chosen values of some cells."""

    ends: NDArray[np.int64]
    columns: NDArray[np.uint16]
    values: NDArray[np.float32]


_Span: TypeAlias = "tuple[_Kept | ScratchPlace, ...] | None"
"""Chosen values of a span, part by part; None where they must be read again."""


@dataclass(frozen=True)
class _Multiplied:
    place: NDArray[np.int32]
    limits: NDArray[np.float64]
    bytes_per_cell: float
    scratch: ScratchArrays | None


@dataclass(frozen=True)
class _Projected:
    place: NDArray[np.int32]
    limits: NDArray[np.float64]
    loadings: NDArray[np.float64]
    centre: NDArray[np.float64]


@dataclass(frozen=True)
class _Passes:
    atlas: Atlas
    place: NDArray[np.int32]
    runner: Runner | None
    progress: Progress
    scratch: ScratchArrays | None

    def limits(self, spans: Sequence[tuple[int, int]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return, for each chosen gene, its mean and ten standard deviations, and the deviation (1 where it is 0)."""
        n = self.atlas.layout.n_cells
        total = np.zeros((int((self.place >= 0).sum()), 2))
        for part in map_spans(
            _moments, self.atlas, spans, given=self.place, runner=self.runner, progress=self.progress,
            task="moments of chosen genes",
        ):  # fmt: skip
            total += part
        mean = total[:, 0] / max(n, 1)
        deviation = np.sqrt(np.maximum(total[:, 1] - n * mean**2, 0.0) / max(n - 1, 1))
        deviation[deviation == 0.0] = 1.0
        return mean + 10.0 * deviation, deviation

    def products(
        self, spans: Sequence[tuple[int, int]], limits: NDArray[np.float64], *, spare: int
    ) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], list[_Span]]:
        """Return products and sums over all cells, and the values of spans, as far as they fit somewhere."""
        p = limits.size
        products, sums = np.zeros((p, p)), np.zeros(p)
        kept: list[_Span] = []
        given = _Multiplied(self.place, limits, spare / max(self.atlas.layout.n_cells, 1), self.scratch)
        for more, part, rows in map_spans(
            _multiply, self.atlas, spans, given=given, runner=self.runner, progress=self.progress,
            task="products of genes",
        ):  # fmt: skip
            products += more
            sums += part
            kept.append(rows)
        return (products, sums), kept

    def project(
        self, spans: Sequence[tuple[int, int]], kept: Sequence[_Span], *, given: _Projected
    ) -> NDArray[np.float32]:
        """Return the scores of all cells."""
        scores = np.empty((self.atlas.layout.n_cells, given.centre.size), dtype=np.float32)
        threads = self.runner.n_workers if self.runner and _is_local(self.runner) else 1

        def place(number: int, _: int) -> None:
            at = spans[number][0]
            for part in kept[number] or ():
                rows = self._taken(part)
                stop = at + rows.ends.size - 1
                place_cells(rows.ends, rows.columns, rows.values, given.loadings, given.centre, scores[at:stop])
                at = stop

        for _ in map_row_blocks(place, len(spans), block=1, threads=threads):
            pass
        again = [span for span, rows in zip(spans, kept, strict=True) if rows is None]
        found = map_spans(
            _project, self.atlas, again, given=given, runner=self.runner, progress=self.progress, task="place cells"
        )
        for (first, last), part in zip(again, found, strict=True):
            scores[first:last] = part
        return scores

    def _taken(self, part: _Kept | ScratchPlace) -> _Kept:
        if isinstance(part, _Kept) or self.scratch is None:
            return cast("_Kept", part)
        return _Kept(*self.scratch.take(part))


def _chosen(atlas: Atlas, part: tuple[int, int], place: NDArray[np.int32], *, limits: NDArray[np.float64]) -> _Kept:
    rows = atlas.rows(*part)
    scales = np.empty(rows.n_cells)
    cell_scales(rows.ends, rows.counts, 1e4, scales)
    ends = np.empty(rows.n_cells + 1, dtype=np.int64)
    columns, values = np.empty(rows.genes.size, dtype=np.uint16), np.empty(rows.genes.size, dtype=np.float32)
    chosen_values(rows.ends, rows.genes, rows.counts, scales, place, limits, ends, columns, values)
    n = int(ends[-1])
    return _Kept(ends, columns[:n], values[:n])


def _moments(span: Span, place: NDArray[np.int32]) -> NDArray[np.float64]:
    n = int((place >= 0).sum())
    found, limits = np.zeros((n, 2)), np.full(n, np.inf)
    for part in span.atlas.bounds(_BLOCK_ENTRIES, first=span.first, last=span.last):
        rows = _chosen(span.atlas, part, place, limits=limits)
        values = rows.values.astype(np.float64)
        found[:, 0] += np.bincount(rows.columns, values, minlength=n)
        found[:, 1] += np.bincount(rows.columns, values**2, minlength=n)
    return found


def _multiply(span: Span, given: _Multiplied) -> tuple[NDArray[np.float64], NDArray[np.float64], _Span]:
    p = given.limits.size
    products, sums = np.zeros((p, p)), np.zeros(p)
    room = given.bytes_per_cell * (span.last - span.first)
    parts: _Span = ()
    for part in span.atlas.bounds(_BLOCK_ENTRIES, first=span.first, last=span.last):
        rows = _chosen(span.atlas, part, given.place, limits=given.limits)
        _add_tiles(rows, products, sums)
        if parts is None:
            continue
        kept, room = _keep(rows, room, given.scratch)
        parts = None if kept is None else (*parts, kept)
    return products, sums, parts


def _keep(rows: _Kept, room: float, scratch: ScratchArrays | None) -> tuple[_Kept | ScratchPlace | None, float]:
    """Keep values in memory where there is room, else on the disk; return where, and the room that is left."""
    needed = _KEPT_BYTES * rows.values.size + 8 * rows.ends.size
    if needed <= room:
        return _Kept(rows.ends, rows.columns.copy(), rows.values.copy()), room - needed
    return (scratch.put((rows.ends, rows.columns, rows.values)) if scratch else None), 0.0


def _add_tiles(rows: _Kept, products: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
    starts = np.empty(sums.size + 1, dtype=np.int64)
    for first in range(0, rows.ends.size - 1, _TILE):
        ends = rows.ends[first : first + _TILE + 1]
        n = int(ends[-1] - ends[0])
        after, stops, turned = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.float32)
        turn_cells(ends, rows.columns, rows.values, starts, after, stops, turned)
        add_products(starts, after, stops, turned, rows.columns, rows.values, products, sums)


def _project(span: Span, given: _Projected) -> NDArray[np.float32]:
    scores = np.empty((span.last - span.first, given.centre.size), dtype=np.float32)
    for first, last in span.atlas.bounds(_BLOCK_ENTRIES, first=span.first, last=span.last):
        rows = _chosen(span.atlas, (first, last), given.place, limits=given.limits)
        part = scores[first - span.first : last - span.first]
        place_cells(rows.ends, rows.columns, rows.values, given.loadings, given.centre, part)
    return scores


def _loadings(atlas: Atlas, place: NDArray[np.int32], found: GramComponents) -> pd.DataFrame:
    k = found.variances.size
    full = np.zeros((place.size, k))
    full[place >= 0] = found.loadings
    return pd.DataFrame(full, index=atlas.genes().index, columns=[f"PC{i + 1}" for i in range(k)])
