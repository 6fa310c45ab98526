"""The commands that make an atlas of cells, look into it, check it and write it for other programs."""

from __future__ import annotations

import json as _json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tmescope.cli.atlas_options import AtlasPath, Memory, Threads
from tmescope.cli.progress import Json, Quiet, listening

if TYPE_CHECKING:
    from tmescope.ingest.atlas_ingest import Ingested

__all__ = ["atlas_app"]

atlas_app = typer.Typer(
    help="Atlases: millions of single cells in one folder, which is also an AnnData store. Make one (ingest), look "
    "into it (info), check its files (verify), write it for other programs (export) or in little space and back "
    "(export, restore); measure its cells (qc, "
    "pseudobulk, variable-genes, pca, score), group them (integrate, neighbours, cluster, umap) and tell groups "
    "apart (markers). What is found is kept in the atlas, where AnnData finds it.",
    no_args_is_help=True,
)

_DAMAGED = 1
_MOST_SAMPLES = 20
_MOST_NAMES = 3

Sheet = Annotated[
    Path,
    typer.Argument(help="CSV or TSV with sample_id, path and what else is known of each sample.", show_default=False),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the atlas; added to where it exists.", show_default=False)
]
Genes = Annotated[
    Literal["same", "union", "intersection"],
    typer.Option(
        "--genes",
        help="same refuses sources with other genes; union counts what a source lacks as zero; intersection leaves out "
        "what not all have.",
    ),
]
GeneColumn = Annotated[
    Literal["gene_name", "gene_id"] | None,
    typer.Option(
        "--gene-column",
        help="Which name counts in sources of Cell Ranger, which have both; as the atlas was made, gene_name for a new "
        "one, if omitted.",
        show_default=False,
    ),
]
Counts = Annotated[
    Literal["uint16", "uint32"] | None,
    typer.Option(
        "--counts",
        help="Type of the counts; uint32 for counts beyond 65,535. As the atlas was made, uint16 for a new one, if "
        "omitted.",
        show_default=False,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        help="Columns of the cells in h5ad files that come along, with commas; all if omitted, none if empty.",
    ),
]
GeneMajor = Annotated[
    bool, typer.Option("--gene-major/--no-gene-major", help="Make the gene-major copy that tests of genes need.")
]


@atlas_app.command("ingest")
def ingest(
    sheet: Sheet,
    output: Output,
    genes: Genes = "same",
    gene_column: GeneColumn = None,
    counts: Counts = None,
    columns: Columns = None,
    gene_major: GeneMajor = True,
    memory: Memory = "1G",
    threads: Threads = 2,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Add the samples of a sheet to an atlas. The same command goes on from where an earlier one was stopped."""
    from tmescope.foundation.budget import parse_memory
    from tmescope.ingest.atlas_ingest import IngestOptions, ingest_atlas
    from tmescope.ingest.atlas_sheet import read_atlas_sheet

    began = time.monotonic()
    with listening("atlas ingest", quiet=quiet, json=json) as progress:
        options = IngestOptions(
            genes=genes,
            gene_name=gene_column,
            count_dtype=counts,
            columns=None if columns is None else tuple(c.strip() for c in columns.split(",") if c.strip()),
            gene_major=gene_major,
            memory=parse_memory(memory),
            threads=threads,
            progress=progress,
        )
        done = ingest_atlas(read_atlas_sheet(sheet), output, options=options)
    if not json:
        _say_ingested(done, output, seconds=time.monotonic() - began)


def _say_ingested(done: Ingested, output: Path, *, seconds: float) -> None:
    for note in done.notes:
        typer.echo(f"note     {note}", err=True)
    layout = done.layout
    fresh = sum(s.n_cells for s in layout.samples if s.sample_id in set(done.added))
    kept = f", {len(done.kept)} were there already" if done.kept else ""
    typer.echo(
        f"{output}: added {len(done.added)} samples with {fresh:,} cells ({fresh / max(seconds, 1e-3):,.0f} cells/s, "
        f"peak memory {_peak()}){kept}"
    )
    typer.echo(f"it holds {layout.n_cells:,} cells of {len(layout.samples)} samples, {layout.n_genes:,} genes")


def _peak() -> str:
    """Return the most memory that this process and its children had."""
    import resource

    both = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return f"{sum(both) / 1024:,.0f} MB"


@atlas_app.command("info")
def info(
    atlas: AtlasPath,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Say what an atlas holds: sizes, samples, columns, genes, bytes, gene-major copies and results."""
    from tmescope.store.atlas_facts import describe_atlas
    from tmescope.store.atlas_reading import open_atlas

    found = describe_atlas(open_atlas(atlas))
    if json:
        typer.echo(_json.dumps({**asdict(found), "bytes_of_an_entry": found.bytes_of_an_entry}))
        return
    share = found.n_entries / max(found.n_cells * found.n_genes, 1)
    typer.echo(f"cells    {found.n_cells:,} of {len(found.samples)} samples")
    typer.echo(f"genes    {found.n_genes:,}")
    typer.echo(f"counts   {found.n_entries:,} above zero ({share:.2%}), {found.count_dtype}")
    typer.echo(
        f"disk     {found.bytes_in_all:,} bytes; {found.bytes_of_an_entry:.2f} bytes a count, {found.n_panels} "
        f"gene-major copies of {found.cells_in_panels:,} cells"
    )
    typer.echo("columns  " + (", ".join(f"{name} ({form})" for name, form in found.columns.items()) or "none"))
    typer.echo("results  " + (", ".join(found.results) or "none"))
    for name, why in found.out_of_date.items():
        typer.echo(f"         {name} is out of date: {why}")
    if found.repeated_barcodes:
        typer.echo(
            f"note     {found.repeated_barcodes:,} barcodes stand in several samples: cells are named sample:barcode"
        )
    for sample in found.samples[:_MOST_SAMPLES]:
        typer.echo(f"sample   {sample.sample_id}: {sample.n_cells:,} cells, {sample.n_entries:,} counts above zero")
    if len(found.samples) > _MOST_SAMPLES:
        typer.echo(f"         and {len(found.samples) - _MOST_SAMPLES} more (--json lists all)")


@atlas_app.command("verify")
def verify(atlas: AtlasPath) -> None:
    """Read every file of an atlas and name each that is not as it was written; exit code 1 where there is one.

    What writers that were stopped left is named too: it does no harm but takes room.
    """
    from tmescope.store.atlas_leftovers import find_leftovers
    from tmescope.store.atlas_reading import open_atlas

    opened = open_atlas(atlas)
    wrong = list(opened.verify())
    for left in find_leftovers(opened.path, opened.layout):
        then = "; the next command that writes to the atlas removes it" if left.is_swept else ""
        typer.echo(f"left over  {left.place} {left.why}{then}")
    for line in wrong:
        typer.echo(f"damaged  {line}")
    n = sum(len(shards) for shards in opened.layout.shards.values())
    if wrong:
        typer.echo(f"{len(wrong)} of {n} files are damaged; cells in other files can be read", err=True)
        raise typer.Exit(_DAMAGED)
    typer.echo(f"{atlas}: {n} files are as they were written")


@atlas_app.command("export")
def export(
    atlas: AtlasPath,
    output: Annotated[Path, typer.Option("--output", "-o", help="Name to write to.", show_default=False)],
    to: Annotated[
        Literal["h5ad", "mtx", "parquet", "compact"],
        typer.Option(
            "--to",
            help="h5ad (one file), mtx (a folder as of Cell Ranger), parquet (a folder of tables) or compact (a folder "
            "of about half the size, of which tmescope atlas restore makes the atlas again; without its results).",
        ),
    ] = "h5ad",
    memory: Memory = "1G",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write an atlas for other programs or in a compact form, count for count, in runs of cells."""
    from tmescope.foundation.budget import parse_memory
    from tmescope.store.atlas_export import export_atlas
    from tmescope.store.atlas_reading import open_atlas

    with listening("atlas export", quiet=quiet, json=json) as progress:
        opened = open_atlas(atlas)
        export_atlas(opened, output, to, memory=parse_memory(memory), progress=progress)
    if not json:
        typer.echo(f"wrote {output}: {opened.layout.n_cells:,} cells, {opened.layout.n_genes:,} genes")


@atlas_app.command("restore")
def restore(
    compact: Annotated[
        Path, typer.Argument(help="Folder that tmescope atlas export --to compact made.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the atlas; nothing may be there.", show_default=False)
    ],
    gene_major: GeneMajor = True,
    memory: Memory = "1G",
    threads: Threads = 2,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make an atlas again of its compact form: counts, genes, cells and samples bit for bit. Results are not in it."""
    from tmescope.foundation.budget import parse_memory
    from tmescope.store.compact_restore import restore_atlas

    budget = parse_memory(memory)
    with listening("atlas restore", quiet=quiet, json=json) as progress:
        done = restore_atlas(compact, output, memory=budget, threads=threads, progress=progress)
        if gene_major:
            from tmescope.store.atlas_turning import write_panels

            write_panels(output, memory=budget, threads=threads, progress=progress)
    if json:
        return
    if done.other_files:
        typer.echo(
            f"note     {len(done.other_files)} vectors hold the same in other bytes than the original, since another "
            f"version wrote it: {', '.join(done.other_files[:_MOST_NAMES])}",
            err=True,
        )
    typer.echo(
        f"{output}: restored {done.layout.n_cells:,} cells of {len(done.layout.samples)} samples, "
        f"{done.layout.n_genes:,} genes; results are calculated again where they are needed"
    )
