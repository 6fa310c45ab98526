"""Fitted models as one file: arrays as they are and a page of JSON, nothing that runs when it is read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError
from tmescope.store.atomic import staged_file

__all__ = ["ModelKind", "read_archive", "write_archive"]

_ABOUT = "about"
_LARGEST = 4 << 30
Model = TypeVar("Model")


@dataclass(frozen=True)
class ModelKind:
    """One kind of model file.

    Parameters
    ----------
    name : str
        What the file calls itself, such as ``tmescope frozen score``.
    version : int
        Newest format that this release reads, and the one that it writes.
    title : str
        What it is in words, such as ``frozen score``.
    command : str
        What writes one.
    """

    name: str
    version: int
    title: str
    command: str

    def damaged(self, path: Path, why: str) -> FileFormatError:
        """Return the error for a file that is no such model."""
        return FileFormatError(
            f"the file is no {self.title}, or is damaged: {why}",
            where=str(path),
            expected=f"a file that {self.command} wrote",
            next_step="fit the model again, or copy the file again",
        )


def write_archive(kind: ModelKind, path: Path, *, about: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write a model; the same model gives the same bytes.

    Parameters
    ----------
    kind : ModelKind
        Of which kind it is.
    path : pathlib.Path
        Replaced at once where it exists. A NumPy archive without compression.
    about : mapping
        JSON-able, with ``sha256`` of all that decides results.
    state : mapping of str to array
        The arrays.
    """
    page = {"format": kind.name, "version": kind.version, **about}
    text = json.dumps(page, sort_keys=False, ensure_ascii=False).encode()
    arrays: dict[str, Any] = {_ABOUT: np.frombuffer(text, dtype=np.uint8), **state}
    with staged_file(path) as staged, zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as archive:
        for name in (_ABOUT, *sorted(state)):
            # a fixed date: two fits of the same data are the same file
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as handle:
                np.lib.format.write_array(handle, np.ascontiguousarray(arrays[name]), allow_pickle=False)


def read_archive(
    kind: ModelKind,
    path: Path,
    *,
    build: Callable[[dict[str, Any], dict[str, Any]], Model],
    hashed: Callable[[Model], str],
) -> Model:
    """Read a model that `write_archive` wrote.

    Parameters
    ----------
    kind : ModelKind
        Of which kind it must be.
    path : pathlib.Path
        The file.
    build : callable
        Makes a model of the page and the arrays.
    hashed : callable
        Returns the sha256 that the page must state.

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
            f"there is no model {path.name!r}", where=str(path), next_step=f"write one with: {kind.command}"
        )
    try:
        arrays = _read_arrays(kind, path)
        about = json.loads(arrays.pop(_ABOUT).tobytes().decode())
        if about["format"] != kind.name:
            raise kind.damaged(path, f"it calls itself {about['format']!r}")
        if int(about["version"]) > kind.version:
            raise FormatVersionError(
                f"the model is in format {about['version']}; this release reads up to {kind.version}",
                where=str(path),
                next_step="install a newer tmescope",
            )
        model = build(about, arrays)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, EOFError, OSError) as error:
        if isinstance(error, FileFormatError | FormatVersionError):
            raise
        raise kind.damaged(path, str(error) or type(error).__name__) from error
    if hashed(model) != about["sha256"]:
        raise kind.damaged(path, "its content has another sha256 than it states")
    return model


def _read_arrays(kind: ModelKind, path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(e.compress_type != zipfile.ZIP_STORED for e in entries) or sum(e.file_size for e in entries) > _LARGEST:
            raise kind.damaged(path, "its entries are compressed, or larger than 4 GiB")
        found = {}
        for entry in entries:
            with archive.open(entry) as handle:
                found[entry.filename.removesuffix(".npy")] = np.lib.format.read_array(handle, allow_pickle=False)
        return found
