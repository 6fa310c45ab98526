"""Sample tables in every format that holds one, with what a person must be told about the reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.cbioportal_clinical import read_study_samples
from tmescope.ingest.clinical import SampleTable, read_samples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.delimited import DELIMITERS
from tmescope.ingest.dialect_tables import read_dialect_rows
from tmescope.ingest.dialects import find_dialect
from tmescope.ingest.expression import find_duplicates
from tmescope.ingest.findings import Findings
from tmescope.ingest.formats import find_format
from tmescope.ingest.geo import read_geo_samples
from tmescope.ingest.matrix import Note
from tmescope.ingest.options import Dialect, FileFormat
from tmescope.ingest.workbooks import read_workbook

__all__ = ["read_sample_table"]


def read_sample_table(
    path: Path,
    declared: FileFormat | None = None,
    *,
    sheet: str | None = None,
    dialect: Dialect | None = None,
    key: str = "samples_dialect",
    findings: Findings | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> SampleTable:
    """Read a sample table as text.

    Parameters
    ----------
    path : Path
        TSV, CSV (also gzip), Parquet, an Excel workbook, a GEO series matrix, or the folder of a cBioPortal study.
    declared : str, optional
        None takes the format from the name.
    sheet : str, optional
        Which sheet of a workbook.
    dialect : Dialect, optional
        Of TSV and CSV; what it does not say is found by evidence.
    key : str
        Where that can be declared, for messages; empty where it cannot be.
    findings : Findings, optional
        Receives what was noted about the reading.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    SampleTable
        Nothing is converted; its `style` says how numbers are written.

    Raises
    ------
    MissingFileError, FileFormatError
        See `tmescope.ingest.clinical.read_samples`, `tmescope.ingest.geo.read_geo_samples` and
        `tmescope.ingest.workbooks.read_workbook`; a sheet of a file that is no workbook.
    UnknownNameError
        No sheet of that name.
    """
    form = find_format(path, declared)
    form = "csv" if form == "samplesheet" else form  # a table about samples, whatever it lists
    if sheet is not None and form != "xlsx":
        raise FileFormatError(
            f"the sheet {sheet!r} is declared, but the file is {form}",
            where=str(path),
            expected="samples_sheet with a workbook only",
            next_step="leave samples_sheet out",
        )
    notes: Sequence[Note]
    if form == "geo_series_matrix":
        frame, notes = read_geo_samples(path, limits=limits)
        table = SampleTable(frame, str(path), tuple(range(1, len(frame) + 1)))
    elif form == "cbioportal":
        table, notes = read_study_samples(path, limits=limits)
    elif form == "xlsx":
        table, notes = _from_workbook(path, sheet, limits)
    else:
        table, notes = _from_text(path, form, dialect, key=key, limits=limits)
    if findings is not None:
        findings.tell(notes)
    return table


def _from_text(
    path: Path, form: FileFormat, dialect: Dialect | None, *, key: str, limits: Limits
) -> tuple[SampleTable, Sequence[Note]]:
    found = find_dialect(path, form, dialect, key=key, limits=limits) if form in DELIMITERS else None
    if found is None:
        return read_samples(path, form, limits=limits), ()
    if found.is_plain:
        table = read_samples(path, form, limits=limits)
    else:
        read = read_dialect_rows(path, found, limits=limits)
        table = _as_table(read.names, read.rows, read.lines, where=str(path))
    return replace(table, style=found.style), found.notes


def _as_table(
    names: Sequence[str], rows: Sequence[Sequence[str]], lines: tuple[int, ...], *, where: str
) -> SampleTable:
    first = {name: i for i, name in reversed(list(enumerate(names)))}
    columns = {n: [row[first[n]] for row in rows] for n in dict.fromkeys(names)}
    return SampleTable(pd.DataFrame(columns, dtype="string"), where, lines, tuple(find_duplicates(names)))


def _from_workbook(path: Path, sheet: str | None, limits: Limits) -> tuple[SampleTable, Sequence[Note]]:
    read = read_workbook(path, sheet, limits=limits)
    if not read.rows:
        raise FileFormatError(
            f"the table has a header of {len(read.names)} columns and no rows",
            where=str(path),
            expected="one row per sample",
            next_step="save the table again",
        )
    return _as_table(read.names, read.rows, read.lines, where=str(path)), read.notes
