from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numcodecs import Blosc, GZip, Zlib, Zstd

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest import zarr_limits
from tmescope.ingest.decompress import DEFAULT_LIMITS
from tmescope.ingest.zarr_limits import check_array, check_tree, read_metadata

NEW: dict[str, Any] = {
    "node_type": "array",
    "shape": [4, 4],
    "data_type": "float64",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 4]}},
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd"}],
}
OLD: dict[str, Any] = {
    "shape": [4, 4],
    "chunks": [2, 4],
    "dtype": "<f8",
    "compressor": {"id": "blosc"},
    "filters": None,
}


def _check(folder: Path, meta: Mapping[str, Any], chunk: bytes | None = None, *, name: str = "zarr.json") -> None:
    (folder / name).write_text(json.dumps(meta))
    if chunk is not None:
        (folder / "0.0").write_bytes(chunk)
    check_array(folder, DEFAULT_LIMITS, version=3 if name == "zarr.json" else 2, where="m")


def _with(codec: str) -> dict[str, Any]:
    return NEW | {"codecs": [NEW["codecs"][0], {"name": codec}]}


PACKED = {
    "zstd": lambda b: Zstd().encode(b),
    "blosc": lambda b: Blosc().encode(b),
    "gzip": lambda b: GZip().encode(b),
    "zlib": lambda b: Zlib().encode(b),
}


@pytest.mark.parametrize("codec", PACKED)
def test_a_chunk_may_become_what_its_array_declares_and_no_more(tmp_path: Path, codec: str) -> None:
    _check(tmp_path, _with(codec), PACKED[codec](b"\0" * 64))
    for size in (65, 300, 70_000, 10**7):
        with pytest.raises(FileFormatError, match=r"larger than the 64 bytes|beyond 64 bytes"):
            _check(tmp_path, _with(codec), PACKED[codec](b"\0" * size))
        with pytest.raises(FileFormatError, match=r"larger than the 64 bytes|beyond 64 bytes"):
            old = OLD | {"compressor": {"id": codec}}
            _check(tmp_path, old, PACKED[codec](b"\0" * size), name=".zarray")


@pytest.mark.parametrize(("codec", "pack"), [("gzip", gzip.compress), ("zlib", zlib.compress)])
def test_packed_chunks_of_python_are_measured_too(tmp_path: Path, codec: str, pack: Any) -> None:
    _check(tmp_path, _with(codec), pack(b"\0" * 64))
    with pytest.raises(FileFormatError, match="beyond 64 bytes"):
        _check(tmp_path, _with(codec), pack(b"\0" * 10**6))


@given(st.integers(0, 200_000))
def test_the_size_in_a_zstd_frame_is_read_right(n: int) -> None:
    packed = Zstd().encode(b"ab" * n)
    assert zarr_limits._zstd_size(packed[:18], unknown=-1) == 2 * n


@pytest.mark.parametrize("head", [b"", b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd\x00\x58", b"not a zstd frame at all"])
def test_a_chunk_that_does_not_say_its_size_is_refused(tmp_path: Path, head: bytes) -> None:
    with pytest.raises(FileFormatError, match="larger than"):
        _check(tmp_path, NEW, head)
    with pytest.raises(FileFormatError, match="larger than"):
        _check(tmp_path, _with("blosc"), head[:15])


def test_a_plain_chunk_is_as_large_as_its_file(tmp_path: Path) -> None:
    plain = NEW | {"codecs": NEW["codecs"][:1]}
    _check(tmp_path, plain, b"\0" * 64)
    with pytest.raises(FileFormatError, match="larger than"):
        _check(tmp_path, plain, b"\0" * 65)


@pytest.mark.parametrize(
    ("meta", "text"),
    [
        (_with("numcodecs.pickle"), "passes through 'numcodecs.pickle'"),
        (_with("json2"), "passes through"),
        (NEW | {"codecs": [{"name": "gzip"}, {"name": "zstd"}]}, "passes through"),
        (NEW | {"storage_transformers": [{"name": "x"}]}, "passes through"),
        (NEW | {"data_type": "object"}, "'object', neither numbers nor text"),
        (NEW | {"data_type": {"name": "struct"}}, "neither numbers nor text"),
        (NEW | {"data_type": "complex128"}, "neither numbers nor text"),
        (NEW | {"chunk_grid": None}, "are none"),
        (NEW | {"chunk_grid": {"configuration": {"chunk_shape": [0, 4]}}}, "are none"),
        (NEW | {"chunk_grid": {"configuration": {"chunk_shape": [2]}}}, "are none"),
        (NEW | {"chunk_grid": {"configuration": {"chunk_shape": [1 << 20, 1 << 20]}}}, "in 1 chunks of up to"),
        (NEW | {"shape": [2**31, 2**31]}, "the array would take"),
        (NEW | {"shape": [True, 4]}, "are none"),
        (NEW | {"shape": [2, 2, 2], "chunk_grid": {"configuration": {"chunk_shape": [1, 1, 1]}}}, "are none"),
    ],
)
def test_what_a_new_array_may_not_declare(tmp_path: Path, meta: Mapping[str, Any], text: str) -> None:
    with pytest.raises(FileFormatError, match=text):
        _check(tmp_path, meta)


@pytest.mark.parametrize(
    ("meta", "text"),
    [
        ({"dtype": "|O", "filters": [{"id": "pickle"}]}, "passes through 'pickle'"),
        ({"dtype": "|O", "filters": [{"id": "json2"}]}, "passes through 'json2'"),
        ({"dtype": "|O", "filters": None}, r"'\|O', neither numbers nor text"),
        ({"dtype": [["a", "<f8"]]}, "neither numbers nor text"),
        ({"compressor": {"id": "lzma"}}, "passes through 'lzma'"),
        ({"filters": [{"id": "delta"}]}, "passes through 'delta'"),
        ({"chunks": [2, -4]}, "are none"),
    ],
)
def test_what_an_old_array_may_not_declare(tmp_path: Path, meta: Mapping[str, Any], text: str) -> None:
    with pytest.raises(FileFormatError, match=text):
        _check(tmp_path, OLD | meta, name=".zarray")


def test_text_and_old_text_are_allowed(tmp_path: Path) -> None:
    _check(tmp_path, NEW | {"data_type": "string", "codecs": [{"name": "vlen-utf8"}, {"name": "zstd"}]})
    _check(tmp_path, OLD | {"dtype": "|O", "filters": [{"id": "vlen-utf8"}]}, name=".zarray")
    _check(tmp_path, OLD | {"dtype": "<U5"}, name=".zarray")


@pytest.mark.parametrize("place", ["start", "end"])
def test_each_chunk_of_a_shard_is_looked_at(tmp_path: Path, place: Any) -> None:
    inside = [zarr.codecs.BytesCodec(), zarr.codecs.ZstdCodec()]
    shards = zarr.codecs.ShardingCodec(chunk_shape=(2, 2), codecs=inside, index_location=place)
    array = zarr.create_array(str(tmp_path / "a"), shape=(4, 4), chunks=(4, 4), dtype="f8", serializer=shards,
                              compressors=None, filters=None)  # fmt: skip
    array[:2] = 1.0
    check_array(tmp_path / "a", DEFAULT_LIMITS, version=3, where="m")
    shard = next(p for p in (tmp_path / "a" / "c").rglob("*") if p.is_file())
    data, bomb = shard.read_bytes(), Zstd().encode(b"\0" * 10**6)
    index = np.frombuffer(data[:64] if place == "start" else data[-68:-4], dtype="<u8").copy()
    if place == "start":
        index[:2] = len(data), len(bomb)
        shard.write_bytes(index.tobytes() + data[64:] + bomb)
    else:
        index[:2] = len(data) - 68, len(bomb)
        shard.write_bytes(data[:-68] + bomb + index.tobytes() + data[-4:])
    with pytest.raises(FileFormatError, match="larger than the 32 bytes"):
        check_array(tmp_path / "a", DEFAULT_LIMITS, version=3, where="m")


def test_shards_declare_whole_chunks_and_a_plain_index(tmp_path: Path) -> None:
    inside = {"chunk_shape": [2, 2], "codecs": NEW["codecs"], "index_codecs": [{"name": "bytes"}, {"name": "crc32c"}]}
    changes: list[tuple[dict[str, Any], str]] = [
        ({"chunk_shape": [2, 3]}, "are none"),
        ({"index_codecs": [{"name": "gzip"}]}, "passes through"),
        ({"index_location": "middle"}, "passes through"),
        ({"codecs": [{"name": "x"}]}, "passes through"),
    ]
    for change, text in changes:
        codec = {"name": "sharding_indexed", "configuration": inside | change}
        with pytest.raises(FileFormatError, match=text):
            _check(tmp_path, NEW | {"codecs": [codec]})


def test_links_and_special_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "zarr.json").write_text("{}")
    assert check_tree(tmp_path) == 3
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileFormatError, match="'pipe' is a link or a special file"):
        check_tree(tmp_path)


def test_a_store_of_very_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zarr_limits, "_MOST_FILES", 3)
    for name in (".zgroup", "a", "b", "c"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(FileFormatError, match="more than 3 files"):
        check_tree(tmp_path)


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, "\udcff", '{"a": 1' + " " * 99])
def test_metadata_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "zarr.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(FileFormatError, match="no JSON object"):
        read_metadata(tmp_path / "zarr.json", "m")
