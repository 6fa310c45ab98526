"""A locked biomarker as one file, which nobody edits unseen; and what came of its validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tmescope.associate.biomarkers import AnalysisPlan, LockedBiomarker
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError, StoreError
from tmescope.foundation.provenance import hash_json
from tmescope.store.atomic import staged_file

__all__ = ["FORMAT_VERSION", "lock_hash", "read_lock", "write_lock", "write_new"]

FORMAT_VERSION = 2
"""Version 1 knew the samples of the training cohort by all genes of the signature at once; it is still read."""

_FORMAT = "tmescope biomarker lock"
_MOST_BYTES = 1 << 24


def lock_hash(lock: LockedBiomarker) -> str:
    """Return the sha256 of everything in a lock."""
    return hash_json(json.loads(json.dumps(lock.as_dict())))


def write_lock(lock: LockedBiomarker, path: Path) -> str:
    """Write a lock and return its hash; a file that is there is never replaced.

    Parameters
    ----------
    lock : LockedBiomarker
        From `tmescope.associate.biomarker_locking.lock_biomarker`.
    path : pathlib.Path
        New file.

    Raises
    ------
    StoreError
        If something has that name.
    """
    sha256 = lock_hash(lock)
    write_new({"format": _FORMAT, "version": FORMAT_VERSION, "sha256": sha256, "biomarker": lock.as_dict()}, path)
    return sha256


def write_new(content: dict[str, Any], path: Path) -> None:
    """Write JSON into a file that is not there yet.

    Parameters
    ----------
    content : dict
        JSON-able, without NaN.
    path : pathlib.Path
        New file.

    Raises
    ------
    StoreError
        If something has that name.
    """
    if path.exists() or path.is_symlink():
        raise StoreError(
            "the file is there already",
            where=str(path),
            expected="a new name: what was fixed before the data were seen is not replaced after",
            next_step="give another name with --output",
        )
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
    with staged_file(path) as staged:
        staged.write_text(text, encoding="utf-8")


def read_lock(path: Path) -> tuple[LockedBiomarker, str]:
    """Read a lock and its hash.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    MissingFileError
        If there is none.
    FileFormatError
        If it is something else, damaged, or was changed since it was written.
    FormatVersionError
        If a newer release wrote it.
    """
    if not path.is_file():
        raise MissingFileError("no such file", where=str(path), next_step="tmescope biomarker lock writes one")
    if path.stat().st_size > _MOST_BYTES:
        size = f"the file has {path.stat().st_size:,} bytes"
        raise FileFormatError(size, where=str(path), expected="a lock of some KB")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kind, version = content["format"], content["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_lock(path, error) from error
    if kind != _FORMAT:
        raise _no_lock(path, ValueError(f"format {str(kind)[:40]!r}"))
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise FormatVersionError(
            f"the lock is in format {str(version)[:20]}; this release reads up to {FORMAT_VERSION}",
            where=str(path),
            next_step="install a newer tmescope",
        )
    if hash_json(content.get("biomarker")) != content.get("sha256"):
        raise FileFormatError(
            "the lock was changed after it was written: its content has another hash than it states",
            where=str(path),
            expected="the file as tmescope biomarker lock wrote it",
            next_step="take the original file; declare what shall differ with --deviation",
        )
    try:
        return _build(content["biomarker"]), str(content["sha256"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_lock(path, error) from error


def _build(found: dict[str, Any]) -> LockedBiomarker:
    plan = AnalysisPlan(**{**found["plan"], "adjusted_for": tuple(found["plan"]["adjusted_for"])})
    return LockedBiomarker(**{**found, "genes": tuple(map(str, found["genes"])), "plan": plan})


def _no_lock(path: Path, error: Exception) -> FileFormatError:
    return FileFormatError(
        f"the file is no lock of a biomarker ({type(error).__name__}: {str(error)[:100]})",
        where=str(path),
        expected="a file that tmescope biomarker lock wrote",
    )
