from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import GunzipStream, Limits, open_bytes


def _read(data: bytes, limits: Limits | None = None) -> bytes:
    stream = GunzipStream(io.BytesIO(data), "x.gz", limits or Limits())
    return io.BufferedReader(stream).read()


@settings(deadline=None)
@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=4), st.binary(max_size=0) | st.just(b"\0" * 700))
def test_any_number_of_members_come_back_whole(parts: list[bytes], padding: bytes) -> None:
    packed = b"".join(gzip.compress(p) for p in parts) + padding
    assert _read(packed) == b"".join(parts)


def test_small_reads_give_the_same_bytes() -> None:
    content = bytes(range(256)) * 5000
    stream = io.BufferedReader(GunzipStream(io.BytesIO(gzip.compress(content)), "x.gz"), 64)
    pieces = iter(lambda: stream.read(37), b"")
    assert b"".join(pieces) == content


@pytest.mark.parametrize("cut", [1, 5, 11, 30, -9, -1])
def test_a_truncated_file_is_refused(cut: int) -> None:
    packed = gzip.compress(bytes(range(256)) * 20)
    with pytest.raises(FileFormatError, match=r"ends after|damaged") as caught:
        _read(packed[:cut])
    assert caught.value.where == "x.gz"


def test_damaged_data_are_refused() -> None:
    packed = bytearray(gzip.compress(b"abc" * 1000))
    packed[-6] ^= 0xFF  # the checksum
    with pytest.raises(FileFormatError, match="damaged"):
        _read(bytes(packed))


def test_something_else_behind_the_stream_is_refused() -> None:
    with pytest.raises(FileFormatError, match="after the first gzip member are not gzip"):
        _read(gzip.compress(b"abc") + b"<html>")


def test_a_bomb_is_refused_by_its_ratio_before_it_is_whole() -> None:
    packed = gzip.compress(b"\0" * (4 << 20))
    with pytest.raises(FileFormatError, match="-fold") as caught:
        _read(packed, Limits(max_ratio=500, ratio_from=1 << 20))
    assert "at most 500-fold" in str(caught.value)


def test_a_small_file_may_compress_well() -> None:
    content = b"0\t" * 500_000
    assert _read(gzip.compress(content), Limits(max_ratio=100)) == content


def test_a_file_that_grows_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.tsv.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 100))
    with (
        open_bytes(path, limits=Limits(max_bytes=1000)) as handle,
        pytest.raises(FileFormatError, match="beyond 1,000 bytes"),
    ):
        handle.read()


def test_plain_files_have_the_same_limit(tmp_path: Path) -> None:
    path = tmp_path / "m.tsv"
    path.write_bytes(b"a" * 2000)
    with pytest.raises(FileFormatError, match="2,000 bytes"), open_bytes(path, limits=Limits(max_bytes=1000)):
        pass
    with open_bytes(path) as handle:
        assert handle.read() == b"a" * 2000
