"""One long vector in Zarr v3: compressed chunks in shards, each with a checksum, and more can be added at the end."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import google_crc32c
import numpy as np

from tmescope.foundation.errors import StoreError
from tmescope.store.atomic import replace_text, staged_file
from tmescope.store.damage import damaged_shard

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Shard",
    "VectorAppender",
    "VectorForm",
    "VectorReader",
    "encode_last",
    "encode_shard",
    "write_declaration",
    "write_group",
]

_CRC = 4
_HEADER = 16
_OVERHEAD = 64
_LEVEL = 1
_EMPTY = np.uint64(2**64 - 1)


@dataclass(frozen=True)
class Shard:
    """A file of a vector as it was written.

    Parameters
    ----------
    nbytes : int
        Its size.
    crc32 : int
        Of all its bytes. Not CRC-32C: over parts that end with their own, that is the same for all files.
    """

    nbytes: int
    crc32: int


@dataclass(frozen=True)
class VectorForm:
    """How a vector lies on the disk.

    Parameters
    ----------
    dtype : str
        NumPy's name of the numbers.
    chunk : int
        Numbers that are compressed together.
    shard : int
        Numbers of a file; a multiple of `chunk`.
    keys : str
        How files are named: ``default`` (c/0, c/1 ...) or ``v2`` (0, 1 ...), so that a vector whose type changes can
        lie beside itself until its declaration is written.
    """

    dtype: str
    chunk: int = 1 << 18
    shard: int = 1 << 24
    keys: Literal["default", "v2"] = "default"

    @property
    def n_chunks(self) -> int:
        """Return the chunks of a whole shard."""
        return self.shard // self.chunk

    @property
    def itemsize(self) -> int:
        """Return the bytes of a number."""
        return np.dtype(self.dtype).itemsize

    def path(self, folder: Path, number: int) -> Path:
        """Return the file of a shard.

        Parameters
        ----------
        folder : Path
            Of the array.
        number : int
            Of the shard.
        """
        return folder / "c" / str(number) if self.keys == "default" else folder / str(number)

    def declare(self, length: int) -> dict[str, Any]:
        """Return what ``zarr.json`` says of a vector of some length."""
        little = {"name": "bytes", "configuration": {"endian": "little"}}
        blosc = {
            "typesize": self.itemsize, "cname": "lz4", "clevel": _LEVEL, "shuffle": "bitshuffle", "blocksize": 0
        }  # fmt: skip
        sharding = {
            "chunk_shape": [self.chunk],
            "codecs": [little, {"name": "blosc", "configuration": blosc}, {"name": "crc32c"}],
            "index_codecs": [little, {"name": "crc32c"}],
            "index_location": "end",
        }
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [length],
            "data_type": self.dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [self.shard]}},
            "chunk_key_encoding": {"name": self.keys, "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
            "attributes": {"encoding-type": "array", "encoding-version": "0.2.0"},
            "storage_transformers": [],
        }


def write_declaration(folder: Path, form: VectorForm, *, length: int) -> None:
    """Say how long a vector is; what lies beyond that is not part of it.

    Parameters
    ----------
    folder : Path
        Of the array.
    form : VectorForm
        As it is written.
    length : int
        Numbers that it has.
    """
    replace_text(folder / "zarr.json", json.dumps(form.declare(length), indent=1))


def write_group(folder: Path, attributes: Mapping[str, Any]) -> None:
    """Write the declaration of a group of arrays.

    Parameters
    ----------
    folder : Path
        Of the group; made where it is absent.
    attributes : mapping
        What it says of itself, JSON-able.
    """
    said = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    replace_text(folder / "zarr.json", json.dumps(said))


class VectorAppender:
    """Writes a vector, or goes on with one.

    Parameters
    ----------
    folder : Path
        Of the array; made where it is absent.
    form : VectorForm
        As it was first written.
    length : int
        Numbers that it has; those after them are overwritten.

    Notes
    -----
    Only the last shard, if it is not full, is written anew (beside its name, then renamed); the chunks in it are taken
    over as they are, but for the last.
    """

    def __init__(self, folder: Path, form: VectorForm, *, length: int = 0) -> None:
        self.folder, self.form, self.length = folder, form, length
        self.written: dict[int, Shard] = {}
        form.path(folder, 0).parent.mkdir(parents=True, exist_ok=True)
        self._chunks: list[bytes] = []
        self._pending = np.empty(0, dtype=form.dtype)
        self._shard, rest = divmod(length, form.shard)
        if rest:
            reader = VectorReader(folder, form, length=length)
            whole, part = divmod(rest, form.chunk)
            self._chunks = [reader.encoded(self._shard, i) for i in range(whole)]
            if part:
                self._pending = reader.read(length - part, length)

    def append(self, values: NDArray[Any]) -> None:
        """Add numbers at the end.

        Parameters
        ----------
        values : array, shape (n,)
            Of the vector's type, or safely converted to it.
        """
        fresh = np.ascontiguousarray(values, dtype=self.form.dtype)
        self.length += fresh.size
        chunk, first = self.form.chunk, 0
        if self._pending.size:
            first = min(chunk - self._pending.size, fresh.size)
            self._pending = np.concatenate([self._pending, fresh[:first]])
            if self._pending.size < chunk:
                return
            self._add_chunk(self._pending)
        whole = fresh.size - (fresh.size - first) % chunk
        for at in range(first, whole, chunk):
            self._add_chunk(fresh[at : at + chunk])
        self._pending = fresh[whole:].copy()

    def _add_chunk(self, values: NDArray[Any]) -> None:
        self._chunks.append(_encode(values))
        if len(self._chunks) == self.form.n_chunks:
            self._write()
            self._shard += 1
            self._chunks = []

    def finish(self) -> dict[int, Shard]:
        """Write what is left, and return every shard that was written by its number."""
        if self._pending.size:
            self._chunks.append(encode_last(self._pending, self.form))
        if self._chunks:
            self._write()
        return self.written

    def _write(self) -> None:
        parts, crc = encode_shard(self._chunks, self.form), 0
        with staged_file(self.form.path(self.folder, self._shard)) as path, path.open("wb") as file:
            for part in parts:
                file.write(part)
                crc = zlib.crc32(part, crc)
        self.written[self._shard] = Shard(sum(map(len, parts)), crc)


class VectorReader:
    """Reads parts of a vector; safe to use from several threads.

    Parameters
    ----------
    folder : Path
        Of the array.
    form : VectorForm
        As it was written.
    length : int
        Numbers that it has.
    """

    def __init__(self, folder: Path, form: VectorForm, *, length: int) -> None:
        self.folder, self.form, self.length = folder, form, length
        self._indices: dict[int, NDArray[np.uint64]] = {}

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the numbers from `start` to before `stop`.

        Parameters
        ----------
        start, stop : int
            0 <= start <= stop <= length.

        Raises
        ------
        StoreError
            If a shard is missing, cut short, or a checksum does not fit; its file is named.
        """
        out, size = np.empty(stop - start, dtype=self.form.dtype), self.form.shard
        for shard in range(start // size, -(-stop // size)):
            first, last = max(start, shard * size), min(stop, (shard + 1) * size)
            target = out[first - start : last - start]
            try:
                self._read(shard, first - shard * size, target)
            except StoreError:  # the file may have been replaced by a longer one since its index was read
                if self._indices.pop(shard, None) is None:
                    raise
                self._read(shard, first - shard * size, target)
        return out

    def _read(self, shard: int, start: int, out: NDArray[Any]) -> None:
        """Read numbers of one file, from `start` on."""
        size, stop = self.form.chunk, start + out.size
        for number, encoded in self._encoded(shard, start // size, -(-stop // size)):
            begin = number * size
            first, last = max(start, begin), min(stop, begin + size)
            target = out[first - start : last - start]
            chunk = target if target.size == size else np.empty(size, dtype=self.form.dtype)
            self._decode(encoded, chunk, shard)
            if chunk is not target:
                target[:] = chunk[first - begin : last - begin]

    def encoded(self, shard: int, chunk: int) -> bytes:
        """Return one chunk as it lies on the disk.

        Parameters
        ----------
        shard, chunk : int
            Number of the file, and of the chunk in it.
        """
        ((_, found),) = self._encoded(shard, chunk, chunk + 1)
        return found

    def _encoded(self, shard: int, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Yield chunks of one file with their numbers."""
        path = self.form.path(self.folder, shard)
        entries = self._index(shard)[first:last]
        if (entries[:, 0] == _EMPTY).any():
            raise damaged_shard(path, "lacks a chunk")
        try:
            with path.open("rb", buffering=0) as file:
                for number, (at, length) in enumerate(entries.tolist(), first):
                    found = os.pread(file.fileno(), length, at)
                    if len(found) != length:
                        break
                    yield number, found
                else:
                    return
        except OSError as error:
            raise damaged_shard(path, f"cannot be read ({error.strerror})") from error
        raise damaged_shard(path, "is cut short")

    def _index(self, shard: int) -> NDArray[np.uint64]:
        if shard not in self._indices:
            path, size = self.form.path(self.folder, shard), 16 * self.form.n_chunks
            try:
                with path.open("rb", buffering=0) as file:
                    total = os.fstat(file.fileno()).st_size
                    tail = os.pread(file.fileno(), size + _CRC, max(total - size - _CRC, 0))
            except OSError as error:
                raise damaged_shard(path, f"cannot be read ({error.strerror})") from error
            if len(tail) != size + _CRC or _checksum(tail[:size]) != tail[size:]:
                raise damaged_shard(path, "has an index whose checksum does not fit")
            entries = np.frombuffer(tail[:size], dtype="<u8").reshape(-1, 2)
            used = entries[entries[:, 0] != _EMPTY]
            room = self.form.chunk * self.form.itemsize + _OVERHEAD
            if (used[:, 1] > room).any() or (used[:, 0] > total).any():
                raise damaged_shard(path, "declares chunks larger than can be")
            self._indices[shard] = entries
        return self._indices[shard]

    def _decode(self, encoded: bytes, target: NDArray[Any], shard: int) -> None:
        body, crc = encoded[:-_CRC], encoded[-_CRC:]
        if _checksum(body) != crc:
            raise damaged_shard(self.form.path(self.folder, shard), "has a chunk whose checksum does not fit")
        blosc = _blosc()
        # bytes 4 to 7 of a header say how much it unpacks to, bytes 12 to 15 how long it is itself
        sizes = [int.from_bytes(body[at : at + 4], "little") for at in (4, 12)]
        if len(body) < _HEADER or sizes != [target.nbytes, len(body)]:
            raise damaged_shard(self.form.path(self.folder, shard), "has a chunk of another size than declared")
        blosc.decompress(body, target)


def encode_last(values: NDArray[Any], form: VectorForm) -> bytes:
    """Return the last chunk of a vector as it lies on the disk: of full size, with zeros beyond the end.

    Parameters
    ----------
    values : array
        A chunk at most.
    form : VectorForm
        Of the vector.
    """
    chunk = np.zeros(form.chunk, dtype=form.dtype)
    chunk[: values.size] = values
    return _encode(chunk)


def encode_shard(chunks: Sequence[bytes], form: VectorForm) -> tuple[bytes, ...]:
    """Return the parts of a file: its chunks, and the index of them.

    Parameters
    ----------
    chunks : sequence of bytes
        As they lie on the disk.
    form : VectorForm
        Of the vector.
    """
    sizes = np.array([len(c) for c in chunks], dtype="<u8")
    entries = np.full((form.n_chunks, 2), _EMPTY, dtype="<u8")
    entries[: sizes.size, 0] = np.cumsum(sizes) - sizes
    entries[: sizes.size, 1] = sizes
    index = entries.tobytes()
    return (*chunks, index, _checksum(index))


def _encode(chunk: NDArray[Any]) -> bytes:
    blosc = _blosc()
    found = bytes(blosc.compress(chunk, b"lz4", _LEVEL, blosc.BITSHUFFLE, 0))
    return found + _checksum(found)


def _blosc() -> Any:
    from numcodecs import blosc

    # the store owns the threads; without this blosc would start its own in the main thread
    blosc.use_threads = False
    return blosc


def _checksum(data: bytes) -> bytes:
    return int(google_crc32c.value(data)).to_bytes(4, "little")
