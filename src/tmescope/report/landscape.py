"""The landscape: signatures by samples, clustered both ways, under the clinical tracks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.arrangement import order_rows
from tmescope.report.contents import ReportContents
from tmescope.report.figure import WIDTH, Figure, data, ink, text
from tmescope.report.numbers import decimal, plain, plural, significant
from tmescope.report.palette import DIVERGING, MISSING_COLOUR
from tmescope.report.raster import colour_grid, paint, png_address
from tmescope.report.tracks import Track, find_tracks

__all__ = ["CLAMP", "draw_landscape", "within_cohort_z"]

CLAMP = 2.5
"""Where the colour scale ends, in within-cohort SD; larger values take the end colour."""

_MOST_LABEL = 330
_GAP = 8.0
_TRACK = 13.0
_HEADER = 24.0
_KEYS = ["cohort_id", "sample_id"]
_AVERAGE_LETTER = 5.9
_BOLD_LETTER = 6.8


@dataclass(frozen=True)
class Layout:
    """Where everything is, in pixels from the top left of the first track.

    Parameters
    ----------
    samples : pandas.DataFrame
        cohort_id, sample_id, x (left edge); one row a sample in drawing order.
    features : list of str
        From top to bottom.
    step, row : float
        Width and height of a cell.
    top : float
        Upper edge of the heat map.
    width : float
        Of all blocks and the gaps between them.
    label : float
        Room for the names on the left.
    """

    samples: pd.DataFrame
    features: list[str]
    step: float
    row: float
    top: float
    width: float
    label: float

    @property
    def bottom(self) -> float:
        """Lower edge of the heat map."""
        return self.top + self.row * len(self.features)


def within_cohort_z(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores with a column z: (value - mean) / SD within cohort and feature (ddof 1).

    Missing values stay missing; where all values of a cohort are equal, z is missing too.
    """
    groups = scores.groupby(["cohort_id", "feature"], sort=False)["value"]
    spread = groups.transform("std")
    z = (scores["value"] - groups.transform("mean")) / spread.where(spread > 0)
    return scores.assign(z=z.astype(float))


def draw_landscape(contents: ReportContents) -> list[Figure]:
    """Return the landscape as one figure; none where there are no scores."""
    scores = contents.primary_scores()
    if not len(scores):
        return []
    scores = within_cohort_z(scores.drop_duplicates([*_KEYS, "feature"]))
    tracks = find_tracks(contents)
    labels = contents.short_labels()
    longest = max(len(plain(labels.get(f, f))) for f in map(str, pd.unique(scores["feature"])))
    label = min(_MOST_LABEL, 24 + 6.1 * max(16, longest))
    layout = _arrange(scores, contents.cohort_ids(), n_tracks=len(tracks), label=label)
    swatches, legend = _legend(tracks, layout)
    datasets = {
        "tracks": _track_cells(tracks, layout),
        "headers": _headers(layout),
        "row_labels": _row_labels(tracks, layout, labels),
        "legend_swatches": swatches,
        "legend_text": legend,
    }
    cells = _cells(scores, layout, labels)
    height = float(legend["y"].max()) + 12 if len(legend) else layout.bottom + 8
    figure = Figure(
        id="landscape",
        title="Signatures by samples",
        caption=_caption(contents, layout, int(cells["z"].isna().sum())),
        alt=_alt(scores, layout, labels),
        chart=_chart(_cell_layers(layout, height), layout, height=height),
        heavy=len(cells) > 1500,
        table_name="scores",
        section="landscape",
        datasets=datasets | {"cells": cells},
    )
    tiles = pd.concat([_tiles(scores, layout), _track_tiles(datasets["tracks"], layout)], ignore_index=True)
    still = replace(
        figure,
        chart=_chart(_tile_layers(layout, height), layout, height=height),
        datasets={k: v for k, v in datasets.items() if k != "tracks"} | {"tiles": tiles},
    )
    return [replace(figure, still=still)]


def _arrange(scores: pd.DataFrame, cohorts: list[str], *, n_tracks: int, label: float) -> Layout:
    """Cluster features over all samples and samples within each cohort, and give each a place."""
    wide = scores.pivot(index="feature", columns=_KEYS, values="z")
    wide = wide.loc[list(pd.unique(scores["feature"]))]
    wide = wide.iloc[order_rows(wide.to_numpy(dtype=np.float64), metric="correlation")]
    present = [c for c in cohorts if c in set(wide.columns.get_level_values(0))]
    width = WIDTH - label - _GAP * (len(present) - 1)
    step = width / max(1, wide.shape[1])
    parts, left = [], 0.0
    for cohort in present:
        block = wide.xs(cohort, axis=1, level=0)
        across = np.ascontiguousarray(block.to_numpy(dtype=np.float64).T)
        names = block.columns[order_rows(across, metric="euclidean")].astype(str)
        x = left + step * np.arange(len(names))
        parts.append(pd.DataFrame({"cohort_id": cohort, "sample_id": names, "x": x}))
        left += step * len(names) + _GAP
    rows = wide.shape[0]
    row = 19.0 if rows <= 25 else 15.0 if rows <= 45 else 12.5
    top = _HEADER + n_tracks * _TRACK + (8.0 if n_tracks else 0.0)
    samples = pd.concat(parts, ignore_index=True)
    return Layout(samples, [str(f) for f in wide.index], step, row, top, left - _GAP, label)


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
                    "y": _HEADER + _TRACK * (i + 0.5),
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


def _blocks(layout: Layout) -> list[tuple[str, float, float, int]]:
    """Return cohort, left edge, width and number of samples of each block of columns."""
    groups = layout.samples.groupby("cohort_id", sort=False)["x"]
    return [(plain(c), float(x.min()), layout.step * len(x), len(x)) for c, x in groups]


def _uses_letters(layout: Layout) -> bool:
    """Return whether a cohort's name is wider than its block, so that headers are letters explained below."""
    return any(_BOLD_LETTER * len(_block_name(c, n)) > width for c, _, width, n in _blocks(layout))


def _block_name(cohort: str, n: int) -> str:
    return f"{cohort} · n = {n}"


def _headers(layout: Layout) -> pd.DataFrame:
    letters = _uses_letters(layout)
    rows = [
        {
            "x": left,
            "y": 8.0,
            "text": _letter(i) if letters else _block_name(cohort, n),
            "cohort": _block_name(cohort, n),
        }
        for i, (cohort, left, _, n) in enumerate(_blocks(layout))
    ]
    return pd.DataFrame(rows)


def _letter(position: int) -> str:
    return chr(ord("A") + position) if position < 26 else str(position + 1)


def _row_labels(tracks: list[Track], layout: Layout, labels: dict[str, str]) -> pd.DataFrame:
    rows = [{"x": -8.0, "y": _HEADER + _TRACK * (i + 0.5), "text": plain(t.title)} for i, t in enumerate(tracks)]
    rows += [
        {"x": -8.0, "y": layout.top + layout.row * (i + 0.5), "text": plain(labels.get(f, f))}
        for i, f in enumerate(layout.features)
    ]
    return pd.DataFrame(rows)


def _legend(tracks: list[Track], layout: Layout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Place one line for each track below the map; text widths are estimated from the number of letters."""
    lines: list[tuple[str, dict[str, str | None]]] = [(t.title, dict(t.legend)) for t in tracks]
    if _uses_letters(layout):
        named = {f"{_letter(i)}  {_block_name(c, n)}": None for i, (c, _, _, n) in enumerate(_blocks(layout))}
        lines.insert(0, ("Cohort", dict(named)))
    swatches: list[dict[str, object]] = []
    words: list[dict[str, object]] = []
    y = layout.bottom + 24
    for title, entries in lines:
        words.append({"x": -8.0, "y": y, "text": plain(title), "title": True})
        x = 0.0
        for level, colour in entries.items():
            label = _shortened(plain(level), 48)
            indent = 15.0 if colour else 0.0
            need = indent + _AVERAGE_LETTER * len(label) + 20
            if x and x + need > layout.width:
                x, y = 0.0, y + 16
            if colour:
                swatches.append({"x": x + 5, "y": y, "colour": colour})
            words.append({"x": x + indent, "y": y, "text": label, "title": False})
            x += need
        y += 17
    return (
        pd.DataFrame(swatches, columns=["x", "y", "colour"]),
        pd.DataFrame(words, columns=["x", "y", "text", "title"]),
    )


def _shortened(label: str, limit: int) -> str:
    return label if len(label) <= limit else label[: limit - 1] + "…"


def _tiles(scores: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return one picture for each cohort's block, one pixel a cell: no mark for each cell is needed."""
    wide = scores.pivot(index="feature", columns=_KEYS, values="z").reindex(layout.features)
    rows = []
    for (_, left, width, _), (_, group) in zip(
        _blocks(layout), layout.samples.groupby("cohort_id", sort=False), strict=True
    ):
        keys = pd.MultiIndex.from_frame(group[_KEYS])
        pixels = colour_grid(wide[keys].to_numpy(dtype=np.float64), limit=CLAMP)
        place = {"x": left, "y": layout.top, "width": width, "height": layout.bottom - layout.top}
        rows.append(place | {"address": png_address(pixels)})
    return pd.DataFrame(rows)


def _track_tiles(cells: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return one picture for each track and block."""
    rows = []
    for y in dict.fromkeys(cells["y"]):
        track = cells[cells["y"] == y]
        for cohort, left, width, n in _blocks(layout):
            within = track["x"].between(left, left + width) & (track["cohort"] == cohort)
            pixels = paint([track.loc[within, "colour"].tolist()[:n]])
            tile = {"x": left, "y": float(y) - _TRACK / 2 + 1, "width": width, "height": _TRACK - 2}
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
        .mark_rect(width=layout.step + 1, height=_TRACK - 2, xOffset=0.5)
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
            width=alt.ExprRef("datum.width"), height=alt.ExprRef("datum.height"), aspect=False, smooth=False,
            align="left", baseline="top",
        )
        .encode(x=x, y=y, url="address:N")
    )  # fmt: skip
    # Without size: it is there for its legend.
    key = alt.Chart(data("tiles")).mark_circle(size=0).transform_calculate(z="0").encode(x=x, y=y, color=_colour())
    return [tiles, key]


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
        text("row_labels", align="right", size=12 if layout.row > 14 else 11, limit=layout.label - 14).encode(x=x, y=y),
        text("legend_text").encode(x=x, y=y).transform_filter("!datum.title"),
        text("legend_text", align="right", colour="muted").encode(x=x, y=y).transform_filter("datum.title"),
    ]
    chart = alt.layer(*layers, width=layout.width, height=height)
    own_colours: alt.LayerChart = chart.resolve_scale(color="independent")
    return own_colours


def _caption(contents: ReportContents, layout: Layout, missing: int) -> str:
    cells = len(layout.samples) * len(layout.features)
    share = f"{100 * missing / cells:.1f}% of all"
    gaps = f"Grey: {plural(missing, 'value')} missing or constant within its cohort ({share})."
    return (
        f"{plural(len(layout.features), 'feature')} by {plural(len(layout.samples), 'sample')}; scores by "
        f"{plain(contents.primary_method)}, standardised within each cohort (mean 0, SD 1), so colours compare "
        "samples of one cohort and hide differences between cohorts. "
        f"Colours end at ±{CLAMP} SD. Features are clustered over all samples, samples within their cohort. "
        f"{gaps if missing else 'No value is missing.'}"
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
