"""Sample tables in every format that holds one, with what a person must be told about the reading."""

from __future__ import annotations

from pathlib import Path

from tmescope.ingest.clinical import SampleTable, read_samples
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.findings import Findings
from tmescope.ingest.formats import find_format
from tmescope.ingest.geo import read_geo_samples
from tmescope.ingest.options import FileFormat

__all__ = ["read_sample_table"]


def read_sample_table(
    path: Path,
    declared: FileFormat | None = None,
    *,
    findings: Findings | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> SampleTable:
    """Read a sample table as text.

    Parameters
    ----------
    path : Path
        TSV, CSV (also gzip), Parquet, or a GEO series matrix.
    declared : str, optional
        None takes the format from the name.
    findings : Findings, optional
        Receives what was noted about the reading.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    SampleTable
        Nothing is converted.

    Raises
    ------
    MissingFileError, FileFormatError
        See `tmescope.ingest.clinical.read_samples` and `tmescope.ingest.geo.read_geo_samples`.
    """
    if find_format(path, declared) != "geo_series_matrix":
        return read_samples(path, declared, limits=limits)
    frame, notes = read_geo_samples(path, limits=limits)
    if findings is not None:
        findings.tell(notes)
    return SampleTable(frame, str(path), tuple(range(1, len(frame) + 1)))
