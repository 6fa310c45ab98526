"""Matrices of single cells from Cell Ranger, read as pseudo-bulk: the counts of all cells of a sample, added up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tmescope.foundation.errors import ExpressionError, FileFormatError, ScaleError
from tmescope.foundation.scale import Scale
from tmescope.ingest.apart import DEFAULT_PATIENCE, Patience, read_apart
from tmescope.ingest.blocks import choose_names, unsaid_names
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.matrix import Note, RawMatrix
from tmescope.ingest.options import FileFormat
from tmescope.ingest.pseudobulk import PseudoBulk, describe_sums
from tmescope.ingest.tenx_folder import find_parts
from tmescope.ingest.tenx_mtx import read_folder

__all__ = ["TENX_FORMATS", "as_matrix", "name_sample", "read_sums", "read_tenx", "rescale"]

TENX_FORMATS: tuple[FileFormat, ...] = ("10x_mtx", "10x_h5")
"""Folders of matrix.mtx, features.tsv and barcodes.tsv; files such as filtered_feature_bc_matrix.h5."""

_GENERIC = (
    *(f"{a}{b}_{c}_bc_{d}" for a in ("", "sample_") for b in ("filtered", "raw") for c in ("feature", "gene")
      for d in ("matrix", "matrices", "matrices_h5")),
    *("outs", "count", "per_sample_outs", "GRCh37", "GRCh38", "hg19", "hg38"),
)  # fmt: skip


def read_tenx(
    path: Path,
    form: FileFormat,
    *,
    gene_column: str | None = None,
    genome: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> RawMatrix:
    """Read one matrix of single cells as pseudo-bulk.

    Parameters
    ----------
    path : Path
        A folder or an HDF5 file.
    form : {'10x_mtx', '10x_h5'}
        Which.
    gene_column : {'gene_id', 'gene_name'}
        Which one names the genes; must be told. Genes of one name are summed.
    genome : str, optional
        Which one, in a file of several.
    limits : Limits
        On sizes.

    Returns
    -------
    RawMatrix
        Genes in rows. One sample, named after the file or the first folder above it whose name says something; an
        aggregated matrix (barcodes that end with -1, -2 ...) has one sample for each of these numbers, named with
        it, since each is a library of its own, and to add up patients would be a guess.

    Raises
    ------
    FileFormatError
        Files that are missing, damaged or do not belong together.
    ExpressionError
        `gene_column` is not given; entries that are no counts; no gene expression.
    UnknownNameError
        No such column or genome.
    """
    found = read_sums(path, form, genome=genome, limits=limits)
    return as_matrix(found, name_sample(path), gene_column=gene_column, where=str(path))


def read_sums(
    path: Path,
    form: FileFormat,
    *,
    genome: str | None = None,
    split: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    patience: Patience = DEFAULT_PATIENCE,
) -> PseudoBulk:
    """Add up the cells of a folder or an HDF5 file.

    Parameters
    ----------
    path, form, genome, limits
        See `read_tenx`.
    split : bool
        Whether the libraries of an aggregated matrix are samples of their own.
    patience : Patience
        On the time of a process that reads HDF5.

    Raises
    ------
    FileFormatError, ExpressionError, UnknownNameError
        See `read_tenx`.
    """
    if form == "10x_h5":
        parcel = read_apart("10x_h5", path, {"genome": genome, "split": split}, limits=limits, patience=patience)
        about: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in parcel.about.items()}
        return PseudoBulk(sums=parcel.arrays["sums"], **about)
    if genome is not None:
        raise ExpressionError(
            f"layer = {genome!r} is declared, but a folder holds one genome",
            where=str(path),
            expected="layer with an HDF5 file of several genomes only",
            next_step="leave layer out",
        )
    parts = find_parts(path)
    if parts is None:
        raise FileFormatError(
            "the folder does not hold the three files of a matrix of cells",
            where=str(path),
            expected="matrix.mtx, features.tsv (or genes.tsv) and barcodes.tsv, each plain or .gz",
            next_step="name the folder that holds them, such as filtered_feature_bc_matrix",
        )
    return read_folder(parts, split=split, limits=limits)


def as_matrix(found: PseudoBulk, name: str, *, gene_column: str | None, where: str) -> RawMatrix:
    """Return sums over cells as a matrix with the notes on them.

    Parameters
    ----------
    found : PseudoBulk
        The sums.
    name : str
        Of the sample; samples of an aggregated matrix get their number at its end.
    gene_column : {'gene_id', 'gene_name'}
        Must be told.
    where : str
        The file, for messages.

    Raises
    ------
    ExpressionError, UnknownNameError
        `gene_column` is not given or is something else.
    """
    if gene_column is None:
        raise unsaid_names(where)
    both = {"gene_id": list(found.gene_ids), "gene_name": list(found.gene_names)}
    genes, notes = choose_names(both, gene_column, fallback="gene_id", where=where)
    aggregated = len(found.suffixes) > 1
    samples = tuple(f"{name}-{s}" for s in found.suffixes) if aggregated else (name,)
    if aggregated:
        evidence = (
            f"barcodes end with {len(samples)} numbers: {_shown(found.suffixes)}; each is one library, and one sample"
        )
        notes.append(Note("tenx.aggregated", "libraries", str(len(samples)), evidence))
    notes += describe_sums(found, samples)
    return RawMatrix(found.sums.astype(np.float64), genes, samples, notes=tuple(notes))


def _shown(suffixes: Sequence[str]) -> str:
    return ", ".join(f"-{s}" for s in suffixes[:3]) + (" ..." if len(suffixes) > 3 else "")


def name_sample(path: Path) -> str:
    """Return the name of the sample in a folder or file of Cell Ranger.

    Parameters
    ----------
    path : Path
        Such as ``P01/outs/filtered_feature_bc_matrix``, which is P01.
    """
    parts = [path.stem if path.suffix == ".h5" else path.name, *(p.name for p in path.parents)]
    generic = re.compile(f"(.*?)({'|'.join(map(re.escape, _GENERIC))})?")
    said = (generic.fullmatch(part) for part in parts)
    return next((name for match in said if match and (name := match[1].strip("_.- "))), "sample")


def rescale(matrix: RawMatrix, scale: Scale, *, where: str) -> RawMatrix:
    """Return sums over cells in the declared scale.

    Parameters
    ----------
    matrix : RawMatrix
        From `as_matrix`.
    scale : Scale
        ``counts``, or ``cpm``: counts per million of all gene expression counts of the sample. Counts of molecules
        do not grow with the length of a gene, so that nothing else is needed.
    where : str
        The file, for messages.

    Raises
    ------
    ScaleError
        Any other scale.
    """
    if str(scale) == "counts":
        return matrix
    if str(scale) != "cpm":
        raise ScaleError(
            f"sums over cells are counts of molecules; the declared scale is {scale}",
            where=f"{where}, scale",
            expected='scale = "counts", or scale = "cpm" (counts per million, which is calculated)',
            next_step="declare cpm where methods shall score the samples",
        )
    totals = matrix.by_column.sum(axis=1)
    least, most = f"{totals.min():,.0f}", f"{totals.max():,.0f}"
    evidence = (
        f"counts were divided by the sum of each sample ({least if least == most else f'{least} to {most}'}) and "
    )
    note = Note("tenx.cpm", "counts per million", "calculated", f"{evidence}multiplied by a million")
    return replace(matrix, by_column=matrix.by_column / totals[:, None] * 1e6, notes=(*matrix.notes, note))
