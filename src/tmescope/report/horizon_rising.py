"""Rising entities of a focus area: sparkline, slope with its lower bound, papers and trials."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tmescope.report.canvas import Canvas
from tmescope.report.figure import Figure, ink
from tmescope.report.horizon_contents import HorizonContents, is_true
from tmescope.report.horizon_scales import FOOT, HEAD, ROW, Band, draw_grid, percent_ticks, shorten
from tmescope.report.numbers import count, is_missing, plain, plural

__all__ = ["draw_rising", "every_quarter"]

_WIDTH = 970.0
_LONGEST = 30
_SPARK, _SLOPE = (230.0, 440.0), (480.0, 770.0)
_NUMBERS = ((836, "n_documents", "papers"), (904, "n_last_year", "last year"), (962, "n_trials", "trials"))
_LIMIT = math.log(8)  # of the axis of slopes: a share that grows eightfold a year


def draw_rising(contents: HorizonContents) -> list[Figure]:
    """Return, for each area, its rising entities with sparkline, slope, papers and trials.

    Parameters
    ----------
    contents : HorizonContents
        With the tables trends and trend_counts.
    """
    figures = []
    for area, title in contents.areas.items():
        rows = contents.of_area("trends", area)
        rows = rows[rows["lower_bound"].notna()].head(contents.shown).reset_index(drop=True)
        if len(rows):
            figures.append(_rising(contents, area, title, rows=rows))
    return figures


def _rising(contents: HorizonContents, area: str, title: str, *, rows: pd.DataFrame) -> Figure:
    height = HEAD + ROW * len(rows) + FOOT
    canvas = Canvas(_WIDTH, height)
    middles = [HEAD + ROW * (i + 0.5) for i in range(len(rows))]
    records: list[dict[Any, Any]] = rows.to_dict(orient="records")
    _heads(canvas)
    _slopes(canvas, rows, records=records, middles=middles)
    _sparks(canvas, contents, rows, area=area, middles=middles)
    canvas.words([{"x": 0, "y": y, "text": _name(r)} for r, y in zip(records, middles, strict=True)])
    cells = [
        {"x": x, "y": y, "text": count(r[column])}
        for r, y in zip(records, middles, strict=True)
        for x, column, _ in _NUMBERS
    ]
    canvas.words(cells, align="right")
    first, few = records[0], sum("few" in str(r["flags"]) for r in records)
    entities, n_sure = plural(len(records), "entity", "entities"), int((rows["lower_bound"] > 0).sum())
    return Figure(
        id=f"rising-{area}",
        title=f"{title}: what rises",
        caption=(
            f"{entities}, the surest rise first. The dot is the change of the share of papers in a "
            "year after shrinkage; the thick line reaches down to its lower 5% bound, by which they are ranked: "
            f"{_sure(n_sure)}. The thin line is the 95% interval before "
            "shrinkage. The small line is the share of papers by quarter, from zero to its own largest; quarters that "
            "are not complete are left out. Papers, papers of the last year and trials are distinct documents."
            f"{f' Fewer than ten papers: {few}, marked *.' if few else ''}"
        ),
        alt=(
            f"{entities} by surest rise. First: {_name(first)}, {_percent(first['shrunk_slope'])} a year (at least "
            f"{_percent(first['lower_bound'])}), {plural(first['n_documents'], 'paper')}, "
            f"{plural(first['n_trials'], 'trial')}."
        ),
        chart=canvas.chart(),
        table_name="trends",
        section=f"area-{area}",
        datasets=canvas.datasets,
        numbers=_rising_numbers(rows),
    )


def _sure(n: int) -> str:
    if n == 0:
        return "none surely rises, since no bound is above zero"
    return f"{count(n)} surely {'rises' if n == 1 else 'rise'}, with a bound above zero"


def _heads(canvas: Canvas) -> None:
    heads = [(0, "entity"), (_SPARK[0], "share of papers by quarter"), (_SLOPE[0], "change of the share in a year")]
    canvas.words([{"x": x, "y": 12, "text": text} for x, text in heads], colour="muted")
    canvas.words([{"x": x, "y": 12, "text": text} for x, _, text in _NUMBERS], colour="muted", align="right")


def _slopes(
    canvas: Canvas, rows: pd.DataFrame, *, records: Sequence[Mapping[Any, Any]], middles: Sequence[float]
) -> None:
    band = Band(*_SLOPE, *_slope_domain(rows))
    draw_grid(canvas, band, percent_ticks(band.low, band.high), bottom=canvas.height - FOOT)
    wide, sure, dots = [], [], []
    for r, y in zip(records, middles, strict=True):
        middle = band.place(r["shrunk_slope"])
        sure.append({"x": band.place(r["lower_bound"]), "x2": middle, "y": y, "y2": y})
        dots.append({"x": middle, "y": y, "tip": _slope_tip(r)})
        if not is_missing(r["ci_low"]) and not is_missing(r["ci_high"]):
            wide.append({"x": band.place(r["ci_low"]), "x2": band.place(r["ci_high"]), "y": y, "y2": y})
    canvas.rules(wide, colour=ink("muted"), opacity=0.45)
    canvas.rules(sure, colour=ink("accent"), width=3)
    canvas.dots(dots, colour=ink("accent"))


def _name(row: Mapping[Any, Any]) -> str:
    shown = shorten(row["name"], _LONGEST)
    return f"{shown} *" if "few" in str(row["flags"]) else shown


def _percent(slope: float) -> str:
    return f"{100 * math.expm1(slope):+.0f}%".replace("-", "\N{MINUS SIGN}")


def _slope_tip(row: Mapping[Any, Any]) -> str:
    return (
        f"{plain(row['name'])}: {_percent(float(str(row['shrunk_slope'])))} a year, q {float(str(row['q_value'])):.2g}"
    )


def _slope_domain(rows: pd.DataFrame) -> tuple[float, float]:
    low = min(0.0, float(rows[["lower_bound", "ci_low"]].min().min()))
    high = max(0.1, float(rows[["shrunk_slope", "ci_high"]].max().max()))
    return max(low, -_LIMIT), min(high, _LIMIT)


def _sparks(
    canvas: Canvas, contents: HorizonContents, rows: pd.DataFrame, *, area: str, middles: Sequence[float]
) -> None:
    counts = contents.of_area("trend_counts", area)
    counts = counts[(counts["kind"] == "paper") & ~is_true(counts["masked"])]
    corpus = every_quarter(counts.groupby("quarter")["corpus"].max(), contents.quarters.get(area, ()))
    if len(corpus) < 2:
        return
    (left, right), tall = _SPARK, ROW * 0.36
    step = (right - left) / (len(corpus) - 1)
    points, ends = [], []
    for entity, y in zip(rows["entity_id"], middles, strict=True):
        own = counts[counts["entity_id"] == entity].set_index("quarter")["n"].reindex(corpus.index).fillna(0)
        share = (own.astype(float) / corpus.astype(float).clip(lower=1)).to_numpy()
        top = max(share.max(), 1e-12)
        line = [
            {"x": left + step * k, "y": y + tall - 2 * tall * v / top, "line": str(entity)} for k, v in enumerate(share)
        ]
        points += line
        ends.append({**line[-1], "tip": f"{corpus.index[-1]}: {plural(int(own.iloc[-1]), 'paper')}"})
    canvas.lines(points, colour=ink("muted"), width=1.4)
    canvas.dots(ends, colour=ink("accent"), size=18)
    foot = canvas.height - FOOT + 12
    canvas.words([{"x": left, "y": foot, "text": str(corpus.index[0])}], colour="muted", size=11)
    canvas.words([{"x": right, "y": foot, "text": str(corpus.index[-1])}], colour="muted", align="right", size=11)


def every_quarter(corpus: pd.Series[int], ends: Sequence[str] = ()) -> pd.Series[int]:
    """Return the papers of each quarter from the first to the last, 0 in those of which none is known.

    Parameters
    ----------
    corpus : pandas.Series
        By quarters such as 2021Q4, of which some may be missing.
    ends : sequence of str
        Quarters that are there too, whether they have papers or not.
    """
    numbers = [4 * int(str(q)[:4]) + int(str(q)[5]) - 1 for q in (*corpus.index, *ends)]
    if not numbers:
        return corpus
    names = [f"{n // 4}Q{n % 4 + 1}" for n in range(min(numbers), max(numbers) + 1)]
    return corpus.reindex(names).fillna(0).astype(int)


def _rising_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Entity": rows["name"].map(plain),
            "Kind": rows["entity_type"].map(plain),
            "A year": rows["shrunk_slope"].map(_percent),
            "At least": rows["lower_bound"].map(_percent),
            "Papers": rows["n_documents"].map(count),
            "Last year": rows["n_last_year"].map(count),
            "Reviews": rows["n_reviews"].map(count),
            "Preprints": rows["n_preprints"].map(count),
            "Trials": rows["n_trials"].map(count),
            "First": rows["first_on"].map(plain),
            "Burst": rows["burst"].map(plain),
        }
    )
