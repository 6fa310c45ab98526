"""Files that hold the expression of one sample, as quantifiers write them: which column counts, for which scale."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, UnknownNameError, examples
from tmescope.foundation.scale import Scale
from tmescope.ingest.blocks import each_line, unsaid_names
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.delimited import is_left_open, open_quote
from tmescope.ingest.lines import LONGEST_LINE, read_blocks
from tmescope.ingest.numerals import is_number
from tmescope.ingest.options import MISSING_WORDS
from tmescope.ingest.quantification_kinds import (
    FEATURECOUNTS,
    HTSEQ,
    STAR,
    Kind,
    Layout,
    find_layout,
    no_header,
    transcripts,
)
from tmescope.ingest.text_rows import parse_lines

__all__ = ["Quantification", "find_kind", "read_quantification"]

_TRANSCRIPT = re.compile(r"(ENS[A-Z]{0,6}T\d{6,}|[NX][MR]_\d+|(rna-)?[NX][MR]_\d+)")
_FAULTS_COUNTED = 1000
_BLOCK = 16 << 20


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
    is_only_column : bool
        Whether it was taken because there is no other, so that its name may be that of the sample.
    """

    genes: tuple[str, ...]
    values: NDArray[np.float64]
    kind: str
    column: str
    is_only_column: bool = False


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
        See `tmescope.ingest.quantification_kinds.find_layout`.
    """
    return find_layout(path, limits=limits).kind.name


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
        salmon, RSEM, kallisto, featureCounts, htseq-count, STAR, as the GDC writes it, or any TSV or CSV with a
        header; plain or gzip.
    scale : Scale
        As declared. Formats that hold several scales are read at the column of this one.
    value_column : str, optional
        Where the format does not say which column holds the scale: of STAR ``unstranded``, ``forward`` or
        ``reverse``, of other tables the name of a column. Must be told there, unless there is only one. Of the GDC's
        counts ``unstranded`` where it is not told, else one of the stranded ones.
    gene_column : str, optional
        Of other tables; the first column where it is not told. Of the GDC's files ``gene_id`` or ``gene_name``, which
        must be told; of featureCounts also an attribute, of htseq-count ``attribute_1`` and so on.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    Quantification

    Raises
    ------
    FileFormatError
        No table, transcripts instead of genes, rows of another length, a quote that another line closes, a first
        line that may be a header or a gene.
    ExpressionError
        No column holds the scale, or nothing says which; columns of one name; cells that are not numbers.
    UnknownNameError
        No such column.
    """
    where = str(path)
    layout = find_layout(path, limits=limits)
    genes = _choose_genes(layout, gene_column, where=where)
    column = _choose_column(layout, scale, value_column, genes=genes, where=where)
    _refuse_repeated(layout, (genes, column), where)
    names, values, is_gene = _read_columns(path, layout, genes=genes, values=column, limits=limits)
    if layout.kind is HTSEQ and len(layout.columns) > 2 and is_gene.all():
        raise no_header((names[0], str(values[0])), f"{where}, line {layout.first_line}")
    found = Quantification(
        tuple(name for name, kept in zip(names, is_gene, strict=True) if kept),
        values[is_gene],
        layout.kind.name,
        column,
        is_only_column=value_column is None and layout.kind is not STAR and not layout.kind.values,
    )
    _refuse_transcripts(found, where)
    return found


def _choose_genes(layout: Layout, declared: str | None, *, where: str) -> str:
    if declared is None and layout.kind.asks_genes:
        raise unsaid_names(where, columns=layout.genes)
    if declared is not None and declared not in layout.genes:
        what = "column of gene names" if layout.kind.genes else "column"
        raise UnknownNameError.of(what, declared, layout.genes, where=f"{where}, gene_column")
    return declared or layout.genes[0]


def _choose_column(layout: Layout, scale: Scale, declared: str | None, *, genes: str, where: str) -> str:
    kind = layout.kind
    if kind.values:
        return _choose_by_scale(kind, scale, declared, where=where)
    if kind in (STAR, FEATURECOUNTS):
        _demand_counts(kind, scale, where)
    offered = [c for c in layout.values if c != genes]
    if declared is not None and (declared not in offered and declared != genes):
        what = "column" if kind is not FEATURECOUNTS else "column of counts"
        raise UnknownNameError.of(what, declared, offered, where=f"{where}, value_column")
    if declared == genes:
        raise ExpressionError(
            f"the column {genes!r} names the genes and is declared to hold the values",
            where=f"{where}, value_column",
            expected=f"another column, such as {examples(offered)}",
            next_step="correct value_column, or say with gene_column which column names the genes",
        )
    if declared is None and len(offered) != 1:
        raise _unsaid_column(kind, scale, offered, where=where)
    return declared or offered[0]


def _choose_by_scale(kind: Kind, scale: Scale, declared: str | None, *, where: str) -> str:
    offered = () if scale.is_log else kind.values.get(scale.unit, ())
    if not offered:
        raise ExpressionError(
            f"{kind.name} holds no {scale}",
            where=f"{where}, scale",
            expected=f"one of the scales {', '.join(kind.values)}",
            next_step="declare the scale that shall be read",
        )
    if declared not in (None, *offered):
        raise ExpressionError(
            f"value_column = {declared!r} is declared, but {scale} is in {examples(offered)}",
            where=f"{where}, value_column",
            expected=f"{' or '.join(map(repr, offered))}, or another scale",
            next_step="leave value_column out: the format says which column holds the scale",
        )
    return declared or offered[0]


def _demand_counts(kind: Kind, scale: Scale, where: str) -> None:
    if str(scale) != "counts":
        raise ExpressionError(
            f"{kind.name} holds counts; the declared scale is {scale}",
            where=f"{where}, scale",
            expected='scale = "counts"',
            next_step="declare counts, or take files that hold the scale",
        )


def _unsaid_column(kind: Kind, scale: Scale, offered: Sequence[str], *, where: str) -> ExpressionError:
    if kind is FEATURECOUNTS:
        return ExpressionError(
            f"there are {len(offered)} columns of counts: {examples(offered)}",
            where=f"{where}, value_column",
            expected="one sample a file, or value_column with the name of a column that is in every file",
            next_step="a table of several samples is a matrix: name it as expression of a cohort",
        )
    return ExpressionError(
        f"nothing says which column of the {kind.name} holds {scale}: there are {examples(offered)}",
        where=f"{where}, value_column",
        expected="value_column with the name of a column",
        next_step="unstranded, forward or reverse: as the library was made" if kind is STAR else "declare it",
    )


def _refuse_repeated(layout: Layout, chosen: Sequence[str], where: str) -> None:
    for name in chosen:
        at = [i for i, column in enumerate(layout.columns, start=1) if column == name]
        if len(at) > 1:
            raise ExpressionError(
                f"{len(at)} columns are called {name!r}: columns {examples(at)}",
                where=f"{where}, line {layout.first_line - 1}",
                expected="one column of that name",
                next_step="rename or remove the others; tmescope does not choose between them",
            )


def _read_columns(
    path: Path, layout: Layout, *, genes: str, values: str, limits: Limits
) -> tuple[list[str], NDArray[np.float64], NDArray[np.bool_]]:
    """Return names and values of the rows, and which of them are genes: what they are stands in the first column."""
    positions = layout.columns.index(genes), layout.columns.index(values)
    fields = [f"c{i}" for i in range(len(layout.columns))]
    name, value = (fields[i] for i in positions)
    texts = dict.fromkeys((fields[0], name) if layout.kind.skipped else (name,), pa.string())
    convert = pacsv.ConvertOptions(
        include_columns=[*texts, value],
        column_types={**texts, value: pa.float64()},
        null_values=list(MISSING_WORDS),
        strings_can_be_null=False,
    )
    tables: list[pa.Table | None] = []
    with open_bytes(path, limits=limits) as handle:
        for _ in range(layout.first_line - 1):
            handle.readline(LONGEST_LINE)
        for lines in read_blocks(handle, _BLOCK, where=str(path)):
            text = lines.text if tables or layout.first_line > 1 else lines.text.removeprefix(codecs.BOM_UTF8)
            try:
                tables.append(parse_lines(text, fields, delimiter=layout.delimiter, convert=convert))
            except pa.ArrowInvalid as error:
                raise _explain(path, layout, positions[1], limits=limits, parser=str(error)) from error
    filled = [table for table in tables if table is not None]
    if not filled:
        raise FileFormatError(
            "there is a header and no rows",
            where=str(path),
            expected="one row a gene",
            next_step="write or download the file again",
        )
    table = pa.concat_tables(filled)
    skipped = layout.kind.skipped
    is_gene = [not first.startswith(skipped) for first in table.column(fields[0]).to_pylist()] if skipped else True
    numbers = np.asarray(table.column(value).to_numpy(), dtype=np.float64)
    return table.column(name).to_pylist(), numbers, np.full(len(numbers), is_gene, dtype=np.bool_)


def _explain(path: Path, layout: Layout, position: int, *, limits: Limits, parser: str) -> TmescopeError:
    bad: list[tuple[int, str]] = []
    opened = 0
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        for number, line in each_line(handle, where):
            cells = line.split(layout.delimiter)
            if number < layout.first_line or not line:
                continue
            if len(cells) != len(layout.columns):
                return FileFormatError(
                    f"line {number} has {len(cells)} cells; the header has {len(layout.columns)}",
                    where=f"{where}, line {number}",
                    expected="the same number of cells in every line",
                    next_step="write or download the file again: it may be cut",
                )
            opened = opened or (number if is_left_open(line, layout.delimiter) else 0)
            if not is_number(cells[position].strip('"')):
                bad.append((number, cells[position]))
            if len(bad) >= _FAULTS_COUNTED:
                break
    if not bad and opened:
        return open_quote(opened, where)
    if not bad:
        return FileFormatError(f"the rows cannot be parsed ({parser.splitlines()[0][:200]})", where=where)
    return ExpressionError(
        f"{len(bad)} cells are not numbers: {examples([v for _, v in bad])}",
        where=f"{where}, line {bad[0][0]}, column {layout.columns[position]!r}",
        expected="numbers with a decimal point",
        next_step="name the column that holds the values, or write the file again",
    )


def _refuse_transcripts(found: Quantification, where: str) -> None:
    named = [g for g in found.genes if _TRANSCRIPT.match(g)]
    if 2 * len(named) > len(found.genes):
        raise transcripts(f"{len(named):,} of {len(found.genes):,} rows are transcripts: ", where, named)
