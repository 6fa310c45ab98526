"""Quality of every cell: what it has, and whether it stands apart from the other cells of its sample."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.cells.cell_columns import samples_of_cells
from tmescope.cells.counting import AtlasCounts, count_atlas
from tmescope.foundation.budget import DEFAULT_MEMORY
from tmescope.foundation.errors import InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import versions
from tmescope.store.atlas_results import AtlasResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas

__all__ = ["QualityLimits", "describe_cells", "measure_quality", "mitochondrial_genes"]

_SCALE = 1.482602218505602
"""Of the median absolute deviation, so that it estimates the standard deviation of a normal variable."""
_N_TOP = 50
_FEW_COUNTS, _MANY_COUNTS, _FEW_GENES, _MANY_GENES, _MITOCHONDRIAL = (1 << bit for bit in range(1, 6))
_REASONS = {
    1: "no counts",
    _FEW_COUNTS: "few counts",
    _MANY_COUNTS: "many counts",
    _FEW_GENES: "few genes",
    _MANY_GENES: "many genes",
    _MITOCHONDRIAL: "mitochondrial",
}


@dataclass(frozen=True, kw_only=True)
class QualityLimits:
    """When a cell is called an outlier among the cells of its sample.

    Parameters
    ----------
    deviations : float
        Median absolute deviations (times 1.4826) from the median, below or above, of log(1 + counts) and of
        log(1 + genes).
    mitochondrial_deviations : float
        The same, above alone, of the per cent of mitochondrial counts.
    fewest_cells : int
        In samples with fewer cells nothing but a cell without counts is called an outlier: their spread is not known.
    """

    deviations: float = 3.0
    mitochondrial_deviations: float = 3.0
    fewest_cells: int = 30

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        if not (self.deviations > 0 and self.mitochondrial_deviations > 0 and self.fewest_cells >= 2):
            raise InputError(
                f"limits {asdict(self)}", where="QualityLimits", expected="deviations above 0, 2 cells or more"
            )


_LIMITS = QualityLimits()


def mitochondrial_genes(genes: Sequence[str]) -> tuple[str, ...]:
    """Return the genes that the human mitochondrion codes for: symbols that begin with ``MT-``.

    Parameters
    ----------
    genes : sequence of str
        Human symbols as HGNC writes them. Ensembl identifiers and symbols of mice (``mt-``) are none.
    """
    return tuple(g for g in genes if str(g).startswith("MT-"))


def describe_cells(
    counts: AtlasCounts, samples: pd.Series[str], *, limits: QualityLimits = _LIMITS, has_mitochondrial: bool = True
) -> pd.DataFrame:
    """Return the quality of each cell.

    Parameters
    ----------
    counts : AtlasCounts
        From `count_atlas`, mitochondrial genes marked.
    samples : pandas.Series
        Sample of each cell: outliers are sought within one.
    limits : QualityLimits
        When a cell is an outlier.
    has_mitochondrial : bool
        False where the atlas has no mitochondrial gene: the per cent is then missing, not zero.

    Returns
    -------
    pandas.DataFrame, n_cells
        ``total_counts``, ``n_genes_by_counts``, ``pct_counts_mt``, ``pct_counts_in_top_50_genes`` (where counted),
        ``quality_outlier`` (bool) and ``quality_reason`` (empty, or why, joined by ``; ``).

    Notes
    -----
    A cell without counts has NaN per cent and is always an outlier. Where half of a sample's cells have one value, its
    median absolute deviation is zero and nobody is called an outlier by it. Nothing is left out: the column proposes.

    References
    ----------
    McCarthy et al., Bioinformatics 2017, doi:10.1093/bioinformatics/btw777 (outliers by median absolute deviations).
    """
    cells = counts.cells
    total = cells["total_counts"].to_numpy()
    marked = cells["marked_counts"].to_numpy()
    columns = {
        "total_counts": total.copy(),
        "n_genes_by_counts": cells["n_genes"].to_numpy().copy(),
        "pct_counts_mt": _per_cent(marked, total) if has_mitochondrial else np.full(total.size, np.nan),
    }
    if "top_counts" in cells:
        columns["pct_counts_in_top_50_genes"] = _per_cent(cells["top_counts"].to_numpy(), total)
    found = pd.DataFrame(columns, copy=False)
    marks = np.zeros(total.size, dtype=np.uint8)
    for rows in _each_sample(samples):
        marks[rows] = _mark(found.iloc[rows], limits)
    found["quality_outlier"] = marks != 0
    found["quality_reason"] = _in_words(marks)
    return found


def _per_cent(part: NDArray[np.int64], total: NDArray[np.int64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.multiply(part, 100.0)  # one array and no other: cells are many
    np.divide(found, total, out=found, where=total > 0)
    found[total == 0] = np.nan
    return found


def _each_sample(samples: pd.Series[str]) -> Iterator[slice | NDArray[np.intp]]:
    """Yield the rows of each sample, which follow each other in an atlas and elsewhere may not."""
    codes = samples.astype("category").cat.codes.to_numpy()
    order = None
    if np.unique(codes[_starts(codes)[:-1]]).size < _starts(codes).size - 1:
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
    for first, last in itertools.pairwise(_starts(codes).tolist()):
        yield slice(first, last) if order is None else order[first:last]


def _starts(codes: NDArray[Any]) -> NDArray[np.intp]:
    """Return where runs of the same number begin, and the end."""
    return np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1, [codes.size]])


def _mark(cells: pd.DataFrame, limits: QualityLimits) -> NDArray[np.uint8]:
    """Return why each cell of a sample stands apart: a bit for each of the reasons."""
    total = cells["total_counts"].to_numpy()
    counts = np.log1p(total.astype(np.float64))
    genes = np.log1p(cells["n_genes_by_counts"].to_numpy(dtype=np.float64))
    marks = np.where(total == 0, 1, 0).astype(np.uint8)
    for values, deviations, low, high in (
        (counts, limits.deviations, _FEW_COUNTS, _MANY_COUNTS),
        (genes, limits.deviations, _FEW_GENES, _MANY_GENES),
        (cells["pct_counts_mt"].to_numpy(), limits.mitochondrial_deviations, 0, _MITOCHONDRIAL),
    ):
        below, above = _apart(np.where(total > 0, values, np.nan), deviations, fewest=limits.fewest_cells)
        marks[below] |= low
        marks[above] |= high
    return marks


def _apart(
    values: NDArray[np.float64], deviations: float, *, fewest: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which values are far below and far above their median."""
    known = values[~np.isnan(values)]
    none = np.zeros(values.size, dtype=bool)
    if known.size < fewest:
        return none, none
    centre = np.median(known)
    reach = deviations * _SCALE * np.median(np.abs(known - centre))
    if reach <= 0:
        return none, none
    return values < centre - reach, values > centre + reach


def _in_words(marks: NDArray[np.uint8]) -> pd.Categorical[str]:
    texts = {
        mark: "; ".join(text for bit, text in _REASONS.items() if mark & bit)
        for mark in range(1 << len(_REASONS))
        if (marks == mark).any()
    }
    names = sorted(texts.values())
    places = np.zeros(1 << len(_REASONS), dtype=np.int8)
    for mark, text in texts.items():
        places[mark] = names.index(text)
    return pd.Categorical.from_codes(places[marks], categories=pd.Index(names, dtype="object"))


def measure_quality(
    atlas: Atlas,
    *,
    mitochondrial: Sequence[str] | None = None,
    limits: QualityLimits = _LIMITS,
    memory: int = DEFAULT_MEMORY,
    runner: Runner | None = None,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Measure the quality of every cell and gene in one pass.

    Parameters
    ----------
    atlas : Atlas
        Counts.
    mitochondrial : sequence of str, optional
        Names of mitochondrial genes; those that begin with ``MT-`` if omitted.
    limits : QualityLimits
        When a cell is proposed as an outlier.
    memory : int
        Bytes that may be held beyond `tmescope.foundation.budget.BASE`; the error says the least if it is too little.
    runner : Runner, optional
        Who works.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasResult
        ``qc``: columns of cells as in `describe_cells`, of genes ``n_cells_by_counts``, ``mean_counts``,
        ``total_counts``, ``pct_dropout_by_counts``; a table ``samples``: cells, outliers and medians of each sample.
    """
    genes = atlas.genes().index
    named = mitochondrial_genes(list(genes)) if mitochondrial is None else tuple(mitochondrial)
    there = [g for g in named if g in genes]
    counts = count_atlas(atlas, marked=there, n_top=_N_TOP, memory=memory, runner=runner, progress=progress)
    samples = samples_of_cells(atlas)
    cells = describe_cells(counts, samples, limits=limits, has_mitochondrial=bool(there))
    total, n, cells_with = counts.sums.sum(axis=0), max(len(cells), 1), counts.cells_with
    del counts  # its table of cells is as long as this one
    by_gene = pd.DataFrame(
        {
            "n_cells_by_counts": cells_with,
            "mean_counts": total / n,
            "pct_dropout_by_counts": 100.0 * (1.0 - cells_with / n),
            "total_counts": total,
        },
        index=genes,
    )
    return AtlasResult(
        name="qc",
        obs=cells,
        var=by_gene,
        tables={"samples": _by_sample(cells, samples, limits)},
        provenance={
            "method": "quality of cells",
            "parameters": {**asdict(limits), "mitochondrial": there},
            "versions": versions(),
        },
    )


def _by_sample(cells: pd.DataFrame, samples: pd.Series[str], limits: QualityLimits) -> pd.DataFrame:
    of = pd.CategoricalIndex(samples.array)

    def of_each(values: pd.Series[Any]) -> Any:  # a column at a time: no copy of them all
        return values.groupby(of, observed=True)

    without = of_each(cells["total_counts"] == 0)
    found = pd.DataFrame(
        {
            "n_cells": without.size(),
            "n_outliers": of_each(cells["quality_outlier"]).sum(),
            "n_without_counts": without.sum(),
            "median_total_counts": of_each(cells["total_counts"]).median(),
            "median_n_genes": of_each(cells["n_genes_by_counts"]).median(),
            "median_pct_counts_mt": of_each(cells["pct_counts_mt"]).median(),
        }
    )
    found["outliers_sought"] = (found["n_cells"] - found["n_without_counts"]) >= limits.fewest_cells
    found.index = found.index.astype("str")
    return found.sort_index().rename_axis("sample_id").reset_index()
