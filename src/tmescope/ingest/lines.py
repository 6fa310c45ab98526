"""Text in blocks of whole lines, the next block decompressed while the last one is read."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import stored_position

__all__ = ["LONGEST_LINE", "LineBlock", "read_blocks"]

LONGEST_LINE = 256 << 20
"""Bytes that a line may have: a million samples with all their digits."""


@dataclass(frozen=True)
class LineBlock:
    """Some lines.

    Parameters
    ----------
    text : bytes
        Whole lines; the last byte is a line feed.
    position : int
        How many bytes of the file, as it is stored, were read up to here or a little beyond.
    """

    text: bytes
    position: int


def read_blocks(handle: IO[bytes], size: int, *, where: str, longest: int = LONGEST_LINE) -> Iterator[LineBlock]:
    """Read what is left of a file in blocks of whole lines.

    Parameters
    ----------
    handle : binary file
        From `tmescope.ingest.decompress.open_bytes`; nobody else may read from it meanwhile.
    size : int
        Bytes to read at a time.
    where : str
        The file, for messages.
    longest : int
        Bytes that a line may have.

    Yields
    ------
    LineBlock
        Empty ones are left out.

    Raises
    ------
    FileFormatError
        A line that is too long, or whatever is wrong with the compressed file.

    Notes
    -----
    One thread reads ahead by one block: the decompressor lets others work meanwhile. The blocks are the same as
    without it.
    """
    blocks = _cut(handle, size, where=where, longest=longest)
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


def _cut(handle: IO[bytes], size: int, *, where: str, longest: int) -> Iterator[LineBlock]:
    rest: list[bytes] = []
    while chunk := handle.read(size):
        end = chunk.rfind(b"\n") + 1
        if not end:
            rest.append(chunk)
            if sum(map(len, rest)) > longest:
                raise _endless(longest, where)
            continue
        yield LineBlock(b"".join((*rest, memoryview(chunk)[:end])), stored_position(handle))
        rest = [chunk[end:]]
    last = b"".join(rest)
    if last:
        yield LineBlock(last + b"\n", stored_position(handle))


def _endless(longest: int, where: str) -> FileFormatError:
    return FileFormatError(
        f"a line has more than {longest:,} bytes",
        where=where,
        expected="one row a line",
        next_step="write the file again with line feeds between its rows",
    )
