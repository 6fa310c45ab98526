"""The landscape: signatures by samples, clustered both ways, under clinical, molecular and quality tracks."""

from __future__ import annotations

import base64
from dataclasses import replace

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.arrangement import describe_order
from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink, text
from tmescope.report.landscape_legend import legend_below
from tmescope.report.numbers import count, decimal, isolate, plain, plural, significant
from tmescope.report.palette import DIVERGING, MISSING_COLOUR
from tmescope.report.raster import colour_grid, paint, png_address
from tmescope.report.sample_blocks import HEADER, TRACK, Layout, Plan, blocks, headers, plan_samples
from tmescope.report.tracks import Track

__all__ = ["CLAMP", "MOST_CELLS", "draw_landscape"]

CLAMP = 2.5
"""Where the colour scale ends, in within-cohort SD; larger values take the end colour."""

MOST_CELLS = 10_000
"""Cells up to which each is a mark of its own; above it the map is a picture, and numbers are looked up below it."""

_SHADE = 0.25
_STEPS = 50
_NOTHING = -128
_KEYS = ["cohort_id", "sample_id"]


def draw_landscape(contents: ReportContents) -> list[Figure]:
    """Return the landscape as one figure; none where there are no scores."""
    plan = plan_samples(contents)
    if plan is None:
        return []
    scores, layout = plan.scores, plan.layout
    labels = contents.short_labels(contents.primary_method)
    swatches, legend = legend_below(plan.tracks, layout)
    tracks = _track_cells(plan.tracks, layout)
    words = {
        "headers": headers(layout),
        "row_labels": _row_labels(plan.tracks, layout, labels),
        "legend_swatches": swatches,
        "legend_text": legend,
    }
    wide = scores.pivot(index="feature", columns=_KEYS, values="z").reindex(layout.features)
    missing = int(wide.isna().to_numpy().sum()) + (len(layout.samples) - wide.shape[1]) * len(layout.features)
    height = float(legend["y"].max()) + 12 if len(legend) else layout.bottom + 8
    tiles = pd.concat([_tiles(wide, layout), _track_tiles(tracks, layout)], ignore_index=True)
    figure = Figure(
        id="landscape",
        title="Signatures by samples",
        caption=_caption(contents, plan, missing),
        alt=_alt(scores, layout, labels),
        chart=_chart(_tile_layers(layout, height), layout, height=height),
        heavy=len(layout.samples) * len(layout.features) > 1500,
        table_name=contents.home_of(contents.primary_method),
        section="landscape",
        datasets=words | {"tiles": tiles},
    )
    return [replace(_live(figure, plan, wide, labels=labels, height=height), still=figure)]


def _live(figure: Figure, plan: Plan, wide: pd.DataFrame, *, labels: dict[str, str], height: float) -> Figure:
    """Return the figure for the page: a mark for each cell, or above `MOST_CELLS` a column for each sample."""
    layout = plan.layout
    if wide.size > MOST_CELLS:
        layers = [*_tile_layers(layout, height), _column_layer(layout, height)]
        more = {"columns": _columns(layout), "grid": _grid(wide, layout, labels)}
        return replace(figure, chart=_chart(layers, layout, height=height), datasets={**figure.datasets, **more})
    more = {"cells": _cells(plan.scores, layout, labels), "tracks": _track_cells(plan.tracks, layout)}
    words = {k: v for k, v in figure.datasets.items() if k != "tiles"}
    return replace(figure, chart=_chart(_cell_layers(layout, height), layout, height=height), datasets=words | more)


def _columns(layout: Layout) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": (layout.samples["x"] + layout.step / 2).round(2),
            "sample": layout.samples["sample_id"].map(plain),
            "cohort": layout.samples["cohort_id"].map(plain),
            "column": np.arange(len(layout.samples)),
        }
    )


def _grid(wide: pd.DataFrame, layout: Layout, labels: dict[str, str]) -> pd.DataFrame:
    """Return, for each feature, its z of every sample as signed bytes: fiftieths of a SD, -128 where missing."""
    ordered = wide[pd.MultiIndex.from_frame(layout.samples[_KEYS])].to_numpy(dtype=np.float64)
    whole = np.rint(np.clip(ordered, -CLAMP, CLAMP) * _STEPS)
    packed = np.where(np.isnan(ordered), _NOTHING, np.where(np.isnan(whole), 0, whole)).astype(np.int8)
    return pd.DataFrame(
        {
            "feature": [plain(labels.get(f, f)) for f in layout.features],
            "top": [round(layout.top + layout.row * i, 2) for i in range(len(layout.features))],
            "height": layout.row,
            "z": [base64.b64encode(row.tobytes()).decode("ascii") for row in packed],
        }
    )


def _cells(scores: pd.DataFrame, layout: Layout, labels: dict[str, str]) -> pd.DataFrame:
    grid = layout.samples.merge(pd.DataFrame({"feature": layout.features}), how="cross")
    grid = grid.merge(scores[[*_KEYS, "feature", "value", "z"]], on=[*_KEYS, "feature"], how="left")
    row = {f: i for i, f in enumerate(layout.features)}
    y = layout.top + layout.row * (grid["feature"].map(row) + 0.5)
    return pd.DataFrame(
        {
            "x": (grid["x"] + layout.step / 2).round(2),
            "y": y,
            "z": grid["z"].round(2),
            "value": grid["value"].map(lambda v: significant(v, 3)),
            "sample": grid["sample_id"].map(plain),
            "cohort": grid["cohort_id"].map(plain),
            "feature": grid["feature"].map(lambda f: plain(labels.get(f, f))),
        }
    )


def _track_cells(tracks: list[Track], layout: Layout) -> pd.DataFrame:
    parts = []
    for i, track in enumerate(tracks):
        found = layout.samples.merge(track.values, on=_KEYS, how="left")
        level = found["level"].where(found["level"].notna(), "missing").astype(str)
        parts.append(
            pd.DataFrame(
                {
                    "x": (found["x"] + layout.step / 2).round(2),
                    "y": HEADER + TRACK * (i + 0.5),
                    "colour": found["colour"].where(found["colour"].notna(), MISSING_COLOUR).astype(str),
                    "track": plain(track.title),
                    "level": level.map(plain),
                    "sample": found["sample_id"].map(plain),
                    "cohort": found["cohort_id"].map(plain),
                }
            )
        )
    columns = ["x", "y", "colour", "track", "level", "sample", "cohort"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({c: [] for c in columns})


def _row_labels(tracks: list[Track], layout: Layout, labels: dict[str, str]) -> pd.DataFrame:
    rows = [{"x": -8.0, "y": HEADER + TRACK * (i + 0.5), "text": plain(t.title)} for i, t in enumerate(tracks)]
    rows += [
        {"x": -8.0, "y": layout.top + layout.row * (i + 0.5), "text": plain(labels.get(f, f))}
        for i, f in enumerate(layout.features)
    ]
    return pd.DataFrame(rows)


def _tiles(wide: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return one picture for each cohort's block, one pixel a cell: no mark for each cell is needed."""
    rows = []
    groups = layout.samples.groupby("cohort_id", sort=False)
    for (_, left, width, _), (_, group) in zip(blocks(layout), groups, strict=True):
        keys = pd.MultiIndex.from_frame(group[_KEYS])
        values = wide[keys].to_numpy(dtype=np.float64)
        if wide.size > MOST_CELLS:
            values = np.round(values / _SHADE) * _SHADE
        pixels = colour_grid(values, limit=CLAMP)
        if layout.step < 1:  # samples share a pixel: smoothing averages them, but must not blur the rows
            pixels = np.repeat(pixels, 3, axis=0)
        place = {"x": left, "y": layout.top, "width": width, "height": layout.bottom - layout.top}
        rows.append(place | {"address": png_address(pixels)})
    return pd.DataFrame(rows)


def _track_tiles(cells: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return one picture for each track and block."""
    rows = []
    for y in dict.fromkeys(cells["y"]):
        track = cells[cells["y"] == y]
        for cohort, left, width, n in blocks(layout):
            within = track["x"].between(left, left + width) & (track["cohort"] == cohort)
            pixels = paint([track.loc[within, "colour"].tolist()[:n]])
            tile = {"x": left, "y": float(y) - TRACK / 2 + 1, "width": width, "height": TRACK - 2}
            rows.append(tile | {"address": png_address(pixels)})
    return pd.DataFrame(rows)


def _scales(layout: Layout, height: float) -> tuple[alt.X, alt.Y]:
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, layout.width], range=[0, layout.width]))
    return x, alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))


def _colour() -> alt.Color:
    legend = alt.Legend(
        title="score, z within cohort (SD)",
        orient="top",
        direction="horizontal",
        gradientLength=180,
        offset=4,
    )
    scale = alt.Scale(domain=[-CLAMP, CLAMP], range=list(DIVERGING), clamp=True, interpolate="rgb")
    return alt.Color("z:Q", scale=scale, legend=legend)


def _cell_layers(layout: Layout, height: float) -> list[alt.Chart]:
    x, y = _scales(layout, height)
    tip = [alt.Tooltip(f"{f}:N") for f in ("sample", "cohort", "feature")]
    # Each cell reaches one pixel under its right and lower neighbour, which is drawn later: antialiased edges then
    # blend two cells and never show the paper between them.
    cells = (
        alt.Chart(data("cells"))
        .mark_rect(width=layout.step + 1, height=layout.row + 1, xOffset=0.5, yOffset=0.5, invalid=None)
        .encode(x=x, y=y, tooltip=[*tip, alt.Tooltip("value:Q", title="score"), alt.Tooltip("z:Q")])
    )
    known = cells.transform_filter("isValid(datum.z)").encode(color=_colour())
    tracks = (
        alt.Chart(data("tracks"))
        .mark_rect(width=layout.step + 1, height=TRACK - 2, xOffset=0.5)
        .encode(
            x=x,
            y=y,
            color=alt.Color("colour:N", scale=None),
            tooltip=["track:N", "level:N", "sample:N", "cohort:N"],
        )
    )
    unknown = cells.transform_filter("!isValid(datum.z)").encode(color=alt.value(MISSING_COLOUR))
    return [unknown, known, tracks]


def _tile_layers(layout: Layout, height: float) -> list[alt.Chart]:
    x, y = _scales(layout, height)
    tiles = (
        alt.Chart(data("tiles"))
        .mark_image(
            width=alt.ExprRef("datum.width"), height=alt.ExprRef("datum.height"), aspect=False, smooth=layout.step < 1,
            align="left", baseline="top",
        )
        .encode(x=x, y=y, url="address:N")
    )  # fmt: skip
    # Without size: it is there for its legend.
    key = (
        alt.Chart(data("tiles"))
        .mark_circle(size=0, opacity=1)
        .transform_calculate(z="0")
        .encode(x=x, y=y, color=_colour())
    )
    return [tiles, key]


def _column_layer(layout: Layout, height: float) -> alt.Chart:
    """Return an unseen column for each sample, for pointers and for showing which samples are chosen."""
    x, _ = _scales(layout, height)
    middle = (HEADER + layout.bottom) / 2
    chart: alt.Chart = (
        alt.Chart(data("columns"))
        .mark_rect(width=layout.step, height=layout.bottom - HEADER, fillOpacity=0)
        .encode(x=x, y=alt.value(middle), tooltip=["sample:N", "cohort:N", "column:Q"])
    )
    return chart


def _chart(cells: list[alt.Chart], layout: Layout, *, height: float) -> alt.LayerChart:
    x, y = _scales(layout, height)
    swatches = alt.Chart(data("legend_swatches")).mark_square(size=90, opacity=1)
    headings = alt.Chart(data("headers")).mark_text(
        align="left", baseline="middle", fontWeight="bold", fontSize=12, color=ink()
    )
    layers = [
        *cells,
        swatches.encode(x=x, y=y, color=alt.Color("colour:N", scale=None)),
        headings.encode(x=x, y=y, text="text:N", tooltip="cohort:N"),
        text(
            "row_labels",
            align="right",
            size=12 if layout.row > 14 else 11 if layout.row > 12 else 8,
            limit=layout.label - 14,
        ).encode(x=x, y=y),
        text("legend_text").encode(x=x, y=y).transform_filter("!datum.title"),
        text("legend_text", align="right", colour="muted").encode(x=x, y=y).transform_filter("datum.title"),
    ]
    chart = alt.layer(*layers, width=layout.width, height=height)
    own_colours: alt.LayerChart = chart.resolve_scale(color="independent")
    return own_colours


def _caption(contents: ReportContents, plan: Plan, missing: int) -> str:
    layout = plan.layout
    cells = len(layout.samples) * len(layout.features)
    share = f"{100 * missing / cells:.1f}% of all"
    gaps = f"Grey: {plural(missing, 'value')} missing or constant within its cohort ({share})."
    largest = int(layout.samples.groupby("cohort_id").size().max())
    picture = (
        f" Above {count(MOST_CELLS)} cells the map is a picture in colours {_SHADE:g} SD apart; pointing at it still "
        "tells sample, feature and z."
    )
    beyond = f" No track was left for {', '.join(map(isolate, plan.beyond))}." if plan.beyond else ""
    return (
        f"{plural(len(layout.features), 'feature')} by {plural(len(layout.samples), 'sample')}; scores by "
        f"{plain(contents.primary_method)}, standardised within each cohort (mean 0, SD 1), so colours compare "
        "samples of one cohort and hide differences between cohorts. "
        f"Colours end at ±{CLAMP} SD, in every cohort. Features are clustered over all samples "
        f"({describe_order(len(layout.features), metric='correlation')}), samples within their cohort "
        f"({describe_order(largest, metric='euclidean')}). "
        f"{gaps if missing else 'No value is missing.'}{beyond}{picture if cells > MOST_CELLS else ''}"
    )


def _alt(scores: pd.DataFrame, layout: Layout, labels: dict[str, str]) -> str:
    wide = scores.pivot(index=_KEYS, columns="feature", values="z")
    groups = ", ".join(f"{plain(c)} ({n})" for c, n in layout.samples.groupby("cohort_id", sort=False).size().items())
    start = f"Heat map of {len(layout.features)} features by {len(layout.samples)} samples in {groups}."
    if wide.shape[1] < 2:
        return start
    r = wide.corr(min_periods=3).to_numpy()
    upper = np.where(np.triu(np.ones_like(r, dtype=bool), 1), r, np.nan)
    if not np.isfinite(upper).any():
        return start
    names = [str(c) for c in wide.columns]
    i, j = np.unravel_index(int(np.nanargmax(upper)), upper.shape)
    first, second = (plain(labels.get(names[k], names[k])) for k in (int(i), int(j)))
    return (
        f"{start} Within cohorts the two features that agree most are {first} and {second} "
        f"(correlation {decimal(upper[i, j])}); the median over all pairs is {decimal(np.nanmedian(upper))}."
    )
