"""Formats of files that hold the expression of one sample, told apart by their first lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tmescope.foundation.errors import FileFormatError, examples
from tmescope.ingest.blocks import each_line
from tmescope.ingest.decompress import Limits, open_bytes
from tmescope.ingest.formats import check_content, find_first_words
from tmescope.ingest.numerals import is_number

__all__ = [
    "FEATURECOUNTS",
    "HTSEQ",
    "STAR",
    "Kind",
    "Layout",
    "find_counted",
    "find_layout",
    "no_header",
    "transcripts",
]

_NO_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_HEAD_BYTES = 512
_HEAD_LINES = 3
_STAR_WORDS = ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous")
_STRANDS = ("unstranded", "forward", "reverse")
_WHOLE = re.compile(r"\d+(\.0*)?", re.ASCII)
_HEADER_WORDS = re.compile(
    r"#?((accession|ensembl|entrez|feature|gene|genes|hgnc|hugo|id|id_ref|identifier|index|locus|name|names|ncbi|probe|"
    r"probeset|row|sample|symbol|symbols|target|transcript|unnamed: ?\d+)[ _.-]*)+",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class Kind:
    """One format of quantifications.

    Parameters
    ----------
    name : str
        In messages.
    genes : tuple of str
        The columns that may name the genes, the usual one first; empty where any may.
    asks_genes : bool
        Whether several of them name each gene, so that somebody must say which counts.
    values : mapping of str to tuple of str
        Unit of a scale to the columns that hold it, the usual one first.
    header : tuple of str
        How its header begins; empty where the format has none.
    skipped : tuple of str
        Rows that are no genes begin so.
    """

    name: str
    genes: tuple[str, ...] = ()
    asks_genes: bool = False
    values: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_COLUMNS)
    header: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


SALMON = Kind(
    "salmon quant.sf",
    ("Name",),
    values={"tpm": ("TPM",), "counts": ("NumReads",)},
    header=("Name", "Length", "EffectiveLength", "TPM", "NumReads"),
)
RSEM = Kind(
    "RSEM genes.results",
    ("gene_id",),
    values={"tpm": ("TPM",), "counts": ("expected_count",), "fpkm": ("FPKM",)},
    header=("gene_id", "transcript_id(s)", "length", "effective_length", "expected_count", "TPM", "FPKM"),
)
KALLISTO = Kind(
    "kallisto abundance.tsv",
    ("target_id",),
    values={"tpm": ("tpm",), "counts": ("est_counts",)},
    header=("target_id", "length", "eff_length", "est_counts", "tpm"),
)
GDC = Kind(
    "GDC augmented_star_gene_counts.tsv",
    ("gene_id", "gene_name"),
    asks_genes=True,
    values={
        "counts": ("unstranded", "stranded_first", "stranded_second"),
        "tpm": ("tpm_unstranded",),
        "fpkm": ("fpkm_unstranded",),
    },
    header=(
        *("gene_id", "gene_name", "gene_type", "unstranded", "stranded_first", "stranded_second"),
        *("tpm_unstranded", "fpkm_unstranded", "fpkm_uq_unstranded"),
    ),
    skipped=_STAR_WORDS,
)
FEATURECOUNTS = Kind("featureCounts", ("Geneid",), header=("Geneid", "Chr", "Start", "End", "Strand", "Length"))
# old versions of HTSeq wrote their own rows without underscores in front
_HTSEQ_WORDS = ("__", "no_feature", "ambiguous", "too_low_aQual", "not_aligned", "alignment_not_unique")
HTSEQ = Kind("htseq-count", ("gene",), values={"counts": ("count",)}, skipped=_HTSEQ_WORDS)
STAR = Kind("STAR ReadsPerGene.out.tab", ("gene",), skipped=_STAR_WORDS)
_TABLE = Kind("table")
_BY_HEADER = (SALMON, RSEM, KALLISTO, GDC, FEATURECOUNTS)
_TRANSCRIPT_HEADER = ("transcript_id", "gene_id")


@dataclass(frozen=True)
class Layout:
    """Where things stand in one file.

    Parameters
    ----------
    kind : Kind
        Its format.
    columns : tuple of str
        Names of all columns, ours where the format has no header.
    delimiter : str
        Between cells.
    first_line : int
        Line of the file (from 1) that holds the first row.
    genes : tuple of str
        The columns that may name the genes, the usual one first.
    values : tuple of str
        The columns that may hold values where the kind does not say it by scale.
    """

    kind: Kind
    columns: tuple[str, ...]
    delimiter: str
    first_line: int
    genes: tuple[str, ...]
    values: tuple[str, ...] = ()


def find_layout(path: Path, *, limits: Limits) -> Layout:
    """Return which format a file of one sample is in.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    limits : Limits
        On the decompressed size.

    Raises
    ------
    FileFormatError
        No text, a matrix of several samples, transcripts, neither a header nor the rows of a format without one.

    Notes
    -----
    Lines above the header that begin with ``#`` and are not cut into cells, as featureCounts and the GDC write them,
    are no part of the table.
    """
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        head = handle.read(_HEAD_BYTES)
    check_content(head, where)
    _refuse_matrix(head, where)
    delimiter = "," if path.name.lower().removesuffix(".gz").endswith(".csv") else "\t"
    rows: list[tuple[str, ...]] = []
    n_skipped = 0
    with open_bytes(path, limits=limits) as handle:
        for number, line in each_line(handle, where):
            if not rows and line.startswith("#") and delimiter not in line:
                n_skipped = number
                continue
            rows.append(tuple(c.removeprefix('"').removesuffix('"') for c in line.split(delimiter)))
            if len(rows) == _HEAD_LINES:
                break
    if not rows:
        raise FileFormatError(
            "there is nothing below the line that names the program",
            where=f"{where}, line {n_skipped}",
            expected="a header and one row a gene",
            next_step="copy the file again, or count again",
        )
    if rows[0][:2] == _TRANSCRIPT_HEADER:
        raise transcripts("the header begins 'transcript_id', 'gene_id'", where)
    for kind in _BY_HEADER:
        if rows[0][: len(kind.header)] == kind.header:
            values = find_counted(rows) if kind is FEATURECOUNTS else ()
            more = rows[0][len(kind.header) : len(rows[0]) - len(values)] if kind is FEATURECOUNTS else ()
            return Layout(kind, rows[0], delimiter, n_skipped + 2, (*kind.genes, *more), values)
    return _without_known_header(rows[0], delimiter, line=n_skipped + 1, where=where)


def find_counted(rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the columns of counts of featureCounts; before them stand attributes, whose cells are no numbers.

    Parameters
    ----------
    rows : sequence of tuple of str
        The header, and the first row where there is one.
    """
    start = len(FEATURECOUNTS.header)
    cells = rows[1] if len(rows) > 1 else ()
    while start < min(len(rows[0]), len(cells)) and not is_number(cells[start], missing=()):
        start += 1
    return rows[0][start:]


def _refuse_matrix(head: bytes, where: str) -> None:
    form = find_first_words(head)
    if form not in (None, "nfcore_rnaseq"):  # files of one sample have two columns of names too
        raise FileFormatError(
            f"the content is that of the format {form!r}, which holds a matrix of samples",
            where=where,
            expected="a file of one sample: a header and one row a gene",
            next_step=f"name it as expression of a cohort, with format = {form!r}",
        )


def _without_known_header(first: tuple[str, ...], delimiter: str, *, line: int, where: str) -> Layout:
    if len(first) == len(_STRANDS) + 1 and first[0] == _STAR_WORDS[0]:
        return Layout(STAR, ("gene", *_STRANDS), delimiter, line, STAR.genes, _STRANDS)
    if len(first) < 2:
        raise FileFormatError(
            f"the first line has one column only: {examples(first)}",
            where=f"{where}, line {line}",
            expected="a column of genes and a column of values; commas in .csv, tabs in all others",
            next_step="check the file, or its ending",
        )
    numbers = [is_number(cell) for cell in first[1:]]
    if not any(numbers) or _HEADER_WORDS.fullmatch(first[0]):
        return Layout(_TABLE, first, delimiter, line + 1, first, first)
    if sum(numbers) > 1 or not (first[0].strip() and _WHOLE.fullmatch(first[-1].strip())):
        raise no_header(first, f"{where}, line {line}")
    more = tuple(f"attribute_{i}" for i in range(1, len(first) - 1))
    columns = (*HTSEQ.genes, *more, "count")
    return Layout(HTSEQ, columns, delimiter, line, columns[:-1])


def no_header(first: Sequence[str], where: str) -> FileFormatError:
    """Return the error for a first line of which nobody can say whether it is a header or a gene.

    Parameters
    ----------
    first : sequence of str
        Its cells.
    where : str
        File and line.
    """
    return FileFormatError(
        f"the first line is neither a header nor a row of htseq-count for certain: {examples(first)}",
        where=where,
        expected="a header; without one, genes with whole counts and then the rows __no_feature ... of htseq-count",
        next_step="write a header above the rows: gene_id, then the name of the column of values",
    )


def transcripts(what: str, where: str, names: Sequence[str] = ()) -> FileFormatError:
    """Return the error for a file of transcripts.

    Parameters
    ----------
    what : str
        How it shows.
    where : str
        The file.
    names : sequence of str
        Of transcripts.
    """
    return FileFormatError(
        what + examples(names),
        where=where,
        expected="one row a gene",
        next_step="take the gene-level file of the same pipeline, such as salmon.merged.gene_tpm.tsv of nf-core, "
        "quant.genes.sf (salmon quant -g) or genes.results: transcripts are added up with the annotation that it used",
    )
