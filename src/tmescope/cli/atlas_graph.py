"""The commands that work on the principal components of an atlas, in memory, and keep in it what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tmescope.cli.atlas_options import AtlasPath, Threads
from tmescope.cli.progress import Listener, Quiet, listening

if TYPE_CHECKING:
    from tmescope.store.atlas_reading import Atlas
    from tmescope.store.atlas_results import AtlasResult

__all__ = ["graph_app"]

graph_app = typer.Typer(
    help="Work on the principal components of an atlas: take batches out (integrate), find neighbours (neighbours), "
    "clusters (cluster) and a picture (umap). What is found is kept in the atlas, where AnnData finds it.",
    no_args_is_help=True,
)

Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same answer.")]


@graph_app.command("integrate")
def integrate(
    atlas: AtlasPath,
    batch: Annotated[
        list[str],
        typer.Option("--batch", help="Column of cells, such as sample_id; may be given again.", show_default=False),
    ],
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            help="Column of cells that must not be taken out, such as response or cell_type: batches that tell it are "
            "warned of. May be given again.",
            show_default=False,
        ),
    ] = None,
    theta: Annotated[float, typer.Option("--theta", min=0.0, help="How much the mixing of batches counts.")] = 2.0,
    ridge: Annotated[float, typer.Option("--ridge", help="How much shifts of few cells are shrunk, above 0.")] = 1.0,
    sigma: Annotated[float, typer.Option("--sigma", help="Width of the soft clusters, above 0.")] = 0.1,
    clusters: Annotated[
        int | None,
        typer.Option("--clusters", min=2, show_default=False, help="Soft clusters; one for 30 cells up to 100."),
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Take what batches shift out of the principal components (Harmony). It can take biology with it."""
    from tmescope.cells.graph_measures import measure_integration
    from tmescope.cells.integration import HarmonyOptions
    from tmescope.store.atlas_reading import open_atlas

    options = HarmonyOptions(theta=theta, ridge=ridge, sigma=sigma, n_clusters=clusters)
    with listening("atlas integrate", quiet=quiet) as progress:
        opened = open_atlas(atlas)
        found = measure_integration(opened, batch, seed=seed, kept=keep or (), options=options, progress=progress)
        _keep(opened, found, progress)
    said = found.provenance["parameters"]
    for name in batch:
        before, after = said["share_between_before"][name], said["share_between_after"][name]
        typer.echo(f"{name}: {before:.1%} of the variance lay between batches, {after:.1%} does now")
    _say_warnings(found)


@graph_app.command("neighbours")
def neighbours(
    atlas: AtlasPath,
    n_neighbours: Annotated[
        int, typer.Option("--n-neighbours", min=2, help="Neighbours of a cell, itself counted.")
    ] = 15,
    metric: Annotated[
        Literal["euclidean", "cosine"], typer.Option("--metric", help="How far cells are apart.")
    ] = "euclidean",
    of: Annotated[
        Literal["pca", "harmony"] | None,
        typer.Option("--of", help="Which components; integrated ones where the atlas keeps them if omitted."),
    ] = None,
    seed: Seed = 0,
    threads: Threads = 1,
    quiet: Quiet = False,
) -> None:
    """Find the nearest cells of every cell, and weigh how near they are."""
    from tmescope.cells.graph_measures import measure_neighbours
    from tmescope.store.atlas_reading import open_atlas

    with listening("atlas neighbours", quiet=quiet) as progress:
        opened = open_atlas(atlas)
        found = measure_neighbours(
            opened, of=of, n_neighbours=n_neighbours, metric=metric, seed=seed, threads=threads,
            progress=progress,
        )  # fmt: skip
        _keep(opened, found, progress)
    said = found.provenance["parameters"]
    how = "all pairs were looked at" if said["is_exact"] else "by an approximate search"
    weights = found.obsp["connectivities"]
    typer.echo(f"{weights.nnz // 2:,} pairs of neighbours among {weights.shape[0]:,} cells of {said['of']}, {how}")
    _say_warnings(found)


@graph_app.command("cluster")
def cluster(
    atlas: AtlasPath,
    resolution: Annotated[float, typer.Option("--resolution", help="Above 0; a higher one finds more clusters.")] = 1.0,
    trials: Annotated[int, typer.Option("--trials", min=1, help="Runs of which the best is taken.")] = 1,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Cut the graph of neighbours into clusters (Leiden). Clusters are no cell types."""
    from tmescope.cells.graph_measures import measure_clusters
    from tmescope.store.atlas_reading import open_atlas

    with listening("atlas cluster", quiet=quiet) as progress:
        opened = open_atlas(atlas)
        found = measure_clusters(opened, resolution=resolution, n_trials=trials, seed=seed, progress=progress)
        _keep(opened, found, progress)
    sizes = [] if found.obs is None else found.obs["leiden"].value_counts(sort=False).tolist()
    typer.echo(f"{len(sizes)} clusters of {min(sizes, default=0):,} to {max(sizes, default=0):,} cells")
    _say_warnings(found)


@graph_app.command("umap")
def umap(
    atlas: AtlasPath,
    min_dist: Annotated[float, typer.Option("--min-dist", min=0.0, help="How near neighbours may come.")] = 0.5,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=1, show_default=False, help="Rounds; 500 up to 10,000 cells, 200 above."),
    ] = None,
    init: Annotated[
        Literal["spectral", "pca"],
        typer.Option("--init", help="Where cells begin: eigenvectors of the graph, or the first two components."),
    ] = "spectral",
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Lay the cells out in a plane (UMAP). A picture: distances between groups mean little."""
    from tmescope.cells.embedding import UmapOptions
    from tmescope.cells.graph_measures import measure_embedding
    from tmescope.store.atlas_reading import open_atlas

    options = UmapOptions(min_dist=min_dist, n_epochs=epochs, init=init)
    with listening("atlas umap", quiet=quiet) as progress:
        opened = open_atlas(atlas)
        found = measure_embedding(opened, options=options, seed=seed, progress=progress)
        _keep(opened, found, progress)
    typer.echo(f"{len(found.obsm['X_umap']):,} cells laid out in {found.provenance['parameters']['n_epochs']} epochs")
    _say_warnings(found)


def _keep(opened: Atlas, found: AtlasResult, listener: Listener) -> None:
    from tmescope.foundation.result import RunWarning
    from tmescope.store.atlas_results import write_result

    write_result(opened.path, found, of=opened.layout)
    for warning in found.provenance["warnings"]:
        listener.warn(RunWarning(**warning))


def _say_warnings(found: AtlasResult) -> None:
    for warning in found.provenance["warnings"]:
        typer.echo(f"warning: {warning['message']}", err=True)
