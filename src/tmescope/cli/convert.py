"""The command that writes one cohort, checked, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from tmescope.cli.progress import Json, Quiet, listening
from tmescope.cli.score import AllowIdentifying, DuplicatesRule, ScaleOfMatrix

if TYPE_CHECKING:
    from anndata import AnnData

    from tmescope.cli.progress import Listener
    from tmescope.ingest.options import CohortOptions

__all__ = ["convert"]

_READ, _WRITE = "read and checked", "written"

Rows = Annotated[
    str | None,
    typer.Option(
        "--orientation",
        help="genes_by_samples or samples_by_genes; if omitted the former, in h5ad and zarr the latter.",
        show_default=False,
    ),
]
GeneColumn = Annotated[
    str | None, typer.Option("--gene-column", help="Which column names the genes, in formats that have several.")
]


def convert(
    expression: Annotated[Path, typer.Argument(help="Expression matrix.", show_default=False)],
    scale: ScaleOfMatrix,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Name to write to; ends with .h5ad, .zarr or .parquet.", show_default=False
        ),
    ],
    samples: Annotated[Path | None, typer.Argument(help="Sample table.", show_default=False)] = None,
    orientation: Rows = None,
    identifiers: Annotated[str, typer.Option("--identifiers", help="symbol, ensembl or entrez.")] = "symbol",
    layer: Annotated[str | None, typer.Option("--layer", help="Of an h5ad file or a Zarr store; X if omitted.")] = None,
    gene_column: GeneColumn = None,
    duplicates: DuplicatesRule = None,
    allow_identifying: AllowIdentifying = None,
    cohort: Annotated[str, typer.Option("--cohort", help="Name of the cohort.")] = "cohort",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file or Zarr store.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Read one cohort with every check and write it as AnnData (h5ad, Zarr) or as genes x samples (Parquet)."""
    from tmescope.ingest.options import CohortOptions, Duplicates, Identifiers, Orientation, SampleSelection
    from tmescope.store.exchange import exchange_kind

    with listening("convert", quiet=quiet, json=json) as progress:
        _one_of("--identifiers", identifiers, get_args(Identifiers))
        _one_of("--duplicates", duplicates, get_args(Duplicates))
        _one_of("--orientation", orientation, get_args(Orientation))
        kind = exchange_kind(output, force=force)  # before the reading, which takes its time
        options = CohortOptions(
            cohort_id=cohort,
            scale=scale,
            orientation=cast("Orientation | None", orientation),
            identifiers=cast("Identifiers", identifiers),
            selection=SampleSelection(one_per_patient="all"),
            layer=layer,
            gene_column=gene_column,
            duplicates=cast("Duplicates | None", duplicates),
            allow_identifying=tuple(allow_identifying or ()),
            progress=progress,
        )
        adata = _convert((expression, samples), output, options=options, force=force, listener=progress)
    if json:
        return
    for warning in adata.uns["tmescope"]["warnings"]:
        typer.echo(f"warning  {warning}", err=True)
    typer.echo(f"wrote {output}: {adata.n_obs} samples, {adata.n_vars} genes, {adata.uns['tmescope']['scale']}")
    if kind == ".parquet" and samples is not None:
        typer.echo("the Parquet file holds the matrix alone; the sample table stays where it is")


def _convert(
    files: tuple[Path, Path | None], output: Path, *, options: CohortOptions, force: bool, listener: Listener
) -> AnnData:
    from tmescope.foundation.result import RunWarning
    from tmescope.ingest.reading import read_cohort
    from tmescope.store.exchange import write_exchange

    listener.plan({_READ: 2.0, _WRITE: 1.0})
    listener.start(_READ)
    adata = read_cohort(*files, scale=options.scale, options=options)
    listener.finish(_READ, "done")
    listener.start(_WRITE)
    write_exchange(adata, output, force=force)
    listener.finish(_WRITE, "done")
    for code, _, message in (text.partition(": ") for text in adata.uns["tmescope"]["warnings"]):
        listener.warn(RunWarning(code, message, options.cohort_id))
    return adata


def _one_of(option: str, value: str | None, known: tuple[str, ...]) -> None:
    from tmescope.foundation.errors import UnknownNameError

    if value is not None and value not in known:
        raise UnknownNameError.of("value", value, known, where=option)
