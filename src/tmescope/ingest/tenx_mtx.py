"""Folders of matrix.mtx, features.tsv and barcodes.tsv, as Cell Ranger writes them, added up in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.blocks import each_line
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.pseudobulk import GENE_EXPRESSION, Features, PseudoBulk, Summing
from tmescope.ingest.tenx_folder import TenxFolder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_number", "check_shape", "read_entries", "read_features", "read_folder", "read_head"]

_BLOCK = 16 << 20
_LONGEST = 1 << 16
_MOST_COMMENTS = 10_000


def read_folder(parts: TenxFolder, *, split: bool = True, limits: Limits = DEFAULT_LIMITS) -> PseudoBulk:
    """Add up the cells of a folder.

    Parameters
    ----------
    parts : TenxFolder
        See `tmescope.ingest.tenx_folder.find_parts`.
    split : bool
        Whether the libraries of an aggregated matrix are samples of their own.
    limits : Limits
        On the decompressed size of each file.

    Returns
    -------
    PseudoBulk

    Raises
    ------
    FileFormatError
        No coordinate matrix of counts, other numbers of features, barcodes or entries than are declared,
        positions outside, files that are cut.
    ExpressionError
        Entries that are no counts, no gene expression.

    Notes
    -----
    One pass in blocks of 16 MiB. In memory are the names, two numbers for each barcode and the sums.
    """
    features = read_features(parts.features, limits)
    with open_bytes(parts.barcodes, limits=limits) as handle:
        barcodes = [line.split("\t")[0] for _, line in each_line(handle, str(parts.barcodes)) if line]
    where = str(parts.matrix)
    with open_bytes(parts.matrix, limits=limits) as handle:
        n_rows, n_columns, n_entries, line = read_head(handle, where)
        check_shape((n_rows, n_columns), (len(features.types), len(barcodes)), where)
        sums = Summing(features, barcodes, where, split=split)
        n_found = 0
        for rows, columns, counts in read_entries(handle, parts.matrix, first_line=line + 1, limits=limits):
            sums.add(rows, columns, counts)
            n_found += len(rows)
    check_number(n_found, n_entries, line=line, where=where)
    return sums.finish()


def check_number(found: int, declared: int, *, line: int, where: str) -> None:
    """Refuse a file that has another number of entries than it declares.

    Parameters
    ----------
    found, declared : int
        Entries.
    line : int
        That declares them.
    where : str
        The file, for messages.

    Raises
    ------
    FileFormatError
        They differ.
    """
    if found != declared:
        raise FileFormatError(
            f"there are {found:,} entries; {declared:,} are declared in line {line}",
            where=where,
            expected="as many entries as are declared",
            next_step="download the file again: it is cut, or two were put together",
        )


def read_features(path: Path, limits: Limits) -> Features:
    """Read features.tsv, or genes.tsv, which says of no types.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    limits : Limits
        On the decompressed size.

    Raises
    ------
    FileFormatError
        A line without an id and a name.
    """
    ids, names, types = [], [], []
    where = str(path)
    with open_bytes(path, limits=limits) as handle:
        for number, line in each_line(handle, where):
            cells = line.split("\t")
            if len(cells) < 2:
                raise FileFormatError(
                    f"line {number} has {len(cells)} cells",
                    where=f"{where}, line {number}",
                    expected="gene id, gene name and, from Cell Ranger 3 on, the type of the feature; tab-separated",
                    next_step="write or download the file again",
                )
            ids.append(cells[0])
            names.append(cells[1])
            types.append(cells[2] if len(cells) > 2 else GENE_EXPRESSION)
    return Features(tuple(ids), tuple(names), tuple(types))


def read_head(handle: IO[bytes], where: str) -> tuple[int, int, int, int]:
    """Return rows, columns and entries as declared, and the line that declares them.

    Parameters
    ----------
    handle : binary file
        At the start of matrix.mtx.
    where : str
        The file, for messages.

    Raises
    ------
    FileFormatError
        It declares no coordinate matrix of numbers, or no size.
    """
    words = handle.readline(_LONGEST).decode("latin-1").lower().split()
    wanted = ["%%matrixmarket", "matrix", "coordinate"]
    if words[:3] != wanted or len(words) != 5:
        raise _head_error(f"the first line is {' '.join(words)[:80]!r}", where, 1)
    if words[3] not in ("integer", "real"):
        raise _head_error(f"the entries are declared as {words[3]!r}: they hold no counts", where, 1)
    if words[4] != "general":
        raise _head_error(f"the matrix is declared as {words[4]!r}: features x barcodes never are", where, 1)
    for number in range(2, _MOST_COMMENTS):
        line = handle.readline(_LONGEST)
        if line.startswith(b"%") or (line and not line.strip()):
            continue
        sizes = line.split()
        if len(sizes) != 3 or not all(s.isdigit() and len(s) < 16 for s in sizes):
            raise _head_error(f"{line[:60].decode('latin-1')!r} declares no size", where, number)
        return int(sizes[0]), int(sizes[1]), int(sizes[2]), number
    raise _head_error("no line declares the size", where, _MOST_COMMENTS)


def _head_error(what: str, where: str, line: int) -> FileFormatError:
    return FileFormatError(
        what,
        where=f"{where}, line {line}",
        expected="%%MatrixMarket matrix coordinate integer general, then features, barcodes and entries",
        next_step="take the matrix.mtx that Cell Ranger wrote",
    )


def check_shape(declared: tuple[int, int], named: tuple[int, int], where: str) -> None:
    """Refuse a matrix whose declared shape is not that of its names.

    Parameters
    ----------
    declared, named : (int, int)
        Features and barcodes.
    where : str
        The file, for messages.

    Raises
    ------
    FileFormatError
        They differ.
    """
    if declared == named:
        return
    turned = "; the matrix looks turned: barcodes in rows" if declared == named[::-1] else ""
    raise FileFormatError(
        f"the matrix has {declared[0]:,} rows and {declared[1]:,} columns, but there are {named[0]:,} features and "
        f"{named[1]:,} barcodes{turned}",
        where=where,
        expected="one row a feature and one column a barcode",
        next_step="put the three files of one matrix together",
    )


def read_entries(
    handle: IO[bytes], path: Path, *, first_line: int, limits: Limits
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """Yield rows, columns (from 0) and values of the entries, block by block as they stand in the file.

    Parameters
    ----------
    handle : binary file
        Behind the line that declares the size.
    path : Path
        The file, for messages.
    first_line : int
        Line at which the handle is.
    limits : Limits
        On the decompressed size.
    """
    names = ["row", "column", "count"]
    head = handle.peek(1) if hasattr(handle, "peek") else b"1"
    if not head:
        return
    try:
        with pacsv.open_csv(
            handle,
            read_options=pacsv.ReadOptions(column_names=names, block_size=_BLOCK),
            parse_options=pacsv.ParseOptions(delimiter=" ", quote_char=False),
            convert_options=pacsv.ConvertOptions(
                column_types={"row": pa.int64(), "column": pa.int64(), "count": pa.float64()},
                null_values=[],
                strings_can_be_null=False,
            ),
        ) as batches:
            for batch in batches:
                rows, columns, counts = (c.to_numpy(zero_copy_only=False) for c in batch.columns)
                yield rows - 1, columns - 1, counts
    except pa.ArrowInvalid as error:
        raise _explain(path, first_line, limits, parser=str(error)) from error


def _explain(path: Path, first_line: int, limits: Limits, *, parser: str) -> FileFormatError:
    """Read the entries again, line by line, and say which one is none."""
    place, shown = "", parser.splitlines()[0][:200]
    with open_bytes(path, limits=limits) as handle:
        for number, raw in enumerate(handle, start=1):
            if number >= first_line and raw.strip() and not _is_entry(raw):
                place, shown = f", line {number}", f"{raw[:60].decode('latin-1').rstrip()!r}"
                break
    return FileFormatError(
        f"the entries cannot be read: {shown}",
        where=f"{path}{place}",
        expected="feature, barcode and count, one space between them",
        next_step="write or download the file again",
    )


def _is_entry(raw: bytes) -> bool:
    cells = raw.rstrip(b"\r\n").split(b" ")
    try:
        return len(cells) == 3 and all(c.isdigit() for c in cells[:2]) and np.isfinite(float(cells[2]))
    except ValueError:
        return False
