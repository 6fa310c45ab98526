"""Integration, neighbours, clusters and embedding of an atlas, as results that it keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tmescope.cells.cell_columns import column_of
from tmescope.cells.clustering import cluster
from tmescope.cells.embedding import UmapOptions, embed
from tmescope.cells.input_digests import digest_graph, digest_values
from tmescope.cells.integration import HarmonyOptions, integrate
from tmescope.cells.neighbours import find_neighbours
from tmescope.foundation.errors import StoreError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import versions
from tmescope.store.atlas_results import AtlasResult, read_result, result_names
from tmescope.store.result_commands import command_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.foundation.result import RunWarning
    from tmescope.store.atlas_reading import Atlas

__all__ = ["measure_clusters", "measure_embedding", "measure_integration", "measure_neighbours"]

_PLACES = {"pca": "X_pca", "harmony": "X_pca_harmony"}


def measure_integration(
    atlas: Atlas,
    batches: Sequence[str],
    *,
    seed: int = 0,
    kept: Sequence[str] = (),
    options: HarmonyOptions | None = None,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Take batches out of the components that an atlas keeps, as `integrate` does.

    Parameters
    ----------
    atlas : Atlas
        With the result ``pca``.
    batches : sequence of str
        Columns of cells; ``sample_id`` for the samples.
    seed : int
        Of the first centres and the blocks.
    kept : sequence of str
        Columns of cells that must not be taken out.
    options : HarmonyOptions, optional
        As in `integrate`.
    progress : Progress
        Told of corrections.

    Returns
    -------
    AtlasResult
        ``harmony``: ``X_pca_harmony`` of cells and a table ``objective`` (correction, round, objective).

    Raises
    ------
    StoreError
        If the atlas keeps no components.
    UnknownNameError
        If the cells have no such column.
    """
    options = options or HarmonyOptions()
    components, source = _components(atlas, "pca")
    found = integrate(
        components, {n: list(column_of(atlas, n)) for n in batches}, rng=np.random.default_rng(seed),
        kept={n: list(column_of(atlas, n)) for n in kept}, options=options, progress=progress,
    )  # fmt: skip
    rows = [(i + 1, j + 1, o) for i, rounds in enumerate(found.objective) for j, o in enumerate(rounds)]
    said = {
        "batches": list(batches), "kept": list(kept), **asdict(options), "n_clusters": found.n_clusters,
        "has_converged": found.has_converged, "share_between_before": found.share_between_before,
        "share_between_after": found.share_between_after,
    }  # fmt: skip
    return AtlasResult(
        name="harmony",
        obsm={"X_pca_harmony": found.components},
        tables={"objective": pd.DataFrame(rows, columns=["correction", "round", "objective"])},
        provenance=_provenance("harmony", said, seed=seed, inputs=source, warnings=found.warnings),
    )


def measure_neighbours(
    atlas: Atlas,
    *,
    of: Literal["pca", "harmony"] | None = None,
    n_neighbours: int = 15,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    seed: int = 0,
    threads: int = 1,
    progress: Progress = SILENT,
) -> AtlasResult:
    """Find the neighbours of all cells of an atlas, as `find_neighbours` does.

    Parameters
    ----------
    atlas : Atlas
        With the result that `of` names.
    of : {"pca", "harmony"}, optional
        Which components; the integrated ones where the atlas keeps them if omitted.
    n_neighbours : int
        As in `find_neighbours`.
    metric : {"euclidean", "cosine"}
        As there.
    seed : int
        Of the approximate search.
    threads : int
        As there.
    progress : Progress
        Told of cells.

    Returns
    -------
    AtlasResult
        ``neighbours``: ``distances`` and ``connectivities`` of cells.

    Raises
    ------
    StoreError
        If the atlas keeps no such components, or integrated ones of other components than it keeps.
    """
    of = of or ("harmony" if "harmony" in result_names(atlas) else "pca")
    components, source = _components(atlas, of)
    found = find_neighbours(
        components, rng=np.random.default_rng(seed), n_neighbours=n_neighbours, metric=metric, threads=threads,
        progress=progress,
    )  # fmt: skip
    said = {"of": of, "n_neighbours": n_neighbours, "metric": metric, "is_exact": found.is_exact}
    return AtlasResult(
        name="neighbours",
        obsp={"distances": found.distances, "connectivities": found.connectivities},
        provenance=_provenance("neighbours", said, seed=seed, inputs=source, warnings=found.warnings),
    )


def measure_clusters(
    atlas: Atlas, *, resolution: float = 1.0, n_trials: int = 1, seed: int = 0, progress: Progress = SILENT
) -> AtlasResult:
    """Cut the neighbours that an atlas keeps into clusters, as `cluster` does.

    Parameters
    ----------
    atlas : Atlas
        With the result ``neighbours``.
    resolution : float
        As in `cluster`.
    n_trials : int
        As in `cluster`.
    seed : int
        Of the runs.
    progress : Progress
        Told of the beginning and the end.

    Returns
    -------
    AtlasResult
        ``leiden``: the column ``leiden`` of cells (categories "0", "1" ..., the largest first).

    Raises
    ------
    StoreError
        If the atlas keeps no neighbours, or neighbours of other components than it keeps.
    """
    graph, _, source = _graph(atlas)
    found = cluster(
        graph.obsp["connectivities"], rng=np.random.default_rng(seed), resolution=resolution, n_trials=n_trials,
        progress=progress,
    )  # fmt: skip
    names = [str(i) for i in range(found.sizes.size)]
    said = {"resolution": resolution, "n_trials": n_trials, "modularity": found.modularity}
    return AtlasResult(
        name="leiden",
        obs=pd.DataFrame({"leiden": pd.Categorical.from_codes(found.labels, categories=pd.Index(names))}),
        provenance=_provenance("leiden", said, seed=seed, inputs=source, warnings=found.warnings),
    )


def measure_embedding(
    atlas: Atlas, *, options: UmapOptions | None = None, seed: int = 0, progress: Progress = SILENT
) -> AtlasResult:
    """Lay the cells of an atlas out in a plane by the neighbours that it keeps, as `embed` does.

    Parameters
    ----------
    atlas : Atlas
        With the result ``neighbours`` and the components that it was made of.
    options : UmapOptions, optional
        As in `embed`.
    seed : int
        Of the layout.
    progress : Progress
        Told of epochs.

    Returns
    -------
    AtlasResult
        ``umap``: ``X_umap`` of cells.

    Raises
    ------
    StoreError
        If the atlas keeps no neighbours, or neighbours of other components than it keeps.
    """
    options = options or UmapOptions()
    graph, components, source = _graph(atlas)
    found = embed(
        graph.obsp["connectivities"], components, rng=np.random.default_rng(seed), options=options, progress=progress
    )
    said = {**asdict(options), "n_epochs": found.n_epochs}
    return AtlasResult(
        name="umap",
        obsm={"X_umap": found.places},
        provenance=_provenance("umap", said, seed=seed, inputs=source, warnings=found.warnings),
    )


def _components(atlas: Atlas, name: str) -> tuple[NDArray[Any], dict[str, str]]:
    """Return components, and the hash that says which they are; integrated ones must be of the present ones."""
    result = read_result(atlas, name)
    found = np.asarray(result.obsm[_PLACES[name]])
    if name == "pca":
        _check_genes(atlas, result)
    else:
        _check_same(atlas, result, _components(atlas, "pca")[1], made=name)
    return found, {name: hashlib.sha256(np.ascontiguousarray(found).tobytes()).hexdigest()}


def _graph(atlas: Atlas) -> tuple[AtlasResult, NDArray[Any], dict[str, str]]:
    """Return neighbours, the present components that they are of, and the hashes of both."""
    graph = read_result(atlas, "neighbours")
    components, source = _components(atlas, graph.provenance["parameters"]["of"])
    _check_same(atlas, graph, source, made="neighbours")
    return graph, components, {**source, "neighbours": digest_graph(graph.obsp["connectivities"])}


def _check_genes(atlas: Atlas, components: AtlasResult) -> None:
    """Refuse components of other variable genes than the atlas marks now."""
    was = components.provenance.get("inputs", {}).get("variable_genes")
    if was is None or "variable_genes" not in result_names(atlas):
        return
    genes = read_result(atlas, "variable_genes").var
    if genes is not None and digest_values(genes["highly_variable"]) != was:
        raise StoreError(
            "the principal components were made of other variable genes than the atlas marks now",
            where=str(atlas.path),
            expected="components of the present variable genes",
            next_step="make them anew with tmescope atlas pca",
        )


def _check_same(atlas: Atlas, result: AtlasResult, source: dict[str, str], *, made: str) -> None:
    if result.provenance.get("inputs") != source:
        raise StoreError(
            f"the result {made!r} was made of other components than the atlas holds now",
            where=str(atlas.path),
            expected=f"{made} of the present {', '.join(source)}",
            next_step=f"make it anew with {command_of(made)}",
        )


def _provenance(
    method: str,
    parameters: dict[str, Any],
    *,
    seed: int,
    inputs: dict[str, str],
    warnings: tuple[RunWarning, ...],
) -> dict[str, Any]:
    told = [{"code": w.code, "message": w.message, "where": w.where, "count": w.count} for w in warnings]
    return {
        "method": method,
        "parameters": parameters,
        "inputs": dict(inputs),
        "seed": seed,
        "versions": versions(),
        "warnings": told,
    }
