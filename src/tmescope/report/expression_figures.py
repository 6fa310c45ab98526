"""Every gene between two groups: how much it changes, how sure that is, and how it goes with expression."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, decimal, endpoint_name, full_p, p_value, plain, plural
from tmescope.report.palette import CATEGORIES

__all__ = ["draw_expression"]

_WIDTH, _HEIGHT = 420, 330
_COLUMNS, _ROWS = 48, 36
_NOTABLE = 60
_NAMED = 12
_LETTER, _LINE = 7.2, 14.0
"""Width of a letter and height of a line of the names, in pixels."""
_PASSES = 0.05
_LARGEST = 300.0


def draw_expression(contents: ReportContents) -> list[Figure]:
    """Return a volcano beside a plot over mean expression for each comparison of a cohort.

    Parameters
    ----------
    contents : ReportContents
        With the tables expression and expression_fits.

    Notes
    -----
    A page cannot hold 20,000 points for each comparison: genes are counted in cells, and only the 60 with the smallest
    p are points of their own.
    """
    table = contents.table("expression")
    figures = []
    for (question, cohort), rows in table.groupby(["question_id", "cohort_id"], sort=False):
        known = _known(rows)
        if len(known):
            figures.append(_figure(known, question=str(question), cohort=str(cohort), n_all=len(rows)))
    return figures


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    numbers = ("effect", "p_value", "q_value", "average", "n", "n_events")
    known: pd.DataFrame = rows.astype(dict.fromkeys(numbers, float))
    known = known[np.isfinite(known["effect"]) & np.isfinite(known["p_value"])]
    with np.errstate(divide="ignore"):
        height = -np.log10(known["p_value"].to_numpy(dtype=np.float64))
    return known.assign(height=np.minimum(height, _LARGEST), passes=known["q_value"] < _PASSES)


def _figure(known: pd.DataFrame, *, question: str, cohort: str, n_all: int) -> Figure:
    first = known.iloc[0]
    best = known.sort_values("p_value", kind="stable")
    notable = best.head(_NOTABLE)
    rest = best.iloc[_NOTABLE:]
    limits = _limits(known)
    points = _points(notable)
    n_up, n_down = (int((known["passes"] & (sign * known["effect"] > 0)).sum()) for sign in (1, -1))
    title = f"{plain(question)}: {plain(first['contrast'])}, {endpoint_name(first['endpoint'])}, cohort {plain(cohort)}"
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{question}-{cohort}".lower())
    adjusted = f" Adjusted for {plain(first['adjusted_for'])}." if first["adjusted_for"] else ""
    lost = f" {plural(n_all - len(known), 'gene')} without p are not shown." if n_all > len(known) else ""
    top = points.iloc[0]
    n_samples, n_group = count(first["n"]), count(first["n_events"])
    return Figure(
        id=f"expression-{slug}",
        title=f"Expression · {title}",
        caption=(
            f"{count(len(known))} genes in {n_samples} samples, {n_group} of them in the group. "
            "Left: log2 fold change against p; right: against mean expression. Shading: number of genes in a cell; "
            f"points: the {count(len(points))} genes with the smallest p, filled where q < 0.05, and named "
            f"where there is room. {plain(first['method'])}.{adjusted}{lost}"
        ),
        alt=(
            f"{plural(n_up, 'gene')} higher and {plural(n_down, 'gene')} lower at q < 0.05 of {count(len(known))}. "
            f"The smallest p: {top['gene']}, log2 fold change {decimal(top['effect'])}, {full_p(top['p_value'])}."
        ),
        chart=_chart(limits),
        table_name="expression",
        section="answers",
        datasets={
            "volcano": _cells(rest, "effect", "height", limits=limits),
            "means": _cells(rest, "average", "effect", limits=limits),
            "points": points,
            "volcano-names": _named(points, "effect", "height", limits=limits),
            "means-names": _named(points, "average", "effect", limits=limits),
        },
    )


def _limits(known: pd.DataFrame) -> dict[str, tuple[float, float]]:
    reach = 1.12 * max(float(known["effect"].abs().max()), 0.1)
    low, high = float(known["average"].min()), float(known["average"].max())
    room = 0.04 * max(high - low, 1.0)
    return {
        "effect": (-reach, reach),
        "height": (0.0, 1.08 * max(float(known["height"].max()), 1.0)),
        "average": (low - room, high + room),
    }


def _points(notable: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "gene": [plain(g) for g in notable["feature"]],
            "effect": notable["effect"].round(4),
            "height": notable["height"].round(3),
            "average": notable["average"].round(3),
            "p_value": notable["p_value"],
            "p": [p_value(v) for v in notable["p_value"]],
            "q": [p_value(v) for v in notable["q_value"]],
            "passes": notable["passes"].astype(bool),
        }
    ).reset_index(drop=True)


def _cells(rest: pd.DataFrame, x: str, y: str, *, limits: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Return the cells that hold genes, with how many."""
    edges = [np.linspace(*limits[name], n + 1) for name, n in ((x, _COLUMNS), (y, _ROWS))]
    found, _, _ = np.histogram2d(rest[x].to_numpy(), rest[y].to_numpy(), bins=[edges[0], edges[1]])
    i, j = np.nonzero(found)
    return pd.DataFrame(
        {
            "x": edges[0][i].round(4),
            "x2": edges[0][i + 1].round(4),
            "y": edges[1][j].round(4),
            "y2": edges[1][j + 1].round(4),
            "genes": found[i, j].astype(int),
        }
    )


def _named(points: pd.DataFrame, x: str, y: str, *, limits: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Return the first points, by p, whose names fit beside those before them."""
    (left, right), (low, high) = limits[x], limits[y]
    kept: list[dict[str, Any]] = []
    boxes: list[tuple[float, float, float]] = []
    for row in points.to_dict(orient="records"):
        at = (row[x] - left) / (right - left) * _WIDTH
        up = (row[y] - low) / (high - low) * _HEIGHT
        end = at + 12.0 + _LETTER * len(row["gene"])
        clear = all(end < b[0] or at > b[1] or abs(up - b[2]) > _LINE for b in boxes)
        if clear and end < _WIDTH + 40.0:
            boxes.append((at, end, up))
            kept.append({"gene": row["gene"], "x": row[x], "y": row[y]})
        if len(kept) == _NAMED:
            break
    return pd.DataFrame(kept, columns=["gene", "x", "y"])


def _chart(limits: dict[str, tuple[float, float]]) -> Any:
    fold = "log2 fold change"
    return alt.hconcat(
        _panel("volcano", x=("effect", fold), y=("height", "−log10 p"), limits=limits),
        _panel("means", x=("average", "mean log2 expression"), y=("effect", fold), limits=limits),
        spacing=40,
    ).resolve_scale(color="independent", opacity="shared")


def _panel(name: str, *, x: tuple[str, str], y: tuple[str, str], limits: dict[str, tuple[float, float]]) -> Any:
    across = alt.Scale(domain=list(limits[x[0]]), nice=False)
    up = alt.Scale(domain=list(limits[y[0]]), nice=False)
    cells = (
        alt.Chart(data(name))
        .mark_rect(color=ink("muted"))
        .encode(
            x=alt.X("x:Q", title=x[1], scale=across, axis=alt.Axis(tickCount=7)),
            x2="x2:Q",
            y=alt.Y("y:Q", title=y[1], scale=up),
            y2="y2:Q",
            opacity=alt.Opacity("genes:Q", scale=alt.Scale(type="log", range=[0.15, 0.85]), legend=None),
            tooltip=[alt.Tooltip("genes:Q", title="genes")],
        )
    )
    ends = [alt.Tooltip("gene:N"), alt.Tooltip("effect:Q", title="log2 fold change", format=".2f"),
            alt.Tooltip("p:N"), alt.Tooltip("q:N")]  # fmt: skip
    points = (
        alt.Chart(data("points"))
        .mark_point(size=34, stroke=CATEGORIES[0], strokeWidth=1.2)
        .encode(
            x=alt.X(f"{x[0]}:Q", scale=across),
            y=alt.Y(f"{y[0]}:Q", scale=up),
            fill=alt.condition("datum.passes", alt.value(CATEGORIES[0]), alt.value("transparent")),
            tooltip=ends,
        )
    )
    names = (
        alt.Chart(data(f"{name}-names"))
        .mark_text(align="left", dx=6, dy=-4, fontSize=11, color=ink())
        .encode(x=alt.X("x:Q", scale=across), y=alt.Y("y:Q", scale=up), text="gene:N")
    )
    return alt.layer(cells, points, names).properties(width=_WIDTH, height=_HEIGHT)
