"""The commands that estimate what samples are made of, fit such an estimate and apply it: studies of one step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tmescope.cli.facts import facts_home
from tmescope.cli.fallback import FallbackGroup
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
    Memory,
    Orientation,
    Report,
    Results,
    ScaleOfMatrix,
    ValueColumn,
    keys_of,
    refuse_beside_stream,
    split,
)
from tmescope.cli.study import Threads, say_outcome, tell_warnings
from tmescope.foundation.errors import MethodError

if TYPE_CHECKING:
    from tmescope.bulk.streamed_deconvolution import DeconvolveStream
    from tmescope.study.schema import Study

__all__ = ["deconvolve_app"]

deconvolve_app = typer.Typer(
    cls=FallbackGroup,
    help="Estimate the cell types of every sample: tmescope deconvolve EXPRESSION --scale SCALE. Methods that look at "
    "a whole cohort can be fitted on one (fit) and applied to new patients later (apply), so that no estimate moves "
    "when others arrive. A file that is called fit, apply or matrix is named as ./fit.",
    epilog="tmescope deconvolve matrix --help shows the options of estimating; the word matrix may be left out.",
)

Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        "-m",
        help="Deconvolution methods, separated by commas; tmescope methods lists them. mcp_counter if omitted: the "
        "others stand on references that you install or build.",
        show_default=False,
    ),
]
Facts = Annotated[
    list[str] | None,
    typer.Option(
        "--facts",
        help="Version of an installed reference, such as quantiseq=TIL10; may be repeated. The only installed one if "
        "omitted.",
        show_default=False,
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", "-p", help="METHOD.NAME=VALUE, such as quantiseq.tumour=false; may be repeated.",
        show_default=False,
    ),
]  # fmt: skip
OwnReference = Annotated[
    Path | None,
    typer.Option(
        "--reference", help="Profiles of cell types of your own, for methods that take one.", show_default=False
    ),
]
MinCoverage = Annotated[
    float, typer.Option("--min-coverage", min=0, max=1, help="Smallest share of a reference's genes.")
]
MaxUnmapped = Annotated[
    float, typer.Option("--max-unmapped", min=0, max=1, help="Largest share of marker genes that may be missing.")
]


Stream = Annotated[
    bool,
    typer.Option(
        "--stream",
        help="Estimate a Zarr store larger than memory, block by block, into the Parquet file that --output names: "
        "one method of single samples, and no other table.",
    ),
]
MapSymbols = Annotated[
    bool,
    typer.Option("--map-symbols/--no-map-symbols", help="Replace previous symbols, aliases and ids by symbols."),
]


@deconvolve_app.command("matrix")
def deconvolve(
    expression: Expression,
    scale: ScaleOfMatrix,
    method: Methods = None,
    reference: OwnReference = None,
    facts: Facts = None,
    parameter: Parameters = None,
    orientation: Orientation = None,
    identifiers: Identifiers = "symbol",
    gene_table: GeneTableName = "bundled",
    map_symbols: MapSymbols = True,
    gene_lengths: GeneLengthsFile = None,
    duplicates: DuplicatesRule = None,
    allow_identifying: AllowIdentifying = None,
    file_format: FileFormat = None,
    gene_column: GeneColumn = None,
    value_column: ValueColumn = None,
    layer: Layer = None,
    min_coverage: MinCoverage = 0.5,
    max_unmapped: MaxUnmapped = 0.2,
    stream: Stream = False,
    memory_mb: Memory = 1024,
    report: Report = False,
    output: Results = Path("composition"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Estimate the cell types of every sample. It is a study of one cohort: the same tables, checks and resume."""
    from tmescope.study.deconvolving import pin_only_versions
    from tmescope.study.single import Composition, deconvolution_study

    methods = split(method) or ["mcp_counter"]
    reading = (file_format, gene_column, value_column, duplicates, allow_identifying)
    if stream:
        refuse_beside_stream(orientation, gene_lengths, report, gene_table != "bundled", identifiers, json, *reading)
        given = _StreamOptions(layer, map_symbols, min_coverage, memory_mb, threads, _versions(facts), parameter or [])
        _stream(expression, methods, given, scale=scale, output=output, quiet=quiet, reference=reference)
        return
    asked = Composition(
        methods=tuple(methods),
        reference=reference,
        pins=pin_only_versions(methods, _versions(facts), facts_home()),
        parameters=_parameters(parameter or []),
        min_coverage=min_coverage,
        max_unmapped=max_unmapped,
        map_symbols=map_symbols,
    )
    keys = keys_of(orientation, identifiers, gene_lengths, reading=(*reading, layer))
    study = deconvolution_study(expression, scale=scale, asked=asked, cohort=keys, gene_table=gene_table, report=report)
    _run(study, output, threads=threads, quiet=quiet, json=json)


@deconvolve_app.command("fit")
def fit(
    expression: Expression,
    scale: ScaleOfMatrix,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            "-m",
            help="A method that looks at the cohort: xcell, xcell_raw, consensustme, consensustme_gsva.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="File of the model.", show_default=False)],
    facts: Facts = None,
    parameter: Parameters = None,
    orientation: Orientation = None,
    identifiers: Identifiers = "symbol",
    gene_table: GeneTableName = "bundled",
    map_symbols: MapSymbols = True,
    gene_lengths: GeneLengthsFile = None,
    duplicates: DuplicatesRule = None,
    allow_identifying: AllowIdentifying = None,
    file_format: FileFormat = None,
    gene_column: GeneColumn = None,
    value_column: ValueColumn = None,
    layer: Layer = None,
    min_coverage: MinCoverage = 0.5,
    threads: Threads = 1,
    quiet: Quiet = False,
) -> None:
    """Fit a method on a cohort and write the model: one file, which estimates new patients by themselves."""
    from tmescope.study.deconvolving import pin_only_versions
    from tmescope.study.fitting import fit_composition
    from tmescope.study.single import Composition, deconvolution_study

    asked = Composition(
        methods=(method,),
        pins=pin_only_versions([method], _versions(facts), facts_home()),
        parameters=_parameters(parameter or []),
        min_coverage=min_coverage,
        map_symbols=map_symbols,
    )
    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    keys = keys_of(orientation, identifiers, gene_lengths, reading=reading)
    study = deconvolution_study(expression, scale=scale, asked=asked, cohort=keys, gene_table=gene_table)
    with listening("deconvolve fit", quiet=quiet) as progress:
        model = fit_composition(study, output, threads=threads, facts_home=facts_home(), progress=progress)
    typer.echo(f"{output}: {model.method}, fitted on {model.n_samples} samples in {model.scale}")
    typer.echo(f"next: tmescope deconvolve apply {output} EXPRESSION --scale SCALE")


@deconvolve_app.command("apply")
def apply(
    model: Annotated[Path, typer.Argument(help="File that tmescope deconvolve fit wrote.", show_default=False)],
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
    min_coverage: MinCoverage = 0.5,
    report: Report = False,
    output: Results = Path("composition"),
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Estimate new samples with a model, each by itself. It is a study of one cohort: the same tables and checks."""
    from tmescope.bulk.frozen_deconvolution_files import read_deconvolution
    from tmescope.study.single import Composition, deconvolution_study

    fitted = read_deconvolution(model)
    pins = dict([fitted.reference]) if all(fitted.reference) else {}
    asked = Composition(
        methods=(), models=(model,), pins=pins, min_coverage=min_coverage, map_symbols=fitted.map_symbols
    )
    reading = (file_format, gene_column, value_column, duplicates, allow_identifying, layer)
    keys = keys_of(orientation, identifiers, gene_lengths, reading=reading)
    study = deconvolution_study(expression, scale=scale, asked=asked, cohort=keys, gene_table=gene_table, report=report)
    _run(study, output, threads=threads, quiet=quiet, json=json)


class _StreamOptions(NamedTuple):
    layer: str | None
    map_symbols: bool
    min_coverage: float
    memory_mb: int
    threads: int
    versions: dict[str, str]
    parameters: list[str]

    def build(self, method: str) -> DeconvolveStream:
        """Return the options of the stream of one method."""
        from tmescope.bulk.deconvolution import DeconvolveOptions, list_deconvolvers
        from tmescope.bulk.streamed_deconvolution import DeconvolveStream
        from tmescope.foundation.method import find_method

        spec = find_method(method, list_deconvolvers(), where="--method").spec
        options = DeconvolveOptions(
            self.min_coverage,
            self.map_symbols,
            facts_home=facts_home(),
            version=self.versions.get(spec.installed),
            parameters=_parameters(self.parameters).get(method, {}),
        )
        return DeconvolveStream(self.memory_mb << 20, self.threads, self.layer, options)


def _stream(
    expression: Path,
    methods: list[str],
    options: _StreamOptions,
    *,
    scale: str,
    output: Path,
    quiet: bool,
    reference: Path | None,
) -> None:
    from tmescope.study.streaming import stream_composition

    with listening("deconvolve", quiet=quiet) as progress:
        stored = stream_composition(
            expression,
            methods,
            scale=scale,
            output=output,
            options=options.build(methods[0]),
            reference=reference,
            progress=progress,
        )
    for warning in stored.warnings:
        typer.echo(f"warning  {warning.message} [{warning.code}]", err=True)
    typer.echo(f"{stored.path}: {stored.n_samples} samples, {stored.n_features} features")


def _run(study: Study, output: Path, *, threads: int, quiet: bool, json: bool) -> None:
    from tmescope.study.running import run

    with listening("deconvolve", quiet=quiet, json=json) as progress:
        outcome = run(study, output, threads=threads, facts_home=facts_home(), progress=progress)
        tell_warnings(outcome, progress if json else None)
    if not json:
        say_outcome(outcome)


def _versions(facts: list[str] | None) -> dict[str, str]:
    return dict(_pair(text, "--facts", "NAME=VERSION") for text in facts or [])


def _pair(text: str, option: str, expected: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise MethodError(f"{text!r} cannot be read", where=option, expected=expected)
    return name, value


def _parameters(given: list[str]) -> dict[str, dict[str, bool | int | float | str]]:
    found: dict[str, dict[str, bool | int | float | str]] = {}
    for text in given:
        name, value = _pair(text, "--parameter", "METHOD.NAME=VALUE")
        method, dot, key = name.partition(".")
        if not dot or not key:
            raise MethodError(f"{text!r} cannot be read", where="--parameter", expected="METHOD.NAME=VALUE")
        found.setdefault(method, {})[key] = _value(value)
    return found


def _value(text: str) -> bool | int | float | str:
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
