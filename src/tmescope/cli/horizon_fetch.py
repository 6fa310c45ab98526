"""Command that fetches what a question finds at PubMed, Europe PMC or ClinicalTrials.gov, page by page."""

from __future__ import annotations

import datetime as dt
import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tmescope.cli.facts import CaFile
from tmescope.cli.progress import Json, Quiet, listening
from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from tmescope.ingest.page_fetching import Fetched

__all__ = ["Source", "fetch_app"]

fetch_app = typer.Typer()


class Source(Enum):
    """Where to ask."""

    PUBMED = "pubmed"
    EUROPEPMC = "europepmc"
    TRIALS = "trials"


def _day(text: str | None, option: str) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text if len(text) > 4 else f"{text}-01-01")
    except ValueError as error:
        raise InputError(f"{text!r} is no day", where=option, expected="a day such as 2024-05-17, or a year") from error


@fetch_app.command("fetch")
def fetch(
    source: Annotated[Source, typer.Argument(help="Where to ask.", show_default=False)],
    query: Annotated[str, typer.Option("--query", help="What to ask, in the words of the source.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pages.", show_default=False)],
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="First day or year: on which PubMed or Europe PMC had a record first, or a trial was last updated.",
            show_default=False,
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last day; today if omitted.")] = None,
    page_size: Annotated[int, typer.Option("--page-size", help="Records a page; 200 if omitted.")] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="Ask anew, beside what an earlier call of the same query fetched.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Another address of the same service (https): a gateway.", show_default=False),
    ] = None,
    ca_file: CaFile = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Fetch everything that a query finds, one file a page; a later call goes on where this one stopped.

    HTTPS_PROXY is respected; NCBI_API_KEY raises the pace at PubMed and is never written. What comes is read by
    tmescope horizon ingest.
    """
    from tmescope.ingest.connection import connection_settings
    from tmescope.ingest.fetched_pages import Wanted
    from tmescope.ingest.page_fetching import Manner, fetch_pages
    from tmescope.ingest.page_sources import Service

    key = os.environ.get("NCBI_API_KEY") if source is Source.PUBMED else None
    wanted = Wanted(source.value, query, _day(since, "--since"), _day(until, "--until"))
    manner = Manner(
        Service((url or "").rstrip("/"), page_size, key or None), connection_settings(os.environ, ca_file=ca_file)
    )
    with listening("horizon fetch", quiet=quiet, json=json) as progress:
        fetched = fetch_pages(wanted, output, manner=manner, again=again, progress=progress)
    if not json:
        _say(fetched, output)


def _say(fetched: Fetched, output: Path) -> None:
    from tmescope.cli.main import as_plain

    pages = f"{len(fetched.files):,} pages" if len(fetched.files) != 1 else "1 page"
    if not fetched.new_pages and fetched.files:
        typer.echo(f"nothing was asked: {fetched.records:,} records in {pages} are here already; --again asks anew")
    else:
        typer.echo(f"{fetched.records:,} records in {pages} ({fetched.new_pages:,} new) are in {output}")
    for notice in fetched.notices:
        typer.echo(f"notice: {as_plain(notice)}", err=True)
    if fetched.total is not None and fetched.total != fetched.records:
        typer.echo(
            f"notice: the source counted {fetched.total:,} records and gave {fetched.records:,} different ones: some "
            "came or were withdrawn meanwhile, or it answered amiss; --again asks anew",
            err=True,
        )
    if fetched.files:
        typer.echo(f"next: tmescope horizon ingest {output}/*{fetched.files[0].suffix} -o horizon/")
