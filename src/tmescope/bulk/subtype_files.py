"""Models of subtypes as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tmescope.bulk.model_archives import ModelKind, read_archive, write_archive
from tmescope.bulk.subtype_models import SubtypeModel, subtype_hash

__all__ = ["FORMAT_VERSION", "read_subtypes", "write_subtypes"]

FORMAT_VERSION = 1
_KIND = ModelKind("tmescope subtypes", FORMAT_VERSION, "model of subtypes", "tmescope subtype fit")


def write_subtypes(model: SubtypeModel, path: Path) -> None:
    """Write a model; the same model gives the same bytes.

    Parameters
    ----------
    model : SubtypeModel
        From `tmescope.bulk.subtypes.fit_subtypes`.
    path : pathlib.Path
        Replaced at once where it exists. A NumPy archive without compression, in which no sample is.
    """
    about = {
        "sha256": subtype_hash(model),
        "axes": {name: list(genes) for name, genes in model.axes.items()},
        "scale": model.scale,
        "genes": list(model.genes),
        "min_coverage": model.min_coverage,
        "lowest_likeness": model.lowest_likeness,
        "facts": dict(model.facts),
        "cohort": model.cohort,
        "n_samples": model.n_samples,
        "provenance": dict(model.provenance),
    }
    write_archive(_KIND, path, about=about, state=model.state)


def read_subtypes(path: Path) -> SubtypeModel:
    """Read a model that `write_subtypes` wrote.

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
    return read_archive(_KIND, path, build=_build, hashed=subtype_hash)


def _build(about: dict[str, Any], arrays: dict[str, Any]) -> SubtypeModel:
    return SubtypeModel(
        axes={str(name): tuple(map(str, genes)) for name, genes in about["axes"].items()},
        scale=str(about["scale"]),
        genes=tuple(map(str, about["genes"])),
        min_coverage=float(about["min_coverage"]),
        lowest_likeness=float(about["lowest_likeness"]),
        state=arrays,
        facts={str(n): str(h) for n, h in about["facts"].items()},
        cohort=str(about["cohort"]),
        n_samples=int(about["n_samples"]),
        provenance=dict(about["provenance"]),
    )
