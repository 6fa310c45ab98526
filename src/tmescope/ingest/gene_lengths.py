"""Counts become TPM with a table of gene lengths, and FPKM without one; both exactly, and both said."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tmescope.foundation.errors import FileFormatError, IdentifierError, ScaleError, TmescopeError, examples, listing
from tmescope.foundation.scale import Scale, convert
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.decompress import DEFAULT_LIMITS, open_bytes
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.formats import find_format, find_lengths
from tmescope.ingest.identifiers import is_ensembl
from tmescope.ingest.options import MISSING_WORDS, CohortOptions
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.symbols import NO_LENGTH
from tmescope.stats.abundance import counts_to_tpm, rates_to_tpm

__all__ = ["GeneLengths", "final_scale", "read_gene_lengths", "turn_to_tpm"]

_GENE = ("gene", "geneid", "genename", "genesymbol", "name")
_LENGTH = ("effectivelength", "length", "genelength")
_OF_A_GENE = re.compile("length|mean|median|merged|isoform")
_LONGEST_HEADER = 1 << 20
_NEEDS_LENGTHS = ("counts", "cpm")
_TPM = Scale("tpm")
_LISTED = 300
_TABLE = "a column gene (or gene_id, gene_name, Geneid, Name) and one length, gene_length or effective_length, in bases"


@dataclass(frozen=True)
class GeneLengths:
    """Lengths of genes.

    Parameters
    ----------
    lengths : mapping of str to float
        By gene, as the table names it; above 0.
    column : str
        Which column they come from.
    where : str
        The file.
    unsure : frozenset of str
        Names of several genes whose lengths differ; they have none in `lengths`.
    """

    lengths: Mapping[str, float]
    column: str
    where: str
    unsure: frozenset[str] = frozenset()

    def find(self, genes: Sequence[str]) -> tuple[tuple[float, ...], int]:
        """Return the length of each gene, NaN where the table has none, and how many were found without version.

        Parameters
        ----------
        genes : sequence of str
            As the matrix names them. An Ensembl id that the table lacks is looked for without its version, where one
            id of the table alone is the same so.
        """
        bare: dict[str, set[float]] = {}
        for name, length in self.lengths.items():
            if is_ensembl(name):
                bare.setdefault(_without_version(name), set()).add(length)
        found, n_bare = [], 0
        for gene in genes:
            length = self.lengths.get(gene, math.nan)
            same = bare.get(_without_version(gene), ()) if math.isnan(length) and is_ensembl(gene) else ()
            if len(same) == 1:
                (length,), n_bare = tuple(same), n_bare + 1
            found.append(length)
        return tuple(found), n_bare


def _without_version(name: str) -> str:
    head, dot, tail = name.partition(".")
    return head + ("_PAR_Y" if dot and tail.endswith("_PAR_Y") else "")


def read_gene_lengths(path: Path) -> GeneLengths:
    """Read a table of gene lengths.

    Parameters
    ----------
    path : Path
        TSV, CSV (also gzip) or Parquet: one row a gene. ``gene``, ``gene_id``, ``gene_name``, ``Geneid`` or ``Name``
        names the gene; where there are several of them, a gene is found by any of its names.
        ``effective_length`` or, where there is none, ``length`` is its length, in bases or any other unit. Output of
        featureCounts, RSEM and Salmon has such columns. Rows with length 0 or none have no length.

    Raises
    ------
    MissingFileError
        There is no such file.
    SampleError
        Lengths that can be read in two ways, such as ``1,523``.
    FileFormatError
        No such columns; a length for each sample; a length that is no number or negative; two lengths of one gene.

    Notes
    -----
    A name that several rows carry which another column of names tells apart (a symbol of several Ensembl genes) has
    the length that they share, or none where they differ.
    """
    table = _read_table(path)
    names = {column: _folded(column) for column in table.frame.columns}
    genes = [c for c, folded in names.items() if folded in _GENE]
    length = next((c for word in _LENGTH for c, folded in names.items() if folded == word), None)
    if not genes or length is None:
        raise _no_columns(list(names), path)
    rows: dict[tuple[str, ...], float] = {}
    faults: list[str] = []
    columns = (*(table.frame[column] for column in genes), table.numbers(length, role="length"))
    for line, *gene, cell in zip(table.lines, *columns, strict=True):
        value = _number(cell)
        if value is None or (value > 0 and rows.get(tuple(gene), value) != value):
            faults.append(f"line {line}, {gene[0]}: {cell}")
        elif value > 0:
            rows[tuple(gene)] = value
    if faults:
        raise FileFormatError(
            f"{len(faults)} rows have no usable length: {examples(faults)}",
            where=f"{path}, column {length!r}",
            expected="one length above 0 for each gene, such as 1523 or 1380.5",
            next_step="put those rows right or remove them",
        )
    by_name: dict[str, set[float]] = {}
    for gene_names, value in rows.items():
        for name in gene_names:
            by_name.setdefault(name, set()).add(value)
    lengths = {name: next(iter(found)) for name, found in by_name.items() if len(found) == 1}
    return GeneLengths(lengths, length, table.where, frozenset(by_name.keys() - lengths.keys()))


def _read_table(path: Path) -> SampleTable:
    form = find_format(path)
    if form in ("tsv", "nfcore_rnaseq"):
        with open_bytes(path, limits=DEFAULT_LIMITS) as handle:
            header = handle.readline(_LONGEST_HEADER).decode("utf-8", "replace").rstrip("\r\n").split("\t")
        further = [_folded(name) for name in header[2:]]
        if header[:2] == ["gene_id", "gene_name"] and not find_lengths(further):
            if any(map(_OF_A_GENE.search, further)):
                raise _no_columns(header, path)
            raise FileFormatError(
                f"there is a length for each sample, not for each gene: {examples(header[2:])}",
                where=str(path),
                expected=_TABLE,
                next_step="take salmon.merged.gene_tpm.tsv, which the pipeline made with these lengths, or the lengths "
                "of the annotation",
            )
    return read_sample_table(path, "tsv" if form == "nfcore_rnaseq" else form, key="")


def _no_columns(names: list[str], path: Path) -> FileFormatError:
    told = f"the columns are {examples(names)}"
    return FileFormatError(told, where=str(path), expected=_TABLE, next_step="rename the columns")


def _folded(column: str) -> str:
    return column.strip('"').casefold().replace("_", "").replace(" ", "")


def _number(cell: object) -> float | None:
    """Return a length, 0 where none is stated, None where the cell is no length."""
    text = str(cell).strip()
    if text in MISSING_WORDS:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def final_scale(scale: Scale, *, has_lengths: bool, to_tpm: bool) -> Scale:
    """Return the scale that a cohort has once it is read.

    Parameters
    ----------
    scale : Scale
        As declared.
    has_lengths, to_tpm : bool
        Whether `gene_lengths` and `to_tpm` are declared.
    """
    return _TPM if has_lengths or to_tpm else scale


def turn_to_tpm(
    table: ExpressionTable, scale: Scale, options: CohortOptions, *, where: str, findings: Findings
) -> tuple[ExpressionTable, Scale]:
    """Turn a matrix into TPM where the cohort declares it.

    Parameters
    ----------
    table : ExpressionTable
        With unique genes, in `scale`.
    scale : Scale
        As declared; logarithms are undone first.
    options : CohortOptions
        `gene_lengths` for counts and CPM, `to_tpm` for FPKM.
    where : str
        The file, for errors.
    findings : Findings
        Receives problems, warnings and a row of the quality table.

    Returns
    -------
    table : ExpressionTable
        In TPM, without the genes that have no length; as it was where nothing is declared or something is wrong.
    scale : Scale
        TPM, or as it was.

    Notes
    -----
    See `tmescope.stats.abundance` for the equations. Genes without a length are left out of the matrix and of the sums
    over a sample; where more of the genes with reads are without than `max_unmapped`, that is a problem.
    """
    if options.gene_lengths is None and not options.to_tpm:
        return table, scale
    problems = list(_declaration_problems(scale, options))
    findings.add(problems)
    if problems:
        return table, scale
    with findings.collecting():
        linear, _ = convert(table.values, scale, Scale(scale.unit))
        if options.gene_lengths is None:
            evidence = f"Converted from {scale}: each sample sums to a million over its {len(table.gene_ids):,} genes."
            findings.note("turned to TPM", scale, evidence, status="notice")
            findings.warn("scale.turned_to_tpm", f"{scale} became TPM over the genes that the matrix has", count=1)
            return replace(table, values=rates_to_tpm(linear)), _TPM
        lengths = read_gene_lengths(options.gene_lengths)
        counts = replace(table, values=linear)
        return _with_lengths(counts, lengths, scale=scale, options=options, where=where, findings=findings), _TPM
    return table, scale


def _declaration_problems(scale: Scale, options: CohortOptions) -> Iterator[TmescopeError]:
    place = f"cohort {options.cohort_id!r}"
    if options.gene_lengths is not None and scale.unit not in _NEEDS_LENGTHS:
        yield ScaleError(
            f"gene_lengths is declared, but {scale} needs none",
            where=f"{place}, gene_lengths",
            expected="gene_lengths with counts or cpm",
            next_step="leave gene_lengths out" + ("; to_tpm = true turns FPKM to TPM" if scale.unit == "fpkm" else ""),
        )
    if options.to_tpm and options.gene_lengths is None and scale.unit != "fpkm":
        yield ScaleError(
            f"{scale} cannot become TPM by to_tpm",
            where=f"{place}, to_tpm",
            expected="to_tpm with fpkm",
            next_step="counts and cpm need gene lengths: gene_lengths = FILE; leave to_tpm out",
        )


def _with_lengths(
    table: ExpressionTable,
    lengths: GeneLengths,
    *,
    scale: Scale,
    options: CohortOptions,
    where: str,
    findings: Findings,
) -> ExpressionTable:
    found, n_bare = lengths.find(table.gene_ids)
    known = ~np.isnan(found)
    sums = np.nansum(table.values, axis=0)
    n_read, lost = int(np.count_nonzero(sums)), np.flatnonzero(~known & (sums > 0))
    names = sorted(table.gene_ids[int(j)] for j in lost)
    reads = float(sums[lost].sum() / sums.sum()) if sums.any() else 0.0
    n_unsure = len(lengths.unsure.intersection(names))
    several = f"; {n_unsure:,} of them several that differ" if n_unsure else ""
    if not known.any() or len(names) > options.max_unmapped * n_read:
        what = f"{len(names):,} of {n_read:,} genes with reads have no length, {reads:.1%} of all reads{several}"
        raise IdentifierError(
            f"{what}: {listing(names, most=_LISTED)}",
            where=f"{where}, genes; {lengths.where}",
            expected=f"a length for all but {options.max_unmapped:.0%} of them, under the names of the matrix",
            next_step="use the lengths of the annotation that the reads were counted with, or raise max_unmapped",
        )
    if names:
        message = f"{len(names):,} genes with reads have no length and are left out ({reads:.2%} of all reads{several})"
        findings.warn("genes.without_length", message, items=names)
        findings.note(
            "genes without a length", len(names), f"{message}: {listing(names, most=_LISTED)}.", status="notice"
        )
    bare = f", {n_bare:,} of them without the version of the id" if n_bare else ""
    evidence = f"Converted from {scale} with the column {lengths.column!r} of {int(known.sum()):,} genes{bare}."
    findings.note("turned to TPM", scale, evidence, status="notice")
    kept = [int(j) for j in np.flatnonzero(known)]
    values = counts_to_tpm(table.values[:, kept], np.array(found)[kept])
    left_out = {gene: NO_LENGTH for gene, is_known in zip(table.gene_ids, known, strict=True) if not is_known}
    return replace(
        table,
        values=values,
        gene_ids=tuple(table.gene_ids[j] for j in kept),
        left_out={**table.left_out, **left_out},
    )
