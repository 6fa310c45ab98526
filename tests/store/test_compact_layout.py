"""A header that says what cannot be is refused before anything is made of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError, StoreError
from tmescope.store.compact_layout import BLOCKS, CELLS, HEADER, BlockForm, read_compact


@pytest.fixture
def rich():
    return Path(__file__).parent / "compact_version_1"


@pytest.fixture
def copied(rich, tmp_path):
    return shutil.copytree(rich, tmp_path / "c")


def _say(path, key, value):
    said = json.loads((path / HEADER).read_text())
    (path / HEADER).write_text(json.dumps({**said, key: value}))


def test_what_is_there(rich):
    layout = read_compact(rich)
    assert [(b.n_cells, b.n_entries) for b in layout.blocks] == [(2, 3), (2, 11)]
    assert list(layout.by_sample()) == [("s1", (0,)), ("s2", ()), ("s3", (1,))]
    assert (layout.atlas.panels, dict(layout.atlas.results)) == ((), {})


def test_many_genes_take_wide_steps():
    assert [BlockForm(n, "uint16").gap_dtype for n in (65_536, 65_537)] == ["uint16", "uint32"]


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("version", 2, FormatVersionError),
        ("version", "1", FileFormatError),
        ("version", 0, FileFormatError),
        ("format", "another", FileFormatError),
        ("gap_dtype", "uint32", FileFormatError),
        ("tables", {}, FileFormatError),
        ("atlas", [], FileFormatError),
        ("blocks", [], FileFormatError),
        ("blocks", [[4, 14, 9, 9]], FileFormatError),  # of two samples
        ("blocks", [[2, 15, 9, 9], [2, -1, 9, 9]], FileFormatError),
        ("blocks", [[2, 2, 9, 9], [2, 12, 9, 9]], FileFormatError),
        ("blocks", [[2, 3, 9, 9], [0, 0, 9, 9], [2, 11, 9, 9]], FileFormatError),
        ("blocks", [[2, 3, 9, 9], [2, 11, 9, 9], [1, 0, 9, 9]], FileFormatError),
        ("blocks", [[2, 3, 2**50, 9], [2, 11, 9, 9]], StoreError),  # more bytes than there are
    ],
)
def test_headers_that_cannot_be(copied, key, value, error):
    _say(copied, key, value)
    with pytest.raises(error):
        read_compact(copied)


def test_files_that_are_not_as_they_were_written(copied, tmp_path):
    with pytest.raises(MissingFileError):
        read_compact(tmp_path / "none")
    (copied / BLOCKS).write_bytes((copied / BLOCKS).read_bytes()[:-1])
    with pytest.raises(StoreError, match="bytes instead of"):
        read_compact(copied)
    (copied / CELLS).unlink()
    with pytest.raises(StoreError, match="cannot be read") as caught:
        read_compact(copied)
    assert CELLS in str(caught.value)
    (copied / HEADER).write_text("[" * 10_000)
    with pytest.raises(FileFormatError, match="no JSON"):
        read_compact(copied)
