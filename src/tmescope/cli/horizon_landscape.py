"""The commands that map the landscape of a target, a pair or a modality, and that watch for what is new."""

from __future__ import annotations

import json as _json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tmescope.cli.horizon import LakePath
from tmescope.cli.horizon_telling import as_csv, as_json, last_day, plain, refuse_both
from tmescope.cli.lists import print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from tmescope.horizon.alerts import Alert
    from tmescope.horizon.landscape import Landscape
    from tmescope.store.lake import Connection

__all__ = ["NEWS", "landscape_app"]

NEWS = 10
"""Exit code of ``watch run`` where there is news; 0 where there is none, 2 for an error."""

landscape_app = typer.Typer()
watch_app = typer.Typer(
    help="Watch a lake: new trials, phases and statuses that changed, first papers, retractions, deletions.",
    no_args_is_help=True,
)
landscape_app.add_typer(watch_app, name="watch")

_WIDTH = 60
_LONG = 400
_HORIZON = Path("horizon")
_MOST_ROWS = 12
_AXES = ("phase", "status", "sponsor_class", "country", "start_year")

Name = Annotated[str, typer.Argument(help="Name of the watch.", show_default=False)]
Table = Literal["trials", "counts", "crossed", "first", "partners", "formats", "actors", "gaps"]


@landscape_app.command("landscape")
def landscape(
    entities: Annotated[
        list[str],
        typer.Argument(
            help="A target, drug, disease or modality: its symbol, its name as documents write it, or its identifier "
            "(HGNC:26838, modality:car-t). Several: trials that name all of them.",
            show_default=False,
        ),
    ],
    lake: LakePath = _HORIZON,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="A day in the past, 2023-06-30: what was known then.", show_default=False),
    ] = None,
    table: Annotated[
        Table | None,
        typer.Option("--table", help="Tell this table alone; with --csv it is counts if omitted.", show_default=False),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write one table as CSV, see --table.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write all tables as one JSON object.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for all tables as Parquet and CSV.", show_default=False),
    ] = None,
) -> None:
    """Map who tests what, where and how far: trials by phase, status, sponsor, country and year; what is missing.

    The unit is the distinct trial, and each number has the identifiers of its trials beside it. Trials of phases 1 and
    2 are a category of their own. What is missing is missing in this lake.
    """
    from tmescope.horizon.entity_names import resolve_entity
    from tmescope.horizon.landscape import map_landscape
    from tmescope.horizon.subjects import make_subject

    refuse_both(csv, json, "horizon landscape")
    day = last_day(as_of, "--as-of") if as_of else None
    connection = _connect(lake, day)
    ids = [resolve_entity(connection, one) for one in entities]
    found = map_landscape(connection, make_subject(connection, ids, as_of=day), as_of=day)
    if output is not None:
        _write_tables(found, output)
    if csv:
        typer.echo(as_csv(found.tables()[f"landscape_{table or 'counts'}"]), nl=False)
    elif json:
        typer.echo(_as_json(found))
    elif table is not None:
        _tell_one(found.tables()[f"landscape_{table}"])
    else:
        _tell(found, as_of)


def _connect(lake: Path, day: date | None = None, *, needed: bool = True) -> Connection:
    from tmescope.cli.horizon_entities import open_tagged

    opened = open_tagged(lake, needed=needed)
    return opened.connect() if day is None else opened.as_of(day)


def _write_tables(found: Landscape, output: Path) -> None:
    from tmescope.store.atomic import staged_file
    from tmescope.store.tables import write_csv, write_table

    for name, table in found.tables().items():
        with staged_file(output / f"{name}.parquet") as staged:
            write_table(table, staged)
        with staged_file(output / f"{name}.csv") as staged:
            write_csv(table, staged)


def _as_json(found: Landscape) -> str:
    tables = {
        name.removeprefix("landscape_"): _json.loads(table.to_json(orient="records"))
        for name, table in found.tables().items()
    }
    for records in tables.values():
        for record in records:
            for key in {"doc_ids", "active_doc_ids", "arms"}.intersection(record):
                record[key] = (record[key] or "").split(";") if record[key] else []
    document = {"subject": found.subject, "names": dict(found.names), "notes": list(found.notes), **tables}
    return as_json(document)


def _tell_one(table: pd.DataFrame) -> None:
    """Print all rows of one table; its subject is what was asked for."""
    columns = tuple(c for c in table.columns if c != "subject")
    print_table(columns, [[plain(_shown(cell), _WIDTH) for cell in row] for row in _cells(table[list(columns)])])


def _cells(table: pd.DataFrame) -> list[list[object]]:
    cells: list[list[object]] = table.astype(object).where(table.notna(), "").to_numpy().tolist()
    return cells


def _shown(cell: object) -> str:
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell)


def _tell(found: Landscape, as_of: str | None) -> None:
    names = [f"{plain(name, _WIDTH)} ({key})" if name != key else key for key, name in _subject_names(found)]
    n = len(found.trials)
    then = f", as known on {plain(as_of, _WIDTH)}" if as_of else ""
    typer.secho(f"{' with '.join(names)}: {n} {'trial' if n == 1 else 'trials'}{then}", bold=True)
    if not n:
        typer.echo("no trial of this lake names it")
    columns = ("nct_id", "first_posted_on", "phase", "status", "sponsor")
    _tell_table("newest trials", columns, _newest(found.trials))
    for axis in _AXES if n else ():
        rows = found.counts[found.counts["axis"] == axis]
        _tell_table(axis.replace("_", " "), ("value", "n_trials"), rows, last=axis.endswith("_year"))
    _tell_table("who (lead sponsors)", ("sponsor", "sponsor_class", "n_trials", "n_active", "phases"), found.actors)
    _tell_table("formats", ("name", "phase", "n_trials", "n_summary_only"), found.formats)
    _tell_table("in one arm with", ("name", "n_trials"), found.combinations)
    _tell_table(
        "earliest of phase 1 in this registry (need not be the first in humans)",
        ("doc_id", "on", "precision", "dated_by", "certain", "sponsor"),
        found.first_in_human,
    )
    if n:
        _tell_gaps(found.gaps)
    typer.echo("")
    for note in found.notes:
        typer.echo(f"notice: {plain(note, _LONG)}")
    typer.echo("the trials behind each number: --json, or --csv with --table")


def _tell_gaps(gaps: pd.DataFrame) -> None:
    tumour = gaps["is_tumour"].fillna(False)
    of_kind = gaps["kind"] == "condition"
    _tell_table(
        "modality and phase without a trial here; trials of others in this lake",
        ("name", "phase", "n_lake"),
        gaps[~of_kind],
    )
    _tell_table(
        "tumours without a trial here; trials of others in this lake", ("name", "n_lake"), gaps[of_kind & tumour]
    )
    if n := int((of_kind & ~tumour).sum()):
        typer.echo(f"\nand {n} other conditions (--table gaps --csv)")


def _newest(trials: pd.DataFrame) -> pd.DataFrame:
    return trials.sort_values(["first_posted_on", "doc_id"], ascending=[False, True], na_position="last")


def _subject_names(found: Landscape) -> list[tuple[str, str]]:
    return [(key, found.names.get(key, key)) for key in found.subject.split(" + ")]


def _tell_table(heading: str, columns: tuple[str, ...], table: pd.DataFrame, *, last: bool = False) -> None:
    if table.empty:
        return
    typer.echo(f"\n{heading}")
    shown = table[list(columns)]
    shown = shown.tail(_MOST_ROWS) if last else shown.head(_MOST_ROWS)
    head = tuple(c.replace("n_", "").replace("_", " ") for c in columns)
    print_table(head, [[plain(_shown(cell), _WIDTH) for cell in row] for row in _cells(shown)])
    if len(table) > _MOST_ROWS:
        typer.echo(f"and {len(table) - _MOST_ROWS} {'earlier ones' if last else 'more'}")


@watch_app.command("add")
def add(
    name: Name,
    entity: Annotated[
        list[str] | None,
        typer.Option("--entity", "-e", help="What is watched: a symbol, a name or an identifier.", show_default=False),
    ] = None,
    query: Annotated[
        str,
        typer.Option("--query", help='Words of titles and abstracts: tigit "bispecific antibod*".', show_default=False),
    ] = "",
    focus: Annotated[
        str | None,
        typer.Option("--focus", help="The watch list of a focus area: its name, or a .toml file.", show_default=False),
    ] = None,
    together: Annotated[bool, typer.Option("--together", help="Only documents that name all entities.")] = False,
    papers: Annotated[
        Literal["first", "all"], typer.Option("--papers", help="Tell the first paper of each entity, or every new one.")
    ] = "first",
    tell_all: Annotated[bool, typer.Option("--tell-all", help="Take nothing of the lake as known.")] = False,
    lake: LakePath = _HORIZON,
) -> None:
    """Add a watch. What the lake holds now is taken as known; what comes later is news."""
    from tmescope.facts.focus import load_focus
    from tmescope.horizon.entity_names import resolve_entity
    from tmescope.horizon.watches import Watch
    from tmescope.horizon.watching import add_watch

    connection = _connect(lake, needed=bool(entity or focus))
    listed = [term.id for term in load_focus(focus).watch] if focus else []
    named = [resolve_entity(connection, one) for one in entity or ()]
    watch = Watch(name, tuple(dict.fromkeys([*named, *listed])), query, together=together, papers=papers)
    state = add_watch(connection, lake / "watch", watch, tell_all=tell_all)
    seen = state.seen
    typer.echo(f"watching {name}: {len(seen.trials)} trials and {len(seen.papers)} papers are known")


@watch_app.command("list")
def list_all(
    lake: LakePath = _HORIZON,
    json: Annotated[bool, typer.Option("--json", help="Write the watches as JSON.")] = False,
) -> None:
    """List the watches of a lake."""
    from tmescope.horizon.watching import list_watches

    states = list_watches(lake / "watch")
    if json:
        typer.echo(
            _json.dumps([{**s.watch.as_record(), "runs": s.run, "untold": len(s.untold)} for s in states], indent=1)
        )
        return
    rows = [
        (s.watch.name, str(len(s.watch.entities)), str(len(s.seen.trials)), str(len(s.seen.papers)), str(s.run),
         str(len(s.alerts)), plain(s.watch.query or ", ".join(s.watch.entities), _WIDTH))
        for s in states
    ]  # fmt: skip
    print_table(("name", "entities", "trials", "papers", "runs", "alerts", "looks for"), rows)


@watch_app.command("remove")
def remove(name: Name, lake: LakePath = _HORIZON) -> None:
    """Remove a watch, with what it found."""
    from tmescope.horizon.watching import remove_watch

    remove_watch(lake / "watch", name)
    typer.echo(f"{name} is removed")


@watch_app.command("run")
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Watches; all if omitted.", show_default=False)] = None,
    lake: LakePath = _HORIZON,
    json: Annotated[bool, typer.Option("--json", help="Write what is new as JSON.")] = False,
    atom: Annotated[
        Path | None,
        typer.Option("--atom", help="Write a feed of all that was ever found to this file.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write what is new to this file, not to the screen.", show_default=False),
    ] = None,
) -> None:
    """Tell what is new since the last run. Exit code 0: nothing; 10: news; 2: an error."""
    from tmescope.horizon.entity_names import name_entities
    from tmescope.horizon.watching import list_watches, mark_told, run_watch

    folder = lake / "watch"
    connection = _connect(lake, needed=False)
    chosen = names or [state.watch.name for state in list_watches(folder)]
    if not chosen:
        typer.echo("the lake has no watch; add one: tmescope horizon watch add NAME --entity TIGIT", err=True)
    states = [run_watch(connection, folder, name, today=date.today().isoformat()) for name in dict.fromkeys(chosen)]
    untold = [alert for state in states for alert in state.untold]
    entities = sorted({entity for alert in untold for entity in alert.entity.split(" + ") if entity})
    _tell_alerts(untold, names=name_entities(connection, entities), json=json, output=output)
    if atom is not None:
        _write_feed([alert for state in states for alert in state.alerts], atom, names=dict.fromkeys(chosen))
    for state in states:
        mark_told(folder, state.watch.name, state.run)
    if any(state.untold for state in states):
        raise typer.Exit(NEWS)
    if chosen and sys.stderr.isatty():  # cron would mail it
        typer.echo(f"nothing is new for {', '.join(dict.fromkeys(chosen))}", err=True)


def _tell_alerts(alerts: list[Alert], *, names: Mapping[str, str], json: bool, output: Path | None) -> None:
    from tmescope.horizon.alert_feeds import as_json, as_text

    text = as_json(alerts) if json else as_text(alerts, names)
    if output is not None:
        _write(output, text)
        return
    typer.echo(text, nl=False)
    sys.stdout.flush()  # what cannot be shown is not noted as told


def _write_feed(alerts: list[Alert], path: Path, *, names: dict[str, None]) -> None:
    from tmescope.horizon.alert_feeds import as_atom

    ordered = sorted(alerts, key=lambda alert: alert.found_on)
    _write(path, as_atom(ordered, title=f"tmescope horizon: {', '.join(names)}"))


def _write(path: Path, text: str) -> None:
    from tmescope.store.atomic import staged_file

    with staged_file(path) as staged:
        staged.write_text(text, encoding="utf-8")
