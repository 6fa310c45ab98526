"""The commands that go over an atlas cell by cell and keep in it what they find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tmescope.cli.atlas_options import AtlasPath, ClusterAddress, Memory, Threads, Workers
from tmescope.cli.lists import print_table
from tmescope.cli.progress import Listener, Quiet, listening

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.store.atlas_passes import Runner
    from tmescope.store.atlas_reading import Atlas
    from tmescope.store.atlas_results import AtlasResult

__all__ = ["passes_app"]

passes_app = typer.Typer(
    help="Pass over an atlas: quality (qc), sums of samples and labels (pseudobulk), variable genes, principal "
    "components (pca) and gene-set scores (score). What is found is kept in the atlas, where AnnData finds it.",
    no_args_is_help=True,
)

_MOST_ROWS = 12


@passes_app.command("qc")
def qc(
    atlas: AtlasPath,
    mitochondrial: Annotated[
        str | None,
        typer.Option(
            "--mitochondrial",
            help="Names of mitochondrial genes, with commas; those that begin with MT- if omitted (human symbols).",
        ),
    ] = None,
    deviations: Annotated[
        float,
        typer.Option(
            "--deviations",
            min=0.1,
            help="Median absolute deviations from the median of its sample beyond which a cell is proposed as an "
            "outlier, by counts, genes, and mitochondrial counts (these above alone).",
        ),
    ] = 3.0,
    fewest_cells: Annotated[
        int, typer.Option("--fewest-cells", min=2, help="Samples of fewer have no outliers but cells without counts.")
    ] = 30,
    memory: Memory = "1G",
    threads: Threads = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    quiet: Quiet = False,
) -> None:
    """Measure the quality of every cell and gene. Cells are marked, never left out."""
    from tmescope.cells.quality import QualityLimits, measure_quality
    from tmescope.foundation.budget import parse_memory

    limits = QualityLimits(deviations=deviations, mitochondrial_deviations=deviations, fewest_cells=fewest_cells)
    named = None if mitochondrial is None else _names(mitochondrial)
    with _passing("atlas qc", atlas, threads=threads, workers=workers, cluster=cluster, quiet=quiet) as (
        opened,
        runner,
        progress,
    ):
        found = measure_quality(
            opened, mitochondrial=named, limits=limits, memory=parse_memory(memory), runner=runner,
            progress=progress,
        )  # fmt: skip
        _keep(opened, found)
    samples = found.tables["samples"]
    genes = found.provenance["parameters"]["mitochondrial"]
    typer.echo(f"{samples['n_cells'].sum():,} cells, {samples['n_outliers'].sum():,} proposed as outliers")
    typer.echo(f"{len(genes)} mitochondrial genes" + ("" if genes else ": the per cent of their counts is missing"))
    _say(samples[["sample_id", "n_cells", "n_outliers", "n_without_counts", "median_total_counts", "median_n_genes"]])


@passes_app.command("pseudobulk")
def pseudobulk(
    atlas: AtlasPath,
    label: Annotated[
        str | None,
        typer.Option("--label", help="Column of cells, such as cell_type or leiden; samples alone if omitted."),
    ] = None,
    fewest_cells: Annotated[
        int, typer.Option("--fewest-cells", min=1, help="Groups of fewer cells are marked as not kept.")
    ] = 10,
    memory: Memory = "1G",
    threads: Threads = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    quiet: Quiet = False,
) -> None:
    """Add up the counts of each sample and label: what patients are compared by."""
    from tmescope.cells.pseudobulk import measure_pseudobulk
    from tmescope.foundation.budget import parse_memory

    with _passing("atlas pseudobulk", atlas, threads=threads, workers=workers, cluster=cluster, quiet=quiet) as (
        opened,
        runner,
        progress,
    ):
        found = measure_pseudobulk(
            opened, label, fewest_cells=fewest_cells, memory=parse_memory(memory), runner=runner,
            progress=progress,
        )  # fmt: skip
        _keep(opened, found)
    groups = found.tables["groups"]
    few = groups[~groups["is_kept"]]
    unlabelled = found.provenance["parameters"]["n_unlabelled"]
    typer.echo(
        f"{len(groups):,} groups of {groups['n_cells'].sum():,} cells; {len(few):,} have fewer than {fewest_cells} "
        f"cells and are not kept; {unlabelled:,} cells have no label"
    )
    _say(few[["group", "n_cells"]])


@passes_app.command("variable-genes")
def variable_genes(
    atlas: AtlasPath,
    flavour: Annotated[
        Literal["seurat_v3", "seurat"],
        typer.Option("--flavour", help="seurat_v3 looks at counts, seurat at counts per 10,000."),
    ] = "seurat_v3",
    n_genes: Annotated[int, typer.Option("--genes", min=1, help="How many.")] = 2000,
    batch: Annotated[
        str | None,
        typer.Option("--batch", help="Column of cells within whose values genes are chosen, such as sample_id."),
    ] = None,
    fewest_cells: Annotated[int, typer.Option("--fewest-cells", min=3, help="Of a batch that has a say.")] = 50,
    memory: Memory = "1G",
    threads: Threads = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    quiet: Quiet = False,
) -> None:
    """Choose the genes that vary most between cells."""
    from tmescope.cells.atlas_measures import measure_variable_genes
    from tmescope.foundation.budget import parse_memory

    with _passing("atlas variable-genes", atlas, threads=threads, workers=workers, cluster=cluster, quiet=quiet) as (
        opened,
        runner,
        progress,
    ):
        found = measure_variable_genes(
            opened, flavour=flavour, n_genes=n_genes, batch=batch, fewest_cells=fewest_cells,
            memory=parse_memory(memory), runner=runner, progress=progress,
        )  # fmt: skip
        _keep(opened, found)
    genes = found.var
    typer.echo(f"{0 if genes is None else int(genes['highly_variable'].sum()):,} variable genes ({flavour})")
    if left_out := found.provenance["left_out"]:
        shown = ", ".join(left_out[:_MOST_ROWS])
        typer.echo(f"{len(left_out)} batches have fewer than {fewest_cells} cells and had no say: {shown}")


@passes_app.command("pca")
def pca(
    atlas: AtlasPath,
    n_components: Annotated[int, typer.Option("--components", min=1, max=1000, help="How many.")] = 50,
    scale: Annotated[
        bool,
        typer.Option("--scale", help="Bring genes to unit variance first, values cut at 10 standard deviations."),
    ] = False,
    memory: Memory = "1G",
    threads: Threads = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    quiet: Quiet = False,
) -> None:
    """Find the principal components of the variable genes, log-normalised to 10,000 counts a cell."""
    from tmescope.cells.atlas_measures import measure_components
    from tmescope.foundation.budget import parse_memory

    with _passing("atlas pca", atlas, threads=threads, workers=workers, cluster=cluster, quiet=quiet) as (
        opened,
        runner,
        progress,
    ):
        found = measure_components(
            opened, n_components=n_components, scale=scale, memory=parse_memory(memory), runner=runner,
            progress=progress,
        )  # fmt: skip
        _keep(opened, found)
    table = found.tables["components"]
    shares = ", ".join(f"{100 * v:.1f}%" for v in table["variance_ratio"][:5])
    typer.echo(f"{len(table)} components; the first ones hold {shares} of the variance of the genes")


@passes_app.command("score")
def score(
    atlas: AtlasPath,
    signatures: Annotated[
        str, typer.Option("--signatures", "-s", help="Names, with commas; the core ones if omitted.")
    ] = "",
    n_controls: Annotated[int, typer.Option("--controls", min=1, help="Control genes drawn from each bin.")] = 50,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draw.")] = 0,
    memory: Memory = "1G",
    threads: Threads = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    quiet: Quiet = False,
) -> None:
    """Score signatures in every cell: their mean expression less that of genes of like expression."""
    from tmescope.cells.atlas_measures import measure_scores
    from tmescope.foundation.budget import parse_memory

    with _passing("atlas score", atlas, threads=threads, workers=workers, cluster=cluster, quiet=quiet) as (
        opened,
        runner,
        progress,
    ):
        found = measure_scores(
            opened, _names(signatures), n_controls=n_controls, seed=seed, memory=parse_memory(memory),
            runner=runner, progress=progress,
        )  # fmt: skip
        _keep(opened, found)
    sets = found.tables["sets"]
    typer.echo(f"{int(sets['is_scored'].sum())} of {len(sets)} signatures scored")
    _say(sets[~sets["is_scored"]][["set", "n_genes", "n_found"]])
    if left_out := found.provenance["parameters"]["left_out"]:
        typer.echo(f"left out, as their weights have both signs: {', '.join(left_out)}")


@passes_app.command("markers")
def markers(
    atlas: AtlasPath,
    label: Annotated[
        str, typer.Option("--label", help="Column of cells whose groups are told apart, such as leiden or cell_type.")
    ] = "leiden",
    top: Annotated[int, typer.Option("--top", min=1, max=100, help="Genes of each group that are shown.")] = 5,
    memory: Memory = "1G",
    threads: Threads = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    quiet: Quiet = False,
) -> None:
    """Find the genes that tell each group of cells from all others, ranked by AUC. Patients are compared elsewhere."""
    from tmescope.cells.atlas_measures import measure_markers
    from tmescope.foundation.budget import parse_memory

    with _passing("atlas markers", atlas, threads=threads, workers=workers, cluster=cluster, quiet=quiet) as (
        opened,
        runner,
        progress,
    ):
        found = measure_markers(opened, label, memory=parse_memory(memory), runner=runner, progress=progress)
        _keep(opened, found)
    table = found.tables["markers"]
    best = table[table["rank"] <= top].groupby("group", sort=False, observed=True)
    rows = [
        [
            str(group),
            f"{int(part['n_group'].iloc[0]):,}",
            ", ".join(f"{g} {a:.2f}" for g, a in zip(part["gene"], part["auc"], strict=True)),
        ]
        for group, part in best
    ]
    print_table(("group", "cells", "genes with the largest AUC"), rows)
    typer.echo("p-values of markers are descriptive: the groups were made from the same cells")
    for warning in found.provenance["warnings"]:
        typer.echo(f"warning: {warning['message']}", err=True)


@contextmanager
def _passing(
    task: str, atlas: Path, *, threads: int, workers: int | None, cluster: str | None, quiet: bool
) -> Iterator[tuple[Atlas, Runner, Listener]]:
    """Open an atlas, those who work on it, and the listener whom they tell."""
    from tmescope.store.atlas_reading import open_atlas
    from tmescope.store.cluster import open_runner

    with (
        listening(task, quiet=quiet) as progress,
        open_runner(threads=threads, workers=workers, cluster=cluster) as runner,
    ):
        yield open_atlas(atlas), runner, progress


def _keep(opened: Atlas, found: AtlasResult) -> None:
    from tmescope.store.atlas_results import write_result

    write_result(opened.path, found, of=opened.layout)


def _names(text: str) -> tuple[str, ...]:
    return tuple(n.strip() for n in text.split(",") if n.strip())


def _say(table: pd.DataFrame) -> None:
    """Print the first rows of a table, and say how many more there are."""
    if table.empty:
        return
    rows = [[f"{v:g}" if isinstance(v, float) else str(v) for v in row] for row in table.head(_MOST_ROWS).to_numpy()]
    print_table(tuple(str(c) for c in table.columns), rows)
    if len(table) > _MOST_ROWS:
        typer.echo(f"... and {len(table) - _MOST_ROWS:,} more, in the tables of the atlas")
