"""Commands for references of one's own: build one from labelled cells, show what is in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tmescope.cli.lists import print_fields, print_table
from tmescope.cli.progress import Json, Quiet, listening

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["reference_app"]

reference_app = typer.Typer(
    help="References of your own for deconvolution: build one from labelled cells, show one.", no_args_is_help=True
)


@reference_app.command("build")
def build(
    cells: Annotated[Path, typer.Argument(help="h5ad file of cells with raw counts.", show_default=False)],
    labels: Annotated[str, typer.Option("--labels", help="Column of obs with the cell types.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the reference.", show_default=False)],
    donors: Annotated[
        str,
        typer.Option("--donors", help="Column of obs with the donors, where there are several.", show_default=False),
    ] = "",
    malignant: Annotated[
        str, typer.Option("--malignant", help="The label of malignant cells, where there is one.", show_default=False)
    ] = "",
    layer: Annotated[
        str | None, typer.Option("--layer", help="Layer with the raw counts; X if omitted.", show_default=False)
    ] = None,
    min_cells: Annotated[int, typer.Option("--min-cells", min=2, help="Labels with fewer cells are left out.")] = 10,
    markers: Annotated[int, typer.Option("--markers", min=2, help="Most marker genes of one cell type.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the split and the pseudo-bulks.")] = 0,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Build a reference from labelled cells: markers, profiles, variances, size factors, accuracy on held-out cells."""
    from tmescope.bulk.reference_building import BuildOptions
    from tmescope.bulk.reference_folders import build_reference_folder
    from tmescope.bulk.reference_markers import MarkerRule

    options = BuildOptions(
        labels=labels, donors=donors, malignant=malignant, min_cells=min_cells, markers=MarkerRule(n_markers=markers)
    )
    with listening("reference build", quiet=quiet, json=json) as progress:
        built = build_reference_folder(cells, output, options=options, layer=layer, seed=seed, progress=progress)
        for warning in built.warnings if json else ():
            progress.warn(warning)
    if json:
        return
    for warning in built.warnings:
        typer.echo(f"warning  {warning.message} [{warning.code}]", err=True)
    reference = built.reference
    typer.echo(f"{output}: {len(reference.cell_types)} cell types, {len(reference.genes)} marker genes")
    _print_accuracy(built.accuracy)


@reference_app.command("show")
def show(
    reference: Annotated[Path, typer.Argument(help="Folder or table of a reference.", show_default=False)],
) -> None:
    """Show a reference: cell types, genes, how it was built, how accurate it is on held-out cells."""
    from tmescope.bulk.reference_files import read_reference_folder, read_reference_table
    from tmescope.bulk.references import check_reference, condition_number

    folder = read_reference_folder(reference) if reference.is_dir() else None
    found = folder.reference if folder else read_reference_table(reference)
    about = folder.about if folder else {}
    print_fields(
        reference.name,
        [
            ("cell types", ", ".join(found.cell_types)),
            ("malignant", found.malignant or "none is named"),
            ("marker genes", str(len(found.genes))),
            ("unit", found.unit),
            ("condition number", f"{condition_number(found.profiles):.1f}"),
            ("all genes", f"{len(found.states.genes)}, {len(found.states.states)} states" if found.states else "no"),
            ("sha256", found.sha256),
        ],
    )
    for warning in check_reference(found, where=str(reference)):
        typer.echo(f"warning  {warning.message} [{warning.code}]", err=True)
    if folder is None:
        return
    sizes = found.size_factors if found.size_factors is not None else [float("nan")] * len(found.cell_types)
    n_cells = about.get("n_cells", {})
    n_markers = {} if folder.markers is None else folder.markers["cell_type"].value_counts().to_dict()
    typer.echo()
    print_table(
        ("cell type", "cells", "markers", "size factor"),
        [
            (t, str(n_cells.get(t, "-")), str(n_markers.get(t, "-")), f"{size:.2f}")
            for t, size in zip(found.cell_types, sizes, strict=True)
        ],
    )
    if folder.accuracy is not None:
        _print_accuracy(folder.accuracy)


def _print_accuracy(accuracy: pd.DataFrame) -> None:
    held = str(accuracy["held_out"].iloc[0]) if len(accuracy) else "cells"
    typer.echo(f"\naccuracy on pseudo-bulks of {held} that were held out (nnls; on real bulk it is lower)")
    rows = [
        (str(row.cell_type), f"{row.rmse:.3f}", f"{row.pearson:.3f}", f"{row.ccc:.3f}", f"{row.bias:+.3f}")
        for row in accuracy.itertuples()
    ]
    print_table(("cell type", "rmse", "pearson", "ccc", "bias"), rows)
