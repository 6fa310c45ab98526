"""The expression of a cohort, from one matrix or from many files, in the scale that is declared."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tmescope.foundation.errors import ExpressionError
from tmescope.foundation.scale import Scale
from tmescope.ingest.cohort_sources import read_cohort_matrix
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.formats import find_format
from tmescope.ingest.options import CohortOptions, FileFormat
from tmescope.ingest.samplesheet import list_files, read_samplesheet
from tmescope.ingest.tenx import TENX_FORMATS, read_tenx, rescale
from tmescope.ingest.tenx_folder import find_parts

__all__ = ["list_inputs", "read_source"]


def read_source(path: Path, options: CohortOptions, scale: Scale | None) -> ExpressionTable | None:
    """Read the expression of a cohort.

    Parameters
    ----------
    path : Path
        A matrix, a folder of Cell Ranger, or a samplesheet.
    options : CohortOptions
        How to read it.
    scale : Scale, optional
        As declared; None where the declaration itself is wrong.

    Returns
    -------
    ExpressionTable or None
        None where nothing can be read without a scale.

    Raises
    ------
    TmescopeError
        See `tmescope.ingest.cohort_sources.read_cohort_matrix`, `tmescope.ingest.tenx.read_tenx` and
        `tmescope.ingest.samplesheet.read_samplesheet`.
    """
    form = find_format(path, options.format)
    _refuse_strangers(path, form, options)
    if form not in (*TENX_FORMATS, "samplesheet"):
        return read_cohort_matrix(path, options)
    if scale is None:
        return None
    if form == "samplesheet":
        raw = read_samplesheet(
            path,
            scale,
            value_column=options.value_column,
            gene_column=options.gene_column,
            dialect=options.dialect,
        )
    else:
        raw = read_tenx(path, form, gene_column=options.gene_column, genome=options.layer)
        raw = rescale(raw, scale, where=str(path))
    values = np.ascontiguousarray(raw.by_column)
    return ExpressionTable(values, raw.rows, raw.columns, raw.obs, raw.notes, style=raw.style)


def _refuse_strangers(path: Path, form: FileFormat, options: CohortOptions) -> None:
    if options.value_column is not None and form != "samplesheet":
        raise ExpressionError(
            f"value_column = {options.value_column!r} is declared, but the file is {form}",
            where=f"{path}, value_column",
            expected="value_column with a samplesheet only",
            next_step="leave value_column out",
        )
    if options.orientation == "samples_by_genes" and form in (*TENX_FORMATS, "samplesheet"):
        raise ExpressionError(
            f"orientation = 'samples_by_genes' is declared, but {form} says itself what its rows are",
            where=f"{path}, orientation",
            expected="no orientation",
            next_step="leave orientation out",
        )


def list_inputs(path: Path, options: CohortOptions) -> tuple[Path, ...]:
    """Return every file that `read_source` reads, as far as they are there.

    Parameters
    ----------
    path, options
        As in `read_source`.

    Returns
    -------
    tuple of Path
        The path itself where it is one file; the files of a folder; a samplesheet and what it lists.

    Raises
    ------
    TmescopeError
        If the path is nothing that can be read.
    """
    form = find_format(path, options.format)
    if form == "10x_mtx":
        return _files_of(path)
    if form != "samplesheet":
        return (path,)
    listed = (file for one in list_files(path, dialect=options.dialect) for file in _files_of(one.path))
    return tuple(dict.fromkeys((path, *listed)))


def _files_of(path: Path) -> tuple[Path, ...]:
    if not path.is_dir():
        return (path,)
    parts = find_parts(path)
    return (parts.matrix, parts.features, parts.barcodes) if parts else ()
