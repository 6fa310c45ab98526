"""The commands that show a saved prediction model and apply it to new patients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    Results,
    ScaleOfMatrix,
    ValueColumn,
    keys_of,
)
from tmescope.cli.study import Threads, say_outcome, tell_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tmescope.associate.prediction_saved import SavedModel

__all__ = ["model_app"]

_RANKINGS = {"auc": "auc", "c_index": "C over all follow-up", "c_index_to_horizon": "C to the horizon"}

model_app = typer.Typer(
    help="Prediction models: tmescope run learns and validates them ([[model]] in study.toml) and writes "
    "models/ID.json; show says what is in such a file, apply predicts new patients by it.",
    no_args_is_help=True,
)

ModelFile = Annotated[Path, typer.Argument(help="File models/ID.json of a run.", show_default=False)]
FeatureFile = Annotated[
    Path | None,
    typer.Option(
        "--features",
        help="Table with what the model wants beside expression, in columns of the same names.",
        show_default=False,
    ),
]
IdColumn = Annotated[str, typer.Option("--id-column", help="Its column of sample identifiers.")]


@model_app.command("show")
def show(model: ModelFile) -> None:
    """Say what a model predicts, from what, how it was learnt, and how it did out of cohort."""
    from tmescope.associate.prediction_files import prediction_hash, read_prediction

    saved = read_prediction(model)
    for line in _told(saved):
        typer.echo(line)
    typer.echo(f"sha256 {prediction_hash(saved)}")


@model_app.command("apply")
def apply(
    model: ModelFile,
    expression: Expression,
    scale: ScaleOfMatrix,
    features: FeatureFile = None,
    id_column: IdColumn = "sample_id",
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
    output: Results = Path("predictions"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Predict new patients. It is a study of one cohort: the same tables and checks; see tables/predictions.csv."""
    from tmescope.study.running import run
    from tmescope.study.single import MeasuredTable, prediction_study

    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    study = prediction_study(
        expression,
        model,
        scale=scale,
        measured=None if features is None else MeasuredTable(features, id_column),
        cohort=keys_of(orientation, identifiers, gene_lengths, reading=reading),
        gene_table=gene_table,
    )
    with listening("model apply", quiet=quiet, json=json) as progress:
        outcome = run(study, output, threads=threads, facts_home=facts_home(), progress=progress)
        tell_warnings(outcome, progress if json else None)
    if not json:
        say_outcome(outcome)


def _told(saved: SavedModel) -> Iterator[str]:
    fitted = saved.fitted
    what = "response" if saved.kind == "response" else f"an event within {saved.horizon_months:g} months"
    yield f"{saved.model_id}: chance of {what} ({saved.endpoint}); {fitted.method}"
    if saved.intended_use:
        yield f"intended use: {saved.intended_use}"
    yield f"learnt from {fitted.n} patients, {fitted.n_events} with the outcome: " + ", ".join(
        f"{t['cohort_id']} {t['n_events']}/{t['n']}" for t in saved.training
    )
    yield f"expression: {', '.join(saved.scales)}"
    yield f"penalty: l1_ratio {fitted.l1_ratio:g}, strength {fitted.strength:.4g}"
    if saved.needs_cohort:
        yield "needs a cohort: a patient's prediction depends on the others that are predicted with it"
    for column, coefficient in zip(fitted.preparation.columns, fitted.coefficients, strict=True):
        if coefficient:
            source = column.predictor.split(":", 1)[0]
            yield f"  {column.name} ({source}): {coefficient:+.4f} per SD of {column.spread:.4g}"
    for row in saved.performance:
        if row["measure"] in _RANKINGS and row["estimate"] is not None:
            limits = f"{row['ci_low']:.3f} to {row['ci_high']:.3f}" if row["ci_low"] is not None else "no interval"
            of = f"{_RANKINGS[row['measure']]} of {row['predictor']}, {saved.scheme.replace('_', ' ')}"
            yield f"{of}: {row['estimate']:.3f} ({limits}), {row['k']} cohorts"
    for verdict in saved.verdicts:
        yield f"verdict: {verdict}"
