from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.decompress import open_bytes
from tmescope.ingest.lines import read_blocks


@given(st.binary(max_size=60).map(lambda b: b.replace(b"\r", b"\n")), st.integers(1, 20))
def test_blocks_are_whole_lines_and_nothing_is_lost(data: bytes, size: int) -> None:
    blocks = list(read_blocks(io.BytesIO(data), size, where="m"))
    assert all(b.text.endswith(b"\n") for b in blocks)
    joined = b"".join(b.text for b in blocks)
    assert joined in (data, data + b"\n")
    positions = [b.position for b in blocks]
    assert positions == sorted(positions)
    assert not blocks or positions[-1] == len(data) or data.endswith(b"\n")


def test_a_line_without_end_is_refused_before_it_is_held_in_memory() -> None:
    with pytest.raises(FileFormatError, match="more than 100 bytes"):
        list(read_blocks(io.BytesIO(b"a\n" + b"x" * 10_000), 50, where="m", longest=100))


def test_positions_are_those_of_the_stored_file(tmp_path: Path) -> None:
    packed = gzip.compress(b"a\t1\n" * 100_000)
    (tmp_path / "m.gz").write_bytes(packed)
    (tmp_path / "m.txt").write_bytes(b"a\t1\n" * 1000)
    for name, size in (("m.gz", len(packed)), ("m.txt", 4000)):
        with open_bytes(tmp_path / name) as handle:
            positions = [b.position for b in read_blocks(handle, 1 << 10, where=name)]
        assert positions == sorted(positions)
        assert 0 < positions[0] <= positions[-1] <= size
        assert positions[-1] > 0.9 * size


def test_a_fault_of_the_compressed_file_reaches_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "m.gz"
    path.write_bytes(gzip.compress(bytes(range(65, 90)) * 1000 + b"\n")[:-12])
    with open_bytes(path) as handle, pytest.raises(FileFormatError, match="closing checksum"):
        list(read_blocks(handle, 1 << 10, where="m.gz"))
