"""Expression matrices in GCT 1.2 and 1.3: sizes checked, annotations of rows and columns kept apart from numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pandas as pd

from tmescope.foundation.errors import FileFormatError, examples
from tmescope.ingest.blocks import Block, choose_names, read_block, read_line, split_line
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.matrix import RawMatrix

__all__ = ["read_gct"]

_SIZES = {"#1.2": 2, "#1.3": 4}
_MOST_LINES = 100_000


@dataclass(frozen=True)
class _Head:
    """What stands above the numbers.

    Parameters
    ----------
    n_rows, n_columns : int
        As the second line says.
    texts : tuple of str
        Names of the columns of text: the row names first.
    samples : tuple of str
        Names of the columns of numbers.
    annotations : dict of str to list of str
        Column annotations of GCT 1.3, one cell a sample.
    first_line : int
        Of the numbers.
    """

    n_rows: int
    n_columns: int
    texts: tuple[str, ...]
    samples: tuple[str, ...]
    annotations: dict[str, list[str]]
    first_line: int


def read_gct(path: Path, *, gene_column: str | None = None, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read a GCT file.

    Parameters
    ----------
    path : Path
        Version 1.2 (``Name``, ``Description``, samples) or 1.3 (``id``, row annotations, samples; column
        annotations above the numbers); plain or gzip.
    gene_column : str, optional
        Which column of text names the genes; None means the first. A row with nothing there keeps its first.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    RawMatrix
        Genes in rows. `obs` holds the column annotations of 1.3 behind a column ``sample_id``; None where there
        are none.

    Raises
    ------
    FileFormatError
        Another version, a header that is not as the version says, sizes that the file does not have, rows of
        unequal length.
    ExpressionError
        Cells that are not numbers.
    UnknownNameError
        No column of the name `gene_column`.
    """
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        head = _read_head(handle, where)
    block = Block(path, head.first_line, (*head.texts, *head.samples), len(head.texts))
    texts, values = read_block(block, limits=limits)
    if values.shape[1] != head.n_rows:
        raise _wrong_size("rows", head.n_rows, values.shape[1], where=where)
    annotations = dict(zip(head.texts, texts, strict=True))
    names, notes = choose_names(annotations, gene_column or head.texts[0], fallback=head.texts[0], where=where)
    obs = None
    if head.annotations:
        ids = {} if "sample_id" in head.annotations else {"sample_id": list(head.samples)}
        obs = pd.DataFrame(ids | head.annotations, dtype="string")
    return RawMatrix(values, names, head.samples, obs, notes=tuple(notes))


def _read_head(handle: IO[bytes], where: str) -> _Head:
    version = read_line(handle, where, line=1).strip()
    if version not in _SIZES:
        raise FileFormatError(
            f"the first line is {version[:40]!r}",
            where=f"{where}, line 1",
            expected="#1.2 or #1.3, the versions of GCT that hold text",
            next_step="declare the right format, or write the file as GCT 1.3",
        )
    sizes = _read_sizes(read_line(handle, where, line=2), version, where)
    n_texts, n_annotations = (sizes[2] + 1, sizes[3]) if version == "#1.3" else (2, 0)
    header = split_line(read_line(handle, where, line=3))
    if version == "#1.2" and [h.strip().casefold() for h in header[:2]] != ["name", "description"]:
        raise FileFormatError(
            f"the header begins {examples(header[:2])}",
            where=f"{where}, line 3",
            expected="Name and Description, then the samples",
            next_step="write the file as GCT 1.2 or 1.3",
        )
    if len(header) != n_texts + sizes[1]:
        raise _wrong_size("samples", sizes[1], len(header) - n_texts, where=where)
    _check_unique(header[:n_texts], where)
    annotations: dict[str, list[str]] = {}
    for line in range(4, 4 + n_annotations):
        cells = split_line(read_line(handle, where, line=line))
        if len(cells) != len(header) or cells[0] in annotations:
            raise FileFormatError(
                f"the column annotation {cells[0][:40]!r} has {len(cells)} cells; the header has {len(header)}"
                if cells[0] not in annotations
                else f"the column annotation {cells[0][:40]!r} stands there twice",
                where=f"{where}, line {line}",
                expected=f"{n_annotations} lines of column annotations, as line 2 says",
                next_step="write the file again",
            )
        annotations[cells[0]] = cells[n_texts:]
    return _Head(sizes[0], sizes[1], tuple(header[:n_texts]), tuple(header[n_texts:]), annotations, 4 + n_annotations)


def _check_unique(texts: list[str], where: str) -> None:
    if len(set(texts)) < len(texts):
        raise FileFormatError(
            f"the columns of row annotations do not differ in name: {examples(texts)}",
            where=f"{where}, line 3",
            expected="each name once",
            next_step="rename the columns",
        )


def _read_sizes(text: str, version: str, where: str) -> list[int]:
    cells = text.split("\t")
    while cells and not cells[-1].strip():  # spreadsheets fill the line up with tabs
        cells.pop()
    good = len(cells) == _SIZES[version] and all(c.strip().isdecimal() and len(c.strip()) < 10 for c in cells)
    sizes = [int(c.strip()) for c in cells] if good else []
    if not sizes or sizes[0] < 1 or sizes[1] < 1 or max(sizes[2:], default=0) > _MOST_LINES:
        raise FileFormatError(
            f"the sizes are {text[:60]!r}",
            where=f"{where}, line 2",
            expected="rows and columns of numbers"
            + (", row annotations, column annotations" if version == "#1.3" else "")
            + ", separated by tabs",
            next_step="write the file again",
        )
    return sizes


def _wrong_size(what: str, said: int, found: int, *, where: str) -> FileFormatError:
    return FileFormatError(
        f"line 2 says {said:,} {what}; there are {found:,}",
        where=f"{where}, line 2",
        expected="the sizes that the file has",
        next_step="download or write the file again: it may be cut",
    )
