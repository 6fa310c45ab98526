"""Violins of the cells of each sample: counts, genes and the mitochondrial share, from counted bins."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, plain, plural
from tmescope.report.palette import CATEGORIES, RESPONSE

__all__ = ["draw_cell_quality"]

_WIDTH, _HEIGHT = 930, 150
_MOST_NAMES = 60
_WIDEST = 45.0
_KEY_WORD, _KEY_GAP = 6.6, 34.0
"""Width of a letter and of what is between two entries of the key, in points."""
_MEASURES = {"counts": "counts a cell", "genes": "genes a cell", "mt_percent": "mitochondrial %"}
_LOG = frozenset({"counts", "genes"})
_KERNEL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0


def draw_cell_quality(contents: ReportContents) -> list[Figure]:
    """Return a figure of violins for each cohort of cells.

    Parameters
    ----------
    contents : ReportContents
        With the tables cell_quality and cell_samples.
    """
    quality = contents.table("cell_quality")
    return [_draw(contents, part, str(cohort)) for cohort, part in quality.groupby("cohort_id", sort=False)]


def _draw(contents: ReportContents, quality: pd.DataFrame, cohort: str) -> Figure:
    medians = contents.table("cell_samples")
    medians = medians[medians["cohort_id"] == cohort]
    place = _order(contents, medians, cohort)
    step = _WIDTH / max(1, len(place))
    shapes = _shapes(quality, place, step)
    measures = [m for m in _MEASURES if (shapes["measure"] == m).any()]
    ticks = _ticks(medians, place, measures)
    n = int(medians["n_cells"].sum())
    missing = (
        ""
        if "mt_percent" in measures
        else " No gene is mitochondrial by its name (MT-), so there is no share of mitochondrial counts."
    )
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in cohort.lower())
    names = {"names": place.assign(y=0)} if len(place) <= _MOST_NAMES else {}
    key = _key(place)
    typical = medians["median_counts"].median(), medians["median_genes"].median()
    return Figure(
        id=f"cells-{name}-quality",
        title=f"Quality of the cells of {plain(cohort)}",
        caption=(
            f"{count(n)} cells of {plural(len(place), 'sample')}. Each violin is as wide as its sample has cells in "
            "equally wide bins (logarithmic for counts and genes; smoothed over two neighbours), "
            "the widest of every sample alike; the line is the "
            f"median. Samples stand by response, then by name; colour is the response where it is known.{missing}"
        ),
        alt=(
            f"Violins of {', '.join(_MEASURES[m] for m in measures)} of {count(n)} cells in "
            f"{plural(len(place), 'sample')}: the median sample has a median of {count(typical[0])} counts and "
            f"{count(typical[1])} genes a cell."
        ),
        chart=_chart(measures, step, named=bool(names), has_key=bool(key)),
        heavy=len(place) > _MOST_NAMES,
        table_name="cell_samples",
        section="cells",
        datasets={"violins": shapes, "medians": ticks, **key, **names},
    )


def _order(contents: ReportContents, medians: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """Return sample, x and colour: by response, then by name."""
    samples, endpoint = contents.table("samples"), contents.primary_endpoint
    table = pd.DataFrame({"sample_id": medians["sample_id"].astype(object), "response": "none"})
    if endpoint and endpoint in samples.columns:
        own = samples[samples["cohort_id"] == cohort].drop_duplicates("sample_id").set_index("sample_id")[endpoint]
        known = table["sample_id"].map(own.astype(object))
        table["response"] = known.where(known.notna(), "not evaluable").astype(str)
    rank = {name: i for i, name in enumerate(RESPONSE)}
    table = table.assign(rank=table["response"].map(rank).fillna(0)).sort_values(["rank", "sample_id"], kind="stable")
    step = _WIDTH / max(1, len(table))
    return pd.DataFrame(
        {
            "sample_id": table["sample_id"].to_numpy(),
            "sample": table["sample_id"].map(plain).to_numpy(),
            "x": step * (np.arange(len(table)) + 0.5),
            "response": table["response"].to_numpy(),
            "colour": [RESPONSE.get(r, CATEGORIES[0]) for r in table["response"]],
        }
    )


def _key(place: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what the colours say, as a data set; none where no response is known."""
    shown = [name for name in RESPONSE if (place["response"] == name).any()]
    if not shown:
        return {}
    words = [f"{name.replace('_', '-')} ({plural(int((place['response'] == name).sum()), 'sample')})" for name in shown]
    x = np.cumsum([0, *(_KEY_WORD * len(w) + _KEY_GAP for w in words[:-1])]).round(1)
    return {"key": pd.DataFrame({"x": x + 6.0, "text": words, "colour": [RESPONSE[name] for name in shown]})}


def _shapes(quality: pd.DataFrame, place: pd.DataFrame, step: float) -> pd.DataFrame:
    """Return the outline of each violin: left and right at the middle of each bin, zero at both ends."""
    half = min(0.45 * step, _WIDEST)
    known = quality.merge(place, on="sample_id", how="inner")
    parts = []
    for (measure, _), rows in known.groupby(["measure", "sample_id"], sort=False):
        edges, n = _filled(rows, is_log=str(measure) in _LOG)
        middle = (edges[:-1] + edges[1:]) / 2
        y = np.concatenate([edges[:1], middle, edges[-1:]])
        width = half * n / n.max()
        x = float(rows["x"].iloc[0])
        parts.append(
            pd.DataFrame(
                {
                    "measure": measure,
                    "sample": rows["sample"].iloc[0],
                    "colour": rows["colour"].iloc[0],
                    "y": np.round(10.0**y if str(measure) in _LOG else y, 3),
                    "x": np.round([x, *(x - width), x], 2),
                    "x2": np.round([x, *(x + width), x], 2),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _filled(rows: pd.DataFrame, *, is_log: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges of all bins between the first and the last, and their cells, smoothed over two neighbours."""
    low, high = (rows[c].to_numpy(dtype=np.float64) for c in ("low", "high"))
    if is_log:
        low, high = np.log10(low), np.log10(high)
    step = float(np.median(high - low))
    place = np.rint((low - low.min()) / step).astype(np.int64)
    n = np.zeros(int(place.max()) + 1)
    n[place] = rows["n_cells"].to_numpy(dtype=np.float64)
    edges = low.min() + step * np.arange(len(n) + 1)
    smooth = np.convolve(np.pad(n, 2), _KERNEL, mode="valid")
    return edges, smooth


def _ticks(medians: pd.DataFrame, place: pd.DataFrame, measures: list[str]) -> pd.DataFrame:
    known = place.merge(medians, on="sample_id", how="left")
    parts = [
        pd.DataFrame(
            {"measure": m, "sample": known["sample"], "x": known["x"].round(2), "y": known[f"median_{m}"],
             "cells": known["n_cells"]}
        )
        for m in measures
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _chart(measures: list[str], step: float, *, named: bool, has_key: bool) -> alt.VConcatChart:
    rows: list[alt.LayerChart | alt.Chart] = [_panel(m, step) for m in measures]
    if has_key:
        across = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, _WIDTH]))
        key = alt.Chart(data("key"))
        squares = key.mark_square(size=90, opacity=0.75).encode(
            x=across, y=alt.value(6), color=alt.Color("colour:N", scale=None)
        )
        words = key.mark_text(align="left", baseline="middle", dx=9, color=ink()).encode(
            x=across, y=alt.value(6), text="text:N"
        )
        rows.insert(0, alt.LayerChart(layer=[squares, words], width=_WIDTH, height=12))
    if named:
        x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, _WIDTH]))
        names = alt.Chart(data("names"), width=_WIDTH, height=4).mark_text(
            angle=270, align="right", baseline="middle", fontSize=min(11, max(7, int(step * 0.8))), color=ink("muted"),
            limit=120,
        )  # fmt: skip
        rows.append(names.encode(x=x, y=alt.value(0), text="sample:N"))
    chart: alt.VConcatChart = alt.vconcat(*rows, spacing=12).resolve_scale(color="independent")
    return chart


def _panel(measure: str, step: float) -> alt.LayerChart:
    title, is_log = _MEASURES[measure], measure in _LOG
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, _WIDTH]))
    axis = alt.Axis(title=title, tickCount=4, format="~s" if is_log else "", grid=False)
    y = alt.Y("y:Q", axis=axis, scale=alt.Scale(type="log" if is_log else "linear", nice=False, zero=not is_log))
    here = f"datum.measure == '{measure}'"
    violins = (
        alt.Chart(data("violins"))
        .transform_filter(here)
        .mark_area(orient="horizontal", opacity=0.75, interpolate="monotone")
    )
    medians = (
        alt.Chart(data("medians"))
        .transform_filter(here)
        .mark_tick(orient="horizontal", width=max(2.0, min(0.6 * step, _WIDEST)), thickness=2, color=ink())
    )
    layers: list[alt.Chart] = [
        violins.encode(
            x=x, x2="x2:Q", y=y, detail="sample:N", color=alt.Color("colour:N", scale=None), tooltip=["sample:N"]
        ),
        medians.encode(x=x, y=y, tooltip=["sample:N", "cells:Q", alt.Tooltip("y:Q", title=f"median {title}")]),
    ]
    return alt.LayerChart(layer=layers, width=_WIDTH, height=_HEIGHT)
