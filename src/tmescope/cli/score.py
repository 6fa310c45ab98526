"""The command that scores one matrix: a study of one step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tmescope.cli.facts import facts_home
from tmescope.cli.progress import Json, Quiet, listening
from tmescope.cli.study import Threads, say_outcome, tell_warnings

__all__ = ["score"]

Expression = Annotated[Path, typer.Argument(help="Expression matrix, 10x folder or samplesheet.", show_default=False)]
Signatures = Annotated[
    list[str] | None,
    typer.Option(
        "--signature", "-s", help="Signatures, separated by commas; or all; core if omitted.", show_default=False
    ),
]
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


def score(
    expression: Expression,
    scale: Annotated[
        str,
        typer.Option(
            "--scale", help="Scale of its numbers, such as 'log2(tpm+1)', tpm, log2_array.", show_default=False
        ),
    ],
    signature: Signatures = None,
    signature_file: SignatureFiles = None,
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help="Methods, separated by commas.")] = None,
    orientation: Orientation = None,
    identifiers: Annotated[str, typer.Option("--identifiers", help="symbol, ensembl, entrez or uniprot.")] = "symbol",
    gene_table: GeneTableName = "bundled",
    gene_lengths: GeneLengthsFile = None,
    file_format: FileFormat = None,
    gene_column: GeneColumn = None,
    value_column: ValueColumn = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Also write figures and report.html.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of results.")] = Path("scores"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score one matrix for signatures. It is a study of one cohort: the same tables, checks and resume."""
    from tmescope.study.running import run
    from tmescope.study.single import ScoredSets, scoring_study

    study = scoring_study(
        expression,
        scale=scale,
        methods=_split(method) or ["zscore"],
        sets=ScoredSets(tuple(_split(signature)), tuple(signature_file or ())),
        cohort={
            "orientation": orientation,
            "identifiers": identifiers,
            "format": file_format,
            "gene_column": gene_column,
            "value_column": value_column,
            "gene_lengths": None if gene_lengths is None else str(gene_lengths.resolve()),
        },
        gene_table=gene_table,
        report=report,
    )
    with listening("score", quiet=quiet, json=json) as progress:
        outcome = run(study, output, threads=threads, facts_home=facts_home(), progress=progress)
        tell_warnings(outcome, progress if json else None)
    if not json:
        say_outcome(outcome)


def _split(values: list[str] | None) -> list[str]:
    return [part.strip() for value in values or [] for part in value.split(",") if part.strip()]
