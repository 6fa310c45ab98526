"""Frozen scores as one file: arrays as they are and a page of JSON, nothing that runs when it is read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tmescope.bulk.definitions import SetDefinitions
from tmescope.bulk.frozen import FrozenScore, model_hash
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError
from tmescope.store.atomic import staged_file

__all__ = ["FORMAT_VERSION", "read_model", "write_model"]

FORMAT_VERSION = 1
_FORMAT = "tmescope frozen score"
_ABOUT = "about"
_LARGEST = 4 << 30


def write_model(model: FrozenScore, path: Path) -> None:
    """Write a model; the same model gives the same bytes.

    Parameters
    ----------
    model : FrozenScore
        From `tmescope.bulk.frozen.fit_scores`.
    path : pathlib.Path
        Replaced at once where it exists. A NumPy archive without compression.
    """
    about = {
        "format": _FORMAT,
        "version": FORMAT_VERSION,
        "sha256": model_hash(model),
        "method": model.method,
        "parameters": dict(model.parameters),
        "scale": model.scale,
        "genes": list(model.genes),
        "sets": {
            "genes": {n: list(g) for n, g in model.definitions.genes.items()},
            "weights": {n: dict(w) if w else None for n, w in model.definitions.weights.items()},
            "facts": dict(model.definitions.facts),
            "left_out": list(model.definitions.left_out),
        },
        "dropped": list(model.dropped),
        "cohort": model.cohort,
        "n_samples": model.n_samples,
        "provenance": dict(model.provenance),
    }
    text = json.dumps(about, sort_keys=False, ensure_ascii=False).encode()
    arrays: dict[str, Any] = {_ABOUT: np.frombuffer(text, dtype=np.uint8), **model.state}
    with staged_file(path) as staged, zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as archive:
        for name in (_ABOUT, *sorted(model.state)):
            # a fixed date: two fits of the same data are the same file
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as handle:
                np.lib.format.write_array(handle, np.ascontiguousarray(arrays[name]), allow_pickle=False)


def read_model(path: Path) -> FrozenScore:
    """Read a model that `write_model` wrote.

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
            f"there is no model {path.name!r}", where=str(path), next_step="write one with: tmescope score fit"
        )
    try:
        arrays = _read_arrays(path)
        about = json.loads(arrays.pop(_ABOUT).tobytes().decode())
        if about["format"] != _FORMAT:
            raise _damaged(path, f"it calls itself {about['format']!r}")
        if int(about["version"]) > FORMAT_VERSION:
            raise FormatVersionError(
                f"the model is in format {about['version']}; this release reads up to {FORMAT_VERSION}",
                where=str(path),
                next_step="install a newer tmescope",
            )
        model = _build(about, arrays)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, EOFError, OSError) as error:
        if isinstance(error, FileFormatError | FormatVersionError):
            raise
        raise _damaged(path, str(error) or type(error).__name__) from error
    if model_hash(model) != about["sha256"]:
        raise _damaged(path, "its content has another sha256 than it states")
    return model


def _read_arrays(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(e.compress_type != zipfile.ZIP_STORED for e in entries) or sum(e.file_size for e in entries) > _LARGEST:
            raise _damaged(path, "its entries are compressed, or larger than 4 GiB")
        found = {}
        for entry in entries:
            with archive.open(entry) as handle:
                found[entry.filename.removesuffix(".npy")] = np.lib.format.read_array(handle, allow_pickle=False)
        return found


def _build(about: dict[str, Any], arrays: dict[str, Any]) -> FrozenScore:
    sets = about["sets"]
    return FrozenScore(
        method=str(about["method"]),
        parameters=dict(about["parameters"]),
        scale=str(about["scale"]),
        genes=tuple(map(str, about["genes"])),
        definitions=SetDefinitions(
            {str(n): tuple(map(str, g)) for n, g in sets["genes"].items()},
            {str(n): w and {str(k): float(v) for k, v in w.items()} for n, w in sets["weights"].items()},
            dict(sets["facts"]),
            tuple(sets["left_out"]),
        ),
        dropped=tuple(map(str, about["dropped"])),
        state=arrays,
        cohort=str(about["cohort"]),
        n_samples=int(about["n_samples"]),
        provenance=dict(about["provenance"]),
    )


def _damaged(path: Path, why: str) -> FileFormatError:
    return FileFormatError(
        f"the file is no frozen score, or is damaged: {why}",
        where=str(path),
        expected="a file that tmescope score fit wrote",
        next_step="fit the model again, or copy the file again",
    )
