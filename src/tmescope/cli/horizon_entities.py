"""The command that finds genes, drugs, diseases, kinds of therapy and concepts in a lake."""

from __future__ import annotations

import json as _json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tmescope.cli.facts import facts_home
from tmescope.cli.horizon import LakePath
from tmescope.cli.progress import Json, Quiet, listening

if TYPE_CHECKING:
    from tmescope.store.lake import Lake

__all__ = ["entities_app", "open_tagged"]

entities_app = typer.Typer()

_HORIZON = Path("horizon")


@entities_app.command("tag")
def tag(
    lake: LakePath = _HORIZON,
    gene_table: Annotated[
        str | None,
        typer.Option("--gene-table", help="Version of hgnc; the only one that is installed.", show_default=False),
    ] = None,
    diseases: Annotated[
        str | None,
        typer.Option("--diseases", help="Version of doid; the only one that is installed.", show_default=False),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Find what the papers and trials of a lake speak of. The same command goes on from where an earlier one stopped.

    Genes and diseases come from the installed references hgnc and doid (tmescope facts fetch hgnc, tmescope facts fetch
    doid); kinds of therapy, concepts and seen drugs are bundled. Files that the same dictionary was looked for in are
    not read again.
    """
    from tmescope.horizon.kept_index import prepare_index
    from tmescope.horizon.tagging import installed_dictionary, tag_lake
    from tmescope.store.lake import open_lake

    with listening("horizon tag", quiet=quiet, json=json) as progress:
        opened = open_lake(lake)
        dictionary = installed_dictionary(facts_home(), gene_table=gene_table, diseases=diseases)
        tagged = tag_lake(opened, dictionary, progress=progress)
        if tagged.n_parts:
            prepare_index(opened)
    if json:
        typer.echo(_json.dumps({"event": "tagged", "dictionary": dictionary.digest, **asdict(tagged)}))
        return
    held = {form.entity_type for form in dictionary.forms}
    for kind, name in (("gene", "hgnc"), ("disease", "doid")):
        if kind not in held:
            typer.echo(f"no {name} is installed: no {kind}s are found; tmescope facts fetch {name}", err=True)
    typer.echo(
        f"{lake}: {tagged.n_mentions:,} mentions in {tagged.n_documents:,} documents of {tagged.n_parts:,} files, "
        f"dictionary {dictionary.digest[:12]}"
    )


def open_tagged(path: Path, *, needed: bool = True) -> Lake:
    """Open a lake whose mentions are asked, and say on standard error which of its documents have none yet.

    Parameters
    ----------
    path : Path
        Its folder.
    needed : bool
        Whether one that was never tagged is refused.
    """
    from tmescope.store.lake import open_lake
    from tmescope.store.lake_checks import count_untagged, refuse_untagged

    lake = open_lake(path)
    if needed:
        refuse_untagged(lake)
    n_documents, n_files = count_untagged(lake)
    if n_documents:
        typer.echo(
            f"warning: {n_documents:,} of the documents, in {n_files:,} of the files, are not tagged yet and not "
            f"counted: tmescope horizon tag --lake {path}",
            err=True,
        )
    return lake
