"""Dot plot of markers: which share of a group's cells shows a gene, and how much more than all other cells."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import decimal, plain, plural
from tmescope.report.palette import DIVERGING

__all__ = ["draw_markers"]

_GENES, _MOST_GENES = 4, 80
_LIMIT = 4.0


def draw_markers(contents: ReportContents) -> list[Figure]:
    """Return a dot plot for each cohort of cells whose atlas holds markers.

    Parameters
    ----------
    contents : ReportContents
        With the table cell_markers.
    """
    markers = contents.table("cell_markers")
    labels = {found.cohort_id: found.labels for found in contents.cells}
    parts = markers.groupby("cohort_id", sort=False)
    return [_draw(part, str(cohort), labels=labels.get(str(cohort), "")) for cohort, part in parts]


def _draw(markers: pd.DataFrame, cohort: str, *, labels: str) -> Figure:
    groups = [str(g) for g in pd.unique(markers["group"])]
    each = max(1, min(_GENES, _MOST_GENES // len(groups)))
    best = markers[markers["rank"] <= each].sort_values(["rank"], kind="stable")
    genes = [str(g) for group in groups for g in best.loc[best["group"] == group, "gene"]]
    genes = list(dict.fromkeys(genes))[:_MOST_GENES]
    shown = markers[markers["gene"].isin(genes)]
    table = pd.DataFrame(
        {
            "group": shown["group"].map(plain),
            "gene": shown["gene"].map(plain),
            "auc": pd.to_numeric(shown["auc"]).round(3),
            "log2_fold_change": pd.to_numeric(shown["log2_fold_change"]).round(2),
            "fraction_in": pd.to_numeric(shown["fraction_in"]).round(3),
            "fraction_out": pd.to_numeric(shown["fraction_out"]).round(3),
        }
    ).dropna(subset=["fraction_in"])
    top = markers.sort_values("auc", ascending=False, kind="stable").iloc[0]
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in cohort.lower())
    return Figure(
        id=f"cells-{name}-markers",
        title=f"Markers of {plain(labels) if labels else 'the cells'} of {plain(cohort)}",
        caption=(
            f"The {each} genes of each group with the highest AUC against all other cells. Size: share of the group's "
            f"cells that show the gene. Colour: log2 fold change, up to ±{_LIMIT:g}; no dot where the atlas lists no "
            "value. Groups that were found from the same genes differ in some of them by construction: this describes "
            "groups of cells, and tests nothing of patients."
        ),
        alt=(
            f"Dot plot of {plural(len(genes), 'gene')} in {plural(len(groups), 'group')}; the clearest marker is "
            f"{plain(top['gene'])} of {plain(top['group'])} (AUC {decimal(top['auc'])})."
        ),
        chart=_chart([plain(g) for g in groups], [plain(g) for g in genes]),
        table_name="cell_markers",
        section="cells",
        datasets={"dots": table},
    )


def _chart(groups: list[str], genes: list[str]) -> alt.Chart:
    step = min(24.0, 850 / max(1, len(genes)))
    names = alt.Axis(labelAngle=-90, domain=False, ticks=False, grid=True, labelFontSize=11, title=None)
    x = alt.X("gene:N", sort=genes, axis=names)
    y = alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(domain=False, ticks=False, grid=True))
    largest = min(330.0, (step * 0.95) ** 2)
    size = alt.Size(
        "fraction_in:Q",
        scale=alt.Scale(domain=[0, 1], range=[4, largest]),
        legend=alt.Legend(title="cells that show it", format="%", values=[0.2, 0.6, 1.0], symbolFillColor=ink("muted")),
    )
    colour = alt.Color(
        "log2_fold_change:Q",
        scale=alt.Scale(domain=[-_LIMIT, _LIMIT], range=list(DIVERGING), clamp=True),
        legend=alt.Legend(title="log2 fold change", gradientLength=90),
    )
    tip = ["group:N", "gene:N", "auc:Q", "log2_fold_change:Q", "fraction_in:Q", "fraction_out:Q"]
    chart: alt.Chart = (
        alt.Chart(data("dots"), width=alt.Step(step), height=alt.Step(24))
        .mark_circle(opacity=1, stroke=ink("muted"), strokeWidth=0.5)
        .encode(x=x, y=y, size=size, color=colour, tooltip=tip)
    )
    return chart
