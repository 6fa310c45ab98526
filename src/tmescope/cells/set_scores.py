"""Gene sets scored in every cell: their mean expression, less that of control genes of like expression."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.budget import DEFAULT_MEMORY, Budget
from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.kernels.gene_moments import cell_scales, log_moments
from tmescope.kernels.set_sums import set_sums
from tmescope.store.atlas_passes import Local, Span, map_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas

__all__ = ["CellScores", "draw_controls", "score_cells"]

_SPAN_ENTRIES = 1 << 24
_BLOCK_ENTRIES = 1 << 22
_N_BINS = 25
"""Of mean expression over all genes: one more or less, as the ranks divide."""
_OF_A_PART = 1 << 20
"""Bytes: what a thread and the allocator keep for themselves."""
_TARGET = 1e4


@dataclass(frozen=True)
class CellScores:
    """Scores of gene sets.

    Parameters
    ----------
    scores : pandas.DataFrame, n_cells x n_sets
        In units of log(1 + counts per 10,000); about 0 where the set is expressed as genes of its mean are.
    sets : pandas.DataFrame
        A row for each set that was asked for: ``set``, ``n_genes`` (named), ``n_found``, ``n_controls``, ``is_scored``.
    """

    scores: pd.DataFrame
    sets: pd.DataFrame


@dataclass(frozen=True)
class _Given:
    n_sets: int
    block: int
    starts: NDArray[np.int64]
    sets: NDArray[np.int32]
    weights: NDArray[np.float64]


def score_cells(
    atlas: Atlas,
    sets: Mapping[str, Sequence[str]],
    *,
    n_controls: int = 50,
    seed: int = 0,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> CellScores:
    """Score gene sets in every cell.

    Answers which cells express a programme more than genes of the same mean expression would lead one to expect. Scores
    compare cells with each other; patients are compared through `tmescope.cells.pseudobulk`.

    Parameters
    ----------
    atlas : Atlas
        Counts.
    sets : mapping of str to sequence of str
        Genes of each set, unweighted; genes that the atlas lacks are counted and left out.
    n_controls : int
        Control genes drawn from each of 25 bins of mean expression that a gene of the set is in.
    seed : int
        Of the draw. A set's controls depend on it and on the set's name, not on the other sets.
    memory : int
        Bytes that may be held beyond `tmescope.foundation.budget.BASE`; the error says the least if it is too little.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of cells.

    Returns
    -------
    CellScores

    Raises
    ------
    InputError
        If there is no set, or none has a gene in the atlas and a control gene.

    Notes
    -----
    ``score = mean(v of the set) - mean(v of the controls)``, ``v = log(1 + 10,000 * count / total)``. Two passes:
    means of all genes, from which bins and controls follow; then all sets at once. A set of which no gene is found, or
    without controls, is not scored. A cell without counts scores 0. As ``scanpy.tl.score_genes`` up to which controls
    are drawn; where a bin has no more genes than are to be drawn, both take all of them and agree.

    References
    ----------
    Tirosh et al., Science 2016, doi:10.1126/science.aad0501.
    """
    if not sets or n_controls < 1:
        raise InputError(
            f"{len(sets)} sets, {n_controls} controls",
            where="gene-set scores",
            expected="a set, 1 control or more",
        )
    names = pd.Index(atlas.genes().index)
    spans = atlas.bounds(_SPAN_ENTRIES)
    block = _block(atlas, (len(sets), max((b - a for a, b in spans), default=0)), memory=memory, runner=runner)
    total = np.zeros(len(names))
    for part in map_spans(
        _sums, atlas, spans, given=(len(names), block), runner=runner, progress=progress, task="means of genes"
    ):
        total += part
    bins = _bins(total / max(atlas.layout.n_cells, 1), _N_BINS)
    members = {name: np.flatnonzero(names.isin(list(genes))) for name, genes in sets.items()}
    controls = {n: draw_controls(bins, m, n_controls=n_controls, seed=_seed(seed, n)) for n, m in members.items()}
    scored = [n for n in sets if members[n].size and controls[n].size]
    table = pd.DataFrame(
        {
            "set": list(sets),
            "n_genes": [len(set(g)) for g in sets.values()],
            "n_found": [members[n].size for n in sets],
            "n_controls": [controls[n].size for n in sets],
            "is_scored": [n in scored for n in sets],
        }
    )
    if not scored:
        raise InputError(
            f"none of {len(sets)} sets has a gene among the {len(names)} of the atlas, and control genes",
            where=str(atlas.path),
            expected="sets in the names that the atlas has",
            next_step="check how the genes are named: symbols, or Ensembl identifiers",
        )
    given = _weights((len(names), block), [(members[n], controls[n]) for n in scored])
    parts = map_spans(_score, atlas, spans, given=given, runner=runner, progress=progress, task="score gene sets")
    scores = np.empty((atlas.layout.n_cells, len(scored)))
    for (first, last), part in zip(spans, parts, strict=True):
        scores[first:last] = part
    return CellScores(pd.DataFrame(scores, columns=scored, copy=False), table)


def _block(atlas: Atlas, sizes: tuple[int, int], *, memory: int, runner: Runner | None) -> int:
    """Return how many counts are decoded together; scores do not depend on it."""
    (n_sets, largest), layout, together = sizes, atlas.layout, (runner or Local()).n_together
    # scores in the table and in their parts; sums of genes in all, of each part and of those that wait to be added
    fixed = 8 * n_sets * (layout.n_cells + 2 * together * largest) + 16 * layout.n_genes * (n_sets + 2 + 2 * together)
    item = 4 + np.dtype(layout.count_dtype).itemsize
    part = 12 * layout.chunk + _OF_A_PART
    budget = Budget(memory=memory, fixed=fixed, together=together, item=item, part=part)
    because = f"the scores of {n_sets:,} sets in {layout.n_cells:,} cells"
    least = min(max(layout.chunk, layout.n_genes), _BLOCK_ENTRIES)
    return budget.items(least=least, most=_BLOCK_ENTRIES, where="memory (--memory)", because=because)


def _seed(seed: int, name: str) -> tuple[int, int]:
    return seed, zlib.crc32(name.encode())


def _bins(mean: NDArray[np.float64], n_bins: int) -> NDArray[np.int64]:
    """Return the bin of each gene: its rank among the means, equal ones sharing the lowest, in steps of one size."""
    step = max(round(mean.size / (n_bins - 1)), 1)
    rank = pd.Series(mean).rank(method="min").to_numpy()
    return (rank // step).astype(np.int64)


def draw_controls(
    bins: NDArray[np.int64], members: NDArray[np.int64], *, n_controls: int, seed: Sequence[int]
) -> NDArray[np.int64]:
    """Draw control genes from the bins of a set's genes.

    Parameters
    ----------
    bins : array of int64, n_genes
        Bin of each gene.
    members : array of int64
        Genes of the set.
    n_controls : int
        Drawn from each bin, all of it if it has no more; those that are in the set are then left out.
    seed : sequence of int
        Of the draw.

    Returns
    -------
    array of int64
        Sorted.
    """
    rng = np.random.default_rng(list(seed))
    drawn: list[NDArray[np.int64]] = []
    for number in np.unique(bins[members]):
        there = np.flatnonzero(bins == number)
        drawn.append(there if there.size <= n_controls else rng.choice(there, n_controls, replace=False))
    return np.setdiff1d(np.concatenate(drawn), members) if drawn else np.zeros(0, dtype=np.int64)


def _weights(size: tuple[int, int], sets: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> _Given:
    """Return the weight of each gene in each set, gene by gene."""
    from scipy import sparse

    n_genes, block = size
    genes = np.concatenate([g for pair in sets for g in pair])
    columns = np.concatenate([np.full(m.size + c.size, i) for i, (m, c) in enumerate(sets)])
    values = np.concatenate([np.repeat([1.0 / m.size, -1.0 / c.size], [m.size, c.size]) for m, c in sets])
    table = sparse.csr_matrix((values, (genes, columns)), shape=(n_genes, len(sets)))
    return _Given(len(sets), block, table.indptr.astype(np.int64), table.indices.astype(np.int32), table.data)


def _sums(span: Span, given: tuple[int, int]) -> NDArray[np.float64]:
    n_genes, block = given
    found = np.zeros((n_genes, 2))
    for first, last in span.atlas.bounds(block, first=span.first, last=span.last):
        rows = span.atlas.rows(first, last)
        scales = np.empty(rows.n_cells)
        cell_scales(rows.ends, rows.counts, _TARGET, scales)
        log_moments(rows.ends, rows.genes, rows.counts, scales, found)
    return found[:, 0]


def _score(span: Span, given: _Given) -> NDArray[np.float64]:
    found = np.zeros((span.last - span.first, given.n_sets))
    for first, last in span.atlas.bounds(given.block, first=span.first, last=span.last):
        rows = span.atlas.rows(first, last)
        scales = np.empty(rows.n_cells)
        cell_scales(rows.ends, rows.counts, _TARGET, scales)
        part = found[first - span.first : last - span.first]
        set_sums(rows.ends, rows.genes, rows.counts, scales, given.starts, given.sets, given.weights, part)
    return found
