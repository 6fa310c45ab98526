"""Samplesheets: a table that lists one file for each sample, read as one matrix with its sample table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tmescope.foundation.errors import (
    ExpressionError,
    FileFormatError,
    MissingFileError,
    SampleError,
    TmescopeError,
    examples,
)
from tmescope.foundation.scale import Scale
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits
from tmescope.ingest.findings import Findings, raise_all
from tmescope.ingest.matrix import Note, RawMatrix
from tmescope.ingest.options import Dialect
from tmescope.ingest.quantifications import read_quantification
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.tenx import as_matrix, read_sums, rescale
from tmescope.ingest.tenx_folder import find_parts

__all__ = ["Listed", "list_files", "read_samplesheet"]

_SAMPLE, _FILE, _PATIENT = "sample", "file", "patient"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MOST_ROWS = 100_000
_CELLS = "10x cells"
_DECLARED = (", scale", ", value_column", ", gene_column")


@dataclass(frozen=True)
class Listed:
    """One row of a samplesheet.

    Parameters
    ----------
    sample : str
        Name of the sample.
    path : Path
        Its file or folder, resolved.
    place : str
        The sheet and the line, for messages.
    """

    sample: str
    path: Path
    place: str


@dataclass(frozen=True)
class _Read:
    genes: tuple[str, ...]
    values: np.ndarray[tuple[int], np.dtype[np.float64]]
    kind: str
    notes: tuple[Note, ...] = ()
    column: str = ""


def list_files(path: Path, *, dialect: Dialect | None = None) -> tuple[Listed, ...]:
    """Return what a samplesheet lists, as far as it can be read and is there.

    Parameters
    ----------
    path : Path
        The sheet.
    dialect : Dialect, optional
        How it is written.

    Raises
    ------
    TmescopeError
        If it is no samplesheet.
    """
    table = _read_sheet(path, dialect, Findings(""))
    return tuple(_list(table, path, []))


def read_samplesheet(
    path: Path,
    scale: Scale,
    *,
    value_column: str | None = None,
    gene_column: str | None = None,
    dialect: Dialect | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> RawMatrix:
    """Read the files of a samplesheet as one matrix.

    Parameters
    ----------
    path : Path
        CSV with the columns ``sample`` and ``file``; ``patient`` becomes ``patient_id``, and all others stay as they
        are. Files lie in the sheet's folder or below it; a path is relative to the sheet, or absolute.
    scale : Scale
        As declared; says which column of the files is read.
    value_column, gene_column : str, optional
        See `tmescope.ingest.quantifications.read_quantification` and `tmescope.ingest.tenx.as_matrix`.
    dialect : Dialect, optional
        Of the sheet.
    limits : Limits
        On each file, and on the matrix.

    Returns
    -------
    RawMatrix
        Genes in rows, in the order of the first file; samples in the order of the sheet, with the sheet as `obs`.

    Raises
    ------
    TmescopeError
        The problem, or `ManyProblems` with those of all files.

    Notes
    -----
    All files name the same genes. Another order is put right; other genes are an error, for cells too: which genes
    a file lists is a matter of the annotation, and a gene that an annotation lacks was not measured, which is not
    the same as zero. A file of cells that were aggregated from several libraries is one sample here, since the
    sheet says so.
    """
    findings = Findings("")
    table = _read_sheet(path, dialect, findings)
    problems: list[TmescopeError] = []
    listed = list(_list(table, path, problems))
    notes = list(_repeated(listed))
    found: list[_Read] = []
    for one in listed:
        with findings.collecting():
            found.append(_read_one(one, scale, value_column=value_column, gene_column=gene_column, limits=limits))
    problems += _each_declaration_once(findings.problems)
    if not problems:
        problems += _mixed(listed, found)
    raise_all(problems)
    genes, columns, more = _align(listed, found)
    values = np.ascontiguousarray(np.vstack(columns))
    kinds = f"{len(listed)} files of the kind {found[0].kind}"
    notes = [Note("", "samplesheet", found[0].kind, kinds), *notes, *more, *_told(found)]
    raw = RawMatrix(
        values, genes, tuple(one.sample for one in listed), _obs(table), notes=tuple(notes), style=table.style
    )
    return rescale(raw, scale, where=str(path)) if found[0].kind == _CELLS else raw


def _read_sheet(path: Path, dialect: Dialect | None, findings: Findings) -> SampleTable:
    table = read_sample_table(path, "csv", dialect=dialect, key="dialect", findings=findings)
    columns = [str(c) for c in table.frame.columns]
    reads = [c for c in columns if c.lower() in ("fastq_1", "fastq_2", "fastq1", "fastq2", "bam", "cram")]
    if reads:
        raise FileFormatError(
            f"the sheet lists reads ({examples(reads)}), not expression: it is the input of a pipeline such as "
            "nf-core/rnaseq",
            where=str(path),
            expected=f"the columns {_SAMPLE!r} and {_FILE!r}, with one file of gene expression a sample",
            next_step="run the pipeline, then name its merged matrix (format nfcore_rnaseq), or list its results here",
        )
    missing = [c for c in (_SAMPLE, _FILE) if c not in columns]
    twice = [c for c in table.duplicated if c in (_SAMPLE, _FILE, _PATIENT)]
    if missing or twice:
        what = f"there is no column {examples(missing)}" if missing else f"the column {examples(twice)} is there twice"
        raise FileFormatError(
            f"{what}; the header is {examples(columns)}",
            where=f"{path}, line 1",
            expected=f"the columns {_SAMPLE!r} and {_FILE!r}, then what else is known about the samples",
            next_step="write the header so; a table of expression values is format csv",
        )
    if len(table.frame) > _MOST_ROWS:
        raise FileFormatError(f"the sheet has {len(table.frame):,} rows", where=str(path), expected=f"{_MOST_ROWS:,}")
    return table


def _list(table: SampleTable, sheet: Path, problems: list[TmescopeError]) -> Iterator[Listed]:
    """Yield the rows that name a file that is there; the others become problems."""
    root = sheet.parent.resolve()
    samples, files = (table.frame[c].tolist() for c in (_SAMPLE, _FILE))
    repeated = [name for name, n in Counter(samples).items() if n > 1 and name.strip()]
    if repeated:
        lines = [line for line, name in zip(table.lines, samples, strict=True) if name in repeated]
        problems.append(
            SampleError(
                f"{len(repeated)} samples stand in the sheet more than once: {examples(repeated)}",
                where=f"{sheet}, lines {examples(lines)}",
                expected="one row a sample",
                next_step="rename them; files of one sample are added up by the pipeline, before",
            )
        )
    for line, sample, file in zip(table.lines, samples, files, strict=True):
        place = f"{sheet}, line {line}"
        problem = _empty(sample, file, place) or _not_there(file, root, place)
        if problem is None:
            yield Listed(sample, (root / file).resolve(), place)
        else:
            problems.append(problem)


def _empty(sample: str, file: str, place: str) -> TmescopeError | None:
    empty = [name for name, value in ((_SAMPLE, sample), (_FILE, file)) if not value.strip()]
    if not empty:
        return None
    return SampleError(
        f"the cell {examples(empty)} is empty",
        where=place,
        expected="a sample and its file in every row",
        next_step="fill the cell, or remove the row",
    )


def _not_there(file: str, root: Path, place: str) -> TmescopeError | None:
    try:
        path = (root / file).resolve()
        inside, there = path.is_relative_to(root), path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # link loops, NUL in the name
        return MissingFileError(f"the file {file!r} cannot be opened ({error})", where=place)
    if not inside:
        return FileFormatError(
            f"the file {file!r} lies outside the folder of the sheet",
            where=place,
            expected="files in the folder of the sheet or below it",
            next_step="put the sheet into a folder above all of its files",
        )
    if not there:
        return MissingFileError(
            f"there is no file {file!r}",
            where=place,
            next_step="check the path; paths in a samplesheet are relative to the sheet",
        )
    return None


def _repeated(listed: Sequence[Listed]) -> Iterator[Note]:
    owners: dict[Path, list[str]] = {}
    for one in listed:
        owners.setdefault(one.path, []).append(one.sample)
    for path, samples in owners.items():
        if len(samples) > 1:
            evidence = f"the samples {examples(samples)} have the same file, {path.name!r}"
            yield Note("samplesheet.file_twice", "files listed twice", path.name, evidence)


def _read_one(one: Listed, scale: Scale, *, value_column: str | None, gene_column: str | None, limits: Limits) -> _Read:
    folder = one.path.is_dir()
    if not folder:
        with one.path.open("rb") as handle:
            head = handle.read(len(_HDF5))
        if not head:
            raise FileFormatError("the file is empty (0 bytes)", where=f"{one.path} ({one.place})")
        if head != _HDF5:
            found = read_quantification(
                one.path, scale, value_column=value_column, gene_column=gene_column, limits=limits
            )
            kind = found.kind if found.is_only_column else f"{found.kind}, {found.column}"
            return _Read(found.genes, found.values, kind, column=found.column)
    if folder and find_parts(one.path) is None:
        raise FileFormatError(
            f"{one.path.name!r} is a folder without the files of a matrix of cells",
            where=f"{one.path} ({one.place})",
            expected="a file, or a folder of matrix.mtx, features.tsv and barcodes.tsv",
            next_step="name the file in it",
        )
    sums = read_sums(one.path, "10x_mtx" if folder else "10x_h5", split=False, limits=limits)
    notes = []
    if sums.n_libraries > 1:
        evidence = (
            f"{one.sample}: {sums.n_libraries} libraries or more were merged into one file; they are one sample here"
        )
        notes.append(Note("tenx.aggregated", f"libraries of {one.sample}", str(sums.n_libraries), evidence))
    matrix = as_matrix(sums, one.sample, gene_column=gene_column, where=str(one.path))
    return _Read(matrix.rows, matrix.by_column[0], _CELLS, (*notes, *matrix.notes))


def _each_declaration_once(problems: Sequence[TmescopeError]) -> Iterator[TmescopeError]:
    """Yield problems; one that is with a key of the study file, and so with every file, once."""
    seen: set[str] = set()
    for problem in problems:
        key = next((end for end in _DECLARED if (problem.where or "").endswith(end)), None)
        if key is None or key + problem.what not in seen:
            yield problem
        if key is not None:
            seen.add(key + problem.what)


def _mixed(listed: Sequence[Listed], found: Sequence[_Read]) -> Iterator[TmescopeError]:
    kinds = dict.fromkeys(read.kind for read in found)
    if len(kinds) > 1:
        of_each = {k: [o.sample for o, r in zip(listed, found, strict=True) if r.kind == k] for k in kinds}
        shown = "; ".join(f"{k}: {examples(samples)}" for k, samples in of_each.items())
        yield FileFormatError(
            f"the sheet lists files of {len(kinds)} kinds: {shown}",
            where=listed[0].place.rpartition(",")[0],
            expected="files of one kind, made by one pipeline",
            next_step="make one cohort for each kind",
        )


def _align(
    listed: Sequence[Listed], found: Sequence[_Read]
) -> tuple[tuple[str, ...], list[np.ndarray[tuple[int], np.dtype[np.float64]]], list[Note]]:
    """Return genes and values of all samples in the order of the first; other genes are an error."""
    genes = found[0].genes
    wanted = Counter(genes)
    columns, problems, moved = [], [], []
    for one, read in zip(listed, found, strict=True):
        if read.genes == genes:
            columns.append(read.values)
        elif Counter(read.genes) != wanted:
            problems.append(_other_genes(one, read.genes, first=listed[0], wanted=genes))
        elif len(wanted) != len(genes):
            problems.append(_repeated_and_moved(one, wanted))
        else:
            position = {name: i for i, name in enumerate(read.genes)}
            columns.append(read.values[[position[g] for g in genes]])
            moved.append(one.sample)
    raise_all(problems)
    notes = []
    if moved:
        evidence = f"{len(moved)} files list the same genes in another order and were put in order: {examples(moved)}"
        notes.append(Note("samplesheet.reordered", "files in another order", str(len(moved)), evidence))
    return genes, columns, notes


def _other_genes(one: Listed, genes: Sequence[str], *, first: Listed, wanted: Sequence[str]) -> ExpressionError:
    lacking, further = sorted(set(wanted) - set(genes)), sorted(set(genes) - set(wanted))
    parts = [f"{len(lacking):,} are missing: {examples(lacking)}"] if lacking else []
    parts += [f"{len(further):,} are further: {examples(further)}"] if further else []
    return ExpressionError(
        f"the file of {one.sample!r} lists other genes than that of {first.sample!r}; "
        + ("; ".join(parts) or "some are there more often"),
        where=f"{one.path} ({one.place})",
        expected="files that one pipeline made with one annotation",
        next_step="quantify all samples with the same annotation; a gene that is not listed is not zero",
    )


def _repeated_and_moved(one: Listed, wanted: Counter[str]) -> ExpressionError:
    repeated = [name for name, n in wanted.items() if n > 1]
    return ExpressionError(
        f"the file of {one.sample!r} lists its genes in another order, and {len(repeated):,} names occur more than "
        f"once: {examples(repeated)}",
        where=f"{one.path} ({one.place})",
        expected="the same order, or names that occur once",
        next_step="name the genes by gene_id",
    )


def _told(found: Sequence[_Read]) -> list[Note]:
    """Return the notes on all files, each sentence once, and what their columns of values are called."""
    columns = list(dict.fromkeys(read.column for read in found))
    notes = list(dict.fromkeys(note for read in found for note in read.notes))
    if len(columns) > 1:
        evidence = f"the columns of values have {len(columns)} names in {len(found)} files: {examples(columns)}"
        code = "samplesheet.columns_differ" if len(columns) < len(found) else ""  # else each is that of its sample
        notes.append(Note(code, "columns of values", str(len(columns)), evidence))
    return notes


def _obs(table: SampleTable) -> pd.DataFrame:
    columns = {str(name): table.frame[name] for name in table.frame.columns if name not in (_SAMPLE, _FILE)}
    if _PATIENT in columns and "patient_id" not in columns:
        columns["patient_id"] = columns.pop(_PATIENT)
    ids = {} if "sample_id" in columns else {"sample_id": table.frame[_SAMPLE]}
    return pd.DataFrame({**ids, **columns}, dtype="string")
