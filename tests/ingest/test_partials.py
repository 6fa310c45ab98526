"""What is kept of a file that came in part, and what a file turns out to be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tmescope.ingest.partials import forget, forget_state, look_at, read_state, write_state

URL = "https://me:secret@host/file"


@pytest.mark.parametrize(
    ("etag", "modified", "validator"),
    [('"1"', "Mon", '"1"'), ('W/"1"', "Mon", "Mon"), ("", "Mon", "Mon"), ('W/"1"', "", ""), ("", "", "")],
)
def test_a_file_is_known_by_what_tells_every_byte(tmp_path: Path, etag: str, modified: str, validator: str) -> None:
    partial = tmp_path / "a.part"
    partial.write_bytes(b"12345")
    write_state(partial, URL, etag=etag, modified=modified)
    assert read_state(partial, URL) == ((5, validator) if validator else (0, ""))
    assert read_state(partial, URL + "2") == (0, "")
    assert "secret" not in (tmp_path / "a.part.json").read_text(encoding="utf-8")


def test_what_is_forgotten(tmp_path: Path) -> None:
    partial = tmp_path / "a.part"
    assert read_state(partial, URL) == (0, "")
    partial.write_bytes(b"1")
    write_state(partial, URL, etag='"1"', modified="")
    forget_state(partial)
    assert list(tmp_path.iterdir()) == [partial]
    forget(partial)
    forget(partial)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "odd"),
    [
        (b"gene\tx\n", ""),
        (b"", "an empty file"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>", "a web page"),
        (b"<HTML lang=en>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer (Git LFS)"),
        (b"\x1f\x8b<html>", ""),
    ],
)
def test_what_a_file_turns_out_to_be(tmp_path: Path, content: bytes, odd: str) -> None:
    (tmp_path / "a").write_bytes(content)
    found = look_at(tmp_path / "a")
    assert (found.odd, found.size, found.sha256) == (odd, len(content), hashlib.sha256(content).hexdigest())
