"""Expression of all cohorts over the genes that each measured, on one log2 scale, for the report."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.foundation.scale import Scale, convert
from tmescope.report.sample_matrix import SampleMatrix
from tmescope.store.matrices import map_matrix, read_genes
from tmescope.store.tables import read_table
from tmescope.study.profiling import common_genes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MOST_GENES",
    "Log2Columns",
    "expression_unit",
    "open_log2_genes",
    "read_common_expression",
    "read_log2_genes",
]

MOST_GENES = 2000
"""Genes kept: those that vary most within cohorts."""

_MILLION = 1e6
_AT_ONCE = 2000


def read_common_expression(folders: Mapping[str, Path]) -> SampleMatrix | None:
    """Return all samples over the common genes that vary most; None where cohorts have no gene in common.

    Parameters
    ----------
    folders : mapping of str to pathlib.Path
        Folders of the cohorts, by id.

    Returns
    -------
    SampleMatrix or None
        On log2(x + 1) of the cohort's unit; counts as log2 of counts per million + 1, arrays as log2 intensities.

    Notes
    -----
    A gene with a missing value in any cohort is left out. Genes are ranked by their variance within cohorts, averaged
    over cohorts with their degrees of freedom, so that a difference between cohorts chooses no gene; equal variances
    follow the gene's name. Matrices are mapped and read in blocks of genes: memory is that of the result.
    """
    genes = common_genes(dict(folders))
    scales = {cohort: _scale(folder) for cohort, folder in folders.items()}
    variance = sum((_squares(folders[c], scales[c], genes) for c in folders), np.zeros(len(genes)))
    usable = np.flatnonzero(np.isfinite(variance))
    chosen = sorted(usable[np.argsort(-variance[usable], kind="stable")][:MOST_GENES])
    names = [genes[i] for i in chosen]
    if len(names) < 2:
        return None
    parts = []
    for cohort, folder in folders.items():
        ids = read_table(folder / "samples.parquet", columns=["sample_id"])["sample_id"].astype(str)
        index = pd.MultiIndex.from_arrays([[cohort] * len(ids), ids], names=["cohort_id", "sample_id"])
        values = np.concatenate([block for _, block in _blocks(folder, scales[cohort], names)], axis=1)
        parts.append(pd.DataFrame(values, index=index, columns=names))
    units = dict.fromkeys(_name(scales[c]) for c in folders)
    return SampleMatrix(pd.concat(parts), len(usable), " or ".join(units))


def read_log2_genes(folder: Path, genes: Sequence[str]) -> pd.DataFrame:
    """Return single genes of one cohort on the log2 scale of `read_common_expression`.

    Parameters
    ----------
    folder : pathlib.Path
        Of the cohort.
    genes : sequence of str
        Symbols; those that the cohort did not measure are left out.

    Returns
    -------
    pandas.DataFrame
        Samples (index sample_id) over genes, in the order asked.
    """
    measured = set(read_genes(folder))
    names = [g for g in dict.fromkeys(genes) if g in measured]
    ids = read_table(folder / "samples.parquet", columns=["sample_id"])["sample_id"].astype(str)
    blocks = [block for _, block in _blocks(folder, _scale(folder), names)] if names else []
    values = np.concatenate(blocks, axis=1) if blocks else np.empty((len(ids), 0))
    return pd.DataFrame(values, index=pd.Index(ids, name="sample_id"), columns=names)


@dataclass(frozen=True)
class Log2Columns:
    """All genes of one cohort, read in blocks, on the log2 scale of `read_common_expression`.

    Parameters
    ----------
    samples, names : tuple of str
        Sample ids and gene symbols.
    matrix : array, n_samples x n_genes
        As it lies on disk.
    scale : Scale
        Its own.
    totals : array or None
        Counts of each sample, where it holds counts.
    rows : array
        Positions of the samples in the matrix.
    """

    samples: tuple[str, ...]
    names: tuple[str, ...]
    matrix: NDArray[Any]
    scale: Scale
    totals: NDArray[np.float64] | None
    rows: NDArray[np.intp]

    def read(self, first: int, last: int) -> NDArray[np.float64]:
        """Return columns ``first`` to ``last`` (exclusive).

        Parameters
        ----------
        first, last : int
            Positions.
        """
        block = np.asarray(self.matrix[:, first:last], dtype=np.float64)
        return _logged(block, self.scale, self.totals)[self.rows]


def open_log2_genes(folder: Path, sample_ids: Collection[str]) -> Log2Columns:
    """Return all genes of one cohort, to be read in blocks.

    Parameters
    ----------
    folder : pathlib.Path
        Of the cohort.
    sample_ids : collection of str
        Samples that are wanted; they keep the order of the cohort.
    """
    ids = read_table(folder / "samples.parquet", columns=["sample_id"])["sample_id"].astype(str)
    matrix, scale = map_matrix(folder), _scale(folder)
    rows = np.flatnonzero(ids.isin(list(sample_ids)))
    samples, names = tuple(ids.iloc[rows]), tuple(read_genes(folder))
    return Log2Columns(samples, names, matrix, scale, _totals(matrix, scale), rows)


def _totals(matrix: NDArray[Any], scale: Scale) -> NDArray[np.float64] | None:
    if scale.unit != "counts":
        return None
    return np.asarray(np.nansum(convert(np.asarray(matrix), scale, Scale("counts"))[0], axis=1, keepdims=True))


def expression_unit(folder: Path) -> str:
    """Return the log2 scale of `read_log2_genes` in words, such as ``log2(tpm + 1)``.

    Parameters
    ----------
    folder : pathlib.Path
        Of the cohort.
    """
    return _name(_scale(folder))


def _scale(folder: Path) -> Scale:
    marks = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
    return Scale.parse(marks["uns"]["scale"], where=folder.name)


def _name(scale: Scale) -> str:
    if scale.unit == "array":
        return "log2 intensity"
    return f"log2({'cpm' if scale.unit == 'counts' else scale.unit} + 1)"


def _squares(folder: Path, scale: Scale, genes: list[str]) -> NDArray[np.float64]:
    """Return each gene's sum of squares around the cohort's mean; NaN where a value is missing."""
    found = np.empty(len(genes))
    for start, block in _blocks(folder, scale, genes):
        found[start : start + block.shape[1]] = ((block - block.mean(axis=0)) ** 2).sum(axis=0)
    return found


def _blocks(folder: Path, scale: Scale, genes: list[str]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield blocks of genes with their place in the list, on the log2 scale."""
    place = {g: i for i, g in enumerate(read_genes(folder))}
    columns = np.array([place[g] for g in genes])
    matrix = map_matrix(folder)
    totals = _totals(matrix, scale)
    for start in range(0, len(columns), _AT_ONCE):
        block = np.asarray(matrix[:, columns[start : start + _AT_ONCE]], dtype=np.float64)
        yield start, _logged(block, scale, totals)


def _logged(block: NDArray[np.float64], scale: Scale, totals: NDArray[np.float64] | None) -> NDArray[np.float64]:
    offset = 0.0 if scale.unit == "array" else 1.0
    if totals is None:
        return convert(block, scale, Scale(scale.unit, 2.0, offset))[0]
    counts = convert(block, scale, Scale("counts"))[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log2(counts / totals * _MILLION + 1.0))
