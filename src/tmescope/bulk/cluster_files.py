"""Models of clusters as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tmescope.bulk.cluster_models import ClusterModel, cluster_hash
from tmescope.bulk.model_archives import ModelKind, read_archive, write_archive

__all__ = ["FORMAT_NAME", "FORMAT_VERSION", "read_clusters", "write_clusters"]

FORMAT_NAME = "tmescope clusters"
FORMAT_VERSION = 1
_KIND = ModelKind(FORMAT_NAME, FORMAT_VERSION, "model of clusters", "tmescope subtype fit --model clusters")


def write_clusters(model: ClusterModel, path: Path) -> None:
    """Write a model; the same model gives the same bytes.

    Parameters
    ----------
    model : ClusterModel
        From `tmescope.bulk.cluster_subtypes.fit_clusters`.
    path : pathlib.Path
        Replaced at once where it exists. A NumPy archive without compression, in which no sample is.
    """
    about = {
        "sha256": cluster_hash(model),
        "k": model.k,
        "sets": [[name, list(genes)] for name, genes in model.sets.items()],
        "scale": model.scale,
        "genes": list(model.genes),
        "min_coverage": model.min_coverage,
        "lowest_likeness": model.lowest_likeness,
        "stability": dict(model.stability),
        "facts": dict(model.facts),
        "cohort": model.cohort,
        "n_samples": model.n_samples,
        "provenance": dict(model.provenance),
    }
    write_archive(_KIND, path, about=about, state=model.state)


def read_clusters(path: Path) -> ClusterModel:
    """Read a model that `write_clusters` wrote.

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
    return read_archive(_KIND, path, build=_build, hashed=cluster_hash)


def _build(about: dict[str, Any], arrays: dict[str, Any]) -> ClusterModel:
    return ClusterModel(
        k=int(about["k"]),
        sets={str(name): tuple(map(str, genes)) for name, genes in about["sets"]},
        scale=str(about["scale"]),
        genes=tuple(map(str, about["genes"])),
        min_coverage=float(about["min_coverage"]),
        lowest_likeness=float(about["lowest_likeness"]),
        state=arrays,
        stability=dict(about["stability"]),
        facts={str(n): str(h) for n, h in about["facts"].items()},
        cohort=str(about["cohort"]),
        n_samples=int(about["n_samples"]),
        provenance=dict(about["provenance"]),
    )
