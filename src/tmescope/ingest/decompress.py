"""The one decompressor: gzip as a stream, with limits on bytes and ratio."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tmescope.foundation.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined, unused-ignore]

__all__ = ["DEFAULT_LIMITS", "GZIP_MAGIC", "GunzipStream", "Limits", "open_bytes", "stored_position"]

GZIP_MAGIC = b"\x1f\x8b"

_BLOCK = 1 << 18
_GZIP_WINDOW = 31  # zlib: 15 bits of window, and a gzip header
_ZLIB_WINDOW = 15


@dataclass(frozen=True)
class Limits:
    """How much a compressed file may grow.

    Parameters
    ----------
    max_bytes : int
        Largest size after decompression.
    max_ratio : float
        Largest ratio of decompressed to compressed bytes.
    ratio_from : int
        The ratio is looked at only beyond this many decompressed bytes: a small table of zeros compresses
        well and harms nobody.
    """

    max_bytes: int = 8 << 30
    max_ratio: float = 1000.0
    ratio_from: int = 16 << 20


DEFAULT_LIMITS = Limits()
"""8 GiB and 1000:1."""


class GunzipStream(io.RawIOBase):
    """Decompressed bytes of a gzip file (several members are read as one), refused beyond the limits.

    Parameters
    ----------
    raw : binary file
        At the start of the first member; not closed here.
    name : str
        For messages.
    limits : Limits
        See there.
    wrapped : {'gzip', 'zlib'}
        What the compressed data are wrapped in.

    Raises
    ------
    FileFormatError
        While reading: not gzip, damaged, truncated, followed by something else, or beyond a limit.
    """

    def __init__(self, raw: IO[bytes], name: str, limits: Limits = DEFAULT_LIMITS, *, wrapped: str = "gzip") -> None:
        self._raw = raw
        self._name = name
        self._limits = limits
        self._window = _GZIP_WINDOW if wrapped == "gzip" else _ZLIB_WINDOW
        self._engine = zlib.decompressobj(self._window)
        self._pending = b""
        self._n_in = 0
        self._n_out = 0
        self._members = 0
        self._done = False

    def readable(self) -> bool:
        """Return True."""
        return True

    @property
    def consumed(self) -> int:
        """Compressed bytes that were read so far, of the block being worked on those that were used."""
        return self._n_in - len(self._pending)

    def readinto(self, buffer: Buffer) -> int:
        """Fill `buffer`, return the number of bytes written (0 at the end)."""
        view = memoryview(buffer).cast("B")
        chunk = self._next(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)

    def _next(self, size: int) -> bytes:
        while not self._done:
            if not self._pending:
                self._fill()
            if self._done or not (self._pending or self._engine.eof):
                break
            chunk = self._inflate(size)
            if chunk:
                return chunk
        return b""

    def _fill(self) -> None:
        if self._engine.eof:
            self._start_next_member()
            return
        self._pending = self._raw.read(_BLOCK)
        self._n_in += len(self._pending)
        if not self._pending:
            raise FileFormatError(
                f"the gzip stream ends after {self._n_out:,} bytes without its closing checksum",
                where=self._name,
                expected="a complete gzip file",
                next_step="copy or download the file again: it is truncated",
            )

    def _start_next_member(self) -> None:
        rest = self._engine.unused_data or self._raw.read(_BLOCK)
        self._n_in += 0 if self._engine.unused_data else len(rest)
        while rest and not rest.strip(b"\0"):  # padding of tapes and of some writers
            rest = self._raw.read(_BLOCK)
            self._n_in += len(rest)
        if not rest:
            self._done = True
            return
        self._engine = zlib.decompressobj(self._window)
        self._members += 1
        self._pending = rest

    def _inflate(self, size: int) -> bytes:
        try:
            chunk = self._engine.decompress(self._pending, size)
        except zlib.error as error:
            what = "the data after the first gzip member are not gzip" if self._members else "the gzip data are damaged"
            raise FileFormatError(
                f"{what} after {self._n_out:,} bytes ({error})",
                where=self._name,
                expected="a gzip file",
                next_step="copy or download the file again",
            ) from error
        self._pending = self._engine.unconsumed_tail
        self._n_out += len(chunk)
        self._check_limits()
        return chunk

    def _check_limits(self) -> None:
        limits = self._limits
        consumed = max(self._n_in - len(self._pending), 1)
        if self._n_out > limits.max_bytes:
            raise FileFormatError(
                f"the file grows beyond {limits.max_bytes:,} bytes when decompressed",
                where=self._name,
                expected=f"at most {limits.max_bytes:,} bytes",
                next_step="split the file, or store the matrix as Parquet",
            )
        if self._n_out > limits.ratio_from and self._n_out > limits.max_ratio * consumed:
            raise FileFormatError(
                f"the file grows {self._n_out / consumed:.0f}-fold when decompressed",
                where=self._name,
                expected=f"at most {limits.max_ratio:g}-fold; no real table compresses so well",
                next_step="check where the file comes from",
            )


@contextmanager
def open_bytes(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[IO[bytes]]:
    """Open a plain or gzip-compressed file for reading its decompressed bytes.

    Parameters
    ----------
    path : Path
        Whether it is compressed is seen from its first two bytes.
    limits : Limits
        Applied to plain files too (bytes only).

    Yields
    ------
    binary file
        Readable, not seekable where compressed.

    Raises
    ------
    FileFormatError
        See `GunzipStream`; or a plain file larger than the limit.
    """
    with path.open("rb") as raw:
        compressed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        if compressed:
            yield io.BufferedReader(GunzipStream(raw, str(path), limits), _BLOCK)
            return
        if path.stat().st_size > limits.max_bytes:
            raise FileFormatError(
                f"the file has {path.stat().st_size:,} bytes",
                where=str(path),
                expected=f"at most {limits.max_bytes:,} bytes",
                next_step="split the file, or store the matrix as Parquet",
            )
        yield raw


def stored_position(handle: IO[bytes]) -> int:
    """Return how many bytes of the file, as it is stored, an open file has passed.

    Parameters
    ----------
    handle : binary file
        From `open_bytes`.
    """
    inner = getattr(handle, "raw", None)
    return inner.consumed if isinstance(inner, GunzipStream) else handle.tell()
