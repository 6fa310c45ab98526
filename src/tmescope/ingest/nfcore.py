"""Merged matrices of nf-core/rnaseq: two columns of names, and the caller says which one names the genes."""

from __future__ import annotations

from pathlib import Path

from tmescope.foundation.errors import FileFormatError, examples
from tmescope.ingest.blocks import Block, choose_names, read_block, read_line, split_line, unsaid_names
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.formats import find_lengths
from tmescope.ingest.matrix import RawMatrix

__all__ = ["read_nfcore"]

_NAMES = ("gene_id", "gene_name")


def read_nfcore(path: Path, *, gene_column: str | None = None, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read ``salmon.merged.gene_tpm.tsv``, ``salmon.merged.gene_counts.tsv`` and their like.

    Parameters
    ----------
    path : Path
        Tab-separated: ``gene_id``, ``gene_name``, then one column a sample; plain or gzip.
    gene_column : {'gene_id', 'gene_name'}
        Which one names the genes. ``gene_name`` repeats (one symbol has several Ensembl genes): such rows are
        summed on linear scales and refused on others, as everywhere. A row without ``gene_name`` keeps its
        ``gene_id``.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    RawMatrix
        Genes in rows.

    Raises
    ------
    ExpressionError
        `gene_column` is not given; cells that are not numbers.
    UnknownNameError
        `gene_column` is something else.
    FileFormatError
        Another header, a column of lengths, no samples, rows of unequal length.
    """
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        header = split_line(read_line(handle, where, line=1), quoted=True)
    if tuple(header[:2]) != _NAMES or len(header) < 3:
        raise FileFormatError(
            f"the header begins {examples(header)}",
            where=f"{where}, line 1",
            expected="gene_id, gene_name and at least one sample",
            next_step="declare the format 'tsv' for a matrix with one column of names",
        )
    if lengths := find_lengths(header):
        raise FileFormatError(
            f"{len(lengths)} columns hold lengths of genes, not a sample: {examples(lengths)}",
            where=f"{where}, line 1",
            expected="gene_id, gene_name, then one column a sample",
            next_step="remove them, or take the merged matrix of the pipeline; the table can be named as gene_lengths",
        )
    if gene_column is None:
        raise unsaid_names(where)
    texts, values = read_block(Block(path, 2, tuple(header), 2, quoted=True), limits=limits)
    names, notes = choose_names(dict(zip(_NAMES, texts, strict=True)), gene_column, fallback="gene_id", where=where)
    return RawMatrix(values, names, tuple(header[2:]), notes=tuple(notes))
