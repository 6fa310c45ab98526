"""Text tables of references, read strictly: bounded, UTF-8, rows as wide as the header, every fault counted."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tmescope.foundation.errors import FileFormatError

__all__ = ["Faults", "TextRow", "read_lines", "read_rows"]

_LARGEST = 512 * 2**20  # bytes of one file after decompression; the largest reference that is known has 25 MB
_BLOCK = 2**20
_SHOWN = 3
_REPLACE = "take the file from its authors again"


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row of a table.

    Parameters
    ----------
    line : int
        Its number in the file, from 1.
    cells : tuple of str
        Without enclosing quotes and outer spaces.
    """

    line: int
    cells: tuple[str, ...]


class Faults:
    """What is wrong in a file, counted, with the first three as examples.

    Parameters
    ----------
    path : Path
        The file, for the message.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, kind: str, example: str) -> None:
        """Note one fault.

        Parameters
        ----------
        kind : str
            What is expected instead; faults are counted by it.
        example : str
            Line, column and value.
        """
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= _SHOWN:
            self._found.setdefault(kind, []).append(example)

    def refuse(self) -> None:
        """Raise where a fault was noted.

        Raises
        ------
        FileFormatError
            Count and examples of every kind.
        """
        if not self._counts:
            return
        parts = [
            f"{self._counts[kind]:,} x not {kind}: "
            + ", ".join(found)
            + (", ..." if self._counts[kind] > _SHOWN else "")
            for kind, found in self._found.items()
        ]
        raise FileFormatError(
            "; ".join(parts), where=str(self._path), expected="; ".join(self._found), next_step=_REPLACE
        )


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, unpacked where it is gzip or a zip of one file, with a limit on what comes out.

    Parameters
    ----------
    path : Path
        Whether it is compressed is seen from its first two bytes.

    Yields
    ------
    str
        Without the line's end.

    Raises
    ------
    FileFormatError
        Not UTF-8, damaged, an archive of several files, a line of more than 1 MB, or more than 512 MB in all.
    """
    try:
        yield from _lines(path)
    except (
        UnicodeDecodeError,
        EOFError,
        gzip.BadGzipFile,
        zlib.error,
        zipfile.BadZipFile,
        NotImplementedError,
    ) as error:
        raise FileFormatError(
            f"the file is damaged or not text: {error}", where=str(path), expected="UTF-8 text, or gzip or zip of it"
        ) from error


def _lines(path: Path) -> Iterator[str]:
    size, begun, encoding = 0, b"", "utf-8-sig"
    with _open_unpacked(path) as handle:
        while block := handle.read(_BLOCK):
            size += len(block)
            if size > _LARGEST:
                raise FileFormatError(f"more than {_LARGEST} bytes come out of the file", where=str(path))
            whole, end, rest = block.rpartition(b"\n")
            if max(len(begun) + (block.find(b"\n") if end else 0), len(rest) + (0 if end else len(begun))) >= _BLOCK:
                raise FileFormatError(f"a line has more than {_BLOCK} bytes", where=str(path), expected="a text table")
            if not end:
                begun += rest
                continue
            for line in (begun + whole).decode(encoding).split("\n"):
                yield line.rstrip("\r")
            begun, encoding = rest, "utf-8"
    if begun:
        yield begun.decode(encoding).rstrip("\r")


@contextmanager
def _open_unpacked(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        magic = raw.read(4)
    if magic == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) != 1 or members[0].flag_bits & 1:
                raise FileFormatError(
                    f"the archive holds {len(members)} files, or is locked", where=str(path), expected="one open file"
                )
            with archive.open(members[0]) as handle:
                yield handle
    elif magic[:2] == b"\x1f\x8b":
        with gzip.GzipFile(path) as unpacked:
            yield io.BufferedReader(unpacked)
    else:
        with path.open("rb") as plain:
            yield plain


def read_rows(path: Path, *, skip: int = 0, separator: str = "\t", row_names: bool = False) -> Iterator[TextRow]:
    """Yield header and rows of a table; empty lines are passed over.

    Parameters
    ----------
    path : Path
        The file.
    skip : int
        Lines above the header.
    separator : str
        Between cells.
    row_names : bool
        Whether the header may lack the cell above the row names, as R writes it; an empty cell is put there then.

    Yields
    ------
    TextRow
        The header first.

    Raises
    ------
    FileFormatError
        As from `read_lines`; a row is wider or narrower than the header, or a column has no name or an other's.
    """
    width = 0
    for number, line in enumerate(read_lines(path), start=1):
        if number <= skip or not line.strip():
            continue
        cells = tuple(line.split(separator))
        if _needs_care(line, separator):
            cells = tuple(map(_unquote, cells))
        if not width:
            width = len(cells)
            _check_header(cells, path)
            yield TextRow(number, cells)
            continue
        if row_names and len(cells) == width + 1:
            width, row_names = width + 1, False  # the header is one cell short: only the first row may say so
        if len(cells) != width:
            raise FileFormatError(
                f"line {number} has {len(cells)} cells, the lines above have {width}",
                where=f"{path}, line {number}",
                expected="rows as wide as the header; a blank cell that is left out shifts all behind it",
                next_step=_REPLACE,
            )
        row_names = False
        yield TextRow(number, cells)


def _check_header(cells: Sequence[str], path: Path) -> None:
    twice = sorted({cell for cell in cells if cell and cells.count(cell) > 1})
    if twice or "" in cells[1:]:
        what = f"columns share a name: {', '.join(twice[:_SHOWN])}" if twice else "a column has no name"
        raise FileFormatError(what, where=f"{path}, header", expected="distinct names of columns", next_step=_REPLACE)


def _needs_care(line: str, separator: str) -> bool:
    """Return whether a cell may have quotes or outer spaces; most lines of large tables have neither."""
    outer = line != line.strip(" ") or f" {separator}" in line or f"{separator} " in line
    return outer or '"' in line or not line.isascii()


def _unquote(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell
