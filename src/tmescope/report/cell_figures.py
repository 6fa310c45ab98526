"""Maps of the cells of an atlas: coloured by label, sample and response, or one small map for each level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.report.cell_map import MOST_DOTS, CellMap
from tmescope.report.cell_painting import Placed, frame_of, paint_levels, paint_one, place_cells
from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink, text
from tmescope.report.numbers import count, percent, plain, plural
from tmescope.report.palette import CATEGORIES, MISSING_COLOUR, RESPONSE, category_colours
from tmescope.report.raster import png_address

__all__ = ["MOST_PANELS", "draw_cell_maps"]

MOST_PANELS = 48
"""Levels that get a small map of their own; the rarer ones do not."""

_MOST_COLOURS = len(CATEGORIES)
_LARGE, _GAP, _HEAD = 320.0, 20.0, 26.0
_WIDE, _FEW = 980.0, 24
_LINE = 16.0
_NO_LABEL, _UNKNOWN = "no label", "not evaluable"


@dataclass(frozen=True)
class _Colouring:
    """What cells are coloured by: the level of each row of the map, levels from the most frequent."""

    key: str
    title: str
    level: NDArray[np.int64]
    names: list[str]
    colours: list[str]
    cells: list[int]
    direct: bool = False


def draw_cell_maps(contents: ReportContents) -> list[Figure]:
    """Return the maps of every atlas: one figure of coloured maps, and small maps where levels are many.

    Parameters
    ----------
    contents : ReportContents
        With the maps of cells.
    """
    figures = []
    for found in contents.cells:
        if not found.embedding or not len(found.cells):
            continue
        colourings = [c for c in _colourings(contents, found) if len(c.names) > 1]
        few = [c for c in colourings if len(c.names) <= _MOST_COLOURS]
        figures += [_coloured(found, few)] if few else []
        figures += [_multiples(found, c) for c in colourings if len(c.names) > _MOST_COLOURS]
    return figures


def _colourings(contents: ReportContents, found: CellMap) -> list[_Colouring]:
    cells = found.cells
    made = []
    if found.labels:
        label = cells["label"].astype(object).where(cells["label"].notna(), _NO_LABEL)
        made.append(_by("label", label, cells, title=found.labels, grey=_NO_LABEL))
    made.append(_by("sample", cells["sample_id"].astype(object), cells, title="sample"))
    endpoint, samples = contents.primary_endpoint, contents.table("samples")
    if endpoint and endpoint in samples.columns:
        own = samples[samples["cohort_id"] == found.cohort_id].drop_duplicates("sample_id").set_index("sample_id")
        known = cells["sample_id"].map(own[endpoint].astype(object))
        level = known.where(known.notna(), _UNKNOWN).astype(str)
        made.append(_by("response", level, cells, title=endpoint, colours=dict(RESPONSE)))
    return made


def _by(
    key: str,
    level: pd.Series,
    cells: pd.DataFrame,
    *,
    title: str,
    grey: str = "",
    colours: dict[str, str] | None = None,
) -> _Colouring:
    sizes = cells["n_cells"].groupby(level).sum()
    names = sorted((str(n) for n in sizes.index), key=lambda n: (n == grey, -sizes[n], n))
    chosen = colours or category_colours([n for n in names if n != grey])
    number: NDArray[np.int64] = level.map({n: i for i, n in enumerate(names)}).to_numpy().astype(np.int64)
    shades = [chosen.get(n, MISSING_COLOUR) for n in names]
    return _Colouring(key, title, number, names, shades, [int(sizes[n]) for n in names], direct=key == "label")


def _placed(found: CellMap, size: int) -> Placed:
    x, y = (found.cells[c].to_numpy(dtype=np.float64) for c in "xy")
    return place_cells(x, y, frame=frame_of(x, y, bins=found.bins), size=size)


def _coloured(found: CellMap, colourings: list[_Colouring]) -> Figure:
    """Return one large map for each colouring, side by side, with its legend below."""
    size = found.bins or 560
    placed = _placed(found, size)
    weight = found.cells["n_cells"].to_numpy(dtype=np.int64) if found.bins else None
    tiles, words, swatches, names = [], [], [], []
    for i, colouring in enumerate(colourings):
        left = i * (_LARGE + _GAP)
        pixels = paint_levels(placed, colouring.level, colouring.colours, size=size, weight=weight)
        tiles.append({"x": left, "y": _HEAD, "width": _LARGE, "height": _LARGE, "address": png_address(pixels)})
        names.append({"x": left, "y": _HEAD / 2, "text": f"By {plain(colouring.title)}"})
        for k, (name, colour, n) in enumerate(zip(colouring.names, colouring.colours, colouring.cells, strict=True)):
            y = _HEAD + _LARGE + 16 + _LINE * k
            swatches.append({"x": left + 6, "y": y, "colour": colour})
            words.append({"x": left + 16, "y": y, "text": f"{plain(name).replace('_', '-')} · {count(n)}"})
    lines = max(len(c.names) for c in colourings)
    extent = (len(colourings) * (_LARGE + _GAP) - _GAP, _HEAD + _LARGE + 16 + _LINE * lines)
    direct = next((i for i, c in enumerate(colourings) if c.direct), None)
    marks = [] if direct is None else _middles(found, colourings[direct], left=direct * (_LARGE + _GAP), placed=placed)
    datasets = {"tiles": tiles, "panel_titles": names, "swatches": swatches, "words": words, "middles": marks}
    return _figure(
        found,
        name="map",
        title=f"{found.embedding} of the cells of {plain(found.cohort_id)}",
        datasets=datasets,
        extent=extent,
        alt=_alt(found, colourings),
        how=_encoding(found),
    )


def _middles(found: CellMap, colouring: _Colouring, *, left: float, placed: Placed) -> list[dict[str, Any]]:
    """Return the name of each level at the median of its cells, so that colour alone never tells them apart."""
    size = found.bins or 560
    weight = found.cells["n_cells"].to_numpy(dtype=np.int64)
    rows = []
    for i, name in enumerate(colouring.names):
        if name == _NO_LABEL:
            continue
        here = colouring.level == i
        y, x = (_median(axis[here], weight[here]) for axis in placed)
        row = {"x": left + x / size * _LARGE, "y": _HEAD + y / size * _LARGE, "text": plain(name)[:24]}
        rows.append(row)
    return rows


def _median(values: NDArray[np.int64], weight: NDArray[np.int64]) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _multiples(found: CellMap, colouring: _Colouring) -> Figure:
    """Return a small map for each level, in which its cells stand out from all others."""
    shown = [i for i, n in enumerate(colouring.names) if n != _NO_LABEL][:MOST_PANELS]
    across = 5 if len(shown) <= _FEW else 8
    side = (_WIDE - (across - 1) * 10) / across
    size = 256 if len(shown) <= _FEW else 128
    placed = _placed(found, size)
    tiles, names = [], []
    for k, i in enumerate(shown):
        left, top = (k % across) * (side + 10), (k // across) * (side + 24)
        pixels = paint_one(placed, colouring.level == i, CATEGORIES[0], size=size)
        tiles.append({"x": left, "y": top + 20, "width": side, "height": side, "address": png_address(pixels)})
        label = f"{plain(colouring.names[i])} · {count(colouring.cells[i])}"
        names.append(
            {"x": left, "y": top + 10, "text": label if len(label) < side / 6 else label[: int(side / 6)] + "…"}
        )
    rest = len(colouring.names) - len(shown) - (_NO_LABEL in colouring.names)
    left_out = f" {plural(rest, 'level')} with fewer cells have no map of their own." if rest else ""
    rows = -(-len(shown) // across)
    empty: list[dict[str, Any]] = []
    return _figure(
        found,
        name=f"map-{colouring.key}",
        title=f"{found.embedding} of the cells of {plain(found.cohort_id)}, by {plain(colouring.title)}",
        datasets={"tiles": tiles, "panel_titles": names, "swatches": empty, "words": empty, "middles": empty},
        extent=(_WIDE, rows * (side + 24)),
        alt=_alt(found, [colouring]),
        how=(
            f"One small map for each {plain(colouring.title)}, from the most cells: its cells are blue and above all "
            f"others, which are grey, so that nothing of it is hidden.{left_out}"
        ),
    )


def _encoding(found: CellMap) -> str:
    if found.bins:
        return (
            f"More than {count(MOST_DOTS)} cells: they are counted in {found.bins} x {found.bins} bins. A bin has the "
            "colour of the level that most of its cells have, and is the more opaque the more cells it holds "
            "(logarithmically)."
        )
    return "Each cell is a dot; dots are drawn in a random order, so that no level lies above the others."


def _figure(
    found: CellMap,
    *,
    name: str,
    title: str,
    datasets: dict[str, list[dict[str, Any]]],
    extent: tuple[float, float],
    alt: str,
    how: str,
) -> Figure:
    n = int(found.cells["n_cells"].sum())
    samples = found.cells["sample_id"].nunique()
    columns = {
        "tiles": ["x", "y", "width", "height", "right", "bottom", "address"],
        "swatches": ["x", "y", "colour"],
    }
    for tile in datasets["tiles"]:
        tile |= {"right": tile["x"] + tile["width"], "bottom": tile["y"] + tile["height"]}
    tables = {k: pd.DataFrame(rows, columns=columns.get(k, ["x", "y", "text"])) for k, rows in datasets.items()}
    cohort = "".join(c if c.isascii() and c.isalnum() else "-" for c in found.cohort_id.lower())
    return Figure(
        id=f"cells-{cohort}-{name}",
        title=title,
        caption=(
            f"{count(n)} cells of {plural(samples, 'sample')} at their places in the {found.embedding} that the atlas "
            f"holds; distances between groups say little. {how} Numbers are cells."
        ),
        alt=alt,
        chart=_chart(extent),
        heavy=True,
        table_name="cell_groups",
        section="cells",
        datasets=tables,
    )


def _chart(extent: tuple[float, float]) -> alt.LayerChart:
    width, height = extent
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], range=[0, width]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))
    tiles = alt.Chart(data("tiles")).mark_image(
        width=alt.ExprRef("datum.width"), height=alt.ExprRef("datum.height"), aspect=False, align="left",
        baseline="top",
    )  # fmt: skip
    frames = alt.Chart(data("tiles")).mark_rect(fillOpacity=0, stroke=ink("rule"))
    swatches = alt.Chart(data("swatches")).mark_square(size=90, opacity=1)
    named = alt.Chart(data("middles"))
    halo = named.mark_text(
        stroke=ink("paper"), strokeWidth=3, opacity=0.85, fontWeight="bold", fontSize=11, baseline="middle"
    )
    words = named.mark_text(color=ink(), fontWeight="bold", fontSize=11, baseline="middle")
    layers = [
        frames.encode(x=x, y=y, x2="right:Q", y2="bottom:Q"),
        tiles.encode(x=x, y=y, url="address:N"),
        halo.encode(x=x, y=y, text="text:N"),
        words.encode(x=x, y=y, text="text:N"),
        swatches.encode(x=x, y=y, color=alt.Color("colour:N", scale=None)),
        text("panel_titles", size=12).encode(x=x, y=y),
        text("words").encode(x=x, y=y),
    ]
    chart: alt.LayerChart = alt.layer(*layers, width=width, height=height).resolve_scale(color="independent")
    return chart


def _alt(found: CellMap, colourings: list[_Colouring]) -> str:
    n = int(found.cells["n_cells"].sum())
    parts = [
        f"by {plain(c.title)}: {plural(len(c.names), 'level')}, most cells in {plain(c.names[0])} "
        f"({percent(c.cells[0] / n)})"
        for c in colourings
    ]
    return f"{found.embedding} of {count(n)} cells; {'; '.join(parts)}."
