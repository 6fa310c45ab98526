"""Volcano plots of screens: every gene's effect against its p-value, the crowd of them as counts in bins."""

from __future__ import annotations

import re
from collections.abc import Hashable

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.gene_names import FONT_SIZE, HEIGHT, PADDING, WIDTH, Frame, frame_of, place_names
from tmescope.report.numbers import count, plain, plural
from tmescope.report.result_tables import EFFECT_NAMES

__all__ = ["draw_volcanoes"]

_BINS = 40
_NAMED = 8
_SINGLE = 60
_FDR = 0.1


def draw_volcanoes(contents: ReportContents) -> list[Figure]:
    """Return one figure for each screen: a question in a cohort with one set of covariates.

    Parameters
    ----------
    contents : ReportContents
        With the table screens.

    Notes
    -----
    The genes with the smallest p-values are points, the first of them named; all others are counted in bins: the size
    of a figure does not depend on the number of genes.
    """
    table = contents.table("screens")
    if not len(table):
        return []
    keys = ["question_id", "cohort_id", "effect_name", "adjusted_for"]
    parts = (
        (key, rows[np.isfinite(rows["log2_effect"]) & np.isfinite(rows["neg_log10_p"])])
        for key, rows in table.groupby(keys, sort=False, dropna=False)
    )
    return [_figure(key, rows) for key, rows in parts if len(rows)]


def _figure(key: tuple[Hashable, ...], rows: pd.DataFrame) -> Figure:
    question, cohort, effect_name, beside = map(str, key)
    rows = rows.sort_values(["neg_log10_p", "feature"], ascending=[False, True], kind="stable")
    frame = frame_of(rows["log2_effect"].to_numpy(np.float64), rows["neg_log10_p"].to_numpy(np.float64))
    genes = pd.DataFrame(
        {
            "gene": rows["feature"].map(plain),
            "x": frame.inside(rows["log2_effect"].to_numpy(np.float64)),
            "y": rows["neg_log10_p"],
            "effect": rows["log2_effect"],
            "found": np.where(rows["q_value"] <= _FDR, "yes", "no"),
        }
    )
    beyond = genes["x"] != genes["effect"]
    first = np.arange(len(genes)) < _SINGLE
    points, edge = genes[first & ~beyond], genes[beyond].head(_SINGLE)
    named = place_names(genes.head(_NAMED), frame)
    n_found = int((rows["q_value"] <= _FDR).sum())
    told = EFFECT_NAMES.get(effect_name, plain(effect_name))
    adjusted = f", adjusted for {plain(beside)}" if beside else ""
    return Figure(
        id=re.sub(r"[^a-z0-9]+", "-", f"volcano-{question}-{cohort}{'-adjusted' if beside else ''}".lower()).strip("-"),
        title=f"Every gene · {plain(question)} · {plain(cohort)}{adjusted}",
        caption=(
            f"{told}{adjusted}, {count(len(rows))} genes, n up to {count(rows['n'].max())}. Points are the "
            f"{count(int(first.sum()))} genes with the smallest p-values, filled darker where q is at most {_FDR}; "
            f"squares count the others.{_told_of_edge(int(beyond.sum()), len(edge), frame)} What leads here was "
            "chosen among thousands, and its effect is too large: see the shrunk effects."
        ),
        alt=(
            f"Volcano plot of {count(len(rows))} genes; {count(n_found)} have q of at most {_FDR}. Smallest p-values: "
            f"{', '.join(named['gene'])}."
        ),
        chart=_chart(told, frame),
        table_name="screens",
        section="answers",
        datasets={
            "bins": _binned(genes.drop(index=points.index.union(edge.index))),
            "points": points,
            "edge": edge.assign(side=np.where(edge["effect"] > 0.0, "right", "left")),
            "named": named,
        },
    )


def _told_of_edge(n: int, n_drawn: int, frame: Frame) -> str:
    if not n:
        return ""
    more = f" ({count(n_drawn)} of them; the others in the squares there)" if n > n_drawn else ""
    return (
        f" The axis ends at {frame.left:.2g} and {frame.right:.2g}: {plural(n, 'gene')} beyond it are arrows at the "
        f"edge{more}; the table has their effects."
    )


def _binned(rows: pd.DataFrame) -> pd.DataFrame:
    """Count genes in a grid; empty squares are not there."""
    if not len(rows):
        return pd.DataFrame({c: pd.Series(dtype="float64") for c in ("x", "x2", "y", "y2", "genes")})
    x, y = (rows[c].to_numpy(dtype=np.float64) for c in ("x", "y"))
    counts, across, up = np.histogram2d(x, y, bins=_BINS)
    i, j = np.nonzero(counts)
    return pd.DataFrame(
        {"x": across[i], "x2": across[i + 1], "y": up[j], "y2": up[j + 1], "genes": counts[i, j].astype(int)}
    ).round(5)


def _chart(told: str, frame: Frame) -> alt.LayerChart:
    across = alt.Scale(domain=[frame.left, frame.right], nice=False, padding=PADDING)
    x = alt.X("x:Q", title=f"log2 {told}", scale=across, axis=alt.Axis(tickCount=9))
    y = alt.Y("y:Q", title="-log10 p", scale=alt.Scale(domain=[0.0, frame.top], nice=False))
    bins = (
        alt.Chart(data("bins"))
        .mark_rect(color=ink("muted"))
        .encode(
            x=x, x2="x2:Q", y=y, y2="y2:Q",
            opacity=alt.Opacity("genes:Q", scale=alt.Scale(type="log", range=[0.2, 0.9]), legend=None),
            tooltip=[alt.Tooltip("genes:Q", title="genes")],
        )
    )  # fmt: skip
    darker = alt.Opacity("found:N", scale=alt.Scale(domain=["yes", "no"], range=[1.0, 0.4]), legend=None)
    tip = ["gene:N", alt.Tooltip("effect:Q", format=".2f"), alt.Tooltip("y:Q", format=".2f")]
    points = (
        alt.Chart(data("points"))
        .mark_point(filled=True, size=28, color=ink("accent"))
        .encode(x=x, y=y, opacity=darker, tooltip=tip)
    )
    sides = alt.Scale(domain=["left", "right"], range=["triangle-left", "triangle-right"])
    edge = (
        alt.Chart(data("edge"))
        .mark_point(filled=True, size=60, color=ink("accent"))
        .encode(x=x, y=y, opacity=darker, tooltip=tip, shape=alt.Shape("side:N", scale=sides, legend=None))
    )
    lines = alt.Chart(data("named")).transform_filter("datum.moved").mark_rule(color=ink("muted"), opacity=0.6)
    names = [
        alt.Chart(data("named"))
        .transform_filter(f"datum.align == '{align}'")
        .mark_text(align=align, baseline="middle", fontSize=FONT_SIZE, color=ink("ink"))
        .encode(x=alt.X("name_x:Q", scale=across), y=alt.Y("name_y:Q"), text="gene:N")
        for align in ("left", "right")
    ]
    layers = [bins, lines.encode(x=x, y=y, x2="name_x:Q", y2="name_y:Q"), points, edge, *names]
    layered: alt.LayerChart = alt.layer(*layers).resolve_scale(opacity="independent")
    return layered.properties(width=WIDTH, height=HEIGHT)
