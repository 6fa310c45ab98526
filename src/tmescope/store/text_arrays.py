"""Arrays of text in Zarr v3, as zarr writes them but without loading and starting it; more can be added at the end."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google_crc32c
import numpy as np

from tmescope.store.atomic import replace_text, staged_file
from tmescope.store.damage import explain_damage
from tmescope.store.sharded_vectors import Shard

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_texts", "write_texts"]

_CRC = 4
_HEADER = 4
"""Bytes before the texts of a chunk, and before each of them: how many there are, and how long it is."""


def write_texts(path: Path, place: str, values: Sequence[str], *, chunk: int, length: int = 0) -> dict[int, Shard]:
    """Write texts from `length` on; what is before stays.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    place : str
        Of the array in it; made where it is absent.
    values : sequence of str
        What is added.
    chunk : int
        Texts that are compressed together.
    length : int
        Texts that are there, and count.

    Returns
    -------
    dict of int to Shard
        Files that were written, by their numbers.

    Raises
    ------
    StoreError
        If the last file, to which texts are added, is damaged.

    Notes
    -----
    The bytes are those of ``zarr.create_array`` with `tmescope.store.damage.checked_codecs`. An array of another form
    is written anew as a whole.
    """
    folder, total = path / place, length + len(values)
    start = length // chunk if not length or _is_ours(path, place, chunk=chunk) else 0
    kept = read_texts(path, place, first=start * chunk, last=length) if values and start * chunk < length else ()
    texts, written = [*kept, *values] if values else [], {}
    for number, at in enumerate(range(0, len(texts), chunk), start):
        body = _encode(texts[at : at + chunk], chunk)
        with staged_file(folder / "c" / str(number)) as staged:
            staged.write_bytes(body)
        written[number] = Shard(len(body), zlib.crc32(body))
    replace_text(folder / "zarr.json", json.dumps(_declare(total, chunk), indent=2))
    for found in (folder / "c").glob("*"):  # what a writer that died left beyond the end
        if found.name.isdigit() and int(found.name) * chunk >= total:
            found.unlink()
    return written


def read_texts(path: Path, place: str, *, first: int = 0, last: int | None = None) -> NDArray[np.object_]:
    """Return texts of an array, fewer where it ends before.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    place : str
        Of the array in it.
    first, last : int, optional
        Texts ``first:last``; to its end if omitted.

    Raises
    ------
    StoreError
        If a file is missing or damaged.
    """
    with explain_damage(path, place):
        said = json.loads((path / place / "zarr.json").read_text(encoding="utf-8"))
        total, chunk = int(said["shape"][0]), int(said["chunk_grid"]["configuration"]["chunk_shape"][0])
        stop = total if last is None else min(last, total)
        if said != _declare(total, chunk):
            return _read_other(path / place, first, stop)
        numbers = range(first // chunk, -(-stop // chunk)) if first < stop else range(0)
        parts = [_decode((path / place / "c" / str(number)).read_bytes(), chunk) for number in numbers]
        found = np.concatenate([np.empty(0, dtype=object), *parts])
        return found[first - first // chunk * chunk :][: max(stop - first, 0)]


def _read_other(folder: Path, first: int, last: int) -> NDArray[np.object_]:
    """Read an array that something else wrote."""
    import zarr

    array: Any = zarr.open_array(folder, mode="r")
    return np.asarray(array[first:last], dtype=object)


def _is_ours(path: Path, place: str, *, chunk: int) -> bool:
    with explain_damage(path, place):
        said = json.loads((path / place / "zarr.json").read_text(encoding="utf-8"))
        return bool(said == _declare(int(said["shape"][0]), chunk))


def _declare(length: int, chunk: int) -> dict[str, Any]:
    return {
        "shape": [length],
        "data_type": "string",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [chunk]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": "",
        "codecs": [
            {"name": "vlen-utf8", "configuration": {}},
            {"name": "zstd", "configuration": {"level": 0, "checksum": False}},
            {"name": "crc32c"},
        ],
        "attributes": {"encoding-type": "string-array", "encoding-version": "0.2.0"},
        "zarr_format": 3,
        "node_type": "array",
        "storage_transformers": [],
    }


def _encode(texts: Sequence[str], chunk: int) -> bytes:
    """Return a chunk as it lies on the disk: of full size, with empty texts beyond the end."""
    from numcodecs.vlen import VLenUTF8
    from numcodecs.zstd import Zstd

    padded = np.full(chunk, "", dtype=object)
    padded[: len(texts)] = texts
    body = bytes(Zstd(level=0, checksum=False).encode(VLenUTF8().encode(padded)))
    return body + _checksum(body)


def _decode(body: bytes, chunk: int) -> NDArray[np.object_]:
    from numcodecs.vlen import VLenUTF8
    from numcodecs.zstd import Zstd

    if _checksum(body[:-_CRC]) != body[-_CRC:]:
        raise ValueError("the checksum does not fit")
    texts = bytes(Zstd().decode(body[:-_CRC]))
    if int.from_bytes(texts[:_HEADER], "little") != chunk or len(texts) < _HEADER * (chunk + 1):
        message = f"a chunk does not hold {chunk} texts"
        raise ValueError(message)
    found: NDArray[np.object_] = VLenUTF8().decode(texts)
    return found


def _checksum(data: bytes) -> bytes:
    return int(google_crc32c.value(data)).to_bytes(_CRC, "little")
