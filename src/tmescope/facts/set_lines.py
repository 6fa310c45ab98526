"""Lines of a text file of gene sets, plain or gzip, with limits on all that a file can do."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from tmescope.foundation.errors import FileFormatError, MissingFileError

__all__ = ["LARGEST", "LONGEST_LINE", "line_of", "read_lines"]

LARGEST = 256 << 20
"""Most bytes that may come out of a file: all public collections together are a fifth of that."""

LONGEST_LINE = 1 << 20
_GZIP = b"\x1f\x8b"


def line_of(path: Path, number: int) -> str:
    """Return how a line of a file is named in messages: never by the machine's path."""
    return f"{path.name}, line {number}"


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line without its end.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8, with or without a byte-order mark; unpacked where it begins as gzip does, whatever its name.

    Raises
    ------
    MissingFileError
        If it is no file that can be read.
    FileFormatError
        If it is not text in UTF-8, holds a NUL, is damaged, or is larger than the limits.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
        with _opened(path, packed=packed) as handle:
            yield from _decoded(handle, path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileFormatError(
            f"the file is damaged: {error}", where=path.name, expected="a whole gzip file", next_step="get it again"
        ) from error
    except OSError as error:
        raise MissingFileError(
            f"the file {path.name!r} cannot be read: {error.strerror}",
            where=path.name,
            expected="a file of gene sets: .gmt, .csv, .tsv or .toml",
        ) from error


def _opened(path: Path, *, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _decoded(handle: IO[bytes], path: Path) -> Iterator[tuple[int, str]]:
    size = number = 0
    while line := handle.readline(LONGEST_LINE + 1):
        number += 1
        size += len(line)
        where = line_of(path, number)
        if len(line) > LONGEST_LINE or size > LARGEST:
            which = f"the line is longer than {LONGEST_LINE}" if len(line) > LONGEST_LINE else f"more than {LARGEST}"
            raise FileFormatError(f"{which} bytes", where=where, expected="gene sets, one gene or one set per line")
        if b"\0" in line:
            raise FileFormatError(
                "the line holds a NUL byte", where=where, expected="text in UTF-8", next_step="save it as text in UTF-8"
            )
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise FileFormatError(
                f"the line is not UTF-8 (byte {error.start + 1})",
                where=where,
                expected="text in UTF-8",
                next_step="save it as text in UTF-8",
            ) from error
        yield number, text.rstrip("\r\n")
