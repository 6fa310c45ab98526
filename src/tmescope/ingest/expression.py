"""One expression matrix from any supported file, as samples x genes, or the reasons why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.ingest.cbioportal import read_study_matrix
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.delimited import DELIMITERS, TASK, read_delimited
from tmescope.ingest.dialect_tables import read_dialect_matrix
from tmescope.ingest.dialects import FoundDialect, find_dialect
from tmescope.ingest.featurecounts import is_featurecounts, read_featurecounts
from tmescope.ingest.formats import find_format
from tmescope.ingest.gct import read_gct
from tmescope.ingest.geo import read_geo_matrix
from tmescope.ingest.h5ad import read_h5ad
from tmescope.ingest.identifiers import is_ensembl
from tmescope.ingest.matrix import Note, RawMatrix
from tmescope.ingest.nfcore import read_nfcore
from tmescope.ingest.number_styles import PLAIN, NumberStyle
from tmescope.ingest.options import Dialect, FileFormat, Orientation
from tmescope.ingest.parquet import read_parquet_matrix
from tmescope.ingest.spelling import check_spelling
from tmescope.ingest.tenx import TENX_FORMATS, read_tenx

__all__ = [
    "ExpressionTable",
    "check_names",
    "check_orientation",
    "check_values",
    "find_duplicates",
    "orient",
    "read_expression",
    "read_matrix",
    "sum_duplicates",
]

_FEW = 3
_SEVERAL_NAMES = {"gct": read_gct, "nfcore_rnaseq": read_nfcore, "cbioportal": read_study_matrix}
"""Readers of formats whose rows carry several names, beside those of 10x."""
_ONE_NAME = {"geo_series_matrix": read_geo_matrix, "parquet": read_parquet_matrix}
_WITH_NAMES = (*_SEVERAL_NAMES, *TENX_FORMATS, "samplesheet")
_ANNDATA = ("h5ad", "zarr")
"""Readers of formats with layers."""


@dataclass(frozen=True)
class ExpressionTable:
    """An expression matrix with the names of both axes as they stand in the file.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes), C-contiguous
        In the declared scale; NaN where missing.
    gene_ids, sample_ids : tuple of str
        Exactly as in the file.
    obs : pandas.DataFrame, optional
        The sample table inside the file, all text, one row a sample in their order.
    notes : tuple of Note
        What a person must be told about the reading.
    left_out : mapping of str to str
        Genes of the file that are no longer here, with the reason.
    style : NumberStyle
        How `obs` writes numbers.
    """

    values: NDArray[np.float64]
    gene_ids: tuple[str, ...]
    sample_ids: tuple[str, ...]
    obs: pd.DataFrame | None = None
    notes: tuple[Note, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    style: NumberStyle = PLAIN

    def find_empty(self) -> tuple[str, ...]:
        """Return the genes that have no value in any sample."""
        empty = np.ones(len(self.gene_ids), dtype=bool)
        for row in self.values:  # by row: no mask of the matrix
            empty &= np.isnan(row)
            if not empty.any():
                return ()
        return tuple(self.gene_ids[int(j)] for j in np.flatnonzero(empty))

    def take_samples(self, sample_ids: Sequence[str]) -> NDArray[np.float64]:
        """Return the rows of some samples in that order; `values` itself, not a copy, where these are all of them.

        Parameters
        ----------
        sample_ids : sequence of str
            Of this table.
        """
        if tuple(sample_ids) == self.sample_ids:
            return self.values
        position = {name: i for i, name in enumerate(self.sample_ids)}
        return np.ascontiguousarray(self.values[[position[i] for i in sample_ids]])


def read_matrix(
    path: Path,
    declared: FileFormat | None = None,
    *,
    layer: str | None = None,
    gene_column: str | None = None,
    dialect: Dialect | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress = SILENT,
) -> RawMatrix:
    """Read a matrix in any supported format, before its orientation is decided.

    Parameters
    ----------
    path : Path
        The file.
    declared : str, optional
        See `tmescope.ingest.options.FileFormat`; None takes the format from the name.
    layer : str, optional
        Of an h5ad file or a Zarr store.
    gene_column : str, optional
        Which column names the genes, in the formats that have several.
    dialect : Dialect, optional
        Of TSV and CSV; what it does not say is found by evidence, see `tmescope.ingest.dialects`.
    limits : Limits
        On decompressed sizes.
    progress : Progress
        Told of the bytes of TSV and CSV files, and that other files are being read.

    Raises
    ------
    MissingFileError, FileFormatError, ExpressionError, UnknownNameError
        See the readers of each format.
    """
    form = find_format(path, declared)
    if form in TENX_FORMATS:
        return read_tenx(path, form, gene_column=gene_column, genome=layer, limits=limits)
    has_places = form in DELIMITERS and is_featurecounts(path, limits=limits)
    if gene_column is not None and form not in _SEVERAL_NAMES and not has_places:
        raise ExpressionError(
            f"gene_column = {gene_column!r} is declared, but a {form} file has one column of names",
            where=str(path),
            expected=f"gene_column with one of the formats {', '.join(_WITH_NAMES)}",
            next_step="leave gene_column out, or declare the format",
        )
    if layer is not None and form not in _ANNDATA:
        raise ExpressionError(
            f"layer = {layer!r} is declared, but a {form} file has no layers",
            where=str(path),
            expected=f"layer with one of the formats {', '.join(_ANNDATA)}",
            next_step="leave layer out, or declare the format",
        )
    if has_places:
        return read_featurecounts(path, gene_column=gene_column, dialect=dialect, limits=limits)
    found = None
    if form in DELIMITERS:
        found = find_dialect(path, form, dialect, names_first=True, limits=limits)
        if found.is_plain:
            return replace(read_delimited(path, form, limits=limits, progress=progress), notes=found.notes)
    progress.start(TASK)
    try:
        return _read_other(path, form, names=(layer, gene_column), found=found, limits=limits)
    finally:
        progress.finish(TASK)


def _read_other(
    path: Path, form: FileFormat, *, names: tuple[str | None, str | None], found: FoundDialect | None, limits: Limits
) -> RawMatrix:
    layer, gene_column = names
    if found is not None:
        return read_dialect_matrix(path, found, limits=limits)
    if form in _SEVERAL_NAMES:
        return _SEVERAL_NAMES[form](path, gene_column=gene_column, limits=limits)
    if form == "samplesheet":
        raise FileFormatError(
            "a samplesheet lists files, and which of their columns counts depends on the scale",
            where=str(path),
            expected="a matrix",
            next_step='name it in a study file, with format = "samplesheet" and a scale',
        )
    if form == "xlsx":
        raise FileFormatError(
            "a matrix is not read from a workbook: spreadsheets turn gene names into dates",
            where=str(path),
            expected="TSV, CSV, Parquet, h5ad, GCT",
            next_step="take the file that the workbook was made from",
        )
    if form in _ONE_NAME:
        return _ONE_NAME[form](path, limits=limits)
    if form == "h5ad":
        return read_h5ad(path, layer=layer, limits=limits)
    from tmescope.ingest.zarr_store import read_zarr  # it loads zarr and anndata, which no other format needs

    return read_zarr(path, layer=layer, limits=limits)


def read_expression(
    path: Path,
    declared: FileFormat | None = None,
    *,
    orientation: Orientation | None = None,
    layer: str | None = None,
    gene_column: str | None = None,
    dialect: Dialect | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> ExpressionTable:
    """Read a matrix and turn it to samples x genes.

    Parameters
    ----------
    path, declared, layer, gene_column, dialect, limits
        See `read_matrix`.
    orientation : {'genes_by_samples', 'samples_by_genes'}, optional
        What the file's rows are; None means samples_by_genes for h5ad and zarr, else genes_by_samples.

    Returns
    -------
    ExpressionTable
        Nothing is checked but the format: see `check_orientation`, `check_names`, `check_values`.
    """
    raw = read_matrix(path, declared, layer=layer, gene_column=gene_column, dialect=dialect, limits=limits)
    return orient(raw, orientation)


def orient(raw: RawMatrix, orientation: Orientation | None) -> ExpressionTable:
    """Turn a matrix to samples x genes.

    Parameters
    ----------
    raw : RawMatrix
        As read.
    orientation : {'genes_by_samples', 'samples_by_genes'}, optional
        What the file's rows are; None means what is usual for its format.

    Returns
    -------
    ExpressionTable
        Not checked yet.
    """
    chosen = orientation or raw.natural
    obs = raw.obs if chosen == raw.natural else None  # it describes the other axis then
    if chosen == "genes_by_samples":
        return ExpressionTable(np.ascontiguousarray(raw.by_column), raw.rows, raw.columns, obs, raw.notes)
    return ExpressionTable(np.ascontiguousarray(raw.by_column.T), raw.columns, raw.rows, obs, raw.notes)


def check_orientation(
    table: ExpressionTable,
    where: str,
    *,
    known_genes: Collection[str] = (),
    known_samples: Collection[str] = (),
) -> list[TmescopeError]:
    """Return the problem where the two axes look exchanged.

    Parameters
    ----------
    table : ExpressionTable
        As declared.
    where : str
        The file.
    known_genes : collection of str
        Names that are genes for certain.
    known_samples : collection of str
        Identifiers of the sample table.

    Returns
    -------
    list of TmescopeError
        Empty where nothing speaks against the declaration.

    Notes
    -----
    Evidence is a sample table whose identifiers lie on the axis declared as genes and not on the other, or
    names of known genes (or Ensembl identifiers) on the axis declared as samples and none on the other. The
    shape is no evidence: panels have fewer genes than samples.
    """
    genes, samples = frozenset(known_genes), frozenset(known_samples)
    on_genes, on_samples = (sum(i in samples for i in axis) for axis in (table.gene_ids, table.sample_ids))
    if on_genes and not on_samples:
        found = [i for i in table.gene_ids if i in samples]
        return [
            _exchanged(f"{on_genes} identifiers of the sample table are on the gene axis: {examples(found)}", where)
        ]
    gene_like = [i for i in table.sample_ids if i in genes or is_ensembl(i)]
    if len(gene_like) >= _FEW and not any(i in genes or is_ensembl(i) for i in table.gene_ids):
        return [_exchanged(f"{len(gene_like)} gene names are on the sample axis: {examples(gene_like)}", where)]
    return []


def _exchanged(evidence: str, where: str) -> ExpressionError:
    return ExpressionError(
        f"genes and samples look exchanged; {evidence}",
        where=where,
        expected="the rows and columns that the declared orientation names",
        next_step="set orientation to the other of genes_by_samples, samples_by_genes",
    )


def check_names(table: ExpressionTable, where: str) -> list[TmescopeError]:
    """Return problems with the names of samples: empty ones, duplicates and odd spelling; and with those of genes."""
    problems: list[TmescopeError] = []
    for axis, names in (("gene", table.gene_ids), ("sample", table.sample_ids)):
        empty = [i for i, name in enumerate(names, start=1) if not name.strip()]
        if empty:
            problems.append(
                ExpressionError(
                    f"{len(empty)} {axis}s have no name, at position {examples(empty)}",
                    where=where,
                    expected=f"a name for every {axis}",
                    next_step=f"name or remove those {axis}s",
                )
            )
    for axis, names in (("gene", table.gene_ids), ("sample", table.sample_ids)):
        problems += check_spelling(names, f"{axis} names", ExpressionError, where=f"{where}, {axis} axis")
    duplicates = find_duplicates(n for n in table.sample_ids if n.strip())
    if duplicates:
        problems.append(
            ExpressionError(
                f"{len(duplicates)} sample names occur more than once: {examples(duplicates)}",
                where=f"{where}, sample axis",
                expected="one column per sample",
                next_step="rename or remove the duplicates; tmescope does not choose between them",
            )
        )
    return problems


def check_values(table: ExpressionTable, where: str) -> list[TmescopeError]:
    """Return problems with the numbers that no scale allows: infinities, and nothing but missing values.

    Parameters
    ----------
    table : ExpressionTable
        The matrix.
    where : str
        The file.
    """
    problems: list[TmescopeError] = []
    odd = [i for i, row in enumerate(table.values) if not np.isfinite(row).all()]  # by row: no mask of the matrix
    infinite = {i: n for i in odd if (n := int(np.count_nonzero(np.isinf(table.values[i]))))}
    if infinite:
        i = next(iter(infinite))
        j = int(np.argmax(np.isinf(table.values[i])))
        problems.append(
            ExpressionError(
                f"{sum(infinite.values())} values are infinite, the first is {table.values[i, j]}",
                where=f"{where}, gene {table.gene_ids[j]!r}, sample {table.sample_ids[i]!r}",
                expected="finite numbers",
                next_step="a logarithm of zero is -inf: write log2(x+c), or the linear values",
            )
        )
    names = [table.sample_ids[i] for i in odd if np.isnan(table.values[i]).all()]
    if names:
        all_of_them = "all samples" if len(names) == len(table.values) else f"{len(names)} samples"
        problems.append(
            ExpressionError(
                f"{all_of_them} have no value at all: {examples(names)}",
                where=where,
                expected="at least one number per sample",
                next_step="remove those samples, or write the numbers",
            )
        )
    return problems


def find_duplicates(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, in order of first appearance."""
    return [name for name, n in Counter(names).items() if n > 1]


def sum_duplicates(table: ExpressionTable) -> ExpressionTable:
    """Return the table with rows of the same gene added up, in order of first appearance.

    A missing addend makes the sum missing. Right on linear scales only, where the reads of two rows of one
    gene add.
    """
    first = {name: j for j, name in reversed(list(enumerate(table.gene_ids)))}
    kept = sorted(first.values())
    position = {table.gene_ids[j]: k for k, j in enumerate(kept)}
    values = np.take(table.values, kept, axis=1)
    for j, name in enumerate(table.gene_ids):
        if j != first[name]:
            values[:, position[name]] += table.values[:, j]
    return replace(table, values=values, gene_ids=tuple(table.gene_ids[j] for j in kept))
