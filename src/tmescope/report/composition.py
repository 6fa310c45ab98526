"""Cell populations of every sample: bars of z where a score is no fraction, stacks only where it is one."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.bulk.consensus import METHOD as CONSENSUS
from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink, text
from tmescope.report.landscape_legend import legend_below
from tmescope.report.numbers import count, decimal, percent, plain, plural, significant
from tmescope.report.palette import CATEGORIES, DIVERGING, MISSING_COLOUR, category_colours
from tmescope.report.raster import paint, png_address
from tmescope.report.sample_blocks import HEADER, TRACK, Layout, Plan, blocks, headers, plan_samples, within_cohort_z
from tmescope.report.tracks import Track
from tmescope.report.tracks_beneath import MOST_TRACKS, track_marks, tracks_beneath

__all__ = ["FRACTION_UNITS", "MOST_BARS", "draw_composition"]

FRACTION_UNITS = frozenset({"fraction", "fraction of cells", "fraction of immune cells", "fraction of mRNA"})
"""Units of scores that share one whole, so that the populations of a sample may be stacked; no other unit is."""

MOST_BARS = 4000
"""Bars up to which each is a mark; above it they are drawn as a picture under an unseen column for each sample."""

_POPULATIONS = "cell populations"
_CLAMP = 3.0
_STRIP = 38.0
_STACK = 260.0
_TOLERANCE = 0.02
_KEYS = ["cohort_id", "sample_id"]
_REST = "other populations"
_UNKNOWN = frozenset({"Other", "uncharacterised"})
"""What methods call the cells that their reference does not know."""
_NOT_KNOWN = "uncharacterised cells"
_UNKNOWN_COLOUR = "#d9dde4"
_UP, _DOWN = DIVERGING[-2], DIVERGING[1]


@dataclass(frozen=True)
class Bars:
    """Bars of one figure, in pixels, with what a reader who points at them is told.

    Parameters
    ----------
    table : pandas.DataFrame
        x, y, y2, colour, population, value, z (missing for fractions), sample, cohort.
    labels : pandas.DataFrame
        x, y, text: names on the left.
    bottom : float
        Lower edge.
    legend : mapping of str to str
        Colours of a stack; empty for strips.
    """

    table: pd.DataFrame
    labels: pd.DataFrame
    bottom: float
    legend: dict[str, str]


def draw_composition(contents: ReportContents) -> list[Figure]:
    """Return a figure for each method that gives populations; samples stand as in the landscape.

    A method gives populations where its unit is a fraction (`FRACTION_UNITS`), where every feature that it scored is
    catalogued as a cell population, and where it is the consensus of several.
    """
    found = _population_scores(contents)
    plan = plan_samples(contents) if len(found) else None
    if plan is None:
        return []
    return [
        _draw(contents, part.drop_duplicates([*_KEYS, "feature"]), plan, method=str(method))
        for method, part in found.groupby("method", sort=False)
    ]


def _population_scores(contents: ReportContents) -> pd.DataFrame:
    scores = contents.measured()
    if not len(scores):
        return scores
    signatures = contents.table("signatures")
    populations = set(signatures.loc[signatures["category"] == _POPULATIONS, "name"].astype(str))
    known = scores["feature"].astype(str).isin(populations).groupby(scores["method"]).transform("all")
    chosen = scores[known | scores["unit"].isin(FRACTION_UNITS) | (scores["method"] == CONSENSUS)]
    value = pd.to_numeric(chosen["value"], errors="coerce").astype(float)
    return chosen.assign(value=value.where(np.isfinite(value)))


def _draw(contents: ReportContents, scores: pd.DataFrame, plan: Plan, *, method: str) -> Figure:
    layout = plan.layout
    unit = plain(scores["unit"].dropna().iloc[0]) if scores["unit"].notna().any() else "score"
    problem = _why_not_stacked(scores) if unit in FRACTION_UNITS else "unit"
    stacked = not problem
    scores = within_cohort_z(scores)
    labels = contents.short_labels(method)
    bars = _stack(scores, layout) if stacked else _strips(scores, layout, labels)
    swatches, words = pd.DataFrame(columns=["x", "y", "colour"]), pd.DataFrame(columns=["x", "y", "text", "title"])
    below = plan.tracks[:MOST_TRACKS] if stacked else []
    under = tracks_beneath(below, layout, top=bars.bottom + 6)
    bottom = bars.bottom + (6 + TRACK * len(below) if below else 0.0)
    legends = [Track("Population", pd.DataFrame(), bars.legend)] if bars.legend else []
    placed = Layout(layout.samples, [], layout.step, layout.row, bottom, layout.width, layout.label)
    swatches, words = legend_below([*legends, *below], placed)
    height = (float(words["y"].max()) if len(words) else bars.bottom) + 12
    many = len(bars.table) > MOST_BARS
    labels_left = pd.concat([t for t in (bars.labels, under.names) if len(t)], ignore_index=True)
    datasets = {"headers": headers(layout), "row_labels": labels_left, "tracks": under.cells,
                "legend_swatches": swatches, "legend_text": words}  # fmt: skip
    marks = {"tiles": _tiles(bars, layout), "columns": _columns(layout)} if many else {"bars": bars.table}
    return Figure(
        id=f"composition-{_file_name(method)}",
        title=f"Cell populations by {plain(method)}" + ("" if stacked else ": abundance, z within cohort"),
        caption=_caption(scores, unit=unit, problem=problem),
        alt=_alt(scores, labels, unit=unit, stacked=stacked),
        chart=_chart(layout, bars, height=height, many=many),
        heavy=len(bars.table) > 1500,
        table_name=contents.home_of(method),
        section="landscape",
        datasets=datasets | marks,
    )


def _file_name(method: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in method.lower()).strip("-") or "method"


def _why_not_stacked(scores: pd.DataFrame) -> str:
    """Return why values in a unit of fractions cannot be stacked after all; empty where they can."""
    totals = scores.groupby(_KEYS)["value"].sum(min_count=1)
    negative = int((scores["value"] < 0).sum())
    above = int((totals > 1 + _TOLERANCE).sum())
    if negative or above:
        return f"{plural(negative, 'value')} below 0 and {plural(above, 'sample')} with a sum above 1"
    return ""


def _placed(scores: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    found = layout.samples.merge(scores[[*_KEYS, "feature", "value", "z"]], on=_KEYS, how="inner")
    return found.assign(
        x=(found["x"] + layout.step / 2).round(2),
        sample=found["sample_id"].map(plain),
        cohort=found["cohort_id"].map(plain),
    )


def _strips(scores: pd.DataFrame, layout: Layout, labels: dict[str, str]) -> Bars:
    """Place a strip for each population, a bar up or down from the cohort's mean for each sample."""
    names = [str(f) for f in pd.unique(scores["feature"])]
    place = {f: i for i, f in enumerate(names)}
    found = _placed(scores, layout)
    base = HEADER + _STRIP * (found["feature"].astype(str).map(place) + 0.5)
    z = found["z"].clip(-_CLAMP, _CLAMP)
    table = pd.DataFrame(
        {
            "x": found["x"],
            "y": base.round(2),
            "y2": (base - z.fillna(0.0) * (_STRIP - 6) / (2 * _CLAMP)).round(2),
            "colour": np.where(found["z"].isna(), MISSING_COLOUR, np.where(found["z"] > 0, _UP, _DOWN)),
            "population": found["feature"].map(lambda f: plain(labels.get(str(f), str(f)))),
            "value": found["value"].map(lambda v: significant(v, 3)),
            "z": found["z"].round(2),
            "sample": found["sample"],
            "cohort": found["cohort"],
        }
    )
    gap = table["z"].isna()
    table.loc[gap, ["y", "y2"]] = np.column_stack([table.loc[gap, "y"] - 1.5, table.loc[gap, "y"] + 1.5])
    rows = [
        {"x": -8.0, "y": HEADER + _STRIP * (i + 0.5), "text": plain(labels.get(f, f)).split(":")[0]}
        for f, i in place.items()
    ]
    return Bars(table, pd.DataFrame(rows), HEADER + _STRIP * len(names), {})


def _stack(scores: pd.DataFrame, layout: Layout) -> Bars:
    """Place one bar for each sample, its populations on each other from the most abundant; the rest stays empty."""
    scores = scores.assign(feature=scores["feature"].astype(str).map(lambda f: _NOT_KNOWN if f in _UNKNOWN else f))
    means = scores.groupby("feature")["value"].mean().sort_values(ascending=False, kind="stable")
    means = means.drop(_NOT_KNOWN, errors="ignore")
    room = len(CATEGORIES) if len(means) <= len(CATEGORIES) else len(CATEGORIES) - 1
    kept = [str(f) for f in means.index[:room]]
    found = _placed(scores, layout)
    group = found["feature"].astype(str).where(found["feature"].isin([*kept, _NOT_KNOWN]), _REST)
    found = found.assign(group=group)
    summed = found.groupby(["x", "sample", "cohort", "group"], sort=False, as_index=False)["value"].sum(min_count=1)
    rank = {f: i for i, f in enumerate([*kept, _REST, _NOT_KNOWN])}
    summed = summed.assign(rank=summed["group"].map(rank)).sort_values(["x", "rank"], kind="stable")
    summed = summed.dropna(subset=["value"])
    upper = summed.groupby("x")["value"].cumsum()
    colours = category_colours(kept)
    if (summed["group"] == _REST).any():
        colours[_REST] = MISSING_COLOUR
    if (summed["group"] == _NOT_KNOWN).any():
        colours[_NOT_KNOWN] = _UNKNOWN_COLOUR
    bottom = HEADER + _STACK
    table = pd.DataFrame(
        {
            "x": summed["x"],
            "y": (bottom - _STACK * (upper - summed["value"])).round(2),
            "y2": (bottom - _STACK * upper).round(2),
            "colour": summed["group"].map(colours),
            "population": summed["group"].map(plain),
            "value": summed["value"].map(lambda v: significant(v, 3)),
            "z": np.nan,
            "sample": summed["sample"],
            "cohort": summed["cohort"],
        }
    ).reset_index(drop=True)
    ticks = [
        {"x": -8.0, "y": bottom - _STACK * s, "text": percent(s) if s else "0%"} for s in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return Bars(table, pd.DataFrame(ticks), bottom, {plain(k): v for k, v in colours.items()})


def _columns(layout: Layout) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": (layout.samples["x"] + layout.step / 2).round(2),
            "sample": layout.samples["sample_id"].map(plain),
            "cohort": layout.samples["cohort_id"].map(plain),
        }
    )


def _tiles(bars: Bars, layout: Layout) -> pd.DataFrame:
    """Return one picture for each block: a pixel a sample across, two for each unit of height, clear where empty."""
    height = round(2 * (bars.bottom - HEADER))
    rows = []
    for _, left, width, n in blocks(layout):
        column = ((bars.table["x"] - left) / layout.step - 0.5).round().astype(int)
        inside = (bars.table["x"] > left) & (bars.table["x"] < left + width) & column.between(0, n - 1)
        pixels = np.zeros((height, n, 4), dtype=np.uint8)
        part = bars.table[inside]
        for k, y, y2, colour in zip(column[inside], part["y"], part["y2"], _rgb(part["colour"]), strict=True):
            start, stop = sorted((round(2 * (y - HEADER)), round(2 * (y2 - HEADER))))
            pixels[max(0, start) : stop, k] = (*colour, 255)
        tile = {"x": left, "y": HEADER, "width": width, "height": bars.bottom - HEADER}
        rows.append(tile | {"address": png_address(pixels)})
    return pd.DataFrame(rows)


def _rgb(colours: pd.Series) -> NDArray[np.uint8]:
    return paint([[c] for c in colours])[:, 0] if len(colours) else np.empty((0, 3), np.uint8)


def _chart(layout: Layout, bars: Bars, *, height: float, many: bool) -> alt.LayerChart:
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, layout.width], range=[0, layout.width]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))
    headings = alt.Chart(data("headers")).mark_text(
        align="left", baseline="middle", fontWeight="bold", fontSize=12, color=ink()
    )
    swatches = alt.Chart(data("legend_swatches")).mark_square(size=90, opacity=1)
    layers: list[alt.Chart] = [
        *(_pictures(layout, bars, x=x, y=y) if many else [_marks(layout, x=x, y=y)]),
        track_marks(layout, x=x, y=y),
        swatches.encode(x=x, y=y, color=alt.Color("colour:N", scale=None)),
        headings.encode(x=x, y=y, text="text:N", tooltip="cohort:N"),
        text("row_labels", align="right", limit=layout.label - 14).encode(x=x, y=y),
        text("legend_text").encode(x=x, y=y).transform_filter("!datum.title"),
        text("legend_text", align="right", colour="muted").encode(x=x, y=y).transform_filter("datum.title"),
    ]
    chart = alt.layer(*layers, width=layout.width, height=height)
    own_colours: alt.LayerChart = chart.resolve_scale(color="independent")
    return own_colours


def _marks(layout: Layout, *, x: alt.X, y: alt.Y) -> alt.Chart:
    tip = ["sample:N", "cohort:N", "population:N", alt.Tooltip("value:Q"), alt.Tooltip("z:Q", title="z in the cohort")]
    chart: alt.Chart = (
        alt.Chart(data("bars"))
        .mark_bar(width=max(0.5, layout.step - (0.6 if layout.step > 3 else 0)), invalid=None)
        .encode(x=x, y=y, y2="y2:Q", color=alt.Color("colour:N", scale=None), tooltip=tip)
    )
    return chart


def _pictures(layout: Layout, bars: Bars, *, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    tiles = alt.Chart(data("tiles")).mark_image(
        width=alt.ExprRef("datum.width"), height=alt.ExprRef("datum.height"), aspect=False, smooth=layout.step < 1,
        align="left", baseline="top",
    )  # fmt: skip
    columns = alt.Chart(data("columns")).mark_rect(width=layout.step, height=bars.bottom - HEADER, fillOpacity=0)
    middle = alt.value((HEADER + bars.bottom) / 2)
    return [tiles.encode(x=x, y=y, url="address:N"), columns.encode(x=x, y=middle, tooltip=["sample:N", "cohort:N"])]


def _caption(scores: pd.DataFrame, *, unit: str, problem: str) -> str:
    n = scores[_KEYS].drop_duplicates().shape[0]
    missing = int(scores["value"].isna().sum())
    gaps = f"{plural(missing, 'value')} missing (grey or left out)." if missing else "No value is missing."
    size = f"{plural(scores['feature'].nunique(), 'population')} in {plural(n, 'sample')}; unit: {unit}. "
    order = "Samples stand in the order of the landscape, cohort by cohort. "
    if not problem:
        return (
            f"{size}The unit is a fraction, so the populations of a sample are stacked and comparable with each "
            f"other; what is left to 100% was assigned to none of them. {order}{gaps}"
        )
    why = (
        "This is no fraction: values compare samples within a population, never populations with each other, so "
        "nothing is stacked and no sum means anything. "
        if problem == "unit"
        else f"The unit says fraction, but there are {problem}, so nothing is stacked. "
    )
    constant = int((scores["z"].isna() & scores["value"].notna()).sum())
    flat = f"{plural(constant, 'value')} constant within a cohort, without z (grey). " if constant else ""
    return (
        f"{size}{why}Bars: z within the cohort (mean 0, SD 1), up to ±{_CLAMP:g}, orange above and blue below the "
        f"cohort's mean. {order}{flat}{gaps}"
    )


def _alt(scores: pd.DataFrame, labels: dict[str, str], *, unit: str, stacked: bool) -> str:
    sizes = scores[_KEYS].drop_duplicates().groupby("cohort_id", sort=False).size()
    groups = ", ".join(f"{plain(c)} ({count(n)})" for c, n in sizes.items())
    if stacked:
        means = scores.groupby("feature")["value"].mean().sort_values(ascending=False)
        top = f"{plain(labels.get(str(means.index[0]), str(means.index[0])))} ({percent(means.iloc[0])})"
        return f"Stacked bars of fractions ({unit}) of every sample of {groups}; on average the most abundant is {top}."
    spread = scores.groupby("feature")["z"].apply(lambda z: float((z.abs() > 2).mean()))
    name = str(spread.idxmax())
    return (
        f"Strips of bars of {scores['feature'].nunique()} populations in every sample of {groups}, z within cohorts. "
        f"{plain(labels.get(name, name))} is most often far from its cohort's mean: "
        f"{decimal(100 * spread[name], 0)}% of samples lie beyond 2 SD."
    )
