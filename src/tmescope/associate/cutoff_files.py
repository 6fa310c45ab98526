"""A frozen cut-off as one small JSON file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from tmescope.associate.frozen_cutoffs import FrozenCutoff
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError
from tmescope.store.atomic import staged_file

__all__ = ["FORMAT_VERSION", "cutoff_hash", "read_cutoff", "write_cutoff"]

FORMAT_VERSION = 1
_FORMAT = "tmescope frozen cut-off"
_LARGEST = 1 << 20
_KINDS: dict[str, type] = {"float": float, "int": int, "str": str}


def cutoff_hash(cutoff: FrozenCutoff) -> str:
    """Return the sha256 of everything that the file says of a cut-off."""
    text = json.dumps(_record(cutoff), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_cutoff(cutoff: FrozenCutoff, path: Path) -> None:
    """Write a cut-off; the same cut-off gives the same bytes.

    Parameters
    ----------
    cutoff : FrozenCutoff
        From `tmescope.associate.frozen_cutoffs`.
    path : pathlib.Path
        Replaced at once where it exists. JSON, no value of any patient.
    """
    page = {"format": _FORMAT, "version": FORMAT_VERSION, "sha256": cutoff_hash(cutoff), **_record(cutoff)}
    text = json.dumps(page, indent=2, ensure_ascii=False, allow_nan=False)
    with staged_file(path) as staged:
        staged.write_text(text + "\n", encoding="utf-8")


def read_cutoff(path: Path) -> FrozenCutoff:
    """Read a cut-off that `write_cutoff` wrote.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    MissingFileError
        If there is none.
    FileFormatError
        If it is something else, damaged or changed.
    FormatVersionError
        If a newer release wrote it.
    """
    if not path.is_file():
        raise MissingFileError(
            f"there is no cut-off {path.name!r}", where=str(path), next_step="freeze one with freeze_cutoff"
        )
    if path.stat().st_size > _LARGEST:
        raise _damaged(path, "it is larger than 1 MiB")
    try:
        page = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
        if page["format"] != _FORMAT:
            raise _damaged(path, f"it calls itself {page['format']!r}")
        if int(page["version"]) > FORMAT_VERSION:
            raise FormatVersionError(
                f"the cut-off is in format {page['version']}; this release reads up to {FORMAT_VERSION}",
                where=str(path),
                next_step="install a newer tmescope",
            )
        cutoff = FrozenCutoff(**{f.name: _value(page[f.name], str(f.type), f.name) for f in fields(FrozenCutoff)})
        is_whole = cutoff_hash(cutoff) == page["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if not is_whole:
        raise _damaged(path, "its content has another sha256 than it states")
    return cutoff


def _record(cutoff: FrozenCutoff) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(cutoff).items()}


def _value(value: Any, kind: str, name: str) -> Any:
    if value is None and kind == "float":
        return float("nan")
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not _KINDS[kind]:
        message = f"{name} is {value!r}, not of the kind {kind}"
        raise TypeError(message)
    return value


def _no_constant(name: str) -> None:
    message = f"{name} is no number"
    raise ValueError(message)


def _damaged(path: Path, why: str) -> FileFormatError:
    return FileFormatError(
        f"the file is no frozen cut-off, or is damaged: {why}",
        where=str(path),
        expected="a file that write_cutoff wrote",
        next_step="freeze the cut-off again, or copy the file again",
    )
