"""Pairs of entities that papers name together more often than by chance."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from tmescope.report.canvas import Canvas
from tmescope.report.figure import Figure, ink
from tmescope.report.horizon_contents import HorizonContents
from tmescope.report.horizon_scales import FOOT, HEAD, ROW, Band, draw_grid, ratio_ticks, shorten
from tmescope.report.numbers import count, is_missing, plain, plural

__all__ = ["draw_pairs"]

_WIDTH = 970.0
_LONGEST = 26
_RATIO = (430.0, 720.0)
_NUMBERS = ((790, "papers"), (860, "by chance"), (964, "together since"))


def draw_pairs(contents: HorizonContents) -> list[Figure]:
    """Return, for each area, the pairs that papers name together more often than by chance.

    Parameters
    ----------
    contents : HorizonContents
        With the table trend_pairs.
    """
    figures = []
    split = "focus" in contents.table("trend_pairs").columns
    areas = contents.areas if split else {"": "All areas"}
    for area, title in areas.items():
        rows = contents.of_area("trend_pairs", area) if split else contents.table("trend_pairs")
        rows = rows[rows["ratio_low"].astype(float) > 1].head(contents.shown).reset_index(drop=True)
        if len(rows):
            figures.append(_pairs(contents, area, title, rows=rows))
    return figures


def _pairs(contents: HorizonContents, area: str, title: str, *, rows: pd.DataFrame) -> Figure:
    canvas = Canvas(_WIDTH, HEAD + ROW * len(rows) + FOOT)
    records: list[dict[Any, Any]] = rows.to_dict(orient="records")
    middles = [HEAD + ROW * (i + 0.5) for i in range(len(rows))]
    heads = [{"x": 0, "y": 12, "text": "pair"}, {"x": _RATIO[0], "y": 12, "text": "times more often than by chance"}]
    canvas.words(heads, colour="muted")
    canvas.words([{"x": x, "y": 12, "text": text} for x, text in _NUMBERS], colour="muted", align="right")
    n_confirmed = int(rows["novel_on"].notna().sum())
    names = [" × ".join(shorten(contents.name_of(r[c]), _LONGEST) for c in ("entity_a", "entity_b")) for r in records]
    canvas.words([{"x": 0, "y": y, "text": name} for name, y in zip(names, middles, strict=True)])
    low, high = min(1.0, float(rows["ratio_low"].min())), max(2.0, float(rows["ratio_high"].max()))
    band = Band(*_RATIO, math.log(low), math.log(high))
    draw_grid(canvas, band, ratio_ticks(band.low, band.high), bottom=canvas.height - FOOT)
    spans, dots, cells = [], [], []
    for r, name, y in zip(records, names, middles, strict=True):
        ends = [band.place(math.log(r[c])) for c in ("ratio_low", "ratio_high")]
        spans.append({"x": ends[0], "x2": ends[1], "y": y, "y2": y})
        tip = f"{name}: {r['shrunk_ratio']:.3g} times"
        dots.append({"x": band.place(math.log(r["shrunk_ratio"])), "y": y, "tip": tip})
        texts = (count(r["n"]), f"{r['expected']:.2g}", _day(r["novel_on"]))
        cells += [{"x": x, "y": y, "text": text} for (x, _), text in zip(_NUMBERS, texts, strict=True)]
    canvas.rules(spans, colour=ink("accent"), width=3)
    canvas.dots(dots, colour=ink("accent"))
    canvas.words(cells, align="right")
    return Figure(
        id=f"pairs-{area}" if area else "pairs",
        title=f"{title}: what is named together",
        caption=(
            f"{plural(len(records), 'pair')} that papers surely name together more often than by chance, the surest "
            "first. The dot is observed over expected after shrinkage; the line runs from its 5% to its 95% quantile. "
            "By chance: papers expected from how often each is named in each quarter. Together since: the first paper "
            "that names both, where at least three papers of two groups have confirmed it; one of the first year of "
            "the lake may have had earlier ones."
        ),
        alt=(
            f"{plural(len(records), 'pair')} by surest excess. First: {names[0]}, {records[0]['shrunk_ratio']:.3g} "
            f"times, {plural(records[0]['n'], 'paper')}. Confirmed by several groups: {count(n_confirmed)}."
        ),
        chart=canvas.chart(),
        table_name="trend_pairs",
        section=f"area-{area}" if area else "pairs",
        datasets=canvas.datasets,
    )


def _day(value: object) -> str:
    return "" if is_missing(value) else plain(value)
