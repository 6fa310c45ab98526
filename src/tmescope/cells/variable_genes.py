"""Genes that vary more between cells than genes of their mean do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tmescope.foundation.budget import DEFAULT_MEMORY, Budget
from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.kernels.gene_moments import cell_scales, gene_moments
from tmescope.stats.variance_trend import expected_variance
from tmescope.store.atlas_passes import Local, Span, map_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas

__all__ = ["FLAVOURS", "VariableGenes", "find_variable_genes"]

FLAVOURS = ("seurat_v3", "seurat")
_SPAN_ENTRIES = 1 << 24
_BLOCK_ENTRIES = 1 << 22
_OF_A_PART = 1 << 20
"""Bytes: what a thread and the allocator keep for themselves."""
_OF_A_CELL = 8
"""Bytes: its group, as it was given and as the pass takes it."""
_N_BINS = 20


@dataclass(frozen=True)
class VariableGenes:
    """Which genes vary, and by how much.

    Parameters
    ----------
    genes : pandas.DataFrame
        Index genes of the atlas. ``highly_variable``, ``means``, and for seurat_v3 ``variances``, ``variances_norm``,
        ``highly_variable_rank`` (NaN beyond the number asked for, and where a gene never varies); for seurat
        ``dispersions``, ``dispersions_norm``. With batches also ``highly_variable_nbatches``.
    flavour : str
        One of `FLAVOURS`.
    left_out : tuple of str
        Batches of too few cells, which had no say.
    """

    genes: pd.DataFrame
    flavour: str
    left_out: tuple[str, ...] = ()

    @property
    def chosen(self) -> NDArray[np.bool_]:
        """Which genes were chosen, in the order of the atlas."""
        return self.genes["highly_variable"].to_numpy()


def find_variable_genes(  # noqa: PLR0913 - the budget beside what is asked
    atlas: Atlas,
    *,
    flavour: Literal["seurat_v3", "seurat"] = "seurat_v3",
    n_genes: int = 2000,
    batches: pd.Series[str] | None = None,
    fewest_cells: int = 50,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> VariableGenes:
    """Choose the genes that vary most between cells.

    Answers which genes tell cells apart; it says nothing of whether that is biology or batch.

    Parameters
    ----------
    atlas : Atlas
        Counts.
    flavour : {"seurat_v3", "seurat"}
        seurat_v3: counts standardised by the variance expected of their mean, cut at the square root of the number of
        cells; two passes. seurat: log dispersion of counts per 10,000, standardised in 20 bins of the mean; one.
    n_genes : int
        How many; all that vary if there are fewer.
    batches : pandas.Series, optional
        Batch of each cell, in the order of the atlas. Genes are chosen within each batch: seurat_v3 by the median of
        their ranks, then by in how many batches they are chosen; seurat by that number, then by the mean normalised
        dispersion.
    fewest_cells : int
        Batches of fewer cells have no say; they are named in the result.
    memory : int
        Bytes that may be held beyond `tmescope.foundation.budget.BASE`; the error says the least if it is too little.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of cells.

    Returns
    -------
    VariableGenes

    Raises
    ------
    UnknownNameError
        No such flavour.
    InputError
        If there is not one batch for each cell, none has enough cells, or fewer than 20 genes vary.
    MissingDependencyError
        If seurat_v3 is asked for without scikit-misc.

    Notes
    -----
    The same genes as ``scanpy.pp.highly_variable_genes`` with ``n_top_genes``, up to genes whose measure is the same to
    float32's precision. Of equal genes the first in the atlas are chosen by seurat_v3; seurat takes all that equal the
    last one, as scanpy does. Sums are of float64 over spans that the atlas alone decides. The equations are in
    docs/methods/cells-passes.md.

    References
    ----------
    Stuart et al., Cell 2019, doi:10.1016/j.cell.2019.05.031; Satija et al., Nat Biotechnol 2015, doi:10.1038/nbt.3192.
    """
    if flavour not in FLAVOURS:
        raise UnknownNameError.of("flavour", flavour, FLAVOURS)
    if n_genes < 1:
        raise InputError(f"{n_genes} genes were asked for", where="argument n_genes", expected="1 or more")
    group, names, left_out = _groups(atlas, batches, fewest_cells)
    block = _block(atlas, len(names), memory=memory, runner=runner)
    passes = _Passes(atlas, group, tuple(names), runner, progress, block)
    found = _by_counts(passes, n_genes) if flavour == "seurat_v3" else _by_dispersion(passes, n_genes)
    if batches is None:
        found = found.drop(columns="highly_variable_nbatches")
    found.index = atlas.genes().index
    return VariableGenes(found, flavour, left_out)


def _groups(
    atlas: Atlas, batches: pd.Series[str] | None, fewest: int
) -> tuple[NDArray[np.int32], list[str], tuple[str, ...]]:
    """Return the number of each cell's batch, -1 where it has no say, with the names of those that have one."""
    n_cells = atlas.layout.n_cells
    if batches is None:
        _refuse_few(n_cells)
        return np.zeros(n_cells, np.int32), ["all"], ()
    if len(batches) != n_cells or batches.isna().any():
        raise InputError(
            f"{len(batches)} batches for {n_cells} cells, {int(batches.isna().sum())} of them missing",
            where="argument batches",
            expected="one for each cell",
            next_step="name a column that every cell has",
        )
    sizes = batches.astype("str").value_counts()
    names = sorted(str(n) for n in sizes.index[sizes >= fewest])
    left_out = tuple(sorted(str(n) for n in sizes.index[sizes < fewest]))
    if not names:
        raise InputError(
            f"none of {len(sizes)} batches has {fewest} cells; the largest has {int(sizes.max())}",
            where="argument batches",
            expected=f"a batch of {fewest} cells",
            next_step="choose genes over all cells, or set the limit lower",
        )
    codes = pd.Index(names, dtype="str").get_indexer(pd.Index(batches.astype("str")))
    return codes.astype(np.int32), names, left_out


def _refuse_few(n_cells: int) -> None:
    if n_cells < 3:
        raise InputError(f"the atlas has {n_cells} cells", where="variable genes", expected="3 or more")


def _block(atlas: Atlas, n_groups: int, *, memory: int, runner: Runner | None) -> int:
    """Return how many counts are decoded together; sums do not depend on it, nor do the spans that they are of."""
    layout, together = atlas.layout, (runner or Local()).n_together
    of_groups = 8 * layout.n_genes * (n_groups + 1)
    # limits; sums in all and what the choice makes of them; sums of each part, and of those that wait to be added
    fixed = of_groups * (8 + 4 * together) + _OF_A_CELL * layout.n_cells
    item = 4 + np.dtype(layout.count_dtype).itemsize
    part = 12 * layout.chunk + _OF_A_PART
    budget = Budget(memory=memory, fixed=fixed, together=together, item=item, part=part)
    because = f"the sums of {n_groups + 1:,} groups and the groups of {layout.n_cells:,} cells"
    least = min(max(layout.chunk, layout.n_genes), _BLOCK_ENTRIES)
    return budget.items(least=least, most=_BLOCK_ENTRIES, where="memory (--memory)", because=because)


@dataclass(frozen=True)
class _Given:
    group: NDArray[np.int32]
    limits: NDArray[np.float64]
    target: float
    block: int


@dataclass(frozen=True)
class _Passes:
    atlas: Atlas
    group: NDArray[np.int32]
    names: tuple[str, ...]
    runner: Runner | None
    progress: Progress
    block: int

    @property
    def n_groups(self) -> int:
        return len(self.names)

    @property
    def sizes(self) -> NDArray[np.float64]:
        return np.bincount(self.group[self.group >= 0], minlength=self.n_groups).astype(np.float64)

    def moments(self, limits: NDArray[np.float64] | None, *, target: float = 0.0, task: str) -> NDArray[np.float64]:
        """Return sums and sums of squares, a group more for cells without a say."""
        shape = (self.n_groups + 1, self.atlas.layout.n_genes)
        limits = np.full(shape, np.inf) if limits is None else np.vstack([limits, np.full((1, shape[1]), np.inf)])
        group = np.where(self.group < 0, self.n_groups, self.group).astype(np.int32)
        total = np.zeros((*shape, 2))
        spans = self.atlas.bounds(_SPAN_ENTRIES)
        given = _Given(group, limits, target, self.block)
        for part in map_spans(
            _moments, self.atlas, spans, given=given, runner=self.runner, progress=self.progress, task=task
        ):
            total += part
        return total


def _moments(span: Span, given: _Given) -> NDArray[np.float64]:
    found = np.zeros((*given.limits.shape, 2))
    for first, last in span.atlas.bounds(given.block, first=span.first, last=span.last):
        rows = span.atlas.rows(first, last)
        scales = np.ones(rows.n_cells)
        if given.target > 0.0:
            cell_scales(rows.ends, rows.counts, given.target, scales)
        gene_moments(rows.ends, rows.genes, rows.counts, given.group[first:last], scales, given.limits, found)
    return found


def _mean_and_variance(
    moments: NDArray[np.float64], n: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = moments[..., 0] / n
    spread = moments[..., 1] - n * mean**2
    # what is left of equal values by rounding is no variance
    spread = np.where(spread > 1e-13 * moments[..., 1], spread, 0.0)
    return mean, spread / (n - 1.0)


def _by_counts(passes: _Passes, n_genes: int) -> pd.DataFrame:
    """Rank genes by the variance of their standardised, clipped counts (seurat_v3)."""
    moments = passes.moments(None, task="moments of genes")
    n = passes.sizes[:, None]
    mean, variance = _mean_and_variance(moments[:-1], n)
    expected = np.array(
        [
            expected_variance(m, v, where=f"variable genes of {name} cells")
            for m, v, name in zip(mean, variance, passes.names, strict=True)
        ]
    )
    clipped = passes.moments(np.sqrt(expected * n) + mean, task="clipped moments of genes")[:-1]
    # sum of squared distances of the clipped counts from the mean before clipping, zeros among them
    squares = n * mean**2 + clipped[..., 1] - 2.0 * clipped[..., 0] * mean
    standardised = squares / ((n - 1.0) * expected)
    ranks = np.argsort(np.argsort(-standardised, axis=1, kind="stable"), axis=1, kind="stable").astype(np.float64)
    ranks[(ranks >= n_genes) | (variance <= 0.0)] = (
        np.nan
    )  # what never varies is not chosen, however many are asked for
    chosen_in = (~np.isnan(ranks)).sum(axis=0)
    median = np.full(ranks.shape[1], np.nan)
    median[chosen_in > 0] = np.nanmedian(ranks[:, chosen_in > 0], axis=0)
    order = np.lexsort((-chosen_in, np.nan_to_num(median, nan=np.inf)))
    all_mean, all_variance = _mean_and_variance(moments.sum(axis=0), np.array(float(passes.group.size)))
    is_chosen = np.zeros(ranks.shape[1], dtype=bool)
    is_chosen[order[:n_genes]] = True
    is_chosen &= chosen_in > 0
    return pd.DataFrame(
        {
            "highly_variable": is_chosen,
            "means": all_mean,
            "variances": all_variance,
            "variances_norm": standardised.mean(axis=0),
            "highly_variable_rank": median,
            "highly_variable_nbatches": chosen_in,
        }
    )


def _by_dispersion(passes: _Passes, n_genes: int) -> pd.DataFrame:
    """Rank genes by log dispersion within bins of their mean (seurat)."""
    moments = passes.moments(None, target=1e4, task="moments of genes")[:-1]
    mean, variance = _mean_and_variance(moments, passes.sizes[:, None])
    per_batch = []
    for m, v, sums in zip(mean, variance, moments[..., 0], strict=True):
        is_seen = sums > 0.0 if passes.n_groups > 1 else np.ones(m.size, dtype=bool)
        per_batch.append(_dispersions(m, v, is_seen, n_genes=n_genes))
    if passes.n_groups == 1:
        return per_batch[0].assign(highly_variable_nbatches=per_batch[0]["highly_variable"].astype(np.int64))
    columns = ["means", "dispersions", "dispersions_norm"]
    joined = pd.DataFrame({c: pd.concat([b[c] for b in per_batch], axis=1).mean(axis=1) for c in columns})
    joined["highly_variable_nbatches"] = np.sum([b["highly_variable"].to_numpy() for b in per_batch], axis=0)
    spread = joined["dispersions_norm"].fillna(-np.inf).to_numpy()
    order = np.lexsort((-spread, -joined["highly_variable_nbatches"].to_numpy()))
    is_chosen = np.zeros(len(joined), dtype=bool)
    is_chosen[order[:n_genes]] = True
    is_chosen &= joined["highly_variable_nbatches"].to_numpy() > 0
    joined.insert(0, "highly_variable", is_chosen)
    return joined


def _dispersions(
    mean: NDArray[np.float64], variance: NDArray[np.float64], is_seen: NDArray[np.bool_], *, n_genes: int
) -> pd.DataFrame:
    """Return dispersions of one batch; genes that are not seen in it are zero throughout, as scanpy has it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(mean > 0.0, variance / np.where(mean > 0.0, mean, 1.0), 0.0)
        dispersion = np.where(ratio > 0.0, np.log(ratio), np.nan)
    table = pd.DataFrame({"means": np.log1p(np.maximum(mean, 1e-12)), "dispersions": dispersion})[is_seen]
    bins = pd.cut(table["means"], bins=_N_BINS)
    by_bin = table["dispersions"].groupby(bins, observed=True)
    centre, spread = by_bin.transform("mean"), by_bin.transform("std")
    is_alone = spread.isna()  # one gene in a bin: its normalised dispersion is 1
    spread, centre = spread.where(~is_alone, centre), centre.where(~is_alone, 0.0)
    table["dispersions_norm"] = (table["dispersions"] - centre) / spread
    values = np.sort(table["dispersions_norm"].dropna().to_numpy())[::-1]
    cut = values[min(n_genes, values.size) - 1] if values.size else np.inf
    is_chosen = np.zeros(mean.size, dtype=bool)
    is_chosen[table.index] = (table["dispersions_norm"] >= cut).to_numpy()
    full = table.reindex(np.arange(mean.size), fill_value=0.0)
    full.insert(0, "highly_variable", is_chosen)
    return full
