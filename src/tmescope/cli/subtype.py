"""The commands that fit a model of subtypes on a cohort and place new patients by it: studies of one step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tmescope.cli.facts import facts_home
from tmescope.cli.progress import Json, Quiet, listening
from tmescope.cli.score import (
    AllowIdentifying,
    DuplicatesRule,
    Expression,
    FileFormat,
    GeneColumn,
    GeneLengthsFile,
    GeneTableName,
    Identifiers,
    Layer,
    Orientation,
    Report,
    Results,
    ScaleOfMatrix,
    ValueColumn,
    keys_of,
)
from tmescope.cli.study import Threads, say_outcome, tell_warnings

if TYPE_CHECKING:
    from tmescope.bulk.subtyping import AnyModel

__all__ = ["subtype_app"]

subtype_app = typer.Typer(
    help="Subtypes of tumours: fit a model on a cohort (fit), and place new patients by it later (apply), each by "
    "himself.",
    no_args_is_help=True,
)

_LONGEST = 64


@subtype_app.command("fit")
def fit(
    expression: Expression,
    scale: ScaleOfMatrix,
    output: Annotated[Path, typer.Option("--output", "-o", help="File of the model.", show_default=False)],
    model: Annotated[
        Literal["axes", "clusters"],
        typer.Option(
            "--model",
            "-m",
            help="axes (immune and stromal, four subtypes), or clusters (groups of the core signatures' scores, if a "
            "cloud without groups would be less stable).",
        ),
    ] = "axes",
    orientation: Orientation = None,
    identifiers: Identifiers = "symbol",
    gene_table: GeneTableName = "bundled",
    gene_lengths: GeneLengthsFile = None,
    duplicates: DuplicatesRule = None,
    allow_identifying: AllowIdentifying = None,
    file_format: FileFormat = None,
    gene_column: GeneColumn = None,
    value_column: ValueColumn = None,
    layer: Layer = None,
    quiet: Quiet = False,
) -> None:
    """Fit a model of subtypes on a cohort and write it: one small file without any sample of it."""
    from tmescope.study.single import subtype_study
    from tmescope.study.subtype_fitting import fit_subtype_model

    name = _name_of(output)
    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    study = subtype_study(
        expression,
        scale=scale,
        subtypes={"fit": name, "kind": model},
        cohort={"id": name, **keys_of(orientation, identifiers, gene_lengths, reading=reading)},
        gene_table=gene_table,
    )
    with listening("subtype fit", quiet=quiet) as progress:
        fitted = fit_subtype_model(study, output, facts_home=facts_home(), progress=progress)
    typer.echo(f"{output}: {_told(fitted)}, fitted on {fitted.n_samples} samples in {fitted.scale}")
    typer.echo(f"next: tmescope subtype apply {output} EXPRESSION --scale SCALE")


def _name_of(output: Path) -> str:
    """Return a name for the cohort: the file's, as far as it may be an identifier."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", output.stem).lstrip("_.-")[:_LONGEST]
    return name or "cohort"


def _told(model: AnyModel) -> str:
    from tmescope.bulk.subtyping import classes_of, kind_of

    found = classes_of(model)
    if not found:
        return "no groups (a cloud without groups is as stable), so it gives nobody a subtype"
    return f"{kind_of(model)}, {len(found)} subtypes ({', '.join(found)})"


@subtype_app.command("apply")
def apply(
    model: Annotated[Path, typer.Argument(help="File that tmescope subtype fit wrote.", show_default=False)],
    expression: Expression,
    scale: ScaleOfMatrix,
    orientation: Orientation = None,
    identifiers: Identifiers = "symbol",
    gene_table: GeneTableName = "bundled",
    gene_lengths: GeneLengthsFile = None,
    duplicates: DuplicatesRule = None,
    allow_identifying: AllowIdentifying = None,
    file_format: FileFormat = None,
    gene_column: GeneColumn = None,
    value_column: ValueColumn = None,
    layer: Layer = None,
    report: Report = False,
    output: Results = Path("subtypes"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Place new samples by a model, each by itself. It is a study of one cohort: the same tables and checks."""
    from tmescope.study.running import run
    from tmescope.study.single import subtype_study

    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    study = subtype_study(
        expression,
        scale=scale,
        subtypes={"models": [str(model.resolve())]},
        cohort=keys_of(orientation, identifiers, gene_lengths, reading=reading),
        gene_table=gene_table,
        report=report,
    )
    with listening("subtype", quiet=quiet, json=json) as progress:
        outcome = run(study, output, threads=threads, facts_home=facts_home(), progress=progress)
        tell_warnings(outcome, progress if json else None)
    if not json:
        say_outcome(outcome)
