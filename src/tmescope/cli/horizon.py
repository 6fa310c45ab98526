"""The commands that fill a lake of papers and trials, look into it, check it and search it."""

from __future__ import annotations

import json as _json
import time
from collections import Counter
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tmescope.cli.lists import print_table
from tmescope.cli.progress import Json, Quiet, listening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmescope.ingest.documents import FileOutcome

__all__ = ["LakePath", "horizon_app"]

horizon_app = typer.Typer(
    help="What the world's research is doing. Fill a folder, the lake, with papers and trials (fetch, ingest), find "
    "what they speak of (tag), then ask it: search, trends, landscape, watch, backtest. Only fetch needs a network.",
    no_args_is_help=True,
)

_INCOMPLETE = 1
_MOST_ROWS = 60
_MOST_TOLD = 5
"""Refused files of which expectation and next step are told too."""
_COUNTED = ("paper", "preprint", "trial")
_MARKS = ("\x1b[1m", "\x1b[0m")

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Files of PubMed (XML, NBIB, RIS), ClinicalTrials.gov, Europe PMC, bioRxiv or medRxiv (JSON), plain or "
        "gzip-compressed, or folders of them. What a file is, is seen from its content.",
        show_default=False,
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the lake; added to where it exists.", show_default=False)
]
LakePath = Annotated[
    Path, typer.Option("--lake", "-l", help="Folder that tmescope horizon ingest made.", show_default=True)
]
"""The option of every command that asks a lake."""

Memory = Annotated[str, typer.Option("--memory", help="What queries may hold before they use the disk, such as 4G.")]
Threads = Annotated[int, typer.Option("--threads", min=1, max=64, help="How many; the answer does not depend on it.")]
Since = Annotated[
    str | None,
    typer.Option("--since", help="First day of entry, such as 2024, 2024-03 or 2024-03-15.", show_default=False),
]

_HORIZON = Path("horizon")


@horizon_app.command("ingest")
def ingest(
    files: Files = None,
    output: Output = _HORIZON,
    search: Annotated[
        bool, typer.Option("--search/--no-search", help="Bring the full-text index up to date too.")
    ] = True,
    memory: Memory = "1G",
    threads: Threads = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Add files of papers and trials to a lake. The same command goes on from where an earlier one was stopped.

    Files are known by their content: those that the lake has are not read again. One that is refused costs no other;
    exit code 1 says that there was one. The order of the files does not matter.
    """
    from tmescope.cli.main import as_plain
    from tmescope.foundation.budget import parse_memory
    from tmescope.ingest.documents import ingest_documents, listed_files
    from tmescope.store.lake import create_lake
    from tmescope.store.search_index import update_index

    began = time.monotonic()
    with listening("horizon ingest", quiet=quiet, json=json) as progress:
        lake = create_lake(output, threads=threads, memory=parse_memory(memory))
        empty = [folder for folder in files or () if folder.is_dir() and not listed_files([folder])]
        outcomes = ingest_documents(listed_files(files or ()), lake, progress=progress)
        if search:
            update_index(lake, progress=progress)
    for folder in empty:
        typer.echo(f"warning: no file lies in {as_plain(str(folder))}: folders in a folder are not read", err=True)
    if json:
        typer.echo(_json.dumps({"event": "files", "files": [_said(o) for o in outcomes]}))
    else:
        _tell(outcomes, output, seconds=time.monotonic() - began)
    if any(o.refused for o in outcomes):
        raise typer.Exit(_INCOMPLETE)


def _said(outcome: FileOutcome) -> dict[str, object]:
    counts = asdict(outcome.counts) if outcome.counts else {}
    refused = {"refused": str(outcome.refused)} if outcome.refused else {}
    return {"file": str(outcome.path), "format": outcome.format, "is_new": outcome.is_new, **counts, **refused}


def _tell(outcomes: Sequence[FileOutcome], output: Path, *, seconds: float) -> None:
    from tmescope.cli.main import as_plain

    shown = _told_apart([o.path for o in outcomes])
    rows = [
        (
            as_plain(shown[o.path]),
            o.format or "-",
            "refused" if o.refused else "new" if o.is_new else "unchanged",
            *((f"{n:,}" for n in (o.counts.added, o.counts.revised, o.counts.deleted)) if o.counts else "---"),
        )
        for o in outcomes
    ]
    first = sorted(range(len(rows)), key=lambda i: outcomes[i].refused is None)[:_MOST_ROWS]
    if rows:
        print_table(("file", "format", "state", "added", "revised", "deleted"), [rows[i] for i in sorted(first)])
    if len(rows) > _MOST_ROWS:
        rest = len(rows) - _MOST_ROWS
        typer.echo(f"and {rest} more {'file' if rest == 1 else 'files'} (--json tells all)")
    refused = [o for o in outcomes if o.refused]
    for place, outcome in enumerate(refused):
        why = outcome.refused if place < _MOST_TOLD or outcome.refused is None else outcome.refused.what
        typer.echo(as_plain(f"\nrefused  {shown[outcome.path]}: {why}"), err=True)
    n_new = sum(o.is_new for o in outcomes)
    noun = "file" if n_new == 1 else "files"
    fresh = sum(o.n_documents for o in outcomes if o.is_new)
    typer.echo(
        f"{output}: {n_new} {noun} with {fresh:,} documents added ({fresh / max(seconds, 1e-3):,.0f} a second), "
        f"{len(outcomes) - n_new - len(refused)} were there already, {len(refused)} refused"
    )


def _told_apart(paths: Sequence[Path]) -> dict[Path, str]:
    """Return the names of files, with their folder where two have the same."""
    names = Counter(path.name for path in dict.fromkeys(paths))
    return {path: path.name if names[path.name] == 1 else f"{path.parent.name}/{path.name}" for path in paths}


@horizon_app.command("info")
def info(
    lake: LakePath = _HORIZON,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Say what a lake holds: source files, current documents by kind and source, days, withdrawn ones, bytes."""
    from tmescope.store.lake import open_lake
    from tmescope.store.lake_checks import describe_lake

    facts = describe_lake(open_lake(lake))
    if json:
        typer.echo(_json.dumps(asdict(facts), default=str))
        return
    current = sum(n for _, _, n, _, _ in facts.kinds)
    typer.echo(f"documents {current:,} current, {facts.n_versions:,} versions from {facts.n_parts:,} files")
    typer.echo(f"withdrawn {facts.n_deleted:,}")
    typer.echo(
        f"mentions  {facts.n_mentions:,}" + (f" (dictionary {facts.dictionary[:12]})" if facts.dictionary else "")
    )
    typer.echo(f"disk      {facts.n_bytes:,} bytes")
    if facts.kinds:
        typer.echo("")
        rows = [(k, s, f"{n:,}", str(a or "-"), str(b or "-")) for k, s, n, a, b in facts.kinds]
        print_table(("kind", "source", "current", "first entered", "last entered"), rows)
        kinds = Counter({kind: 0 for kind, *_ in facts.kinds})
        for kind, _, n, *_ in facts.kinds:
            kinds[kind] += n
        typer.echo("\n" + ", ".join(f"{n:,} of the kind {kind}" for kind, n in sorted(kinds.items())))
        if not kinds.keys() <= set(_COUNTED):
            typer.echo("books and others are found by search, and counted in no trend")


@horizon_app.command("verify")
def verify(lake: LakePath = _HORIZON, quiet: Quiet = False) -> None:
    """Read every file of a lake and name each that is not as it was written; exit code 1 where there is one."""
    from tmescope.cli.main import as_plain
    from tmescope.store.lake import open_lake
    from tmescope.store.lake_checks import verify_lake

    with listening("horizon verify", quiet=quiet) as progress:
        opened = open_lake(lake)
        wrong = list(verify_lake(opened, progress=progress))
    for found in wrong:
        whence = f"from {as_plain(found.source)}" if found.source else "made anew when it is next needed"
        typer.echo(f"damaged  {as_plain(found.place)} {as_plain(found.how)} ({whence})")
    n = sum(len(p.places()) for p in opened.parts)
    lost = sum(bool(found.source) for found in wrong)
    if lost:
        typer.echo(
            f"{lost} of {n} files are damaged. Remove these, and give their source files to tmescope horizon "
            "ingest again; the other parts can be used as they are",
            err=True,
        )
    if wrong:
        raise typer.Exit(_INCOMPLETE)
    typer.echo(f"{lake}: {n} files are as they were written")


@horizon_app.command("search")
def search(
    question: Annotated[
        str,
        typer.Argument(
            help='Words that must all occur; "a phrase"; pembro* for a beginning; -word for what must not occur; '
            "one OR another; title:word (also abstract, keywords, mesh, trial, ids).",
            show_default=False,
        ),
    ],
    lake: LakePath = _HORIZON,
    kind: Annotated[
        Literal["paper", "preprint", "trial", "book", "other"] | None,
        typer.Option("--kind", help="Only these.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Only from this source, such as pubmed.", show_default=False)
    ] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many at most.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON object a document.")] = False,
) -> None:
    """Find the current documents that fit some words best, offline; exit code 1 where there is none."""
    import sys

    from tmescope.cli.horizon_telling import as_json
    from tmescope.cli.main import as_plain
    from tmescope.store.lake import open_lake
    from tmescope.store.search import search_lake

    opened = open_lake(lake)
    marks = _MARKS if sys.stdout.isatty() and not json else ("", "")
    found = search_lake(
        opened, question, kind=kind, source=source, since=_first_day(since), limit=limit, marks=("\x02", "\x03")
    )
    for hit in found.hits:
        if json:
            typer.echo(as_json(asdict(hit), indent=None))
            continue
        typer.echo(f"{as_plain(hit.doc_id)}  {hit.kind}  {hit.entered_on or 'day unknown'}  {as_plain(hit.source)}")
        for text in dict.fromkeys((hit.title, hit.snippet)):
            typer.echo("  " + _marked(text, marks))
    if found.is_partial and not json:
        typer.echo(f"more than {found.n_ranked:,} documents fit: these are the best of the newest", err=True)
    if not found.hits:
        n = opened.connect().execute("SELECT count(*) FROM documents").fetchone()
        typer.echo(
            f"nothing was found among {n[0] if n else 0:,} documents: all words must occur; try pembro* or OR", err=True
        )
        raise typer.Exit(_INCOMPLETE)


def _marked(text: str, marks: tuple[str, str]) -> str:
    """Return a text on one line that a terminal does not obey, with what was found marked."""
    from tmescope.cli.main import as_plain

    pieces = " ".join(text.split()).replace("\x02", "\n\x02").replace("\x03", "\n\x03").split("\n")
    first = {"\x02": marks[0], "\x03": marks[1]}
    return "".join(first.get(p[:1], "") + as_plain(p[1:] if p[:1] in first else p) for p in pieces)


def _first_day(text: str | None) -> date | None:
    """Return the first day of a year, month or day."""
    from tmescope.foundation.errors import InputError

    if text is None:
        return None
    parts = text.split("-")
    try:
        return date(*(int(p) for p in [*parts, "1", "1"][:3]))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{text[:40]!r} is no day", where="--since", expected="such as 2024, 2024-03 or 2024-03-15"
        ) from error
