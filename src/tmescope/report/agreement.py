"""How far deconvolution methods agree about each cell type: a mark for the mean, a line down to the worst pair."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import decimal, percent, plain, plural
from tmescope.report.palette import MISSING_COLOUR, STATUS

__all__ = ["draw_agreement"]

_PANEL = 300
_ROW = 20
_COLOURS = {
    "high": STATUS["ok"],
    "moderate": STATUS["notice"],
    "low": STATUS["problem"],
    "single": MISSING_COLOUR,
    "unknown": MISSING_COLOUR,
}


def draw_agreement(contents: ReportContents) -> list[Figure]:
    """Return one figure with a panel for each cohort; none where fewer than two methods estimated anything."""
    table = contents.table("agreement")
    if not len(table):
        return []
    rows = _rows(contents, table)
    n_types = rows["type"].nunique()
    where = f"{plural(n_types, 'cell type')} in {plural(rows['cohort'].nunique(), 'cohort')}"
    worst = rows[rows["confidence"] == "low"]
    return [
        Figure(
            id="agreement",
            title="Cell types: how far deconvolution methods agree",
            caption=_caption(rows),
            alt=f"Agreement of methods for {where}; {plural(len(worst), 'row')} with low agreement.",
            chart=_chart(rows, n_types),
            table_name="agreement",
            section="landscape",
            datasets={"rows": rows},
        )
    ]


def _rows(contents: ReportContents, table: pd.DataFrame) -> pd.DataFrame:
    place = {c: i for i, c in enumerate(contents.cohort_ids())}
    order = list(dict.fromkeys(table["cell_type"].astype(str)))
    agreement = pd.to_numeric(table["agreement"], errors="coerce").astype(float)
    low = pd.to_numeric(table["agreement_low"], errors="coerce").astype(float)
    rows = pd.DataFrame(
        {
            "cohort": table["cohort_id"].map(plain),
            "place": table["cohort_id"].map(place).astype(float),
            "type": table["cell_type"].map(plain),
            "row": table["cell_type"].astype(str).map({t: i for i, t in enumerate(order)}).astype(float),
            "agreement": agreement,
            "low": low,
            "confidence": table["confidence"].map(plain),
            "colour": table["confidence"].astype(str).map(_COLOURS).fillna(MISSING_COLOUR),
            "methods": table["methods"].map(plain),
            "covered": pd.to_numeric(table["coverage"], errors="coerce").map(percent),
            "advice": table["advice"].map(plain),
        }
    )
    # one method alone agrees with nobody: its mark stands at the left edge, hollow
    return rows.assign(drawn=rows["agreement"].fillna(-1.0), alone=rows["agreement"].isna())


def _chart(rows: pd.DataFrame, n_types: int) -> alt.FacetChart:
    order = list(rows.sort_values("row", kind="stable")["type"].drop_duplicates())
    x = alt.X("drawn:Q", title="mean Spearman correlation of pairs of methods", scale=alt.Scale(domain=[-1, 1]))
    y = alt.Y("type:N", title=None, sort=order, axis=alt.Axis(labelLimit=220))
    tip = [
        "type:N",
        "cohort:N",
        "confidence:N",
        alt.Tooltip("agreement:Q", format=".2f"),
        alt.Tooltip("low:Q", format=".2f", title="lowest pair"),
        "methods:N",
        alt.Tooltip("covered:N", title="coverage"),
        "advice:N",
    ]
    colour = alt.Color("colour:N", scale=None)
    base = alt.Chart()
    lines = (
        base.mark_rule(strokeWidth=2)
        .encode(x="low:Q", x2="drawn:Q", y=y, color=colour)
        .transform_filter("!datum.alone")
    )
    marks = base.mark_point(size=70, opacity=1).encode(
        x=x, y=y, color=colour, fill=alt.condition("datum.alone", alt.value("transparent"), colour), tooltip=tip
    )
    zero = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(x=alt.datum(0))
    layered = alt.layer(zero, lines, marks, data=data("rows")).properties(width=_PANEL, height=_ROW * n_types)
    cohorts = list(rows.sort_values("place", kind="stable")["cohort"].drop_duplicates())
    facet: alt.FacetChart = layered.facet(facet=alt.Facet("cohort:N", title=None, sort=cohorts), columns=2)
    return facet


def _caption(rows: pd.DataFrame) -> str:
    counts = rows["confidence"].value_counts()
    told = ", ".join(f"{k} {int(counts[k])}" for k in _COLOURS if k in counts)
    known = rows["agreement"].dropna()
    middle = f" The median agreement is {decimal(float(known.median()), 2)}." if len(known) else ""
    return (
        "Marks: mean of Spearman's correlations of all pairs of methods over the samples of a cohort; lines reach down "
        "to the worst pair; hollow marks at the left edge: one method alone, nothing can agree. Confidence is high "
        "(green) from 0.6 with three methods and a coverage of 80%, moderate (amber) from 0.4, low (red) below, where "
        f"nothing should be concluded; it is unknown (grey) below ten samples. Counts: {told}.{middle}"
    )
