"""How the order of rising entities moved over the years."""

from __future__ import annotations

import pandas as pd

from tmescope.report.canvas import Canvas
from tmescope.report.figure import Figure, ink
from tmescope.report.horizon_contents import HorizonContents, is_true
from tmescope.report.horizon_scales import FOOT, HEAD, ROW, shorten
from tmescope.report.numbers import count, plain
from tmescope.report.palette import CATEGORIES

__all__ = ["draw_bumps", "rank_by_year"]

_MOST = 12
_WIDTH, _LEFT, _RIGHT = 970.0, 190.0, 735.0
_LONGEST = 28
_FEWEST = 2  # years and entities


def draw_bumps(contents: HorizonContents) -> list[Figure]:
    """Return, for each area, the ranks of its surest rising entities by papers a year.

    Parameters
    ----------
    contents : HorizonContents
        With the tables trends and trend_counts.
    """
    figures = []
    for area, title in contents.areas.items():
        ranks = rank_by_year(contents, area)
        if ranks["year"].nunique() >= _FEWEST and ranks["entity_id"].nunique() >= _FEWEST:
            figures.append(_bumps(contents, area, title, ranks=ranks))
    return figures


def rank_by_year(contents: HorizonContents, area: str) -> pd.DataFrame:
    """Return the rank of each of the surest rising entities of an area in each year, by its papers.

    Parameters
    ----------
    contents : HorizonContents
        With the tables trends and trend_counts.
    area : str
        Name of the area.

    Returns
    -------
    pandas.DataFrame
        entity_id, year, n, rank (1 has the most papers; of equals the earlier in the table trends is first), from the
        year of its first paper on. Years with a quarter that is not complete are left out.
    """
    order = contents.of_area("trends", area)
    chosen = order.loc[order["lower_bound"].notna(), "entity_id"].head(_MOST).astype(str).tolist()
    counts = contents.of_area("trend_counts", area)
    counts = counts[counts["kind"] == "paper"]
    year = counts["quarter"].astype(str).str.slice(0, 4)
    open_years = set(year[is_true(counts["masked"])])
    own = counts["entity_id"].isin(chosen) & ~year.isin(open_years)
    wide = counts.assign(year=year)[own].pivot_table(index="entity_id", columns="year", values="n", aggfunc="sum")
    if wide.empty:
        return pd.DataFrame(columns=["entity_id", "year", "n", "rank"])
    years = [str(y) for y in range(int(min(wide.columns)), int(max(wide.columns)) + 1) if str(y) not in open_years]
    wide = wide.reindex(columns=years).fillna(0).astype(int)
    there = wide.gt(0).cummax(axis=1)  # a paper makes it known, and it stays so
    long = wide.where(there).reset_index().melt(id_vars="entity_id", var_name="year", value_name="n").dropna()
    yearly = long.astype({"n": int})
    yearly["place"] = yearly["entity_id"].map({e: i for i, e in enumerate(chosen)})
    yearly = yearly.sort_values(["year", "n", "place"], ascending=[True, False, True], ignore_index=True)
    yearly["rank"] = yearly.groupby("year").cumcount() + 1
    return yearly[["entity_id", "year", "n", "rank"]]


def _bumps(contents: HorizonContents, area: str, title: str, *, ranks: pd.DataFrame) -> Figure:
    years = sorted(ranks["year"].unique())
    deep = int(ranks["rank"].max())
    canvas = Canvas(_WIDTH, HEAD + ROW * deep + FOOT)
    step = (_RIGHT - _LEFT) / (len(years) - 1)
    across = {year: _LEFT + step * i for i, year in enumerate(years)}
    colours = {e: CATEGORIES[i % len(CATEGORIES)] for i, e in enumerate(_by_last_rank(ranks))}
    bottom = canvas.height - FOOT
    canvas.rules([{"x": x, "x2": x, "y": HEAD - 8, "y2": bottom} for x in across.values()], colour=ink("rule"))
    canvas.words([{"x": x, "y": 18, "text": year} for year, x in across.items()], colour="muted", align="center")
    points, left, right = [], [], []
    for entity, own in ((str(e), rows) for e, rows in ranks.groupby("entity_id", sort=True)):
        name = shorten(contents.name_of(entity), _LONGEST)
        line = [
            {"x": across[y], "y": HEAD + ROW * (r - 0.5), "line": entity, "colour": colours[entity],
             "n": n, "tip": f"{name}, {y}: {count(n)} papers, rank {r}"}
            for y, r, n in zip(own["year"], own["rank"], own["n"], strict=True)
        ]  # fmt: skip
        points += line
        left.append(
            {"x": line[0]["x"] - 10, "y": line[0]["y"], "text": name if own["year"].iloc[0] == years[0] else ""}
        )
        right.append({"x": _RIGHT + 10, "y": line[-1]["y"], "text": f"{name} · {count(own['n'].iloc[-1])}"})
    canvas.lines(points, colour=None, width=2.5)
    canvas.dots([p for p in points if p["n"]], colour=None, size=90)
    canvas.words([word for word in left if word["text"]], align="right", colour="muted")
    canvas.words(right)
    first = ranks[(ranks["year"] == years[-1]) & (ranks["rank"] == 1)].iloc[0]
    top = shorten(contents.name_of(first["entity_id"]), _LONGEST)
    return Figure(
        id=f"ranks-{area}",
        title=f"{title}: the order over the years",
        caption=(
            "The surest rising entities, ordered in each year by their papers, from the year of their first one on; "
            "on the right the papers of the last whole year. A rise is a growing share of all papers, which need not "
            "change the order. No dot: no paper in that year. Colours repeat after eight."
        ),
        alt=f"Ranks from {years[0]} to {years[-1]}. Most papers in {years[-1]}: {plain(top)}, {count(first['n'])}.",
        chart=canvas.chart(),
        table_name="trend_counts",
        section=f"area-{area}",
        datasets=canvas.datasets,
    )


def _by_last_rank(ranks: pd.DataFrame) -> list[str]:
    last = ranks.sort_values(["year", "rank"]).groupby("entity_id").tail(1)
    return [str(e) for e in last.sort_values(["year", "rank"], ascending=[False, True])["entity_id"]]
