"""Who tests a subject and how far, and where: a matrix of sponsors by phase, and a map of tiles."""

from __future__ import annotations

import math
from collections import defaultdict

import pandas as pd

from tmescope.facts.country_tiles import CountryTile, load_country_tiles
from tmescope.report.canvas import Canvas
from tmescope.report.figure import Figure, ink
from tmescope.report.horizon_contents import HorizonContents
from tmescope.report.horizon_scales import shorten
from tmescope.report.numbers import count, plain, plural

__all__ = ["draw_maps", "draw_matrices", "place_countries", "slug"]

_PHASES = ("EARLY_PHASE1", "PHASE1", "PHASE1/PHASE2", "PHASE2", "PHASE2/PHASE3", "PHASE3", "PHASE4")
_WORDS = {
    "EARLY_PHASE1": "early 1", "PHASE1": "1", "PHASE1/PHASE2": "1/2", "PHASE2": "2", "PHASE2/PHASE3": "2/3",
    "PHASE3": "3", "PHASE4": "4", "NA": "n/a", "no phase given": "none given", "not known then": "not known",
}  # fmt: skip
_SPONSORS = 20
_LONGEST = 40
_CELL, _WIDE, _LEFT, _TOP = 28.0, 84.0, 300.0, 34.0
_ALL, _MOST_WIDE = 70.0, 970.0
_TILE, _GAP = 32.0, 2.0
_FAINTEST, _STRONGEST = 0.10, 0.45  # letters stay legible on both themes


def slug(text: str) -> str:
    """Return a text as part of the name of a file: letters, digits and hyphens."""
    shown = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    return "-".join(part for part in shown.split("-") if part) or "subject"


def draw_matrices(contents: HorizonContents) -> list[Figure]:
    """Return, for each subject, how many trials each sponsor has in each phase.

    Parameters
    ----------
    contents : HorizonContents
        With the table landscape_crossed.
    """
    figures = []
    for subject, title in contents.subjects.items():
        rows = contents.of_subject("landscape_crossed", subject)
        rows = rows[(rows["row_axis"] == "phase") & (rows["column_axis"] == "sponsor")]
        if len(rows):
            figures.append(_matrix(subject, title, rows))
    return figures


def _matrix(subject: str, title: str, rows: pd.DataFrame) -> Figure:
    cells = rows.pivot_table(index="column", columns="row", values="n_trials", aggfunc="sum", fill_value=0)
    totals = cells.sum(axis=1)
    sponsors = sorted(cells.index, key=lambda s: (-totals[s], s))
    shown = sponsors[:_SPONSORS]
    known = [p for p in _PHASES if p in cells.columns or p in {"PHASE1", "PHASE2", "PHASE3"}]
    phases = known + sorted(set(cells.columns) - set(_PHASES))
    wide = min(_WIDE, (_MOST_WIDE - _LEFT - _ALL) / len(phases))
    canvas = Canvas(_LEFT + wide * len(phases) + _ALL, _TOP + _CELL * len(shown) + 4)
    filled = cells.loc[shown].reindex(columns=phases, fill_value=0).astype(int)
    numbers_of = [[int(n) for n in row] for row in filled.to_numpy()]
    most = max(1, *(n for row in numbers_of for n in row))
    boxes, numbers = [], []
    for i, sponsor in enumerate(shown):
        for k, phase in enumerate(phases):
            n = numbers_of[i][k]
            x, y = _LEFT + wide * k, _TOP + _CELL * i
            tip = f"{shorten(sponsor, _LONGEST)}, phase {_WORDS.get(phase, phase)}: {plural(n, 'trial')}"
            boxes.append({**_box(x, y, width=wide, height=_CELL), "opacity": _shade(n, most), "tip": tip})
            if n:
                numbers.append({"x": x + wide / 2, "y": y + _CELL / 2, "text": count(n)})
    frames = [box for box in boxes if not box["opacity"]]
    canvas.boxes([{**box, "opacity": 1.0} for box in frames], colour=ink("faint"))
    canvas.boxes([box for box in boxes if box["opacity"]], colour=ink("accent"))
    middles = [_TOP + _CELL * (i + 0.5) for i in range(len(shown))]
    names = [{"x": _LEFT - 10, "y": y, "text": shorten(s, _LONGEST)} for s, y in zip(shown, middles, strict=True)]
    heads = [{"x": _LEFT + wide * (k + 0.5), "y": 16, "text": _WORDS.get(p, plain(p))} for k, p in enumerate(phases)]
    sums = [{"x": canvas.width - 16, "y": y, "text": count(totals[s])} for s, y in zip(shown, middles, strict=True)]
    canvas.words(names, align="right")
    canvas.words(heads, align="center", colour="muted")
    canvas.words(numbers, align="center")
    canvas.words([{"x": canvas.width - 16, "y": 16, "text": "all"}, *sums], align="right", colour="muted")
    return _matrix_figure(subject, title, canvas, cells=cells.loc[sponsors], totals=totals)


def _matrix_figure(subject: str, title: str, canvas: Canvas, *, cells: pd.DataFrame, totals: pd.Series[int]) -> Figure:
    sponsors = list(cells.index)
    rest = len(sponsors) - _SPONSORS
    left_out = f" Of {plural(rest, 'more sponsor')} with no more trials each the table tells." if rest > 0 else ""
    return Figure(
        id=f"sponsors-{slug(subject)}",
        title=f"{plain(title)}: who tests it, and how far",
        caption=(
            "Distinct trials of each lead sponsor by phase; trials of phases 1 and 2 are a column of their own. An "
            "empty cell is a phase in which this lake has no trial of this sponsor; n/a is what the registry calls not "
            f"applicable.{left_out}"
        ),
        alt=(
            f"{plural(len(sponsors), 'lead sponsor')} by phase. Most trials: {shorten(sponsors[0], _LONGEST)}, "
            f"{count(totals[sponsors[0]])}."
        ),
        chart=canvas.chart(),
        table_name="landscape_crossed",
        section=f"subject-{slug(subject)}",
        datasets=canvas.datasets,
    )


def _box(x: float, y: float, *, width: float, height: float) -> dict[str, float]:
    return {"x": x + _GAP / 2, "x2": x + width - _GAP / 2, "y": y + _GAP / 2, "y2": y + height - _GAP / 2}


def _shade(n: int, most: int) -> float:
    """Return the opacity of a cell: it grows with the root of the number, and none is 0."""
    return round(_FAINTEST + (_STRONGEST - _FAINTEST) * math.sqrt(n / most), 4) if n else 0.0


def place_countries(rows: pd.DataFrame) -> tuple[dict[CountryTile, int], dict[str, int]]:
    """Return the trials of each tile, and of each name that has none.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``value`` (name of a country) and ``n_trials``.

    Notes
    -----
    Two spellings of one country are one tile. Their trials are added: a registry spells a country one way in a record.
    """
    tiles = load_country_tiles()
    placed: dict[CountryTile, int] = defaultdict(int)
    other: dict[str, int] = {}
    for name, n in zip(rows["value"].astype(str), rows["n_trials"], strict=True):
        tile = tiles.get(name.casefold())
        if tile is None:
            other[name] = int(n)
        else:
            placed[tile] += int(n)
    return dict(placed), other


def draw_maps(contents: HorizonContents) -> list[Figure]:
    """Return, for each subject, how many trials have a site in each country.

    Parameters
    ----------
    contents : HorizonContents
        With the table landscape_counts.
    """
    figures = []
    for subject, title in contents.subjects.items():
        rows = contents.of_subject("landscape_counts", subject)
        rows = rows[rows["axis"] == "country"]
        placed, other = place_countries(rows)
        if placed:
            figures.append(_map(subject, title, placed, other=other))
    return figures


def _map(subject: str, title: str, placed: dict[CountryTile, int], *, other: dict[str, int]) -> Figure:
    tiles = sorted(set(load_country_tiles().values()), key=lambda t: (t.row, t.column))
    left, top = min(t.column for t in tiles), min(t.row for t in tiles)
    across, down = max(t.column for t in tiles) + 1 - left, max(t.row for t in tiles) + 1 - top
    canvas = Canvas(_TILE * across, _TILE * down)
    most = max(placed.values())
    boxes, codes, numbers = [], [], []
    for tile in tiles:
        x, y, n = _TILE * (tile.column - left), _TILE * (tile.row - top), placed.get(tile, 0)
        boxes.append(
            {
                **_box(x, y, width=_TILE, height=_TILE),
                "opacity": _shade(n, most),
                "tip": f"{tile.name}: {plural(n, 'trial')}",
            }
        )
        codes.append({"x": x + _TILE / 2, "y": y + _TILE * (0.34 if n else 0.5), "text": tile.code, "n": n})
        if n:
            numbers.append({"x": x + _TILE / 2, "y": y + _TILE * 0.7, "text": count(n)})
    canvas.boxes([{**box, "opacity": 1.0} for box in boxes if not box["opacity"]], colour=ink("faint"))
    canvas.boxes([box for box in boxes if box["opacity"]], colour=ink("accent"))
    canvas.words([c for c in codes if not c["n"]], align="center", colour="muted", size=9)
    canvas.words([c for c in codes if c["n"]], align="center", size=9)
    canvas.words(numbers, align="center", size=11, bold=True)
    ordered = sorted(placed.items(), key=lambda item: (-item[1], item[0].name))
    told = "; ".join(
        f"{plain(name)}: {count(n)}" for name, n in sorted(other.items(), key=lambda i: (-i[1], i[0]))[:10]
    )
    return Figure(
        id=f"map-{slug(subject)}",
        title=f"{plain(title)}: where it is tested",
        caption=(
            "Distinct trials with a site in each country; one tile a country, about where a reader looks for it. A "
            f"trial counts in each of its countries.{f' Without a tile: {told}.' if told else ''}"
        ),
        alt=f"{plural(len(placed), 'country', 'countries')} with trials: "
        + ", ".join(f"{tile.name} {count(n)}" for tile, n in ordered[:5])
        + ".",
        chart=canvas.chart(),
        table_name="landscape_counts",
        section=f"subject-{slug(subject)}",
        datasets=canvas.datasets,
        numbers=pd.DataFrame({"Country": [t.name for t, _ in ordered], "Trials": [count(n) for _, n in ordered]}),
    )
