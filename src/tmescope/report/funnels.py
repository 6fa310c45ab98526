"""Do small cohorts tell another story than large ones: effects against their standard errors."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.figure import Figure, data, ink
from tmescope.report.forests import Effect
from tmescope.report.numbers import count, p_value, plain

__all__ = ["FEWEST", "draw_funnel"]

FEWEST = 5
"""With fewer cohorts than this a funnel shows nothing, and none is drawn."""

_PANEL = 210
_STEPS = 24
_Z = 1.959963984540054


def draw_funnel(single: pd.DataFrame, pooled: pd.DataFrame, *, effect: Effect, slug: str, title: str) -> list[Figure]:
    """Return one figure with a panel for each feature that enough cohorts could estimate; none if there is none.

    Parameters
    ----------
    single : pandas.DataFrame
        Answers of cohorts: label, effect (a ratio), std_error (of its logarithm), cohort_id, n.
    pooled : pandas.DataFrame
        Pooled rows over all cohorts: label, effect, egger_p.
    effect : Effect
        How the effect is named.
    slug, title : str
        For the figure.
    """
    used = single[(single["effect"] > 0) & (single["std_error"] > 0)]
    sizes = used.groupby("label", sort=False).size()
    shown = [label for label in pooled["label"] if sizes.get(label, 0) >= FEWEST]
    if not shown:
        return []
    used, middle = used[used["label"].isin(shown)], pooled[pooled["label"].isin(shown)]
    points = pd.DataFrame(
        {
            "label": used["label"],
            "kind": "cohort",
            "cohort": used["cohort_id"].map(plain),
            "effect": used["effect"],
            "std_error": used["std_error"],
            "n": used["n"].astype(float),
        }
    ).reset_index(drop=True)
    # one data set: a facet cannot divide two
    rows = pd.concat([points, *_lines(used, middle)], ignore_index=True)
    tests = "; ".join(f"{label} p {p_value(p)}" for label, p in zip(middle["label"], middle["egger_p"], strict=True))
    n_cohorts = count(points["cohort"].nunique())
    return [
        Figure(
            id=f"funnel-{slug}",
            title=f"Small cohorts and large ones · {title}",
            caption=(
                "Each point is a cohort; lines enclose where 95% of cohorts would lie if all had the pooled effect. "
                "Holes at one lower side hint at small studies that are missing, or at effects that differ with size. "
                f"Egger's test: {tests}. With fewer than ten cohorts it sees little."
            ),
            alt=f"Funnel plots of {', '.join(shown)}, {n_cohorts} cohorts. Egger's test: {tests}.",
            chart=_chart(effect, shown, float(rows["std_error"].max())),
            table_name="answers",
            section="survival" if "hazard" in effect.title.lower() else "answers",
            datasets={"rows": rows},
        )
    ]


def _lines(used: pd.DataFrame, middle: pd.DataFrame) -> Iterator[pd.DataFrame]:
    top = 1.05 * float(used["std_error"].max())
    errors = np.linspace(0.0, top, _STEPS)
    for label, centre in zip(middle["label"], middle["effect"].astype(float), strict=True):
        for side, z in (("low", -_Z), ("middle", 0.0), ("high", _Z)):
            limit = centre * np.exp(z * errors)
            yield pd.DataFrame({"label": label, "kind": side, "std_error": errors, "effect": limit})


def _chart(effect: Effect, shown: list[str], top: float) -> alt.FacetChart:
    axis = alt.Axis(format="~g", tickCount=5)
    x = alt.X("effect:Q", title=effect.axis, scale=alt.Scale(type="log", nice=False), axis=axis)
    y = alt.Y("std_error:Q", title="standard error", scale=alt.Scale(domain=[top, 0.0], nice=False))
    base = alt.Chart(data("rows"))
    lines = base.transform_filter("datum.kind != 'cohort'").mark_line(
        color=ink("muted"), strokeWidth=1, strokeDash=[3, 3]
    )
    points = base.transform_filter("datum.kind == 'cohort'").mark_point(
        filled=True, size=55, opacity=0.9, color=ink("accent")
    )
    tip = [
        "cohort:N",
        alt.Tooltip("effect:Q", format=".2f", title=effect.title),
        alt.Tooltip("std_error:Q", format=".2f", title="standard error"),
        "n:Q",
    ]
    layers = [lines.encode(x=x, y=y, detail="kind:N", order="std_error:Q"), points.encode(x=x, y=y, tooltip=tip)]
    panel = alt.layer(*layers, width=_PANEL, height=0.7 * _PANEL)
    facet = alt.Facet("label:N", sort=shown, title=None, header=alt.Header(labelLimit=260))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=3, spacing={"row": 26, "column": 40})
    return grid
