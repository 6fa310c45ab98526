"""Files that hold the expression of one sample, as quantifiers write them: which column counts, for which scale."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, UnknownNameError, examples
from tmescope.foundation.scale import Scale
from tmescope.ingest.blocks import each_line
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.formats import check_text
from tmescope.ingest.numerals import is_number
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["Quantification", "find_kind", "read_quantification"]

_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})
_TRANSCRIPT = re.compile(r"(ENS[A-Z]{0,6}T\d{6,}|[NX][MR]_\d+|(rna-)?[NX][MR]_\d+)")
_HEAD_LINES = 3
_FAULTS_COUNTED = 1000
_STAR = ("unstranded", "forward", "reverse")
_STAR_WORDS = ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous")


@dataclass(frozen=True)
class Kind:
    """One format of quantifications.

    Parameters
    ----------
    name : str
        In messages.
    genes : str
        The column of gene names.
    values : mapping of str to str
        Unit of a scale to the column that holds it.
    header : tuple of str
        How its header begins; empty where the format has none.
    columns : tuple of str
        Names of all columns, where it has none.
    skipped : tuple of str
        Rows that are no genes begin so.
    """

    name: str
    genes: str
    values: Mapping[str, str] = field(default_factory=lambda: _NO_COLUMNS)
    header: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


SALMON = Kind(
    "salmon quant.sf",
    "Name",
    {"tpm": "TPM", "counts": "NumReads"},
    header=("Name", "Length", "EffectiveLength", "TPM", "NumReads"),
)
RSEM = Kind(
    "RSEM genes.results",
    "gene_id",
    {"tpm": "TPM", "counts": "expected_count", "fpkm": "FPKM"},
    header=("gene_id", "transcript_id(s)", "length", "effective_length", "expected_count", "TPM", "FPKM"),
)
KALLISTO = Kind(
    "kallisto abundance.tsv",
    "target_id",
    {"tpm": "tpm", "counts": "est_counts"},
    header=("target_id", "length", "eff_length", "est_counts", "tpm"),
)
FEATURECOUNTS = Kind("featureCounts", "Geneid", header=("Geneid", "Chr", "Start", "End", "Strand", "Length"))
HTSEQ = Kind("htseq-count", "gene", {"counts": "count"}, columns=("gene", "count"), skipped=("__",))
STAR = Kind("STAR ReadsPerGene.out.tab", "gene", columns=("gene", *_STAR), skipped=_STAR_WORDS)
_BY_HEADER = (SALMON, RSEM, KALLISTO, FEATURECOUNTS)
_TRANSCRIPT_HEADER = ("transcript_id", "gene_id")


@dataclass(frozen=True)
class Quantification:
    """Expression of one sample.

    Parameters
    ----------
    genes : tuple of str
        As in the file.
    values : array of float64
        One a gene.
    kind : str
        Name of the format.
    column : str
        Which column the values are from.
    """

    genes: tuple[str, ...]
    values: NDArray[np.float64]
    kind: str
    column: str


@dataclass(frozen=True)
class _Layout:
    kind: Kind
    columns: tuple[str, ...]
    delimiter: str
    n_skipped: int


def find_kind(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> str:
    """Return the name of the format that a file of one sample is in, by its first lines.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    limits : Limits
        On the decompressed size.

    Raises
    ------
    FileFormatError
        If it is no text, or holds transcripts.
    """
    return _find_layout(path, limits).kind.name


def read_quantification(
    path: Path,
    scale: Scale,
    *,
    value_column: str | None = None,
    gene_column: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Quantification:
    """Read the expression of one sample.

    Parameters
    ----------
    path : Path
        salmon, RSEM, kallisto, featureCounts, htseq-count, STAR, or any TSV or CSV with a header; plain or gzip.
    scale : Scale
        As declared. Formats that hold several scales are read at the column of this one.
    value_column : str, optional
        Where the format does not say which column holds the scale: of STAR ``unstranded``, ``forward`` or
        ``reverse``, of other tables the name of a column. Must be told there.
    gene_column : str, optional
        Of other tables; the first column where it is not told.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    Quantification

    Raises
    ------
    FileFormatError
        No table, transcripts instead of genes, rows of another length.
    ExpressionError
        No column holds the scale, or nothing says which; cells that are not numbers.
    UnknownNameError
        No such column.
    """
    layout = _find_layout(path, limits)
    column = _choose_column(layout, scale, value_column, where=str(path))
    genes = _choose_genes(layout, gene_column, where=str(path))
    names, values = _read_columns(path, layout, genes=genes, values=column, limits=limits)
    kept = [i for i, n in enumerate(names) if not (layout.kind.skipped and n.startswith(layout.kind.skipped))]
    found = Quantification(tuple(names[i] for i in kept), values[kept], layout.kind.name, column)
    _refuse_transcripts(found, str(path))
    return found


def _find_layout(path: Path, limits: Limits) -> _Layout:
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        check_text(handle.read(512), where)
    lines: list[str] = []
    n_skipped = 0
    with open_bytes(path, limits=limits) as handle:
        for number, line in each_line(handle, where):
            if not lines and line.startswith("# Program:featureCounts"):
                n_skipped = number
                continue
            lines.append(line)
            if len(lines) == _HEAD_LINES:
                break
    delimiter = "," if path.name.lower().removesuffix(".gz").endswith(".csv") else "\t"
    cells = [tuple(line.split(delimiter)) for line in lines]
    cells = [tuple(c.removeprefix('"').removesuffix('"') for c in row) for row in cells]
    if not cells:
        raise FileFormatError(
            "there is nothing below the line that names the program",
            where=f"{where}, line {n_skipped}",
            expected="a header and one row a gene",
            next_step="copy the file again, or count again",
        )
    if cells[0][:2] == _TRANSCRIPT_HEADER:
        raise _transcripts("the header begins 'transcript_id', 'gene_id'", where)
    for kind in _BY_HEADER:
        if cells[0][: len(kind.header)] == kind.header:
            return _Layout(kind, cells[0], delimiter, n_skipped)
    return _without_known_header(cells, delimiter, where)


def _without_known_header(cells: Sequence[tuple[str, ...]], delimiter: str, where: str) -> _Layout:
    first = cells[0]
    if len(first) == len(STAR.columns) and first[0] == _STAR_WORDS[0]:
        return _Layout(STAR, STAR.columns, delimiter, -1)
    if len(first) == len(HTSEQ.columns) and is_number(first[1], missing=()):
        return _Layout(HTSEQ, HTSEQ.columns, delimiter, -1)
    if len(first) < 2:
        raise FileFormatError(
            f"the first line has one column only: {examples(first)}",
            where=f"{where}, line 1",
            expected="a column of genes and a column of values; commas in .csv, tabs in all others",
            next_step="check the file, or its ending",
        )
    return _Layout(Kind("table", ""), first, delimiter, 0)


def _choose_column(layout: _Layout, scale: Scale, declared: str | None, *, where: str) -> str:
    kind = layout.kind
    if kind is FEATURECOUNTS:
        return _only_counts(layout, scale, declared, where=where)
    if kind is STAR:
        _demand_counts(kind, scale, where)
    known = {} if scale.is_log else kind.values
    if kind.values and scale.unit not in known:
        raise ExpressionError(
            f"{kind.name} holds no {scale}",
            where=f"{where}, scale",
            expected=f"one of the scales {', '.join(kind.values)}",
            next_step="declare the scale that shall be read",
        )
    by_scale = known.get(scale.unit)
    if by_scale and declared not in (None, by_scale):
        raise ExpressionError(
            f"value_column = {declared!r} is declared, but {scale} is in {by_scale!r}",
            where=f"{where}, value_column",
            expected=f"{by_scale!r}, or another scale",
            next_step="leave value_column out: the format says which column holds the scale",
        )
    chosen = by_scale or declared
    if chosen is None:
        offered = _STAR if kind is STAR else layout.columns[1:]
        raise ExpressionError(
            f"nothing says which column of the {kind.name} holds {scale}: there are {examples(offered)}",
            where=f"{where}, value_column",
            expected="value_column with the name of a column",
            next_step="unstranded, forward or reverse: as the library was made" if kind is STAR else "declare it",
        )
    if chosen not in layout.columns:
        raise UnknownNameError.of("column", chosen, layout.columns, where=f"{where}, value_column")
    return chosen


def _demand_counts(kind: Kind, scale: Scale, where: str) -> None:
    if str(scale) != "counts":
        raise ExpressionError(
            f"{kind.name} holds counts; the declared scale is {scale}",
            where=f"{where}, scale",
            expected='scale = "counts"',
            next_step="declare counts, or take files that hold the scale",
        )


def _only_counts(layout: _Layout, scale: Scale, declared: str | None, *, where: str) -> str:
    _demand_counts(layout.kind, scale, where)
    counted = layout.columns[len(layout.kind.header) :]
    if declared is not None and declared not in counted:
        raise UnknownNameError.of("column of counts", declared, counted, where=f"{where}, value_column")
    if declared is None and len(counted) != 1:
        raise ExpressionError(
            f"there are {len(counted)} columns of counts: {examples(counted)}",
            where=f"{where}, value_column",
            expected="one sample a file",
            next_step="a table of several samples is a matrix: name it as expression, with format tsv",
        )
    return declared or counted[0]


def _choose_genes(layout: _Layout, declared: str | None, *, where: str) -> str:
    if layout.kind.genes:
        if declared not in (None, layout.kind.genes):
            raise UnknownNameError.of(
                "column of gene names", declared or "", [layout.kind.genes], where=f"{where}, gene_column"
            )
        return layout.kind.genes
    if declared is not None and declared not in layout.columns:
        raise UnknownNameError.of("column", declared, layout.columns, where=f"{where}, gene_column")
    return declared or layout.columns[0]


def _read_columns(
    path: Path, layout: _Layout, *, genes: str, values: str, limits: Limits
) -> tuple[list[str], NDArray[np.float64]]:
    positions = layout.columns.index(genes), layout.columns.index(values)
    names = [f"c{i}" for i in range(len(layout.columns))]
    wanted = [names[i] for i in positions]
    with open_bytes(path, limits=limits) as handle:
        try:
            table = pacsv.read_csv(
                handle,
                read_options=pacsv.ReadOptions(column_names=names, skip_rows=layout.n_skipped + 1),
                parse_options=pacsv.ParseOptions(delimiter=layout.delimiter),
                convert_options=pacsv.ConvertOptions(
                    include_columns=wanted,
                    column_types={wanted[0]: pa.string(), wanted[1]: pa.float64()},
                    null_values=list(MISSING_WORDS),
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            raise _explain(path, layout, positions[1], limits=limits, parser=str(error)) from error
    if not table.num_rows:
        raise FileFormatError(
            "there is a header and no rows",
            where=str(path),
            expected="one row a gene",
            next_step="write or download the file again",
        )
    return table.column(0).to_pylist(), np.asarray(table.column(1).to_numpy(), dtype=np.float64)


def _explain(path: Path, layout: _Layout, position: int, *, limits: Limits, parser: str) -> TmescopeError:
    bad: list[tuple[int, str]] = []
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        for number, line in each_line(handle, where):
            cells = line.split(layout.delimiter)
            if number <= layout.n_skipped + 1 or not line:
                continue
            if len(cells) != len(layout.columns):
                return FileFormatError(
                    f"line {number} has {len(cells)} cells; the header has {len(layout.columns)}",
                    where=f"{where}, line {number}",
                    expected="the same number of cells in every line",
                    next_step="write or download the file again: it may be cut",
                )
            if not is_number(cells[position].strip('"')):
                bad.append((number, cells[position]))
            if len(bad) >= _FAULTS_COUNTED:
                break
    if not bad:
        return FileFormatError(f"the rows cannot be parsed ({parser.splitlines()[0][:200]})", where=where)
    return ExpressionError(
        f"{len(bad)} cells are not numbers: {examples([v for _, v in bad])}",
        where=f"{where}, line {bad[0][0]}, column {layout.columns[position]!r}",
        expected="numbers with a decimal point",
        next_step="name the column that holds the values, or write the file again",
    )


def _refuse_transcripts(found: Quantification, where: str) -> None:
    transcripts = [g for g in found.genes if _TRANSCRIPT.match(g)]
    if 2 * len(transcripts) > len(found.genes):
        raise _transcripts(f"{len(transcripts):,} of {len(found.genes):,} rows are transcripts: ", where, transcripts)


def _transcripts(what: str, where: str, names: Sequence[str] = ()) -> FileFormatError:
    return FileFormatError(
        what + examples(names),
        where=where,
        expected="one row a gene",
        next_step="take the gene-level file of the same pipeline, such as salmon.merged.gene_tpm.tsv of nf-core, "
        "quant.genes.sf (salmon quant -g) or genes.results: transcripts are added up with the annotation that it used",
    )
