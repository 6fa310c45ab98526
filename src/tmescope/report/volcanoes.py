"""Volcano plots of screens: every gene's effect against its p-value, the crowd of them as counts in bins."""

from __future__ import annotations

import re
from collections.abc import Hashable

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, plain
from tmescope.report.result_tables import EFFECT_NAMES

__all__ = ["draw_volcanoes"]

_BINS = 40
_NAMED = 8
_SINGLE = 60
_FDR = 0.1
_SIZE = 360


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
    points = pd.DataFrame(
        {
            "gene": rows["feature"].map(plain),
            "x": rows["log2_effect"],
            "y": rows["neg_log10_p"],
            "found": np.where(rows["q_value"] <= _FDR, "yes", "no"),
        }
    ).head(_SINGLE)
    named = points.head(_NAMED)
    n_found = int((rows["q_value"] <= _FDR).sum())
    told = EFFECT_NAMES.get(effect_name, plain(effect_name))
    adjusted = f", adjusted for {plain(beside)}" if beside else ""
    return Figure(
        id=re.sub(r"[^a-z0-9]+", "-", f"volcano-{question}-{cohort}{'-adjusted' if beside else ''}".lower()).strip("-"),
        title=f"Every gene · {plain(question)} · {plain(cohort)}{adjusted}",
        caption=(
            f"{told}{adjusted}, {count(len(rows))} genes, n up to {count(rows['n'].max())}. Points are the "
            f"{count(len(points))} genes with the smallest p-values, filled darker where q is at most {_FDR}; squares "
            "count the others. What leads here was chosen among thousands, and its effect is too large: see the "
            "shrunk effects."
        ),
        alt=(
            f"Volcano plot of {count(len(rows))} genes; {count(n_found)} have q of at most {_FDR}. Smallest p-values: "
            f"{', '.join(named['gene'])}."
        ),
        chart=_chart(told),
        table_name="screens",
        section="answers",
        datasets={"bins": _binned(rows.iloc[len(points) :]), "points": points, "named": named},
    )


def _binned(rows: pd.DataFrame) -> pd.DataFrame:
    """Count genes in a grid; empty squares are not there."""
    if not len(rows):
        return pd.DataFrame({c: pd.Series(dtype="float64") for c in ("x", "x2", "y", "y2", "genes")})
    x, y = (rows[c].to_numpy(dtype=np.float64) for c in ("log2_effect", "neg_log10_p"))
    counts, across, up = np.histogram2d(x, y, bins=_BINS)
    i, j = np.nonzero(counts)
    return pd.DataFrame(
        {"x": across[i], "x2": across[i + 1], "y": up[j], "y2": up[j + 1], "genes": counts[i, j].astype(int)}
    ).round(5)


def _chart(told: str) -> alt.LayerChart:
    x = alt.X("x:Q", title=f"log2 {told}", scale=alt.Scale(zero=False))
    y = alt.Y("y:Q", title="-log10 p")
    bins = (
        alt.Chart(data("bins"))
        .mark_rect(color=ink("muted"))
        .encode(
            x=x, x2="x2:Q", y=y, y2="y2:Q",
            opacity=alt.Opacity("genes:Q", scale=alt.Scale(type="log", range=[0.2, 0.9]), legend=None),
            tooltip=[alt.Tooltip("genes:Q", title="genes")],
        )
    )  # fmt: skip
    points = (
        alt.Chart(data("points"))
        .mark_point(filled=True, size=28, color=ink("accent"))
        .encode(
            x=x, y=y,
            opacity=alt.Opacity("found:N", scale=alt.Scale(domain=["yes", "no"], range=[1.0, 0.4]), legend=None),
            tooltip=["gene:N", alt.Tooltip("x:Q", format=".2f"), alt.Tooltip("y:Q", format=".2f")],
        )
    )  # fmt: skip
    names = (
        alt.Chart(data("named"))
        .mark_text(align="left", dx=6, fontSize=11, color=ink("ink"))
        .encode(x=x, y=y, text="gene:N")
    )
    layered: alt.LayerChart = alt.layer(bins, points, names).resolve_scale(opacity="independent")
    return layered.properties(width=2 * _SIZE, height=_SIZE)
