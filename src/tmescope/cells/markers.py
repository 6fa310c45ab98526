"""Marker genes of groups of cells: each group against the rest, ranked by how well a gene tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.cells.marker_groups import check_groups
from tmescope.foundation.errors import InputError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.kernels.grouped_ranks import large_words, panel_words, rank_words
from tmescope.stats.group_rank_sums import compare_rank_sums
from tmescope.stats.multiplicity import benjamini_hochberg
from tmescope.store.atlas_panels import PanelPart, PanelReader, open_panels
from tmescope.store.atlas_passes import Local, Runner, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_reading import Atlas

__all__ = ["METHOD", "find_markers"]

METHOD = "Wilcoxon rank-sum test, normal approximation corrected for ties, without continuity correction"
_FAMILY = "all genes of a group"
_MOST_GROUPS = 1000
_KNOWN = 4
"""Counts whose logarithms are calculated once for each cell; most counts are among them."""
_LARGE = 20
"""Bytes that a larger count takes beside."""
_PSEUDO = 1e-9


def find_markers(
    atlas: Atlas,
    groups: pd.Series[Any],
    *,
    target_sum: float = 1e4,
    runner: Runner | None = None,
    memory: int = 1 << 30,
    progress: Progress = SILENT,
) -> pd.DataFrame:
    """Compare each group of cells with all others, gene by gene, and rank the genes.

    It answers which genes tell a cluster or a cell type apart. It does not answer whether patients differ: cells of a
    patient are no independent observations, and what samples or patients tell, such as response, is refused here
    (`tmescope.cells.marker_groups.check_groups` has the rule).

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`, with a gene-major copy of all cells.
    groups : pandas.Series
        A value for each cell, in the order of the atlas: categories keep their order, other values are sorted. Cells
        without one take no part.
    target_sum : float
        Counts that each cell is brought to before the logarithm.
    runner : Runner, optional
        Who works on runs of genes: `tmescope.store.atlas_passes.Local` with some threads, one if omitted. The answer
        does not depend on it.
    memory : int
        Bytes that all workers together may hold, beyond 30 for each cell, 100 for each row of the table and 4 for each
        gene of each panel of the gene-major copy.
    progress : Progress
        Told of genes.

    Returns
    -------
    pandas.DataFrame
        A row for each group and gene, groups in their order, genes of each by falling AUC, then fold change:
        ``group``, ``gene``, ``rank`` (from 1), ``n_group``, ``n_rest`` (cells), ``auc`` (0 to 1, 0.5 where there is no
        difference), ``log2_fold_change``, ``fraction_in``, ``fraction_out`` (cells of the group and of the rest that
        show the gene), ``score`` (standard normal deviate), ``p_value``, ``log10_p_value`` (where p is too small for a
        float), ``q_value`` (Benjamini-Hochberg), ``q_family``, ``p_kind`` (``descriptive``), ``method``.
        ``attrs["warnings"]`` lists, as dictionaries of `tmescope.foundation.result.RunWarning`, groups of which 95% or
        more are of one patient: their markers are that patient's.

    Raises
    ------
    InputError
        If there is not one value for each cell, there are fewer than two groups or more than 1,000, samples or
        patients tell the groups, cells lack a gene-major copy, or the memory is too little for one gene.
    StoreError
        If a shard is damaged.

    Notes
    -----
    Values are ``log1p(count / (total / target_sum))`` in float32, as scanpy's ``normalize_total`` and ``log1p`` leave
    them, and score and p are those of its ``rank_genes_groups(method="wilcoxon", tie_correct=True)``: equal values get
    their mean rank, the variance is corrected for ties, there is no continuity correction. A gene that no cell shows
    has AUC 0.5, score 0 and p 1. Fold changes are of ``expm1`` of the mean values, with 1e-9 added to both.

    The groups were often made from the same cells and genes that are tested. p-values then say how clear a difference
    is, not how likely it is to be seen in other patients: they are labelled descriptive, and ranks do not use them.
    A label that joins cell type and patient (``CD8 T cell, responder``) cannot be told from a cell type here; compare
    such groups by pseudo-bulk. Cost: one sort of the counts above zero of each gene.

    References
    ----------
    Mann and Whitney, Annals of Mathematical Statistics 1947, doi:10.1214/aoms/1177730491. Wolf, Angerer and Theis,
    Genome Biology 2018, doi:10.1186/s13059-017-1382-0 (scanpy).
    """
    reader = open_panels(atlas)
    codes, names = _encode(groups, atlas.layout.n_cells)
    warnings = check_groups(atlas, codes, names, named=str(groups.name or "groups"))
    asked = _prepare(reader, codes, len(names), target_sum=target_sum)
    who: Runner = runner or Local()
    part, word = 2 + np.dtype(atlas.layout.count_dtype).itemsize + _LARGE, asked.word.itemsize
    bounds = reader.bounds(memory // who.n_workers, entry=word, part=part, base=word)
    task = "rank genes"
    progress.start(task, atlas.layout.n_genes, unit="genes")
    parts = []
    for (first, last), found in zip(bounds, who.map(_rank_genes, atlas, bounds, given=asked), strict=True):
        parts.append(found)
        progress.advance(task, last - first)
    progress.finish(task)
    twice, shown, sums, ties = (np.concatenate([p[k] for p in parts]) for k in range(4))
    sizes = np.bincount(codes[codes < len(names)], minlength=len(names))
    table = _tabulate(_Found(twice, shown, sums, ties), sizes, names, genes=atlas.genes().index)
    table.attrs["warnings"] = warnings
    return table


@dataclass(frozen=True)
class _Asked:
    """What is needed to rank a run of genes."""

    group: NDArray[np.uint16]
    n_groups: int
    n_cells: int
    scale: NDArray[np.float32]
    table: NDArray[np.float32]
    lowest: int
    range_bits: int

    @property
    def bits(self) -> int:
        """Return the bits that a group takes."""
        return (self.n_groups - 1).bit_length()

    @property
    def word(self) -> np.dtype[Any]:
        """Return the type that holds a value and a group."""
        return np.dtype(np.uint32 if self.bits + self.range_bits <= 32 else np.uint64)


@dataclass(frozen=True)
class _Found:
    """What was added up, genes x groups; ties for each gene."""

    twice: NDArray[np.int64]
    shown: NDArray[np.int64]
    sums: NDArray[np.float64]
    ties: NDArray[np.float64]


def _encode(groups: pd.Series[Any], n_cells: int) -> tuple[NDArray[np.uint16], list[str]]:
    """Return the number of each cell's group, that of no group being the number of groups, and their names."""
    if len(groups) != n_cells:
        raise InputError(
            f"there are {len(groups)} groups for {n_cells} cells",
            where="argument groups",
            expected="a value for each cell of the atlas, in its order",
        )
    kind = groups if isinstance(groups.dtype, pd.CategoricalDtype) else groups.astype("category")
    kind = kind.cat.remove_unused_categories()
    names = list(dict.fromkeys(str(c) for c in kind.cat.categories))
    if not 2 <= len(names) <= _MOST_GROUPS or len(names) < len(kind.cat.categories):
        raise InputError(
            f"{str(groups.name or 'groups')!r} has {len(names)} values, for example {examples(names)}",
            where="argument groups",
            expected=f"2 to {_MOST_GROUPS} groups of cells, whose names differ as text",
            next_step="give a column of clusters or cell types",
        )
    codes = kind.cat.codes.to_numpy()
    return np.where(codes < 0, len(names), codes).astype(np.uint16), names


def _prepare(reader: PanelReader, codes: NDArray[np.uint16], n_groups: int, *, target_sum: float) -> _Asked:
    if not (np.isfinite(target_sum) and target_sum > 0.0):
        raise InputError(f"the target is {target_sum}", where="argument target_sum", expected="a number above zero")
    totals = reader.totals()
    if totals.size and int(totals.min()) < 0:
        raise InputError(
            "a cell has a total below zero", where=str(reader.atlas.path), expected="totals as tmescope writes them"
        )
    scale = totals.astype(np.float32) / np.float32(target_sum)
    # a count is 1 at least, in the cell with most counts; and a cell's total at most
    reach = np.array([[1.0 / max(float(scale.max(initial=0.0)), 1e-30)], [target_sum * 1.001]])
    low, high = np.log1p(reach.astype(np.float32)).view(np.uint32).ravel().tolist()
    with np.errstate(divide="ignore"):  # a cell without counts shows no gene
        table = np.log1p(np.arange(1, _KNOWN + 1, dtype=np.float32) / scale[:, None])
    return _Asked(
        group=codes,
        n_groups=n_groups,
        n_cells=int((codes < n_groups).sum()),
        scale=scale,
        table=table,
        lowest=max(low - 8, 0),
        range_bits=(high - low + 16).bit_length(),
    )


def _rank_genes(span: Span, asked: _Asked) -> tuple[NDArray[Any], ...]:
    """Rank the genes of a run; the span counts genes."""
    parts = open_panels(span.atlas).parts(span.first, span.last)
    sizes = np.zeros(span.last - span.first, dtype=np.int64)
    for part in parts:
        sizes += np.diff(part.ends)
    shape = (sizes.size, asked.n_groups)
    twice, shown, sums, ties = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape[0])
    words = np.empty(int(sizes.sum()), dtype=asked.word)
    starts = np.cumsum(sizes) - sizes
    place = starts.copy()
    for part in parts:
        _add_words(part, asked, place=place, words=words, shown=shown, sums=sums)
    spare = np.empty(int(sizes.max(initial=0)), dtype=asked.word)
    rank_words(starts, place, asked.bits, asked.range_bits, asked.n_cells, words, spare, twice, ties)
    return twice, shown, sums, ties


def _add_words(
    part: PanelPart,
    asked: _Asked,
    *,
    place: NDArray[np.int64],
    words: NDArray[Any],
    shown: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Add what one panel has of these genes."""
    cells, counts = slice(part.panel.first, part.panel.last), part.counts()
    n = int(np.count_nonzero(counts > _KNOWN))
    ratios, owners, positions = np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int64)
    found = np.zeros(2, dtype=np.int64)
    panel_words(
        part.ends, part.steps(), counts, asked.group[cells], asked.scale[cells], asked.table[cells], asked.lowest,
        asked.bits, place, words, shown, sums, ratios, owners, positions, found,
    )  # fmt: skip
    part.check(cells.stop if found[1] else 0)
    # NumPy's own logarithm, by which scanpy's values are equal or not: others differ in the last digit
    values = np.log1p(ratios[: found[0]])
    large_words(values, owners, positions, asked.lowest, asked.bits, words, sums)


def _tabulate(found: _Found, sizes: NDArray[np.int64], names: list[str], *, genes: pd.Index[str]) -> pd.DataFrame:
    n, n_groups = int(sizes.sum()), len(names)
    # cells that do not show a gene are one tie at the lowest ranks
    zeros = n - found.shown.sum(axis=1)
    ranks = found.twice / 2.0 + (sizes - found.shown) * ((zeros[:, None] + 1) / 2.0)
    tests = compare_rank_sums(ranks, sizes, found.ties)
    rest = n - sizes
    means = np.expm1(found.sums / sizes) + _PSEUDO
    others = np.expm1((found.sums.sum(axis=1, keepdims=True) - found.sums) / rest) + _PSEUDO
    fold = np.log2(means / others)
    order = np.stack([np.lexsort((-fold[:, g], -tests.auc[:, g])) for g in range(n_groups)])
    q_values = np.stack([benjamini_hochberg(tests.p_value[:, g]) for g in range(n_groups)], axis=1)

    def column(values: NDArray[Any]) -> NDArray[Any]:
        return np.take_along_axis(values.T, order, axis=1).ravel()

    def same(word: str) -> pd.Categorical[Any]:
        return pd.Categorical.from_codes(np.zeros(order.size, dtype=np.int8), categories=pd.Index([word]))

    n_genes = len(genes)
    return pd.DataFrame(
        {
            "group": pd.Categorical.from_codes(np.repeat(np.arange(n_groups), n_genes), categories=pd.Index(names)),
            "gene": pd.Categorical.from_codes(order.ravel(), categories=genes),
            "rank": np.tile(np.arange(1, n_genes + 1), n_groups),
            "n_group": np.repeat(sizes, n_genes),
            "n_rest": np.repeat(rest, n_genes),
            "auc": column(tests.auc),
            "log2_fold_change": column(fold),
            "fraction_in": column(found.shown / sizes),
            "fraction_out": column((found.shown.sum(axis=1, keepdims=True) - found.shown) / rest),
            "score": column(tests.score),
            "p_value": column(tests.p_value),
            "log10_p_value": column(tests.log10_p_value),
            "q_value": column(q_values),
            "q_family": same(_FAMILY),
            "p_kind": same("descriptive"),
            "method": same(METHOD),
        }
    )
