"""Frozen scores as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tmescope.bulk.definitions import SetDefinitions
from tmescope.bulk.frozen import FrozenScore, model_hash
from tmescope.bulk.model_archives import ModelKind, read_archive, write_archive

__all__ = ["FORMAT_VERSION", "read_model", "write_model"]

FORMAT_VERSION = 1
_KIND = ModelKind("tmescope frozen score", FORMAT_VERSION, "frozen score", "tmescope score fit")


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
    write_archive(_KIND, path, about=about, state=model.state)


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
    return read_archive(_KIND, path, build=_build, hashed=model_hash)


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
