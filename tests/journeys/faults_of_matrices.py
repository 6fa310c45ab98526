"""Expression files that cannot be read, or are not what the study says."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from tests.journeys.faults import Change, Fault, content, matrix, redraft, study, text, together

from tmescope.foundation.errors import ExpressionError, FileFormatError, IdentifierError, MissingFileError, ScaleError

COHORT = ("cohorts", 0)


def _as(name: str, data: bytes) -> Change:
    """Give cohort a an expression file of another name."""
    return together(content(name, data), study(*COHORT, "expression", value=name))


def _folder_instead(folder: Path) -> None:
    (folder / "a.tsv").unlink()
    (folder / "a.tsv").mkdir()


def _truncate(folder: Path) -> None:
    path = folder / "b.tsv.gz"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _put(row: str, column: int, value: object):
    def change(frame):
        frame = frame.astype(object)
        frame.loc[row, frame.columns[column]] = value
        return frame

    return matrix(change)


def _logarithms(frame):
    return np.log2(frame.where(frame > 5, 0.0) + 0.001)


def _rename_all(frame):
    return frame.set_axis([f"LOC{i:05d}" for i in range(len(frame))], axis="index")


def _counts(frame):
    return frame.round().astype(int)


MATRICES = (
    Fault("empty file", content("a.tsv", b""), FileFormatError, ("a.tsv",), ("empty (0 bytes)",)),
    Fault(
        "header only",
        text("a.tsv", lambda t: t.splitlines()[0] + "\n"),
        FileFormatError,
        ("a.tsv",),
        ("a header of 24 columns and no rows",),
    ),
    Fault(
        "sample twice",
        matrix(lambda f: f.set_axis(["S1-01", *f.columns[1:]], axis="columns")),
        ExpressionError,
        ("a.tsv", "sample axis"),
        ("1 sample names occur more than once", "'S1-01'"),
    ),
    Fault(
        "negative TPM", _put("GZMA", 3, -3.5), ScaleError, ("a.tsv", "scale 'tpm'"), ("1 values are negative", "-3.5")
    ),
    Fault(
        "negative logarithms of another offset",
        together(matrix(_logarithms), study(*COHORT, "scale", value="log2(tpm+1)")),
        ScaleError,
        ("a.tsv", "scale 'log2(tpm+1)'"),
        ("values lie below the floor 0", "the lowest is"),
        hint="log2(tpm+0.",
    ),
    Fault(
        "logarithms declared TPM",
        matrix(lambda f: np.log2(f + 1)),
        ScaleError,
        ("a.tsv", "scale 'tpm'"),
        ("as in a logarithm",),
        hint="they look like log2(tpm+1)",
    ),
    Fault(
        "TPM declared logarithms",
        study(*COHORT, "scale", value="log2(tpm+1)"),
        ScaleError,
        ("a.tsv", "scale 'log2(tpm+1)'"),
        ("the largest value", "would be"),
        hint="they look linear",
    ),
    Fault(
        "cells that can be split in two ways",
        _as("a.tsv", b"g;A|B\nx;1|2\n"),
        FileFormatError,
        ("a.tsv",),
        ("can be split at semicolons (2 columns) or bars (2 columns)",),
        hint="declare the delimiter",
    ),
    Fault(
        "a decimal comma or thousands",
        _as("a.tsv", b"g\tA\nx\t1,234\n"),
        FileFormatError,
        ("a.tsv",),
        ("'1,234' can have a decimal comma",),
        hint='decimal = ","',
    ),
    Fault(
        "samples in rows",
        matrix(lambda f: f.T),
        ExpressionError,
        ("a.tsv",),
        ("genes and samples look exchanged", "24 identifiers of the sample table", "'S1-00'"),
        hint="samples_by_genes",
    ),
    Fault(
        "no gene in common",
        together(matrix(_rename_all), study("profile", "max_unmapped", value=1.0)),
        IdentifierError,
        ("profile.gene_universe",),
        ("no gene is common to the cohorts", "a (147)"),
        hint="'LOC00000'",
    ),
    Fault(
        "needed genes missing",
        matrix(lambda f: f.drop(index=["GZMA", "PRF1", "IFNG", "STAT1", "IDO1", "CXCL9", "CXCL10"])),
        IdentifierError,
        ("a.tsv",),
        ("7 of 27 genes", "(26%)", "GZMA"),
        hint="at most 20%",
    ),
    Fault(
        "Ensembl names declared symbols",
        matrix(lambda f: f.set_axis([f"ENSG{i:011d}" for i in range(len(f))], axis="index")),
        IdentifierError,
        ("a.tsv", "'ENSG00000000000'"),
        ("27 of 27 genes",),
        hint="declare identifiers = 'ensembl'",
    ),
    Fault(
        "ragged rows",
        text("a.tsv", lambda t: t.replace("\nGZMA\t", "\nGZMA\t1.0\t", 1)),
        FileFormatError,
        ("a.tsv", "line "),
        ("has 26 cells; the header has 25",),
    ),
    Fault(
        "cell that is no number",
        _put("GZMA", 2, "high"),
        ExpressionError,
        ("a.tsv", "line ", "column 'S1-02'"),
        ("1 cells are not numbers", "'high'"),
    ),
    Fault(
        "decimal comma",
        _put("GZMA", 4, "12,5"),
        FileFormatError,
        ("a.tsv",),
        ("with a decimal point and with a comma", "'12,5'"),
        hint="declare dialect = ",
    ),
    Fault(
        "infinity",
        _put("IFNG", 5, "-inf"),
        ExpressionError,
        ("gene 'IFNG'", "sample 'S1-05'"),
        ("1 values are infinite", "-inf"),
        hint="a logarithm of zero is -inf",
    ),
    Fault(
        "nothing but missing values",
        matrix(lambda f: f * np.nan, na_rep="NA"),
        ExpressionError,
        ("a.tsv",),
        ("all samples have no value", "'S1-00'"),
    ),
    Fault(
        "gene twice on a log scale",
        together(
            matrix(lambda f: np.log2(f + 1).rename(index={"BG000": "GZMA"})),
            study(*COHORT, "scale", value="log2(tpm+1)"),
        ),
        ExpressionError,
        ("a.tsv", "gene axis"),
        ("1 genes occur more than once", "'GZMA'"),
        hint="cannot be added",
    ),
    Fault(
        "counts where TPM are needed",
        together(
            matrix(_counts),
            study(*COHORT, "scale", value="counts"),
            study("profile", "methods", value=["ssgsea"]),
        ),
        ScaleError,
        ("cohort a", "scale"),
        ("ssgsea does not take counts",),
        hint="gene_lengths = FILE turns counts into TPM",
    ),
    Fault(
        "TPM declared counts",
        study(*COHORT, "scale", value="counts"),
        ScaleError,
        ("a.tsv", "scale 'counts'"),
        ("of the non-zero values are whole numbers",),
        hint="they look like tpm",
    ),
    Fault(
        "missing file",
        lambda folder: (folder / "a.tsv").unlink(),
        MissingFileError,
        ("a.tsv",),
        ("there is no file 'a.tsv'",),
        hint="relative to that file",
    ),
    Fault("folder instead of a file", _folder_instead, FileFormatError, ("a.tsv",), ("'a.tsv' is a folder",)),
    Fault("truncated gzip", _truncate, FileFormatError, ("b.tsv.gz",), ("ends after",), hint="it is truncated"),
    Fault(
        "plain text called .gz",
        lambda folder: (folder / "b.tsv.gz").write_bytes(gzip.decompress((folder / "b.tsv.gz").read_bytes())),
        FileFormatError,
        ("b.tsv.gz",),
        ("not a gzip file",),
    ),
    Fault(
        "h5ad that is not HDF5",
        _as("a.h5ad", b"gene,S1-00\n" * 40),
        FileFormatError,
        ("a.h5ad",),
        ("not an HDF5 file",),
    ),
    Fault(
        "Parquet that is not Parquet",
        _as("a.parquet", b"PK\x03\x04" + b"\0" * 200),
        FileFormatError,
        ("a.parquet",),
        ("a ZIP archive (perhaps an Excel workbook)",),
    ),
    Fault(
        "damaged Parquet",
        _as("a.parquet", b"PAR1" + b"\0" * 200 + b"PAR1"),
        FileFormatError,
        ("a.parquet",),
        ("the Parquet file cannot be opened",),
    ),
    Fault(
        "text in UTF-16 that is cut",
        lambda folder: (folder / "a.tsv").write_bytes((folder / "a.tsv").read_text().encode("utf-16")[:-1]),
        FileFormatError,
        ("a.tsv",),
        ("text in UTF-16",),
    ),
    Fault("unknown ending", _as("a.xyz", b"x\t1\n"), FileFormatError, ("a.xyz",), ("'.xyz'",), hint=".parquet"),
    Fault(
        "text declared h5ad",
        redraft(lambda d: d["cohorts"][0].update(format="h5ad")),
        FileFormatError,
        ("a.tsv",),
        ("not an HDF5 file; its name or its declaration",),
    ),
)
