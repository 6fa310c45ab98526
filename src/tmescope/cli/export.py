"""Commands that write results in the formats of others: export cbioportal, xlsx, anndata."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from tmescope.cli.progress import Json, Quiet, listening

__all__ = ["export_app"]

export_app = typer.Typer(help="Write the results of a run in the format of another tool.", no_args_is_help=True)


Results = Annotated[Path, typer.Argument(help="Folder of results of tmescope run.", show_default=False)]


@export_app.callback()
def root() -> None:
    """Write the results of a run in the format of another tool."""


@export_app.command("cbioportal")
def cbioportal(
    results: Results,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to make; it gets one study folder for each cohort.")
    ] = Path("cbioportal"),
    type_of_cancer: Annotated[
        str, typer.Option("--type-of-cancer", help="Abbreviation of the cancer type that the portal knows.")
    ] = "mixed",
    replace_in_ids: Annotated[
        bool,
        typer.Option("--replace-in-ids", help="Write _ for characters that cBioPortal does not take in identifiers."),
    ] = False,
    allow_identifying: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-identifying", help="Column or feature to write although it looks like personal data; repeatable."
        ),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write a cBioPortal study folder for each cohort: clinical tables, expression, scores and case lists."""
    from tmescope.study.exporting import ExportOptions, export_cbioportal

    options = ExportOptions(type_of_cancer, replace_in_ids, tuple(allow_identifying or ()))
    with listening("export cbioportal", quiet=quiet, json=json) as progress:
        outcome = export_cbioportal(results, output, options=options, progress=progress)
    if not json:
        _say(outcome.notes, [str(outcome.folder / study) for study in outcome.studies])


@export_app.command("xlsx")
def xlsx(
    results: Results,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to make.")] = Path("results.xlsx"),
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write all tables into one Excel workbook: a sheet that says what it is, then a sheet for each table."""
    from tmescope.study.export_workbook import export_workbook

    with listening("export xlsx", quiet=quiet, json=json) as progress:
        outcome = export_workbook(results, output, progress=progress)
    if not json:
        _say(outcome.notes, [f"{outcome.path}: {len(outcome.sheets)} sheets"])


@export_app.command("anndata")
def anndata(
    results: Results,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to make; it gets one h5ad file for each cohort.")
    ] = Path("anndata"),
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write each cohort as AnnData (h5ad): expression, samples, endpoints, features, scores and provenance."""
    from tmescope.study.export_anndata import export_anndata

    with listening("export anndata", quiet=quiet, json=json) as progress:
        outcome = export_anndata(results, output, progress=progress)
    if not json:
        _say(outcome.notes, [str(outcome.folder / name) for name in outcome.files])


def _say(notes: Iterable[str], written: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"notice   {note}")
    for one in written:
        typer.echo(f"wrote {one}")
