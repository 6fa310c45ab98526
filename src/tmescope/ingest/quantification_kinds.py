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
from tmescope.ingest.sample_columns import count_attributes

__all__ = [
    "FEATURECOUNTS",
    "HTSEQ",
    "STAR",
    "Head",
    "Kind",
    "Layout",
    "find_counted",
    "find_layout",
    "no_header",
    "read_head",
    "transcripts",
]

_NO_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_HEAD_BYTES = 512
_HEAD_LINES = 50
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


@dataclass(frozen=True)
class Head:
    """The first rows of a table.

    Parameters
    ----------
    rows : tuple of tuple of str
        Cells of the header and of the rows below it, without quotation marks; nothing where no line is a row.
    line : int
        Line of the file (from 1) that holds the header; the last line where there is none.
    is_quoted : bool
        Whether the first name stands in quotation marks.
    """

    rows: tuple[tuple[str, ...], ...]
    line: int
    is_quoted: bool = False


def read_head(path: Path, delimiter: str, *, limits: Limits, most: int = _HEAD_LINES) -> Head:
    """Read the header of a table and some rows.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    delimiter : str
        Between cells.
    limits : Limits
        On the decompressed size.
    most : int
        How many rows are read with the header.

    Raises
    ------
    FileFormatError
        Lines that are no text.

    Notes
    -----
    Lines above the header that begin with ``#`` are no part of the table. The last of them is the header itself where
    it has as many cells as the next line, and that one is a row: it has a name and a number.
    """
    rows: list[tuple[str, ...]] = []
    line, above, is_quoted = 0, "", False
    with open_bytes(path, limits=limits) as handle:
        for number, text in each_line(handle, str(path)):
            if not rows:
                line = number
                if text.startswith("#"):
                    above = text
                    continue
                is_quoted = text.startswith('"')
                if above and _is_header(_split(above, delimiter), _split(text, delimiter)):
                    rows.append(_split(above, delimiter))
                    line, is_quoted = number - 1, False
            rows.append(_split(text, delimiter))
            if len(rows) >= most:
                break
    return Head(tuple(rows), line, is_quoted)


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    return tuple(c.removeprefix('"').removesuffix('"') for c in text.split(delimiter))


def _is_header(first: tuple[str, ...], below: tuple[str, ...]) -> bool:
    """Return whether a line that begins with ``#`` names the columns of the next one."""
    is_row = any(map(is_number, below[1:])) and below[0].strip() and not _HEADER_WORDS.fullmatch(below[0])
    return len(first) == len(below) and bool(is_row)


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
    """
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        start = handle.read(_HEAD_BYTES)
    check_content(start, where)
    _refuse_matrix(start, where)
    delimiter = "," if path.name.lower().removesuffix(".gz").endswith(".csv") else "\t"
    head = read_head(path, delimiter, limits=limits)
    if not head.rows:
        raise FileFormatError(
            "there is nothing below the line that names the program",
            where=f"{where}, line {head.line}",
            expected="a header and one row a gene",
            next_step="copy the file again, or count again",
        )
    header = head.rows[0]
    if header[:2] == _TRANSCRIPT_HEADER:
        raise transcripts("the header begins 'transcript_id', 'gene_id'", where)
    for kind in _BY_HEADER:
        if header[: len(kind.header)] == kind.header:
            values = find_counted(head, where) if kind is FEATURECOUNTS else ()
            more = header[len(kind.header) : len(header) - len(values)] if kind is FEATURECOUNTS else ()
            return Layout(kind, header, delimiter, head.line + 1, (*kind.genes, *more), values)
    return _without_known_header(header, delimiter, line=head.line, where=where)


def find_counted(head: Head, where: str) -> tuple[str, ...]:
    """Return the columns of counts of featureCounts; before them stand attributes of the genes.

    Parameters
    ----------
    head : Head
        Of such a table.
    where : str
        The file.

    Raises
    ------
    FileFormatError
        Columns that may be either.
    """
    header, *rows = (row[len(FEATURECOUNTS.header) :] for row in head.rows)
    return header[count_attributes(header, rows, where=f"{where}, line {head.line}") :]


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
