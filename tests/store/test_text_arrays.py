"""Texts come back as they were, in the bytes that zarr writes, and what was written otherwise is read all the same."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import StoreError
from tmescope.store.damage import checked_codecs
from tmescope.store.text_arrays import read_texts, write_texts

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=12)
ATTRIBUTES = {"encoding-type": "string-array", "encoding-version": "0.2.0"}


def by_zarr(path, values, *, chunk, **codecs):
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = zarr.create_array(
            path, shape=(len(values),), chunks=(chunk,), dtype="string", attributes=ATTRIBUTES, **codecs
        )
        if values:
            array[:] = np.array(values, dtype=object)


def _files(path):
    return {f.relative_to(path).as_posix(): f.read_bytes() for f in path.rglob("*") if f.is_file()}


@settings(max_examples=30, deadline=None)
@given(first=TEXTS, second=TEXTS, chunk=st.integers(1, 7))
def test_the_bytes_are_those_of_zarr(tmp_path_factory, first, second, chunk):
    path = tmp_path_factory.mktemp("texts")
    written = write_texts(path, "ours", first, chunk=chunk)
    written |= write_texts(path, "ours", second, chunk=chunk, length=len(first))
    by_zarr(path / "theirs", first + second, chunk=chunk, **checked_codecs())
    found = _files(path / "ours")
    assert found == _files(path / "theirs")
    for number, shard in written.items():
        body = found[f"c/{number}"]
        assert (shard.nbytes, shard.crc32) == (len(body), zlib.crc32(body))
    assert read_texts(path, "ours").tolist() == first + second
    for a, b in ((0, len(first)), (len(first), None), (1, 5), (4, 2)):
        assert read_texts(path, "ours", first=a, last=b).tolist() == (first + second)[a:b]


def test_what_a_dead_writer_left_beyond_the_end_goes(tmp_path):
    write_texts(tmp_path, "a", list("abc"), chunk=2)
    write_texts(tmp_path, "a", list("defgh"), chunk=2, length=3)  # it never counted
    assert set(write_texts(tmp_path, "a", ["x"], chunk=2, length=3)) == {1}
    write_texts(tmp_path, "b", list("abcx"), chunk=2)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")


def test_an_array_of_another_form_is_read_and_written_anew(tmp_path):
    by_zarr(tmp_path / "a", list("abc"), chunk=2)  # without checksums
    assert read_texts(tmp_path, "a", first=1).tolist() == ["b", "c"]
    assert set(write_texts(tmp_path, "a", ["d"], chunk=2, length=3)) == {0, 1}
    write_texts(tmp_path, "b", list("abcd"), chunk=2)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")


@pytest.mark.parametrize("how", ["flipped", "gone", "short", "undeclared"])
def test_damage_is_named(tmp_path, how):
    write_texts(tmp_path, "obs/n", list("abc"), chunk=2)
    file = tmp_path / "obs/n/c/1"
    if how == "flipped":
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    elif how == "gone":
        file.unlink()
    elif how == "short":  # a whole chunk, but of another array
        write_texts(tmp_path, "other", ["c"], chunk=1)
        file.write_bytes((tmp_path / "other/c/0").read_bytes())
    else:
        (tmp_path / "obs/n/zarr.json").write_text(json.dumps({"shape": 3}))
    with pytest.raises(StoreError, match="obs/n cannot be read"):
        read_texts(tmp_path, "obs/n")
    with pytest.raises(StoreError, match="obs/n cannot be read"):
        write_texts(tmp_path, "obs/n", ["d"], chunk=2, length=3)
