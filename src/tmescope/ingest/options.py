"""How the files of one cohort are to be read: everything that tmescope does not guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from tmescope.facts.genes import GeneTable
from tmescope.foundation.progress import SILENT, Progress

__all__ = [
    "COLUMNS",
    "MISSING_WORDS",
    "PLACEHOLDER",
    "CohortOptions",
    "Dialect",
    "Duplicates",
    "FileFormat",
    "Identifiers",
    "Orientation",
    "SampleSelection",
]

FileFormat = Literal[
    "tsv",
    "csv",
    "parquet",
    "h5ad",
    "gct",
    "geo_series_matrix",
    "nfcore_rnaseq",
    "cbioportal",
    "xlsx",
    "zarr",
    "10x_mtx",
    "10x_h5",
    "samplesheet",
]
"""Formats of an expression file (``cbioportal``, ``zarr`` and ``10x_mtx`` are folders, ``samplesheet`` lists files);
sample tables are tsv, csv, parquet, geo_series_matrix, cbioportal or xlsx (never a matrix)."""

Orientation = Literal["genes_by_samples", "samples_by_genes"]
"""What a row of the file is."""

Identifiers = Literal["symbol", "ensembl", "entrez", "uniprot"]
"""What kind of name the genes carry."""

Duplicates = Literal["sum", "mean", "median", "highest_mean", "refuse"]
"""What becomes of several rows of one gene, see `tmescope.ingest.duplicates`."""

COLUMNS = ("sample_id", "patient_id", "cancer_type", "treatment", "timepoint", "sex", "age_years")
"""Our names of the columns of a sample table that have a meaning of their own."""

MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "<NA>", "NULL", "null")
"""Cells that count as missing in typed columns and in matrices. Of the identifiers only
those of patients are compared with this list: a sample or a gene may be called NA."""

PLACEHOLDER = re.compile(r"\[[A-Za-z ,/]+\]")
"""What cBioPortal and TCGA write for a value that is not there, such as [Not Available]."""

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Dialect:
    """How a text table is written, as far as somebody says it; None leaves a key to the evidence.

    Parameters
    ----------
    delimiter : str, optional
        Between cells, one character.
    decimal : {'.', ','}, optional
        The decimal mark.
    thousands : str, optional
        Between thousands, one character; empty where there is none.
    encoding : str, optional
        A codec of Python, such as ``utf-16`` or ``cp1252``.
    comment : str, optional
        What lines above the header begin with that are no part of the table; empty where there are none.
    """

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class SampleSelection:
    """Which of the joined samples enter the analysis.

    Parameters
    ----------
    timepoint : tuple of str, optional
        Values of the timepoint column to keep; None keeps all.
    one_per_patient : {'refuse', 'first', 'all'}
        What to do where a patient still has several samples: refuse and name them, keep the first in the
        order of the sample table, or keep all (they are then not independent, which is a warning).
    exclude : tuple of str
        Sample identifiers to leave out.
    """

    timepoint: tuple[str, ...] | None = None
    one_per_patient: Literal["refuse", "first", "all"] = "refuse"
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class CohortOptions:
    """How one cohort is read.

    Parameters
    ----------
    cohort_id : str
        Name of the cohort in every table.
    scale : str
        The scale that the file's documentation states, see `tmescope.foundation.scale.Scale.parse`. Checked
        against the numbers, never guessed from them.
    format : str, optional
        Of the expression file, see `FileFormat`; None takes it from the ending, see
        `tmescope.ingest.formats.find_format`.
    orientation : {'genes_by_samples', 'samples_by_genes'}, optional
        What the rows of the file are; None means samples_by_genes for h5ad and zarr, else genes_by_samples.
    identifiers : {'symbol', 'ensembl', 'entrez', 'uniprot'}
        What kind of name the genes carry.
    columns : mapping of str to str
        Our names (see `COLUMNS`) to the columns of the sample table. A name that is not mapped is taken from
        a column that is called exactly so; no other synonym is tried.
    selection : SampleSelection
        Which samples enter.
    layer : str, optional
        Layer of an h5ad file or Zarr store that holds the matrix; None means ``X``. Of a 10x_h5 file with several
        genomes the one that counts.
    gene_column : str, optional
        Which column names the genes in formats that have several (``gene_id`` or ``gene_name`` of
        nfcore_rnaseq and 10x, which must be told; ``Hugo_Symbol`` or ``Entrez_Gene_Id`` of cbioportal, which must be
        told where a file has both; ``Geneid`` or an attribute of featureCounts; ``Name`` or ``Description`` of GCT, or
        a row annotation of GCT 1.3).
    value_column : str, optional
        Which column of the files of a samplesheet holds the values, where their format does not say it.
    molecular_profile : str, optional
        The ``stable_id`` of the expression profile in the folder of a cBioPortal study; needed where there are several
        that are not z-scores.
    samples_format : str, optional
        Of the sample table; None takes it from the ending.
    samples_sheet : str, optional
        Which sheet of a workbook holds the sample table; needed where several hold something.
    dialect, samples_dialect : Dialect, optional
        Of the expression file and of the sample table where they are text.
    cancer_type, treatment : str, optional
        For the whole cohort. Where `columns` maps the name, the table's values come first and this fills the gaps.
    licence : str
        Licence or consent note, copied into the ``cohorts`` table.
    max_unmapped : float
        Largest share (0-1) of the genes that the requested signatures need and that may be absent.
    allow_identifying : tuple of str
        Columns that may be used although they look like they identify persons.
    gene_table : GeneTable, optional
        What the names are looked up in; the bundled genes if omitted, all human genes from
        `tmescope.facts.full_genes.load_full_genes`.
    duplicates : {'sum', 'mean', 'median', 'highest_mean', 'refuse'}, optional
        What becomes of several rows of one gene. If omitted, rows of the same name are summed on linear scales and
        refused on others, and rows that only mean the same gene keep their own names.
    gene_lengths : Path, optional
        Table of the genes' lengths, which turns counts into TPM; see `tmescope.ingest.gene_lengths`.
    to_tpm : bool
        Whether FPKM become TPM, which needs no lengths.
    progress : Progress
        Told how far the reading of the matrix is; nothing that is read depends on it.
    """

    cohort_id: str
    scale: str
    format: FileFormat | None = None
    orientation: Orientation | None = None
    identifiers: Identifiers = "symbol"
    columns: Mapping[str, str] = field(default_factory=lambda: _NONE)
    selection: SampleSelection = SampleSelection()
    layer: str | None = None
    gene_column: str | None = None
    value_column: str | None = None
    samples_format: FileFormat | None = None
    samples_sheet: str | None = None
    dialect: Dialect | None = None
    samples_dialect: Dialect | None = None
    cancer_type: str | None = None
    treatment: str | None = None
    licence: str = ""
    max_unmapped: float = 0.2
    allow_identifying: tuple[str, ...] = ()
    molecular_profile: str | None = None
    gene_table: GeneTable | None = None
    duplicates: Duplicates | None = None
    gene_lengths: Path | None = None
    to_tpm: bool = False
    progress: Progress = field(default=SILENT, compare=False, repr=False)
