"""Pseudo-bulk: counts of cells added up by sample and cell type, with what the cells of each sample are like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from tmescope.cells.counting import GroupsFrom, count_atlas, least_memory
from tmescope.cells.quality import mitochondrial_genes
from tmescope.foundation.budget import DEFAULT_MEMORY
from tmescope.foundation.errors import InputError, SampleError, UnknownNameError, examples
from tmescope.foundation.progress import SILENT, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas

__all__ = ["CellGroups", "SampleSums", "add_up_cells", "group_cells"]

_SHARE = 2
"""Part of the memory that sums and tables of cells may take: one half, the other is for what is decoded."""
_MOST_LABELS = 500
_LOG_STEP = 0.05
_PERCENT_STEP = 2.0
_Edges: TypeAlias = "Callable[[NDArray[np.float64]], NDArray[np.float64]]"


@dataclass(frozen=True)
class CellGroups:
    """Which group each cell belongs to.

    Parameters
    ----------
    number : array of int32, shape (n_cells,)
        Row of `table`.
    table : pandas.DataFrame
        sample_id, label (missing: cells without one), n_cells; one row for each pair that occurs, samples in the order
        of the atlas, labels sorted.
    """

    number: NDArray[np.int32]
    table: pd.DataFrame

    @property
    def labels(self) -> list[str]:
        """Names of all labels, sorted."""
        return sorted(self.table["label"].dropna().unique())


@dataclass(frozen=True)
class SampleSums:
    """What one pass over the cells found beside the sums.

    Parameters
    ----------
    samples : pandas.DataFrame
        sample_id, n_cells, n_labelled, median_counts, median_genes, median_mt_percent (missing where no gene is
        mitochondrial by its name).
    quality : pandas.DataFrame
        sample_id, measure (counts, genes, mt_percent), low, high, n_cells: how many cells of a sample lie in
        ``low <= value < high``; bins of counts and genes are equally wide on the logarithm.
    n_mitochondrial : int
        Genes whose name begins with MT-.
    """

    samples: pd.DataFrame
    quality: pd.DataFrame
    n_mitochondrial: int


def group_cells(atlas: Atlas, labels: str | None, *, where: str = "argument labels") -> CellGroups:
    """Return the groups of sample and label that the cells of an atlas fall into.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.
    labels : str, optional
        Column of the cells, or of a result of the atlas, that holds their types; without it no cell has a label.
    where : str
        What named the column, for messages.

    Raises
    ------
    UnknownNameError
        If the cells have no such column.
    SampleError
        If it holds measurements or too many different values to be types, or the atlas has no cell.
    """
    layout = atlas.layout
    if layout.n_cells == 0:
        raise SampleError(
            "the atlas has no cell", where=str(atlas.path), next_step="tmescope atlas ingest adds samples"
        )
    names = [s.sample_id for s in layout.samples]
    sample = np.repeat(np.arange(len(names)), [s.n_cells for s in layout.samples])
    code, known = _codes(atlas, labels, where)
    place = sample * (len(known) + 1) + np.where(code < 0, len(known), code)
    found, number, sizes = np.unique(place, return_inverse=True, return_counts=True)
    which = found % (len(known) + 1)
    table = pd.DataFrame(
        {
            "sample_id": np.array(names, dtype=object)[found // (len(known) + 1)],
            "label": np.array([*known, None], dtype=object)[which],
            "n_cells": sizes,
        }
    )
    return CellGroups(number.astype(np.int32), table)


def _codes(atlas: Atlas, labels: str | None, where: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return the number of each cell's label (-1: none), and the labels, sorted."""
    layout = atlas.layout
    if labels is None:
        return np.full(layout.n_cells, -1), []
    if labels not in layout.cell_columns:
        raise UnknownNameError.of("column of the cells", labels, layout.cell_columns, where=where)
    column = atlas.cells((labels,))[labels]
    n_values = column.nunique()
    if column.dtype.kind == "f" or n_values > _MOST_LABELS:
        shown = examples([str(v) for v in column.dropna().unique()[:3]])
        raise SampleError(
            f"the column {labels!r} has {n_values:,} different values, such as {shown}",
            where=where,
            expected=f"types of cells: words or numbers of clusters, {_MOST_LABELS} at most",
            next_step="name the column that holds the cell types",
        )
    code, values = pd.factorize(column.astype("object"))
    known = sorted(str(v) for v in values)
    place = {name: i for i, name in enumerate(known)}
    table = np.array([*(place[str(v)] for v in values), -1], dtype=np.int64)
    return table[code], known


def add_up_cells(
    atlas: Atlas,
    groups: CellGroups,
    into: Path,
    *,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> SampleSums:
    """Add up the counts of each group of cells, and write the sums to a file.

    Parameters
    ----------
    atlas : Atlas
        From `tmescope.store.atlas_reading.open_atlas`.
    groups : CellGroups
        From `group_cells`.
    into : Path
        File of the sums, a NumPy array of int64, groups x genes.
    memory : int
        Bytes that this process may hold beyond `tmescope.foundation.budget.BASE`. So many samples are counted at a
        time that their sums and the table of their cells take half of it, or one sample if that takes more.
    runner : Runner, optional
        Who counts; whole numbers do not depend on it.
    progress : Progress
        Told of cells.

    Returns
    -------
    SampleSums

    Raises
    ------
    InputError
        If `memory` is too small for the groups and cells of one sample; the message says the least.
    StoreError
        If a shard is damaged; its file is named.
    """
    layout = atlas.layout
    genes = atlas.genes().index
    marked = mitochondrial_genes(list(genes))
    sums = np.lib.format.open_memmap(into, mode="w+", dtype=np.int64, shape=(len(groups.table), layout.n_genes))
    measured, bins = [], []
    for first, last in _batches(atlas, groups, memory=memory, runner=runner):
        number = groups.number[first:last]
        low = int(number.min())
        found = count_atlas(
            atlas,
            groups=GroupsFrom(first, number - low),
            marked=marked,
            memory=memory,
            runner=runner,
            progress=progress,
        )
        sums[low : low + len(found.sums)] = found.sums
        cells = found.cells.assign(group=number)
        measured.append(_summary(cells, groups, has_marked=bool(marked)))
        bins.append(_bins(cells, groups, has_marked=bool(marked)))
    sums.flush()
    return SampleSums(pd.concat(measured, ignore_index=True), pd.concat(bins, ignore_index=True), len(marked))


def _batches(atlas: Atlas, groups: CellGroups, *, memory: int, runner: Runner | None) -> Iterator[tuple[int, int]]:
    """Yield runs of whole samples whose sums and table of cells fit into half of the memory, one sample at least."""
    layout = atlas.layout
    nothing = least_memory(layout, n_groups=0, n_cells=0, runner=runner)
    first = last = held = 0
    per_sample = groups.table.groupby("sample_id", sort=False).size()
    for sample, n_groups in zip((s for s in layout.samples if s.n_cells), per_sample, strict=True):
        _refuse_large(sample.n_cells, int(n_groups), atlas, memory=memory, runner=runner)
        n_cells = last + sample.n_cells - first
        needed = least_memory(layout, n_groups=held + int(n_groups), n_cells=n_cells, runner=runner)
        if last > first and (needed > memory or _SHARE * (needed - nothing) > memory):
            yield first, last
            first, held = last, 0
        last, held = last + sample.n_cells, held + int(n_groups)
    yield first, last


def _refuse_large(n_cells: int, n_groups: int, atlas: Atlas, *, memory: int, runner: Runner | None) -> None:
    least = least_memory(atlas.layout, n_groups=n_groups, n_cells=n_cells, runner=runner)
    if least > memory:
        raise InputError(
            f"{n_groups:,} groups of one sample of {n_cells:,} cells over {atlas.layout.n_genes:,} genes do not fit "
            "into the budget",
            where="memory (--memory)",
            expected=f"{least:,} bytes at least",
            next_step="give more memory",
        )


def _summary(cells: pd.DataFrame, groups: CellGroups, *, has_marked: bool) -> pd.DataFrame:
    rows = groups.table.iloc[cells["group"]]
    keyed = cells.assign(sample_id=rows["sample_id"].to_numpy(), labelled=rows["label"].notna().to_numpy())
    keyed["mt_percent"] = _percent(cells) if has_marked else np.nan
    by_sample = keyed.groupby("sample_id", sort=False)
    return pd.DataFrame(
        {
            "n_cells": by_sample.size(),
            "n_labelled": by_sample["labelled"].sum(),
            "median_counts": by_sample["total_counts"].median(),
            "median_genes": by_sample["n_genes"].median(),
            "median_mt_percent": by_sample["mt_percent"].median(),
        }
    ).reset_index()


def _percent(cells: pd.DataFrame) -> pd.Series[float]:
    total = cells["total_counts"].where(cells["total_counts"] > 0)
    return 100.0 * cells["marked_counts"] / total


def _bins(cells: pd.DataFrame, groups: CellGroups, *, has_marked: bool) -> pd.DataFrame:
    sample = groups.table["sample_id"].to_numpy()[cells["group"]]
    measures = {"counts": cells["total_counts"], "genes": cells["n_genes"]}
    parts = []
    for name, values in measures.items():
        place = np.floor(np.log10(values.where(values > 0).to_numpy(dtype=np.float64)) / _LOG_STEP)
        parts.append(_binned(sample, name, place, edges=lambda k: 10.0 ** (k * _LOG_STEP)))
    if has_marked:
        # all counts of a cell may be mitochondrial: the last bin ends at 100
        place = np.floor(_percent(cells).clip(upper=100.0 - 1e-9).to_numpy(dtype=np.float64) / _PERCENT_STEP)
        parts.append(_binned(sample, "mt_percent", place, edges=lambda k: k * _PERCENT_STEP))
    return pd.concat(parts, ignore_index=True)


def _binned(sample: NDArray[np.object_], measure: str, place: NDArray[np.float64], *, edges: _Edges) -> pd.DataFrame:
    table = pd.DataFrame({"sample_id": sample, "place": place}).dropna()
    counted = table.groupby(["sample_id", "place"], sort=False).size().reset_index(name="n_cells")
    order = {name: i for i, name in enumerate(dict.fromkeys(sample))}
    counted = counted.assign(rank=counted["sample_id"].map(order)).sort_values(["rank", "place"], kind="stable")
    k = counted["place"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "sample_id": counted["sample_id"].to_numpy(),
            "measure": measure,
            "low": edges(k),
            "high": edges(k + 1),
            "n_cells": counted["n_cells"].to_numpy(),
        }
    )
