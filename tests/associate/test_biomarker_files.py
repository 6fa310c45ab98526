from __future__ import annotations

import json
from pathlib import Path

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
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 3}))
    with pytest.raises(FormatVersionError, match="format 3"):
        read_lock(path)
    with pytest.raises(MissingFileError):
        read_lock(tmp_path / "none")


@pytest.mark.parametrize(
    ("version", "sha256"),
    [
        (1, "9dce4464c98a7b06c6340a235ce3096d811fdd136f085c52304403140d08a1f1"),
        (2, "5a05425af7e753ee5168bdb40f49ed3f80c54ff949126dd9385e984a4e1b4763"),
    ],
)
def test_locks_of_every_version_are_read(version, sha256):
    found, stated = read_lock(Path(__file__).parent / "formats" / f"lock_version_{version}.json")
    assert stated == sha256
    assert (found.name, found.genes, found.method) == ("mine", locked.GENES, "zscore")
    assert found.cut_off == pytest.approx(0.32277940689427265, rel=1e-15)
    assert (found.plan.n_planned, found.plan.endpoint, found.plan.rule) == (60, "response", locked.RULE)
    assert (found.training["n"], found.training["n_events"]) == (28, 7)
    assert ("fingerprints" in found.training) == (version > 1)
