"""What a Zarr store declares, looked at before any of it is read: no links, no objects, no sizes beyond the limits."""

from __future__ import annotations

import io
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from tmescope.foundation.errors import FileFormatError, examples
from tmescope.ingest.decompress import GunzipStream, Limits

__all__ = ["METADATA", "check_array", "check_tree", "read_metadata"]

METADATA = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
"""Files of a store that are no chunks."""

_MOST_FILES = 500_000
_LARGEST_METADATA = 64 << 20
_LARGEST_CHUNK = 1 << 30
_LARGEST_TEXT_CHUNK = 256 << 20
_MOST_CHUNKS = 1_000_000
_NUMBERS = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)")
_OLD_TYPES = re.compile(r"[<>|](?P<kind>[biufU])(?P<size>\d{1,4})")
_ABSENT = 2**64 - 1
_COMPRESSORS = ("zstd", "blosc", "gzip", "zlib")
_SERIALIZERS = ("bytes", "vlen-utf8")


@dataclass(frozen=True)
class _Array:
    """The declaration of one array in the words of both versions; `shards` are empty where there are none."""

    shape: Sequence[int]
    chunks: Sequence[int]
    item_bytes: int
    is_text: bool
    compressor: str
    shards: Sequence[int] = ()
    index: str = ""

    def chunk_bytes(self) -> int:
        return _LARGEST_TEXT_CHUNK if self.is_text else math.prod(self.chunks) * self.item_bytes

    def is_sound(self) -> bool:
        """Return whether the shapes are shapes: whole numbers, as many everywhere, shards of whole chunks."""
        sizes = [*self.shape, *self.chunks, *self.shards]
        whole = all(isinstance(k, int) and not isinstance(k, bool) and k >= 0 for k in sizes)
        if not whole or 0 in self.chunks or not len(self.shape) == len(self.chunks) <= 2:
            return False
        if not self.shards:
            return True
        return len(self.shards) == len(self.chunks) and not any(
            s % c or not s for s, c in zip(self.shards, self.chunks, strict=True)
        )

    def per_shard(self) -> int:
        return math.prod(s // c for s, c in zip(self.shards, self.chunks, strict=True))


def check_tree(root: Path) -> Literal[2, 3]:
    """Check the files of a store and return its version.

    Parameters
    ----------
    root : Path
        The folder.

    Raises
    ------
    FileFormatError
        No Zarr store; links, which could lead out of the folder; other things than files and folders; very many files.
    """
    version = next((v for v, name in ((3, "zarr.json"), (2, ".zgroup")) if (root / name).is_file()), None)
    if version is None:
        raise FileFormatError(
            f"the folder {root.name!r} is no Zarr store: it has neither zarr.json nor .zgroup",
            where=str(root),
            expected="an AnnData store in Zarr",
            next_step="name the folder that anndata wrote",
        )
    for n_files, entry in enumerate(_walk(root)):
        if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
            raise _refused(
                f"{os.path.relpath(entry.path, root)!r} is a link or a special file",
                where=str(root),
                expected="files inside the folder",
                step="copy the store with what the links lead to",
            )
        if n_files >= _MOST_FILES:
            raise _refused(
                f"the store has more than {_MOST_FILES:,} files",
                where=str(root),
                expected="chunks of some megabytes",
                step="write it again with larger chunks",
            )
    return 3 if version == 3 else 2


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            else:
                yield entry


def read_metadata(path: Path, where: str) -> Mapping[str, Any]:
    """Read one metadata file.

    Parameters
    ----------
    path : Path
        Such as zarr.json.
    where : str
        For the message.

    Raises
    ------
    FileFormatError
        Where it is large or no JSON object.
    """
    found: object = None
    if path.stat().st_size <= _LARGEST_METADATA:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, dict):
        raise _refused(
            f"the metadata {path.name!r} are no JSON object",
            where=where,
            expected="a Zarr store",
            step="write it again",
        )
    return found


def check_array(folder: Path, limits: Limits, *, version: Literal[2, 3], where: str) -> None:
    """Check an array: what it declares, and what its chunks declare to become.

    Parameters
    ----------
    folder : Path
        With zarr.json or .zarray and the chunks.
    limits : Limits
        On the size in memory.
    version : {2, 3}
        Of the store; declarations in the words of the other are not read.
    where : str
        For the message.

    Raises
    ------
    FileFormatError
        Objects, filters or codecs other than zstd, blosc, gzip, zlib, text and shards of these; sizes beyond the
        limits; chunks that would become larger than the array says.
    """
    if version == 2:
        array = _old_array(read_metadata(folder / ".zarray", where), where)
    else:
        array = _new_array(read_metadata(folder / "zarr.json", where), where)
    if not array.is_sound():
        raise _refused(
            f"the shape {array.shape!r}, the chunks {array.chunks!r} or the shards {array.shards!r} are none",
            where=where,
            expected="one or two dimensions",
            step="write it again",
        )
    n_chunks = math.prod(-(-n // c) for n, c in zip(array.shape, array.chunks, strict=True))
    n_chunks = max(n_chunks, array.per_shard() if array.shards else 0)
    n_bytes = math.prod(array.shape) * array.item_bytes
    if n_bytes > limits.max_bytes or array.chunk_bytes() > _LARGEST_CHUNK or n_chunks > _MOST_CHUNKS:
        raise _refused(
            f"the array would take {n_bytes:,} bytes in {n_chunks:,} chunks of up to {array.chunk_bytes():,}",
            where=where,
            expected=f"at most {limits.max_bytes:,} bytes, {_MOST_CHUNKS:,} chunks of {_LARGEST_CHUNK:,}",
            step="aggregate cells to samples first; bulk cohorts have at most some thousand samples",
        )
    for entry in _walk(folder):
        if entry.name not in METADATA:
            _check_file(Path(entry.path), array, where)


def _new_array(meta: Mapping[str, Any], where: str) -> _Array:
    kind, codecs = meta.get("data_type"), _list(meta.get("codecs"))
    chunks = _configuration(meta.get("chunk_grid")).get("chunk_shape")
    shards: object = []
    index = ""
    if len(codecs) == 1 and _name(codecs[0]) == "sharding_indexed":
        inside = _configuration(codecs[0])
        shards, chunks, codecs = chunks, inside.get("chunk_shape"), _list(inside.get("codecs"))
        index = str(inside.get("index_location", "end"))
        coded = [_name(c) for c in _list(inside.get("index_codecs"))]
        if coded not in (["bytes"], ["bytes", "crc32c"]) or index not in ("start", "end"):
            raise _codecs(coded, where)
        index += ":4" if len(coded) == 2 else ":0"
    named = [_name(c) for c in codecs]
    compressors = [c for c in named if c in _COMPRESSORS]
    others = [c for c in named if c not in (*_COMPRESSORS, *_SERIALIZERS, "transpose")]
    if others or len(compressors) > 1 or meta.get("storage_transformers"):
        raise _codecs(others or named, where)
    is_text = kind == "string"
    if not is_text and not (isinstance(kind, str) and _NUMBERS.fullmatch(kind)):
        raise _objects(kind, where)
    return _Array(
        _list(meta.get("shape")),
        _list(chunks),
        8 if is_text else _item_bytes(str(kind)),
        is_text,
        compressors[0] if compressors else "",
        _list(shards),
        index,
    )


def _name(codec: object) -> str:
    return str(codec.get("name") if isinstance(codec, dict) else codec)


def _configuration(named: object) -> Mapping[str, Any]:
    found = named.get("configuration") if isinstance(named, dict) else None
    return found if isinstance(found, dict) else {}


def _old_array(meta: Mapping[str, Any], where: str) -> _Array:
    kind, compressor = meta.get("dtype"), meta.get("compressor")
    filters = [f.get("id") if isinstance(f, dict) else f for f in _list(meta.get("filters"))]
    packed = compressor.get("id") if isinstance(compressor, dict) else compressor
    is_text = kind == "|O" and filters == ["vlen-utf8"]
    match = _OLD_TYPES.fullmatch(kind) if isinstance(kind, str) else None
    if filters and not is_text:
        raise _codecs(filters, where)
    if packed is not None and packed not in _COMPRESSORS:
        raise _codecs([packed], where)
    if not is_text and match is None:
        raise _objects(kind, where)
    item = int(match["size"]) * (4 if match["kind"] == "U" else 1) if match else 8
    return _Array(_list(meta.get("shape")), _list(meta.get("chunks")), item, is_text, str(packed or ""))


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _item_bytes(kind: str) -> int:
    return int(kind.lstrip("uintfloa")) // 8 if kind != "bool" else 1


def _check_file(path: Path, array: _Array, where: str) -> None:
    """Check a chunk, or each chunk of a shard."""
    with path.open("rb") as raw:
        size = path.stat().st_size
        if not array.shards:
            _check_chunk(raw, size, array, where=f"{where}, chunk {path.name}")
            return
        place, _, checksum = array.index.partition(":")
        n_bytes = 16 * array.per_shard()
        raw.seek(0 if place == "start" else max(size - n_bytes - int(checksum), 0))
        spans = np.frombuffer(raw.read(n_bytes).ljust(n_bytes, b"\0"), dtype="<u8").reshape(-1, 2)
        for start, length in spans[spans[:, 0] != _ABSENT].tolist():
            raw.seek(min(start, size))
            _check_chunk(raw, length, array, where=f"{where}, shard {path.name}")


def _check_chunk(raw: IO[bytes], size: int, array: _Array, *, where: str) -> None:
    limit = array.chunk_bytes()
    if array.compressor in ("gzip", "zlib"):
        part = io.BytesIO(raw.read(min(size, limit)))
        stream = GunzipStream(part, where, Limits(max_bytes=limit, ratio_from=limit), wrapped=array.compressor)
        while stream.read(1 << 20):
            pass
        return
    head = raw.read(18)
    if array.compressor == "blosc":
        size = int.from_bytes(head[4:8], "little") if len(head) >= 16 else limit + 1
    elif array.compressor == "zstd":
        size = _zstd_size(head, unknown=limit + 1)
    if size > limit:
        raise _refused(
            f"a chunk would become larger than the {limit:,} bytes that its array declares",
            where=where,
            expected="undamaged chunks that say how large they are",
            step="write the store again with anndata",
        )


def _zstd_size(head: bytes, *, unknown: int) -> int:
    """Return the decompressed size that a zstd frame declares (RFC 8878, 3.1.1.1)."""
    if head[:4] != b"\x28\xb5\x2f\xfd" or len(head) < 6:
        return unknown
    flags = head[4]
    single, code = bool(flags & 0x20), flags >> 6
    start = 5 + (not single) + (0, 1, 2, 4)[flags & 3]
    width = (1 if single else 0, 2, 4, 8)[code]
    field = head[start : start + width]
    if not width or len(field) < width:
        return unknown
    return int.from_bytes(field, "little") + (256 if width == 2 else 0)


def _codecs(names: Sequence[object], where: str) -> FileFormatError:
    return _refused(
        f"the array passes through {examples([str(n) for n in names])}",
        where=where,
        expected=f"at most one of {', '.join(_COMPRESSORS)}, and no other filters",
        step="write the store again with anndata's defaults",
    )


def _objects(kind: object, where: str) -> FileFormatError:
    return _refused(
        f"the values are of the type {str(kind)[:40]!r}, neither numbers nor text",
        where=where,
        expected="integers, floating-point numbers, text",
        step="convert the matrix to float64 before writing",
    )


def _refused(what: str, *, where: str, expected: str, step: str) -> FileFormatError:
    return FileFormatError(what, where=where, expected=expected, next_step=step)
