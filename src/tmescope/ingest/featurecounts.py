"""Matrices of featureCounts: where each gene lies, its length, its attributes, then one column of counts a sample."""

from __future__ import annotations

import codecs
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, TmescopeError, examples
from tmescope.ingest.blocks import Block, choose_names, read_block
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.matrix import Note, RawMatrix
from tmescope.ingest.options import Dialect
from tmescope.ingest.quantification_kinds import FEATURECOUNTS, find_counted, read_head
from tmescope.ingest.sample_columns import is_alignment

__all__ = ["is_featurecounts", "read_featurecounts"]

_GENE, *_PLACES = FEATURECOUNTS.header
_BY_TABS = "separated by tabs"
_DELIMITERS = {
    "\t": _BY_TABS,
    ",": "separated by commas",
    ";": "separated by semicolons",
    "|": "separated by bars",
}
_BEGINNING = 1 << 20
_PLAIN = {
    "delimiter": ("\t",),
    "decimal": (".",),
    "thousands": ("",),
    "encoding": ("utf-8", "utf8", "utf-8-sig"),
    "comment": ("#",),
}
"""What a dialect may say of a table that featureCounts wrote."""


def is_featurecounts(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Return whether a table has the header of featureCounts, also in a dialect that its reader refuses.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    limits : Limits
        On the decompressed size.
    """
    return _find_writing(path, limits) is not None


def _find_writing(path: Path, limits: Limits) -> str | None:
    """Return how a table of featureCounts is written, None for all other tables."""
    try:
        return _find_delimiter(path, limits)
    except TmescopeError:  # if it is no such table, whoever reads it says what is wrong
        return _find_encoding(path, limits)


def _find_delimiter(path: Path, limits: Limits) -> str | None:
    for delimiter, name in _DELIMITERS.items():
        rows = read_head(path, delimiter, limits=limits, most=1).rows
        if not rows or not rows[0][0].startswith(_GENE):
            return None
        if rows[0][: len(FEATURECOUNTS.header)] == FEATURECOUNTS.header:
            return name
    return None


def _find_encoding(path: Path, limits: Limits) -> str | None:
    """Look for the header in text that is not UTF-8; without its NUL bytes UTF-16 reads like Latin."""
    try:
        with open_bytes(path, limits=limits) as handle:
            start = handle.read(_BEGINNING)
    except TmescopeError:
        return None
    text = start.removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE).replace(b"\0", b"")
    lines = text.replace(b'"', b"").splitlines()
    header = next((line for line in lines if not line.startswith(b"#")), b"")
    known = any(header.startswith(delimiter.join(FEATURECOUNTS.header).encode()) for delimiter in _DELIMITERS)
    return "not in UTF-8" if known else None


def read_featurecounts(
    path: Path, *, gene_column: str | None = None, dialect: Dialect | None = None, limits: Limits = DEFAULT_LIMITS
) -> RawMatrix:
    """Read the table that featureCounts writes for several samples.

    Parameters
    ----------
    path : Path
        UTF-8, tab-separated, cells in quotation marks or not: lines that begin with ``#``, then ``Geneid``, ``Chr``,
        ``Start``, ``End``, ``Strand``, ``Length``, attributes that were asked for (``--extraAttributes``), one column a
        sample; plain or gzip.
    gene_column : str, optional
        ``Geneid``, which is taken where nothing is said, or an attribute. A row without it keeps its ``Geneid``.
    dialect : Dialect, optional
        As declared; none but that of featureCounts is read.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    RawMatrix
        Genes in rows. Places, lengths and attributes are left out, which is told, and so is what was taken as samples.

    Raises
    ------
    FileFormatError
        Another header, another dialect, no samples, columns that may be samples or attributes, rows of unequal length.
    ExpressionError
        Cells that are not numbers.
    UnknownNameError
        No such attribute.

    Notes
    -----
    What is an attribute is said by `tmescope.ingest.sample_columns.count_attributes`.
    """
    where = str(path)
    _refuse_dialect(_find_writing(path, limits), dialect, where)
    head = read_head(path, "\t", limits=limits)
    header = head.rows[0] if head.rows else ()
    is_known = header[: len(FEATURECOUNTS.header)] == FEATURECOUNTS.header
    counted = find_counted(head, where) if is_known else ()
    if not counted:
        raise FileFormatError(
            f"the header begins {examples(header)}" + (", and no column is a sample" if is_known else ""),
            where=f"{where}, line {head.line}",
            expected=f"{', '.join(FEATURECOUNTS.header)} and at least one sample",
            next_step="count again with the columns that featureCounts writes",
        )
    n_text = len(header) - len(counted)
    block = Block(path, head.line + 1, header, n_text, quoted=head.is_quoted)
    texts, values = read_block(block, limits=limits)
    attributes = header[len(FEATURECOUNTS.header) : n_text]
    annotations = {_GENE: texts[0], **dict(zip(attributes, texts[len(FEATURECOUNTS.header) :], strict=True))}
    names, notes = choose_names(annotations, gene_column or _GENE, fallback=_GENE, where=where)
    return RawMatrix(values, names, counted, notes=(*_describe(attributes, counted), *notes))


def _refuse_dialect(writing: str | None, asked: Dialect | None, where: str) -> None:
    said = {} if asked is None else {k: v for k, v in vars(asked).items() if v is not None}
    keys = [key for key, value in said.items() if value.casefold() not in _PLAIN[key]]
    is_plain = writing in (None, _BY_TABS)
    if is_plain and not keys:
        return
    what = f"the table of featureCounts is {writing}"
    raise FileFormatError(
        f"a dialect is declared ({', '.join(keys)}) for a table of featureCounts" if is_plain else what,
        where=where,
        expected="tabs between cells, numbers with a decimal point, UTF-8: as featureCounts writes its tables",
        next_step="take the file that featureCounts wrote, without a dialect; or remove the columns "
        f"{', '.join(_PLACES)} and all attributes: such a matrix is read in any dialect",
    )


def _describe(attributes: tuple[str, ...], counted: tuple[str, ...]) -> list[Note]:
    evidence = f"the columns {', '.join(_PLACES)} of featureCounts are no samples and were left out"
    if attributes:
        evidence += f"; so were attributes of the genes: {len(attributes)}, {examples(attributes)}"
    notes = [Note("", "columns left out", str(len(_PLACES) + len(attributes)), evidence)]
    others = [name for name in counted if not is_alignment(name)]
    if others:
        evidence = f"{len(others)} of {len(counted)} columns taken as samples do not end with .bam: {examples(others)}"
        code = "samples.other_names" if len(others) < len(counted) else ""
        notes.append(Note(code, "columns taken as samples", str(len(counted)), evidence))
    return notes
