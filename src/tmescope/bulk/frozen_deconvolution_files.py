"""Frozen deconvolution as one file: the reference is named in it by its hashes, and not inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tmescope.bulk.frozen_deconvolution import FrozenDeconvolution, deconvolution_hash
from tmescope.bulk.model_archives import ModelKind, read_archive, write_archive

__all__ = ["FORMAT_VERSION", "read_deconvolution", "write_deconvolution"]

FORMAT_VERSION = 1
_KIND = ModelKind(
    "tmescope frozen deconvolution", FORMAT_VERSION, "frozen deconvolution", "tmescope.bulk.write_deconvolution"
)


def write_deconvolution(model: FrozenDeconvolution, path: Path) -> None:
    """Write a model; the same model gives the same bytes.

    Parameters
    ----------
    model : FrozenDeconvolution
        From `tmescope.bulk.frozen_deconvolution.fit_deconvolution`.
    path : pathlib.Path
        Replaced at once where it exists. A NumPy archive without compression.
    """
    about = {
        "sha256": deconvolution_hash(model),
        "method": model.method,
        "parameters": dict(model.parameters),
        "scale": model.scale,
        "genes": list(model.genes),
        "map_symbols": model.map_symbols,
        "facts": dict(model.facts),
        "cohort": model.cohort,
        "n_samples": model.n_samples,
        "provenance": dict(model.provenance),
    }
    write_archive(_KIND, path, about=about, state=model.state)


def read_deconvolution(path: Path) -> FrozenDeconvolution:
    """Read a model that `write_deconvolution` wrote.

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
    return read_archive(_KIND, path, build=_build, hashed=deconvolution_hash)


def _build(about: dict[str, Any], arrays: dict[str, Any]) -> FrozenDeconvolution:
    return FrozenDeconvolution(
        method=str(about["method"]),
        parameters=dict(about["parameters"]),
        scale=str(about["scale"]),
        genes=tuple(map(str, about["genes"])),
        map_symbols=bool(about["map_symbols"]),
        facts={str(n): str(h) for n, h in about["facts"].items()},
        state=arrays,
        cohort=str(about["cohort"]),
        n_samples=int(about["n_samples"]),
        provenance=dict(about["provenance"]),
    )
