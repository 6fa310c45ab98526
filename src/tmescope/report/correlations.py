"""What moves together: rank correlations of the features in each cohort, and where cohorts differ."""

from __future__ import annotations

from dataclasses import dataclass, replace

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.report.arrangement import describe_order, order_rows
from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, text
from tmescope.report.numbers import count, decimal, plain, plural
from tmescope.report.palette import DIVERGING
from tmescope.report.raster import colour_grid, png_address
from tmescope.stats.correlation import heterogeneity, spearman_matrix
from tmescope.stats.multiplicity import benjamini_hochberg

__all__ = ["FEWEST", "FLAG_DIFFERENCE", "FLAG_Q", "draw_correlations"]

FEWEST = 10
"""Samples with both values below which a correlation is not given."""

FLAG_Q, FLAG_DIFFERENCE = 0.05, 0.3
"""A pair is flagged where q of heterogeneity is below the one and its range over cohorts is at least the other."""

_MOST_CELLS = 8000
_MOST_NAMES = 60
_SHADE = 0.05
_GAP = 24.0
_WIDTH = 960.0
_TOP = 22.0
_KEYS = ["cohort_id", "sample_id"]


@dataclass(frozen=True)
class Matrices:
    """Correlations of every cohort, features in drawing order.

    Parameters
    ----------
    features : list of str
        Names.
    r : mapping of str to array
        Cohort to features x features; NaN where fewer than `FEWEST` samples have both.
    n : mapping of str to array
        Samples with both values.
    spread : array
        Largest minus smallest correlation over cohorts; NaN where fewer than two cohorts have one.
    flagged : array of bool
        Pairs that differ between cohorts.
    """

    features: list[str]
    r: dict[str, NDArray[np.float64]]
    n: dict[str, NDArray[np.float64]]
    spread: NDArray[np.float64]
    flagged: NDArray[np.bool_]


def draw_correlations(contents: ReportContents) -> list[Figure]:
    """Return the matrices as one figure; none with fewer than two features or without a cohort of `FEWEST` samples."""
    found = _matrices(contents)
    if found is None:
        return []
    labels = contents.short_labels(contents.primary_method)
    names = [plain(labels.get(f, f)) for f in found.features]
    panels = [*found.r, *(["difference"] if len(found.r) > 1 else [])]
    places = _places(len(panels), names)
    cells = len(panels) * len(names) ** 2
    datasets = {"headers": _headers(found, panels, places), "row_labels": _row_labels(names, places)}
    tiles = _tiles(found, panels, places)
    still = Figure(
        id="correlations",
        title="Which features move together, cohort by cohort",
        caption=_caption(contents, found, named=len(names) <= _MOST_NAMES),
        alt=_alt(found, names),
        chart=_chart(places, many=True),
        heavy=cells > 1500,
        table_name=contents.home_of(contents.primary_method),
        section="landscape",
        datasets=datasets | {"tiles": tiles},
        numbers=_numbers(found, names),
    )
    if cells > _MOST_CELLS:
        return [still]
    live = replace(still, chart=_chart(places, many=False),
                   datasets=datasets | {"cells": _cells(found, panels, places, names=names)})  # fmt: skip
    return [replace(live, still=still)]


def _matrices(contents: ReportContents) -> Matrices | None:
    scores = contents.primary_scores()
    if not len(scores):
        return None
    value = pd.to_numeric(scores["value"], errors="coerce").astype(float)
    scores = scores.assign(value=value.where(np.isfinite(value))).drop_duplicates([*_KEYS, "feature"])
    wide = scores.pivot(index=_KEYS, columns="feature", values="value")
    r, n = {}, {}
    for cohort in (c for c in contents.cohort_ids() if c in wide.index.get_level_values(0)):
        values = wide.loc[cohort].to_numpy(dtype=np.float64)
        if len(values) >= FEWEST:
            r[cohort], n[cohort] = spearman_matrix(values, fewest=FEWEST)
    if wide.shape[1] < 2 or not r:
        return None
    stacked = np.stack(list(r.values()))
    known = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):
        mean = np.where(known.any(axis=0), np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0), np.nan)
    order = order_rows(np.ascontiguousarray(mean), metric="euclidean")
    square = np.ix_(order, order)
    r, n = {c: m[square] for c, m in r.items()}, {c: m[square] for c, m in n.items()}
    spread, flagged = _differences(np.stack(list(r.values())), np.stack(list(n.values())))
    return Matrices([str(wide.columns[i]) for i in order], r, n, spread, flagged)


def _differences(r: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    known = np.isfinite(r)
    several = known.sum(axis=0) >= 2
    spread = np.where(known, r, -np.inf).max(axis=0) - np.where(known, r, np.inf).min(axis=0)
    spread = np.where(several, spread, np.nan)
    p = heterogeneity(r, n)
    upper = np.triu_indices(p.shape[0], 1)
    q = np.full(p.shape, np.nan)
    q[upper] = benjamini_hochberg(p[upper])
    with np.errstate(invalid="ignore"):
        flagged = (q < FLAG_Q) & (spread >= FLAG_DIFFERENCE)
    return spread, flagged | flagged.T


@dataclass(frozen=True)
class Places:
    """Where panels stand: two in a row.

    Parameters
    ----------
    corners : list of (float, float)
        Upper left corner of each panel.
    cell, side, label : float
        Width of a cell and of a panel, room for names.
    height : float
        Of the whole figure.
    """

    corners: list[tuple[float, float]]
    cell: float
    side: float
    label: float
    height: float


def _places(number: int, names: list[str]) -> Places:
    named = len(names) <= _MOST_NAMES
    label = min(290.0, 20 + 5.6 * max(len(n) for n in names)) if named else 10.0
    across = min(2 if named else 3, number)
    cell = min(24.0, (_WIDTH - label - _GAP * (across - 1)) / across / len(names))
    if across == 1:
        cell = min(cell, 600 / len(names))
    side = cell * len(names)
    corners = [((i % across) * (side + _GAP), _TOP + (i // across) * (side + _GAP + _TOP)) for i in range(number)]
    return Places(corners, cell, side, label, corners[-1][1] + side + 4)


def _values(found: Matrices, panel: str) -> NDArray[np.float64]:
    return found.spread if panel == "difference" and panel not in found.r else found.r[panel]


def _headers(found: Matrices, panels: list[str], places: Places) -> pd.DataFrame:
    rows = []
    for panel, (x, y) in zip(panels, places.corners, strict=True):
        if panel in found.n:
            words = f"{plain(panel)} · n = {count(int(np.diag(found.n[panel]).max()))}"
        else:
            words = f"largest minus smallest · {plural(int(found.flagged.sum()) // 2, 'pair')} flagged"
        rows.append({"x": x, "y": y - 10, "text": words})
    return pd.DataFrame(rows)


def _row_labels(names: list[str], places: Places) -> pd.DataFrame:
    if len(names) > _MOST_NAMES:
        return pd.DataFrame(columns=["x", "y", "text"])
    tops = sorted({y for _, y in places.corners})
    return pd.DataFrame(
        [{"x": -6.0, "y": y + places.cell * (i + 0.5), "text": n} for y in tops for i, n in enumerate(names)]
    )


def _tiles(found: Matrices, panels: list[str], places: Places) -> pd.DataFrame:
    rows = []
    for panel, (x, y) in zip(panels, places.corners, strict=True):
        values = _values(found, panel)
        shown = values if panel in found.r else np.where(found.flagged, values, values * np.nan)
        if panel not in found.r:
            shown = np.where(np.isfinite(values) & ~found.flagged, 0.0, shown)
        if len(found.features) > _MOST_NAMES:
            shown = np.round(shown / _SHADE) * _SHADE
        rows.append({"x": x, "y": y, "address": png_address(colour_grid(shown, limit=1.0))})
    return pd.DataFrame(rows)


def _cells(found: Matrices, panels: list[str], places: Places, *, names: list[str]) -> pd.DataFrame:
    k = len(names)
    row, column = (m.ravel() for m in np.mgrid[0:k, 0:k])
    parts = []
    for panel, (x, y) in zip(panels, places.corners, strict=True):
        values = _values(found, panel).ravel()
        part = {
            "x": np.round(x + places.cell * (column + 0.5), 2),
            "y": np.round(y + places.cell * (row + 0.5), 2),
            "first": [names[i] for i in row],
            "second": [names[i] for i in column],
            "rho": np.round(values, 2),
            "panel": plain(panel) if panel in found.r else "difference between cohorts",
            "differs": np.where(found.flagged.ravel(), "yes", "no"),
            "n": found.n[panel].ravel() if panel in found.n else np.nan,
        }
        shade = values if panel in found.r else np.where(np.isnan(values), np.nan, found.flagged.ravel() * values)
        pixels = colour_grid(shade.reshape(1, -1), limit=1.0)[0]
        colours = ["#{:02x}{:02x}{:02x}".format(*(int(c) for c in p)) for p in pixels]
        parts.append(pd.DataFrame(part | {"colour": colours}))
    return pd.concat(parts, ignore_index=True)


def _chart(places: Places, *, many: bool) -> alt.LayerChart:
    width = max(x for x, _ in places.corners) + places.side
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], range=[0, width]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, places.height], range=[0, places.height]))
    legend = alt.Legend(
        title="Spearman correlation", orient="top", direction="horizontal", gradientLength=180, offset=4
    )
    scale = alt.Scale(domain=[-1, 1], range=list(DIVERGING), clamp=True, interpolate="rgb")
    key = alt.Chart(data("headers")).mark_circle(size=0, opacity=1).transform_calculate(rho="0")
    if many:
        body = (
            alt.Chart(data("tiles"))
            .mark_image(width=places.side, height=places.side, aspect=False, smooth=places.cell < 1, align="left",
                        baseline="top")
            .encode(x=x, y=y, url="address:N")
        )  # fmt: skip
    else:
        tip = ["first:N", "second:N", alt.Tooltip("rho:Q"), "panel:N", "n:Q", alt.Tooltip("differs:N")]
        body = (
            alt.Chart(data("cells"))
            .mark_rect(width=places.cell + 0.5, height=places.cell + 0.5, xOffset=0.25, yOffset=0.25, invalid=None)
            .encode(x=x, y=y, color=alt.Color("colour:N", scale=None), tooltip=tip)
        )
    size = 11 if places.cell > 11 else max(7, int(places.cell))
    layers: list[alt.Chart] = [
        body,
        key.encode(x=x, y=y, color=alt.Color("rho:Q", scale=scale, legend=legend)),
        text("headers", size=12).encode(x=x, y=y),
        text("row_labels", align="right", size=size, limit=places.label - 8).encode(x=x, y=y),
    ]
    chart = alt.layer(*layers, width=width, height=places.height)
    own: alt.LayerChart = chart.resolve_scale(color="independent")
    return own


def _pairs(found: Matrices) -> int:
    return int(np.isfinite(found.spread[np.triu_indices(len(found.features), 1)]).sum())


def _caption(contents: ReportContents, found: Matrices, *, named: bool) -> str:
    flagged = int(found.flagged.sum()) // 2
    smallest = min(int(np.diag(n).max()) for n in found.n.values())
    missing = sum(int(np.isnan(r[np.triu_indices_from(r, 1)]).sum()) for r in found.r.values())
    left = [plain(c) for c in contents.cohort_ids() if c not in found.r]
    differ = (
        f"{count(flagged)} of {plural(_pairs(found), 'pair')} differ between cohorts (last panel, coloured by the "
        f"difference; pale: not flagged): heterogeneity of Fisher's z with q < {FLAG_Q:g} (Benjamini-Hochberg over "
        f"all pairs) and a difference of at least {FLAG_DIFFERENCE:g}. The test takes 1/(n - 3) as the variance, a "
        "little small for ranks; cohorts differ in biology as well as in platform. "
        if len(found.r) > 1
        else "There is one cohort, so that nothing is compared. "
    )
    return (
        f"Spearman correlations of {plural(len(found.features), 'feature')} (scores by "
        f"{plain(contents.primary_method)}) over the samples of a cohort that have both, n at the panels "
        f"(smallest {smallest}). Rows and columns stand in one order in all panels, clustered by the mean over "
        f"cohorts ({describe_order(len(found.features), metric='euclidean')} of the rows). {differ}"
        + (f"Fewer than {FEWEST} samples, not drawn: {', '.join(left)}. " if left else "")
        + ("" if named else f"Above {_MOST_NAMES} features names are not printed and colours are {_SHADE:g} apart. ")
        + (f"Grey: {plural(missing, 'pair')} with fewer than {FEWEST} common values or a constant feature."
           if missing else "No pair is missing.")
    )  # fmt: skip


def _alt(found: Matrices, names: list[str]) -> str:
    upper = np.triu_indices(len(names), 1)
    told = []
    for cohort, r in found.r.items():
        values = r[upper]
        if np.isfinite(values).any():
            k = int(np.nanargmax(values))
            told.append(
                f"in {plain(cohort)} the highest is {decimal(values[k])} ({names[upper[0][k]]} and "
                f"{names[upper[1][k]]}), the median {decimal(np.nanmedian(values))}"
            )
    flagged = int(found.flagged.sum()) // 2
    end = f" {count(flagged)} of {plural(_pairs(found), 'pair')} differ between cohorts." if len(found.r) > 1 else ""
    return f"Matrices of Spearman correlations of {len(names)} features: {'; '.join(told)}.{end}"


def _numbers(found: Matrices, names: list[str]) -> pd.DataFrame | None:
    """Return the flagged pairs, the largest differences first."""
    if not found.flagged.any():
        return None
    i, j = np.nonzero(np.triu(found.flagged, 1))
    ranked = np.argsort(-found.spread[i, j], kind="stable")[:40]
    rows = [
        {"Feature": names[i[k]], "With": names[j[k]], "Difference": decimal(found.spread[i[k], j[k]])}
        | {plain(c): f"{decimal(r[i[k], j[k]])} (n = {int(found.n[c][i[k], j[k]])})" for c, r in found.r.items()}
        for k in ranked
    ]
    return pd.DataFrame(rows)
