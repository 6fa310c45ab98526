"""Commands that write results in the formats of others: export cbioportal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export_app"]

export_app = typer.Typer(help="Write the results of a run in the format of another tool.", no_args_is_help=True)


@export_app.callback()
def root() -> None:
    """Write the results of a run in the format of another tool."""


@export_app.command("cbioportal")
def cbioportal(
    results: Annotated[Path, typer.Argument(help="Folder of results of tmescope run.", show_default=False)],
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
) -> None:
    """Write a cBioPortal study folder for each cohort: clinical tables, expression, scores and case lists."""
    from tmescope.study.exporting import ExportOptions, export_cbioportal

    options = ExportOptions(type_of_cancer, replace_in_ids, tuple(allow_identifying or ()))
    outcome = export_cbioportal(results, output, options=options)
    for note in outcome.notes:
        typer.echo(f"notice   {note}")
    for study in outcome.studies:
        typer.echo(f"wrote {outcome.folder / study}")
