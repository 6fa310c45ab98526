from __future__ import annotations

import json

import pytest
from tests.associate import locked

from tmescope.associate.biomarker_files import lock_hash, read_lock, write_lock
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError, StoreError


@pytest.fixture(scope="module")
def lock():
    return locked.lock(cut_off="median", adjusted_for=("tmb",))


def test_a_lock_reads_back_and_is_never_replaced(lock, tmp_path):
    path = tmp_path / "lock.json"
    sha256 = write_lock(lock, path)
    again, stated = read_lock(path)
    assert again == lock
    assert stated == sha256 == lock_hash(again)
    with pytest.raises(StoreError, match="there already"):
        write_lock(lock, path)
    other = tmp_path / "other.json"
    write_lock(again, other)
    assert other.read_bytes() == path.read_bytes()


def test_any_edit_is_seen(lock, tmp_path):
    path = tmp_path / "lock.json"
    write_lock(lock, path)
    content = json.loads(path.read_text())
    content["biomarker"]["plan"]["alpha"] = 0.2
    path.write_text(json.dumps(content))
    with pytest.raises(FileFormatError, match="changed after"):
        read_lock(path)


@pytest.mark.parametrize("text", ["", "[1]", "{}", "[" * 5000, '{"format": "x", "version": 1}', "\x00", "null"])
def test_other_files_are_no_locks(text, tmp_path):
    (tmp_path / "x").write_text(text)
    with pytest.raises(FileFormatError):
        read_lock(tmp_path / "x")


def test_newer_and_missing_files_are_told_apart(lock, tmp_path):
    path = tmp_path / "lock.json"
    write_lock(lock, path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))
    with pytest.raises(FormatVersionError, match="format 2"):
        read_lock(path)
    with pytest.raises(MissingFileError):
        read_lock(tmp_path / "none")
