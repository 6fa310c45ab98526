"""Models of subtypes of any kind: fitted, applied, hashed, written and read alike."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tmescope.bulk import cluster_files
from tmescope.bulk.cluster_files import read_clusters, write_clusters
from tmescope.bulk.cluster_models import ClusterModel, ClusterOptions, cluster_hash, cluster_names
from tmescope.bulk.cluster_subtypes import apply_clusters, find_sets, fit_clusters
from tmescope.bulk.subtype_files import read_subtypes, write_subtypes
from tmescope.bulk.subtype_models import SUBTYPES, SubtypeModel, SubtypeOptions, subtype_hash
from tmescope.bulk.subtypes import apply_subtypes, find_axes, fit_subtypes
from tmescope.facts.signatures import list_signatures, load_signature
from tmescope.foundation.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData

    from tmescope.foundation.result import Result

__all__ = [
    "FEWEST",
    "KINDS",
    "UNITS",
    "AnyModel",
    "Kind",
    "apply_any",
    "check_genes",
    "classes_of",
    "fit_kind",
    "genes_of",
    "genes_of_kind",
    "hash_any",
    "kind_of",
    "read_any",
    "write_any",
]

AnyModel = SubtypeModel | ClusterModel
Kind = Literal["axes", "clusters"]
KINDS: tuple[Kind, ...] = ("axes", "clusters")
FEWEST: dict[Kind, int] = {"axes": 10, "clusters": 30}
"""Samples that a fit takes."""
UNITS = ("tpm", "fpkm", "array")
"""Units that both kinds take."""

_MOST_ABOUT = 256 << 20


def kind_of(model: AnyModel) -> Kind:
    """Return of which kind a model is."""
    return "axes" if isinstance(model, SubtypeModel) else "clusters"


def classes_of(model: AnyModel) -> tuple[str, ...]:
    """Return the subtypes that a model can tell; none where it found no groups."""
    return SUBTYPES if isinstance(model, SubtypeModel) else cluster_names(model.k)


def genes_of(model: AnyModel) -> frozenset[str]:
    """Return the genes that carry a model's scores; all others only stand around them."""
    sets = model.axes if isinstance(model, SubtypeModel) else model.sets
    return frozenset(g for genes in sets.values() for g in genes)


def genes_of_kind(kind: Kind) -> frozenset[str]:
    """Return the genes that a fit with default signatures looks for.

    Parameters
    ----------
    kind : {"axes", "clusters"}
        Of the model.
    """
    options = SubtypeOptions()
    axes = (load_signature(options.immune), load_signature(options.stromal))
    return frozenset(g for s in (axes if kind == "axes" else list_signatures("core")) for g in s.genes)


def check_genes(kind: Kind, genes: Sequence[str]) -> None:
    """Check that a cohort has the genes that a fit needs.

    Parameters
    ----------
    kind : {"axes", "clusters"}
        Of the model.
    genes : sequence of str
        Of the cohort.

    Raises
    ------
    MethodError
        If it has too few.
    """
    if kind == "axes":
        find_axes(genes, SubtypeOptions())
    else:
        find_sets(genes, ClusterOptions())


def fit_kind(kind: Kind, adata: AnnData, *, seed: int = 0) -> AnyModel:
    """Fit a model with default options.

    Parameters
    ----------
    kind : {"axes", "clusters"}
        Of the model.
    adata : anndata.AnnData
        The cohort, its scale declared.
    seed : int
        Of all draws.
    """
    if kind == "axes":
        return fit_subtypes(adata, options=SubtypeOptions(seed=seed))
    return fit_clusters(adata, options=ClusterOptions(seed=seed))


def apply_any(model: AnyModel, adata: AnnData) -> Result:
    """Apply a model to samples whose scale is declared; see `apply_subtypes` and `apply_clusters`."""
    return apply_subtypes(model, adata) if isinstance(model, SubtypeModel) else apply_clusters(model, adata)


def hash_any(model: AnyModel) -> str:
    """Return the sha256 of everything that decides subtypes."""
    return subtype_hash(model) if isinstance(model, SubtypeModel) else cluster_hash(model)


def write_any(model: AnyModel, path: Path) -> None:
    """Write a model as one file."""
    if isinstance(model, SubtypeModel):
        write_subtypes(model, path)
    else:
        write_clusters(model, path)


def read_any(path: Path) -> AnyModel:
    """Read a model of either kind.

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
    readers: dict[bool, Callable[[Path], AnyModel]] = {True: read_clusters, False: read_subtypes}
    return readers[_calls_itself(path) == cluster_files.FORMAT_NAME](path)


def _calls_itself(path: Path) -> str:
    """Return what a file says that it is; empty where it does not, and reading it says why."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo("about.npy")
            if entry.file_size > _MOST_ABOUT or entry.compress_type != zipfile.ZIP_STORED:
                return ""
            text = archive.read(entry)
        found = json.loads(text[text.index(b"{", text.index(b"\n")) :])
        return str(found.get("format", ""))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, FileFormatError, AttributeError):
        return ""
