"""Vectors in shards are Zarr's, are appended to without touching whole shards, and notice every damaged byte."""

from __future__ import annotations

import google_crc32c
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import StoreError
from tmescope.store.shard_files import check_shard
from tmescope.store.sharded_vectors import VectorAppender, VectorForm, VectorReader, write_declaration

FORM = VectorForm("uint16", chunk=50, shard=200)


def _write(folder, parts, form=FORM, *, length=0):
    appender = VectorAppender(folder, form, length=length)
    for part in parts:
        appender.append(part)
    written = appender.finish()
    write_declaration(folder, form, length=appender.length)
    return written


@given(st.lists(st.lists(st.integers(0, 170), max_size=4), max_size=4), st.data())
@settings(max_examples=60, deadline=None)
def test_however_it_is_written_zarr_and_the_reader_find_the_same(tmp_path_factory, sessions, data):
    folder = tmp_path_factory.mktemp("vector") / "v"
    rng = np.random.default_rng(0)
    expected = np.empty(0, dtype=np.uint16)
    shards = {}
    for parts in sessions:
        fresh = [rng.integers(0, 60_000, n).astype(np.uint16) for n in parts]
        shards |= _write(folder, fresh, length=expected.size)
        expected = np.concatenate([expected, *fresh])
    if not sessions:
        return
    np.testing.assert_array_equal(zarr.open_array(folder, mode="r")[:], expected)
    start = data.draw(st.integers(0, expected.size))
    stop = data.draw(st.integers(start, expected.size))
    np.testing.assert_array_equal(
        VectorReader(folder, FORM, length=expected.size).read(start, stop), expected[start:stop]
    )
    assert all(check_shard(folder / "c" / str(number), shard) == "" for number, shard in shards.items())


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "float64", "bool"])
def test_every_kind_of_number(tmp_path, dtype):
    values = (np.arange(333) % 7 * 40_000).astype(dtype)
    _write(tmp_path / "v", [values], VectorForm(dtype, chunk=64, shard=256))
    found = zarr.open_array(tmp_path / "v", mode="r")[:]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, values)


def test_whole_shards_are_not_written_again(tmp_path):
    first = _write(tmp_path / "v", [np.arange(450, dtype=np.uint16)])
    assert set(first) == {0, 1, 2}
    kept = (tmp_path / "v/c/0").stat().st_mtime_ns, (tmp_path / "v/c/1").stat().st_mtime_ns
    second = _write(tmp_path / "v", [np.arange(100, dtype=np.uint16)], length=450)
    assert set(second) == {2}
    assert ((tmp_path / "v/c/0").stat().st_mtime_ns, (tmp_path / "v/c/1").stat().st_mtime_ns) == kept


def test_what_lies_beyond_the_declared_end_is_written_over(tmp_path):
    _write(tmp_path / "v", [np.full(330, 9, dtype=np.uint16)])
    _write(tmp_path / "v", [np.full(10, 4, dtype=np.uint16)], length=120)  # as after a writer that was killed
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "v", mode="r")[:], [9] * 120 + [4] * 10)


def test_every_changed_byte_is_noticed(tmp_path):
    values = np.random.default_rng(1).integers(0, 9, 150).astype(np.uint16)
    shard = _write(tmp_path / "v", [values])[0]
    path = tmp_path / "v/c/0"
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        with pytest.raises(StoreError, match="a shard") as caught:
            VectorReader(tmp_path / "v", FORM, length=150).read(0, 150)
        assert str(path) in str(caught.value)
        assert check_shard(path, shard) == "holds other bytes than were written"
    path.write_bytes(whole[:-9])
    with pytest.raises(StoreError, match="checksum"):
        VectorReader(tmp_path / "v", FORM, length=150).read(0, 150)
    assert check_shard(path, shard) == f"has {len(whole) - 9} bytes instead of {len(whole)}"
    path.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        VectorReader(tmp_path / "v", FORM, length=150).read(0, 150)
    assert check_shard(path, shard).startswith("cannot be read")


def test_whole_files_that_changed_places_are_noticed(tmp_path):
    shards = _write(tmp_path / "v", [np.random.default_rng(2).permutation(400).astype(np.uint16)])
    first, second = tmp_path / "v/c/0", tmp_path / "v/c/1"
    assert shards[0].crc32 != shards[1].crc32
    (tmp_path / "kept").write_bytes(first.read_bytes())
    first.write_bytes(second.read_bytes())
    assert check_shard(first, shards[0])


def test_a_chunk_that_unpacks_to_another_size_is_refused_before_it_is_unpacked(tmp_path):
    _write(tmp_path / "v", [np.zeros(50, dtype=np.uint16)], VectorForm("uint16", chunk=50, shard=50))
    with pytest.raises(StoreError, match="another size"):
        VectorReader(tmp_path / "v", VectorForm("int64", chunk=50, shard=50), length=50).read(0, 50)


def test_a_chunk_cut_short_with_a_fitting_checksum_is_refused(tmp_path):
    form = VectorForm("uint16", chunk=5000, shard=5000)
    _write(tmp_path / "v", [np.random.default_rng(3).integers(0, 9, 5000).astype(np.uint16)], form)
    path = tmp_path / "v/c/0"
    body = path.read_bytes()[:40]
    index = np.array([0, 44], dtype="<u8").tobytes()
    crc = [int(google_crc32c.value(b)).to_bytes(4, "little") for b in (body, index)]
    path.write_bytes(body + crc[0] + index + crc[1])
    with pytest.raises(StoreError, match="another size"):
        VectorReader(tmp_path / "v", form, length=5000).read(0, 5000)


def test_a_reader_goes_on_after_its_shard_was_replaced_by_a_longer_one(tmp_path):
    values = np.random.default_rng(4).integers(0, 60_000, 190).astype(np.uint16)
    _write(tmp_path / "v", [values[:60]])
    reader = VectorReader(tmp_path / "v", FORM, length=60)
    reader.read(0, 60)
    _write(tmp_path / "v", [values[60:]], length=60)
    np.testing.assert_array_equal(reader.read(0, 60), values[:60])
