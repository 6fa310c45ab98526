"""The commands that tell what rises in a lake of papers and trials, and what such rankings were worth in the past."""

from __future__ import annotations

import json as _json
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tmescope.cli.horizon import LakePath
from tmescope.cli.horizon_telling import as_csv, as_json, first_day, last_day, plain, refuse_both
from tmescope.cli.lists import print_table

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.horizon.backtest import Backtest, BacktestOptions
    from tmescope.horizon.mention_index import MentionIndex
    from tmescope.horizon.trends import Trends

__all__ = ["trends_app"]

trends_app = typer.Typer()

_WIDTH = 40
_WARNING = 300
_HORIZON = Path("horizon")
_MOST_ROWS = 25
_MOST_PAIRS = 10
_STEEPEST = 20.0
_RISING = (
    "rank",
    "name",
    "entity_type",
    "papers",
    "n_trials",
    "a_year",
    "at_least",
    "95%_unshrunk",
    "q_value",
    "flags",
)
_HOW = (
    "a year: negative binomial slope after shrinkage; at least: its lower 5% bound, which ranks; q value: false "
    "discovery rate\nflags: few (under ten papers), new (first named in the last two years), uneven (varies far more "
    "than the others), one_end"
)

Table = Literal["trends", "counts", "pairs", "novel", "lead_times", "lead_curve"]
Since = Annotated[
    str, typer.Option("--since", help="First day, such as 2019, 2019-04 or 2019-04-01: its quarter is the first.")
]
Csv = Annotated[bool, typer.Option("--csv", help="Write one table as CSV, see --table.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write all tables as one JSON object.")]


@trends_app.command("trends")
def trends(
    lake: LakePath = _HORIZON,
    focus: Annotated[
        str | None,
        typer.Option("--focus", help="A focus area (oncology, cell-therapy ...) or a file of one.", show_default=False),
    ] = None,
    since: Since = "2019",
    entity_type: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only entities of this type, such as gene, drug or modality.", show_default=False),
    ] = None,
    documents: Annotated[
        str | None,
        typer.Option(
            "--documents", help="List the documents behind the numbers of this entity instead.", show_default=False
        ),
    ] = None,
    quarter: Annotated[
        str | None, typer.Option("--quarter", help="With --documents: only this quarter, 2023Q4.", show_default=False)
    ] = None,
    table: Annotated[Table, typer.Option("--table", help="Which table is told, and which --csv writes.")] = "trends",
    csv: Csv = False,
    json: AsJson = False,
) -> None:
    """Rank entities and pairs by how fast their share of the literature surely rises, by the day of entry.

    Reviews, preprints and trials are counted beside papers. Quarters that are not complete yet are left out.
    """
    from tmescope.cli.horizon_entities import open_tagged
    from tmescope.horizon.kept_index import explain_gone, open_index

    refuse_both(csv, json, "horizon trends")
    first = first_day(since, "--since")
    index = open_index(open_tagged(lake))
    for note in index.notes:
        typer.echo(f"warning: {plain(note, _WARNING)}", err=True)
    if focus is not None:
        _choose(index, focus)
    if documents is not None:
        with explain_gone():
            _tell_documents(index, documents, quarter, since=first, in_focus=focus is not None, form=(csv, json))
        return
    wanted: tuple[Table, ...] = (table,) if csv else ("trends", "counts", "pairs", "novel", "lead_times", "lead_curve")
    with explain_gone():
        tables, found = _measure(index, first, tuple(entity_type or ()), focus=focus, wanted=wanted)
    if csv:
        typer.echo(as_csv(_chosen(tables, table)), nl=False)
    elif json:
        typer.echo(_as_json(tables, {"focus": focus or "", "since": first.isoformat(), "notes": list(found.notes)}))
    else:
        _tell(tables, found, table)


@trends_app.command("backtest")
def backtest(
    freeze: Annotated[
        str, typer.Option("--freeze", help="Month or day up to which things are known, such as 2021-12.")
    ],
    lake: LakePath = _HORIZON,
    since: Since = "2015",
    quarters: Annotated[
        int, typer.Option("--quarters", min=1, max=80, help="Quarters afterwards by which it is judged.")
    ] = 8,
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap.")] = 0,
    csv: Annotated[bool, typer.Option("--csv", help="Write the table as CSV.")] = False,
    json: AsJson = False,
) -> None:
    """Rank with what was known on a day, and count how much of the top came true afterwards.

    Beside it stand the rankings by all documents, by those of the last year, and blind draws.
    """
    import numpy as np

    from tmescope.cli.horizon_entities import open_tagged
    from tmescope.horizon.backtest import BacktestOptions
    from tmescope.horizon.backtest import backtest as run

    refuse_both(csv, json, "horizon backtest")
    day = last_day(freeze, "--freeze")
    opened = open_tagged(lake)
    found = run(
        opened.as_of(day),
        opened.connect(),
        day=day,
        since=first_day(since, "--since"),
        rng=np.random.default_rng(seed),
        options=BacktestOptions(quarters=quarters),
    )
    if csv:
        typer.echo(as_csv(found.table), nl=False)
    elif json:
        about = {"frozen_on": day.isoformat(), "judged_from": found.judged_from, "judged_until": found.judged_until}
        typer.echo(_as_json({"backtest": found.table, "entities": found.entities}, about))
    else:
        _tell_backtest(found)


def _tell_backtest(found: Backtest) -> None:
    from tmescope.horizon.backtest import BacktestOptions

    typer.secho(f"known until {found.frozen_on}, judged by {found.judged_from} to {found.judged_until}", bold=True)
    if found.table.empty:
        typer.echo("no entity has papers enough by that day to be ranked: there is nothing to judge", err=True)
        return
    columns = ("outcome", "ranking", "k", "n_hits", "n_hits_total", "n", "precision", "ci_low", "ci_high", "enrichment")
    _print(columns, found.table, most=len(found.table))
    _explain(found.table, BacktestOptions())


def _explain(table: pd.DataFrame, options: BacktestOptions) -> None:
    typer.echo(
        f"\ngrew: at least {options.growth:g} times the share of the last year before, {options.least_after} papers "
        f"and p < {options.level:g}; first_trial: a first trial came to what had none\n"
        "k: how many of the top; hits total: of all n candidates; precision: hits of k, with its 95% interval; "
        "enrichment: over what blind draws get"
    )
    for outcome, rows in table.groupby("outcome", sort=False):
        if not rows["n_hits_total"].any():
            typer.echo(
                f"notice: none of {int(rows['n'].max())} candidates came true by {outcome}: nothing can be enriched"
            )


def _choose(index: MentionIndex, focus: str) -> None:
    from tmescope.facts.focus import load_focus
    from tmescope.foundation.errors import InputError
    from tmescope.horizon.focus_documents import select_area

    if not select_area(index, load_focus(focus)):
        raise InputError(
            f"no document of the lake belongs to {focus!r}",
            where="--focus",
            expected="an area that the lake has documents of",
            next_step="read some of them with tmescope horizon ingest",
        )


def _measure(
    index: MentionIndex, first: date, types: tuple[str, ...], *, focus: str | None, wanted: tuple[Table, ...]
) -> tuple[dict[str, pd.DataFrame], Trends]:
    from tmescope.horizon.lead_times import lead_times
    from tmescope.horizon.pairs import find_novel
    from tmescope.horizon.rising import measure_rising

    with_pairs = not {"pairs", "novel"}.isdisjoint(wanted)
    rising = measure_rising(index, since=first, entity_types=types, focus=focus, with_pairs=with_pairs)
    tables = {"trends": rising.trends.table, "counts": rising.counts.table(focus or "")}
    if rising.pairs is not None:
        begins = rising.pairs.begins_on
        novel = find_novel(rising.pairs, since=max(first, date(begins.year + 2, 1, 1)))
        tables |= {"pairs": rising.pairs.table, "novel": novel}
    if not {"lead_times", "lead_curve"}.isdisjoint(wanted) and {"paper", "trial"} <= set(index.coverage):
        lead = lead_times(index, entity_types=types)
        tables |= {"lead_times": lead.table, "lead_curve": lead.curve_table()}
    return tables, rising.trends


def _chosen(tables: dict[str, pd.DataFrame], name: Table) -> pd.DataFrame:
    from tmescope.foundation.errors import InputError

    if name not in tables:
        raise InputError(
            f"there is no table {name!r} of this lake",
            where="--table",
            expected="papers for pairs, and trials beside them for lead times",
            next_step="read some with tmescope horizon ingest, or ask for another table",
        )
    return tables[name]


def _tell(tables: dict[str, pd.DataFrame], found: Trends, table: Table) -> None:
    if table != "trends":
        asked = _chosen(tables, table)
        _print(tuple(asked.columns), asked, most=_MOST_ROWS)
        return
    typer.secho("rising: change of the share of papers in a year, the surest first", bold=True)
    _print(_RISING, _rising(tables["trends"]), most=_MOST_ROWS)
    typer.echo(_HOW)
    pair_columns = ("name_a", "name_b", "n", "expected", "ratio_low", "first_on")
    sure = "pairs" in tables and (tables["pairs"]["ratio_low"].astype(float) > 1).any()
    headings = {
        "pairs": "named together"
        + (", the surest excess over chance first" if sure else ": no pair surely beyond chance"),
        "novel": "new pairs, confirmed by three papers of two groups",
    }
    for name, heading in headings.items():
        if name in tables and len(tables[name]):
            typer.secho(f"\n{heading}", bold=True)
            _print(pair_columns, tables[name], most=_MOST_PAIRS)
    if "pairs" in tables and len(tables["pairs"]):
        typer.echo(
            "expected: papers by chance; ratio low: lower 5% bound of papers over expected ones, after shrinkage"
        )
    typer.echo("")
    for note in found.notes:
        typer.echo(f"notice: {note}")
    typer.echo("the documents behind a number: --documents ENTITY --quarter 2023Q4")


def _rising(table: pd.DataFrame) -> pd.DataFrame:
    """Return a ranking with its slopes as per cent a year."""
    shown = table.assign(papers=table["n_documents"])
    for name, column in (("a_year", "shrunk_slope"), ("at_least", "lower_bound")):
        shown[name] = table[column].map(_percent)
    ends = zip(table["ci_low"].map(_percent), table["ci_high"].map(_percent), strict=True)
    shown["95%_unshrunk"] = [f"{low} to {high}" if low and high else "" for low, high in ends]
    return shown


def _percent(slope: float) -> str:
    if not math.isfinite(slope):
        return ""
    if slope == 0:
        return "0"
    change = math.expm1(min(slope, _STEEPEST))
    return f"{100 * change:+.1f}%" if abs(change) < 1 else f"{100 * change:+.3g}%"


def _tell_documents(
    index: MentionIndex, entity: str, quarter: str | None, *, since: date, in_focus: bool, form: tuple[bool, bool]
) -> None:
    """List the documents that a ranking counts; those of a quarter that is asked for, whether it counts or not."""
    from tmescope.horizon.entity_names import resolve_entity
    from tmescope.horizon.trend_counts import documents_of

    name, (csv, json) = resolve_entity(index.connection, entity), form
    ranked = quarter is None
    found = documents_of(
        index, name, quarter=quarter, in_focus=in_focus, since=since if ranked else None, complete=ranked
    )
    found["entered_on"] = found["entered_on"].dt.strftime("%Y-%m-%d")
    if csv:
        typer.echo(as_csv(found), nl=False)
    elif json:
        typer.echo(_as_json({"documents": found}, {"entity_id": name}))
    else:
        shown = name if name == entity else f"{entity} ({name})"
        many = "1 document" if len(found) == 1 else f"{len(found):,} documents"
        typer.secho(f"{plain(shown, _WIDTH)}: {many}", bold=True)
        if len(found):
            _print(tuple(found.columns), found, most=len(found))


def _print(columns: tuple[str, ...], table: pd.DataFrame, *, most: int) -> None:
    shown = table[list(columns)].head(most)
    head = tuple(c.removeprefix("n_").replace("_", " ") for c in columns)
    print_table(head, [[_cell(cell) for cell in row] for row in shown.itertuples(index=False)])
    if len(table) > most:
        typer.echo(f"and {len(table) - most} more (--csv or --json tells all)")


def _cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - not a number
        return ""
    return f"{value:.3g}" if isinstance(value, float) else plain(str(value), _WIDTH)


def _as_json(tables: Mapping[str, pd.DataFrame], about: Mapping[str, object]) -> str:
    records = {name: _json.loads(table.to_json(orient="records")) for name, table in tables.items()}
    return as_json({**about, **records})
