"""Matrices of featureCounts: where each gene lies, its length, its attributes, then one column of counts a sample."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, TmescopeError, examples
from tmescope.ingest.blocks import Block, choose_names, each_line, read_block, split_line
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.matrix import Note, RawMatrix
from tmescope.ingest.quantification_kinds import FEATURECOUNTS, find_counted

__all__ = ["is_featurecounts", "read_featurecounts"]

_GENE, *_PLACES = FEATURECOUNTS.header
_HEAD_LINES = 3


def is_featurecounts(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Return whether a table has the header of featureCounts, below the line that names the program or without it.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    limits : Limits
        On the decompressed size.
    """
    try:
        return _read_head(path, limits)[1][0][: len(FEATURECOUNTS.header)] == FEATURECOUNTS.header
    except TmescopeError:  # whoever reads it says what is wrong
        return False


def _read_head(path: Path, limits: Limits) -> tuple[int, list[tuple[str, ...]]]:
    """Return the line of the header, and its cells and those of the first row, as far as they are there."""
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        lines = [text for _, text in islice(each_line(handle, where), _HEAD_LINES)]
    named = bool(lines) and lines[0].startswith("#")
    return 1 + named, [tuple(split_line(text)) for text in lines[named:]] or [()]


def read_featurecounts(path: Path, *, gene_column: str | None = None, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read the table that featureCounts writes for several samples.

    Parameters
    ----------
    path : Path
        Tab-separated: a line that names the program, ``Geneid``, ``Chr``, ``Start``, ``End``, ``Strand``, ``Length``,
        attributes that were asked for (``--extraAttributes``), then one column a sample; plain or gzip.
    gene_column : str, optional
        ``Geneid``, which is taken where nothing is said, or an attribute. A row without it keeps its ``Geneid``.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    RawMatrix
        Genes in rows. Places and lengths are left out, which is told.

    Raises
    ------
    FileFormatError
        Another header, no samples, rows of unequal length.
    ExpressionError
        Cells that are not numbers.
    UnknownNameError
        No such attribute.

    Notes
    -----
    Attributes are the columns behind ``Length`` whose cell in the first row is no number.
    """
    where = str(path)
    line, rows = _read_head(path, limits)
    header, counted = rows[0], find_counted(rows)
    if header[: len(FEATURECOUNTS.header)] != FEATURECOUNTS.header or not counted:
        raise FileFormatError(
            f"the header begins {examples(header)}",
            where=f"{where}, line {line}",
            expected=f"{', '.join(FEATURECOUNTS.header)} and at least one sample",
            next_step="count again with the columns that featureCounts writes",
        )
    n_text = len(header) - len(counted)
    texts, values = read_block(Block(path, line + 1, header, n_text), limits=limits)
    attributes = header[len(FEATURECOUNTS.header) : n_text]
    annotations = {_GENE: texts[0], **dict(zip(attributes, texts[len(FEATURECOUNTS.header) :], strict=True))}
    names, notes = choose_names(annotations, gene_column or _GENE, fallback=_GENE, where=where)
    evidence = f"the columns {', '.join(_PLACES)} of featureCounts are no samples and were left out"
    left_out = Note("", "columns left out", str(len(_PLACES)), evidence)
    return RawMatrix(values, names, tuple(counted), notes=(left_out, *notes))
