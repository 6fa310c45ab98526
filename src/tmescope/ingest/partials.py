"""Files that have come in part: what is known of them, and what they turn out to be."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Content", "forget", "forget_state", "look_at", "read_state", "write_state"]

_HEAD = 512


@dataclass(frozen=True)
class Content:
    """What a file holds, as far as one look tells.

    Parameters
    ----------
    sha256 : str
        Of all of it.
    size : int
        Bytes.
    odd : str
        What it is instead of data, such as ``a web page``; empty where nothing is odd.
    """

    sha256: str
    size: int
    odd: str


def look_at(path: Path) -> Content:
    """Return hash and size of a file, and whether it is what servers send instead of one.

    Parameters
    ----------
    path : Path
        The file.
    """
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
        handle.seek(0)
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    odd = "" if head else "an empty file"
    if start.startswith((b"<!doctype html", b"<html")):
        odd = "a web page"
    elif start.startswith(b"version https://git-lfs"):
        odd = "a pointer (Git LFS)"
    return Content(sha256, path.stat().st_size, odd)


def read_state(partial: Path, url: str) -> tuple[int, str]:
    """Return how many bytes of an address are there, and by what the server knows the file; 0 where nothing is certain.

    Parameters
    ----------
    partial : Path
        The file that came in part.
    url : str
        Where it is asked for now.
    """
    try:
        state: dict[str, Any] = json.loads(_state(partial).read_text(encoding="utf-8"))
        is_same = state["address"] == _hash(url)
        validator = str(state["validator"])
        size = partial.stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    return (size, validator) if is_same and validator and validator.isascii() else (0, "")


def write_state(partial: Path, url: str, *, etag: str, modified: str) -> None:
    """Note by what the server knows a file whose bytes begin to come.

    Parameters
    ----------
    partial : Path
        Where they go.
    url : str
        Where it was asked for; its hash alone is written, since it may hold a password.
    etag, modified : str
        As the server says; empty where it does not. A weak ETag does not tell that two files are equal byte by byte,
        and one that is not ASCII cannot be said in a request.
    """
    validator = etag if etag and etag.isascii() and not etag.startswith("W/") else modified
    _state(partial).write_text(json.dumps({"address": _hash(url), "validator": validator}) + "\n", encoding="utf-8")


def forget_state(partial: Path) -> None:
    """Remove the note, and leave the file."""
    _state(partial).unlink(missing_ok=True)


def forget(partial: Path) -> None:
    """Remove the file and the note."""
    partial.unlink(missing_ok=True)
    forget_state(partial)


def _state(partial: Path) -> Path:
    return partial.with_name(partial.name + ".json")


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
