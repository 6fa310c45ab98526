"""Quality of every cell: what it has, and whether it stands apart from the other cells of its sample."""

from __future__ import annotations

from collections.abc import Sequence
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
    found = pd.DataFrame({"total_counts": total, "n_genes_by_counts": cells["n_genes"].to_numpy()})
    marked = _per_cent(cells["marked_counts"].to_numpy(), total)
    found["pct_counts_mt"] = marked if has_mitochondrial else np.full(total.size, np.nan)
    if "top_counts" in cells:
        found["pct_counts_in_top_50_genes"] = _per_cent(cells["top_counts"].to_numpy(), total)
    reasons = _reasons(found, samples, limits)
    is_outlier = np.zeros(total.size, dtype=bool)
    text = np.full(total.size, "", dtype=object)
    for reason, flags in reasons.items():
        text[flags] = [f"{t}; {reason}" if t else reason for t in text[flags]]
        is_outlier |= flags
    found["quality_outlier"] = is_outlier
    found["quality_reason"] = pd.Categorical(text)
    return found


def _per_cent(part: NDArray[np.int64], total: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(total > 0, 100.0 * part / np.maximum(total, 1), np.nan)


def _reasons(found: pd.DataFrame, samples: pd.Series[str], limits: QualityLimits) -> dict[str, NDArray[np.bool_]]:
    total = found["total_counts"].to_numpy()
    measures = {
        "counts": (np.log1p(total.astype(np.float64)), limits.deviations, ("few counts", "many counts")),
        "genes": (
            np.log1p(found["n_genes_by_counts"].to_numpy(dtype=np.float64)),
            limits.deviations,
            ("few genes", "many genes"),
        ),
        "mt": (found["pct_counts_mt"].to_numpy(), limits.mitochondrial_deviations, (None, "mitochondrial")),
    }
    reasons = {"no counts": total == 0}
    groups = samples.astype("category").cat.codes.to_numpy()
    for values, deviations, (low, high) in measures.values():
        below, above = _apart(np.where(total > 0, values, np.nan), groups, deviations, fewest=limits.fewest_cells)
        if low:
            reasons[low] = below
        reasons[high] = above
    return reasons


def _apart(
    values: NDArray[np.float64], groups: NDArray[Any], deviations: float, *, fewest: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which values are far below and far above the median of their group."""
    by_group = pd.Series(values).groupby(groups)
    centre = by_group.transform("median").to_numpy()
    spread = _SCALE * pd.Series(np.abs(values - centre)).groupby(groups).transform("median").to_numpy()
    is_known = (by_group.transform("count").to_numpy() >= fewest) & (spread > 0)
    reach = deviations * spread
    return is_known & (values < centre - reach), is_known & (values > centre + reach)


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
    total, n = counts.sums.sum(axis=0), max(len(cells), 1)
    by_gene = pd.DataFrame(
        {
            "n_cells_by_counts": counts.cells_with,
            "mean_counts": total / n,
            "pct_dropout_by_counts": 100.0 * (1.0 - counts.cells_with / n),
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
    by_sample = cells.assign(no_counts=cells["total_counts"] == 0).groupby(samples.to_numpy(), observed=False)
    found = by_sample.agg(
        n_cells=("total_counts", "size"),
        n_outliers=("quality_outlier", "sum"),
        n_without_counts=("no_counts", "sum"),
        median_total_counts=("total_counts", "median"),
        median_n_genes=("n_genes_by_counts", "median"),
        median_pct_counts_mt=("pct_counts_mt", "median"),
    )
    found["outliers_sought"] = (found["n_cells"] - found["n_without_counts"]) >= limits.fewest_cells
    return found.rename_axis("sample_id").reset_index().astype({"sample_id": "str"})
