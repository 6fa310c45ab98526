"""GEO series matrices: the table between its marks, and the samples' characteristics as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pandas as pd

from tmescope.foundation.errors import ExpressionError, FileFormatError, examples
from tmescope.ingest.blocks import Block, each_line, read_block, read_line, split_line
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.matrix import Note, RawMatrix

__all__ = ["read_geo_matrix", "read_geo_samples"]

_BEGIN = "!series_matrix_table_begin"
_END = "!series_matrix_table_end"
_MOST_LINES = 100_000
_LEFT_OUT = ("contact_", "supplementary_file", "relation")
"""Fields of samples that are no properties of a sample: its submitter, addresses of files."""


@dataclass
class _Head:
    """What stands above the table.

    Parameters
    ----------
    series : dict of str to list of str
        Values of the ``!Series_`` lines.
    fields : list of (str, list of str)
        The ``!Sample_`` lines in their order, without the prefix.
    lines : int
        Lines up to and with the mark, 0 where there is no table.
    """

    series: dict[str, list[str]] = field(default_factory=dict)
    fields: list[tuple[str, list[str]]] = field(default_factory=list)
    lines: int = 0


def read_geo_matrix(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> RawMatrix:
    """Read the matrix of a GEO series matrix file, and its samples as `obs`.

    Parameters
    ----------
    path : Path
        ``GSE..._series_matrix.txt``, plain or gzip; one file holds one platform.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    RawMatrix
        Identifiers of the platform in rows, GSM accessions in columns. `obs` as in `read_geo_samples`.

    Raises
    ------
    FileFormatError
        No table, a table that is not closed, rows of unequal length, samples that differ between head and table.
    ExpressionError
        A table without rows (sequencing series keep their numbers in supplementary files); cells that are not
        numbers.

    Notes
    -----
    Identifiers stay what they are, mostly probes: their genes stand in the platform's annotation (GPL...), which
    this file does not hold.
    """
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        head = _read_head(handle, where)
        if not head.lines:
            raise _no_table("the file has no table", where)
        header = split_line(read_line(handle, where, line=head.lines + 1), quoted=True)
        following = read_line(handle, where, line=head.lines + 2)
    if len(header) < 2 or header[0] != "ID_REF":
        raise FileFormatError(
            f"the table's header begins {examples(header[:2])}",
            where=f"{where}, line {head.lines + 1}",
            expected="ID_REF, then the samples",
            next_step="download the file again",
        )
    if following.startswith(_END):
        raise _no_table(f"the table of {len(header) - 1} samples has no rows", where)
    obs, notes = _as_table(head, where)
    if list(obs["sample_id"]) != header[1:]:
        odd = [i for i in header[1:] if i not in set(obs["sample_id"])]
        raise FileFormatError(
            f"the samples of the table are not those above it: {examples(odd or header[1:])}",
            where=f"{where}, line {head.lines + 1}",
            expected="the accessions of !Sample_geo_accession in their order",
            next_step="download the file again",
        )
    block = Block(path, head.lines + 2, tuple(header), 1, end=_END.encode(), quoted=True)
    texts, values = read_block(block, limits=limits)
    platform = ", ".join(head.series.get("platform_id", [])) or "not named"
    told = Note(
        "geo.platform_ids",
        "gene identifiers",
        platform,
        f"rows carry the identifiers of the platform {platform}; probes need its annotation to become genes, "
        "which a series matrix does not hold",
    )
    return RawMatrix(values, tuple(texts[0]), tuple(header[1:]), obs, notes=(told, *notes))


def read_geo_samples(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[pd.DataFrame, list[Note]]:
    """Read the samples of a GEO series matrix file.

    Parameters
    ----------
    path : Path
        ``GSE..._series_matrix.txt``, plain or gzip.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    table : pandas.DataFrame
        All text: ``sample_id`` (the GSM accession), the fields of the samples (``title``, ``source_name_ch1`` ...,
        not their submitters), then one column for each key of ``characteristics_ch1`` cells like ``age: 61``;
        empty where a sample has no such key. A name that is taken gets ``characteristics:`` before it, a key that
        a sample has twice a number behind it.
    notes : list of Note
        Cells without a key, keys that repeat.

    Raises
    ------
    FileFormatError
        No samples, lines of unequal length, not UTF-8.
    """
    with open_bytes(path, limits=limits) as handle:
        head = _read_head(handle, str(path))
    return _as_table(head, str(path))


def _read_head(handle: IO[bytes], where: str) -> _Head:
    head = _Head()
    for number, text in each_line(handle, where):
        if text.startswith(_BEGIN):
            head.lines = number
            break
        name, *cells = split_line(text, quoted=True)
        if name.startswith("!Series_"):
            head.series.setdefault(name.removeprefix("!Series_"), []).extend(cells)
        elif name.startswith("!Sample_"):
            head.fields.append((name.removeprefix("!Sample_"), cells))
        elif (text.strip() and not text.startswith("!")) or number > _MOST_LINES:
            raise FileFormatError(
                f"the line begins {text[:40]!r}",
                where=f"{where}, line {number}",
                expected=f"a GEO series matrix: !Series_ and !Sample_ lines until {_BEGIN}",
                next_step="declare the right format, or download the file again",
            )
    return head


def _as_table(head: _Head, where: str) -> tuple[pd.DataFrame, list[Note]]:
    ids = next((cells for name, cells in head.fields if name == "geo_accession"), [])
    uneven = [(name, len(cells)) for name, cells in head.fields if len(cells) != len(ids)]
    if not ids or uneven or len(set(ids)) < len(ids):
        what = f"!Sample_{uneven[0][0]} has {uneven[0][1]} cells for {len(ids)} samples" if uneven else "no samples"
        raise FileFormatError(
            what if not ids or uneven else "sample accessions occur more than once",
            where=f"{where}, !Sample_geo_accession",
            expected="one accession a sample, and as many cells in every !Sample_ line",
            next_step="download the file again",
        )
    columns: dict[str, list[str]] = {"sample_id": list(ids)}
    taken = Counter(columns.keys())
    for name, cells in head.fields:
        if name != "characteristics_ch1" and not name.startswith(_LEFT_OUT):
            columns[_free_name(name, taken)] = cells
    rows = [cells for name, cells in head.fields if name == "characteristics_ch1"]
    parsed, notes = _parse_characteristics(rows, len(ids))
    for name, cells in parsed.items():
        columns[_free_name(name if name not in columns else f"characteristics: {name}", taken)] = cells
    return pd.DataFrame(columns, dtype="string"), notes


def _parse_characteristics(rows: Sequence[list[str]], n: int) -> tuple[dict[str, list[str]], list[Note]]:
    """Return one column a key; the keys may stand in another line for each sample."""
    columns: dict[str, list[str]] = {}
    repeated, keyless = set(), 0
    for i in range(n):
        seen: Counter[str] = Counter()
        for cell in (row[i] for row in rows):
            if not cell.strip():
                continue
            key, colon, value = cell.partition(":")
            if not colon:
                key, value, keyless = "characteristics_ch1", cell, keyless + 1
            name = _free_name(key.strip(), seen)
            repeated |= {key.strip()} if name != key.strip() else set()
            columns.setdefault(name, [""] * n)[i] = value.strip()
    notes = []
    if keyless:
        evidence = f"{keyless} characteristics are not written as 'key: value' and stand in 'characteristics_ch1'"
        notes.append(Note("geo.keyless", "characteristics without key", str(keyless), evidence))
    if repeated:
        evidence = f"samples have characteristics of one key several times, numbered: {examples(sorted(repeated))}"
        notes.append(Note("geo.repeated", "characteristics that repeat", str(len(repeated)), evidence))
    return columns, notes


def _free_name(name: str, taken: Counter[str]) -> str:
    """Return the name, numbered where it is taken, and take it; a name that repeats is not searched for anew."""
    free = name
    while free in taken:
        taken[name] += 1
        free = f"{name} ({taken[name]})"
    taken[free] += 1
    return free


def _no_table(what: str, where: str) -> ExpressionError:
    return ExpressionError(
        what,
        where=where,
        expected="numbers between the marks of the series matrix",
        next_step="sequencing series keep their numbers in supplementary files: name one of those as the matrix, and "
        "this file as the sample table",
    )
