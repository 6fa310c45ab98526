"""The commands that score one matrix, fit a model and apply it: studies of one step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tmescope.cli.facts import facts_home
from tmescope.cli.fallback import FallbackGroup
from tmescope.cli.progress import Json, Quiet, listening
from tmescope.cli.study import Threads, say_outcome, tell_warnings
from tmescope.foundation.errors import MethodError

if TYPE_CHECKING:
    from tmescope.bulk.definitions import Asked
    from tmescope.bulk.frozen import FrozenScore
    from tmescope.study.schema import Study

__all__ = ["keys_of", "refuse_beside_stream", "score_app", "split"]

score_app = typer.Typer(
    cls=FallbackGroup,
    help="Score a matrix for signatures: tmescope score EXPRESSION --scale SCALE. Methods that look at a whole cohort "
    "can be fitted on one (fit) and applied to new patients later (apply), so that no score moves when others arrive. "
    "A file that is called fit, apply or matrix is named as ./fit.",
    epilog="tmescope score matrix --help shows the options of scoring; the word matrix may be left out.",
)

ScaleOfMatrix = Annotated[
    str,
    typer.Option("--scale", help="Scale of its numbers, such as 'log2(tpm+1)', tpm, log2_array.", show_default=False),
]
Signatures = Annotated[
    list[str] | None,
    typer.Option(
        "--signature", "-s", help="Signatures, separated by commas; or all; core if omitted.", show_default=False
    ),
]
Identifiers = Annotated[str, typer.Option("--identifiers", help="symbol, ensembl, entrez or uniprot.")]
LeadingEdge = Annotated[
    list[str] | None,
    typer.Option(
        "--leading-edge",
        help="Signatures of which the table leading_edge says which genes carry the score, separated by commas.",
        show_default=False,
    ),
]
Stream = Annotated[
    bool,
    typer.Option(
        "--stream",
        help="Score a Zarr store larger than memory, block by block, into the Parquet file that --output names: "
        "methods of single samples and models only, and no other table.",
    ),
]
Memory = Annotated[int, typer.Option("--memory-mb", min=1, help="Memory for blocks of samples with --stream.")]
Report = Annotated[bool, typer.Option("--report/--no-report", help="Also write figures and report.html.")]
Results = Annotated[Path, typer.Option("--output", "-o", help="Folder of results.")]

Expression = Annotated[Path, typer.Argument(help="Expression matrix, 10x folder or samplesheet.", show_default=False)]
SignatureFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--signature-file",
        help="File with gene sets of your own (.gmt, .csv, .tsv, .toml); may be repeated. Without --signature its "
        "sets alone are scored.",
        show_default=False,
    ),
]
Orientation = Annotated[
    str | None,
    typer.Option(
        "--orientation",
        help="genes_by_samples or samples_by_genes; if omitted the former, in h5ad files the latter.",
        show_default=False,
    ),
]
GeneTableName = Annotated[
    str,
    typer.Option("--gene-table", help="bundled, or hgnc (the installed table of all genes), or 'hgnc VERSION'."),
]
GeneLengthsFile = Annotated[
    Path | None,
    typer.Option("--gene-lengths", help="Table of gene lengths, which turns counts into TPM.", show_default=False),
]
DuplicatesRule = Annotated[
    str | None,
    typer.Option(
        "--duplicates",
        help="What becomes of several rows of one gene: sum, mean, median, highest_mean or refuse; if omitted those of "
        "one name are summed on linear scales and refused on others.",
        show_default=False,
    ),
]
AllowIdentifying = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-identifying",
        help="Column to use although it looks like personal data, sample_id for the names of the samples; repeatable.",
        show_default=False,
    ),
]
FileFormat = Annotated[
    str | None, typer.Option("--format", help="Format of the file; by its name if omitted.", show_default=False)
]
GeneColumn = Annotated[
    str | None,
    typer.Option("--gene-column", help="Column of gene names, where a format has several.", show_default=False),
]
ValueColumn = Annotated[
    str | None,
    typer.Option("--value-column", help="Column of values in the files of a samplesheet.", show_default=False),
]
Layer = Annotated[
    str | None,
    typer.Option(
        "--layer", help="Layer of an h5ad file or a Zarr store that holds the matrix; X if omitted.", show_default=False
    ),
]


@score_app.command("matrix")
def score(
    expression: Expression,
    scale: ScaleOfMatrix,
    signature: Signatures = None,
    signature_file: SignatureFiles = None,
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help="Methods, separated by commas.")] = None,
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
    leading_edge: LeadingEdge = None,
    stream: Stream = False,
    memory_mb: Memory = 1024,
    report: Report = False,
    output: Results = Path("scores"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score one matrix for signatures. It is a study of one cohort: the same tables, checks and resume."""
    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    if stream:
        beside = (orientation, gene_lengths, report, leading_edge, gene_table != "bundled", identifiers, *reading)
        refuse_beside_stream(*beside)
        from tmescope.study.streaming import streamed_sets

        sets = streamed_sets(split(signature), signature_file or [])
        chosen = split(method) or ["singscore"]
        _stream(expression, sets, chosen, scale=scale, output=output, limits=(memory_mb, threads), quiet=quiet)
        return
    from tmescope.study.single import ScoredSets, scoring_study

    study = scoring_study(
        expression,
        scale=scale,
        methods=split(method) or ["zscore"],
        sets=ScoredSets(tuple(split(signature)), tuple(signature_file or ()), leading=tuple(split(leading_edge))),
        cohort=keys_of(orientation, identifiers, gene_lengths, reading=reading),
        gene_table=gene_table,
        report=report,
    )
    _run(study, output, threads=threads, quiet=quiet, json=json)


@score_app.command("fit")
def fit(
    expression: Expression,
    scale: ScaleOfMatrix,
    output: Annotated[Path, typer.Option("--output", "-o", help="File of the model.", show_default=False)],
    signature: Signatures = None,
    signature_file: SignatureFiles = None,
    method: Annotated[
        str, typer.Option("--method", "-m", help="A method that looks at the cohort: zscore, ssgsea, gsva, plage.")
    ] = "zscore",
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
    threads: Threads = 1,
    quiet: Quiet = False,
) -> None:
    """Fit a method on a cohort and write the model: one file, which scores new patients by themselves."""
    from tmescope.study.fitting import fit_model
    from tmescope.study.single import ScoredSets, scoring_study

    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    study = scoring_study(
        expression,
        scale=scale,
        methods=[method],
        sets=ScoredSets(tuple(split(signature)), tuple(signature_file or ())),
        cohort=keys_of(orientation, identifiers, gene_lengths, reading=reading),
        gene_table=gene_table,
    )
    with listening("score fit", quiet=quiet) as progress:
        model = fit_model(study, output, threads=threads, facts_home=facts_home(), progress=progress)
    n_sets = len(model.definitions.genes)
    typer.echo(f"{output}: {model.method} of {n_sets} sets, fitted on {model.n_samples} samples in {model.scale}")
    typer.echo(f"next: tmescope score apply {output} EXPRESSION --scale SCALE")


@score_app.command("apply")
def apply(
    model: Annotated[Path, typer.Argument(help="File that tmescope score fit wrote.", show_default=False)],
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
    leading_edge: LeadingEdge = None,
    stream: Stream = False,
    memory_mb: Memory = 1024,
    report: Report = False,
    output: Results = Path("scores"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score new samples with a model, each by itself. It is a study of one cohort: the same tables and checks."""
    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    if stream:
        from tmescope.bulk.frozen_files import read_model

        beside = (orientation, gene_lengths, report, leading_edge, gene_table != "bundled", identifiers, *reading)
        refuse_beside_stream(*beside)
        fitted = [read_model(model)]
        _stream(expression, None, fitted, scale=scale, output=output, limits=(memory_mb, threads), quiet=quiet)
        return
    from tmescope.study.single import ScoredSets, scoring_study

    study = scoring_study(
        expression,
        scale=scale,
        methods=[],
        sets=ScoredSets(models=(model,), leading=tuple(split(leading_edge))),
        cohort=keys_of(orientation, identifiers, gene_lengths, reading=reading),
        gene_table=gene_table,
        report=report,
    )
    _run(study, output, threads=threads, quiet=quiet, json=json)


def refuse_beside_stream(*given: object) -> None:
    """Refuse options of a study beside ``--stream``.

    Parameters
    ----------
    *given : object
        Their values.

    Raises
    ------
    MethodError
        If one is not as it is where nobody names it.
    """
    if any(one not in (None, False, [], "symbol") for one in given):
        raise MethodError(
            "--stream takes no option of a study beside it",
            where="--orientation, --identifiers, --gene-table, --gene-lengths, --duplicates, --format, --gene-column, "
            "--value-column, --layer, --leading-edge, --reference, --allow-identifying, --json or --report",
            expected="samples x genes under symbols",
            next_step="leave it out, or leave --stream out",
        )


def _stream(
    expression: Path,
    sets: Asked,
    methods: Sequence[str | FrozenScore],
    *,
    scale: str,
    output: Path,
    limits: tuple[int, int],
    quiet: bool,
) -> None:
    from tmescope.bulk.streaming import StreamOptions
    from tmescope.study.streaming import stream_scores

    memory_mb, threads = limits
    with listening("score", quiet=quiet) as progress:
        stored = stream_scores(
            expression,
            sets,
            methods,
            scale=scale,
            output=output,
            options=StreamOptions(memory=memory_mb << 20, threads=threads),
            progress=progress,
        )
    for warning in stored.warnings:
        typer.echo(f"warning  {warning.message} [{warning.code}]", err=True)
    typer.echo(f"{stored.path}: {stored.n_samples} samples, {stored.n_features} features")


def keys_of(
    orientation: str | None,
    identifiers: str,
    gene_lengths: Path | None,
    *,
    reading: tuple[str | None, str | None, str | None, str | None, list[str] | None, str | None],
) -> dict[str, str | list[str] | None]:
    """Return the keys of the cohort in a study of one step.

    Parameters
    ----------
    orientation, identifiers, gene_lengths
        As in the study file.
    reading : tuple
        ``format``, ``gene_column``, ``value_column``, ``duplicates``, ``allow_identifying`` and ``layer``.
    """
    lengths = None if gene_lengths is None else str(gene_lengths.resolve())
    names = ("format", "gene_column", "value_column", "duplicates", "allow_identifying", "layer")
    named = dict(zip(names, reading, strict=True))
    return {"orientation": orientation, "identifiers": identifiers, "gene_lengths": lengths, **named}


def _run(study: Study, output: Path, *, threads: int, quiet: bool, json: bool) -> None:
    from tmescope.study.running import run

    with listening("score", quiet=quiet, json=json) as progress:
        outcome = run(study, output, threads=threads, facts_home=facts_home(), progress=progress)
        tell_warnings(outcome, progress if json else None)
    if not json:
        say_outcome(outcome)


def split(values: list[str] | None) -> list[str]:
    """Return names that stand in several options, or in one between commas."""
    return [part.strip() for value in values or [] for part in value.split(",") if part.strip()]
