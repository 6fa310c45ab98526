"""How near deconvolution came to counted shares: a mark for each method and cell type, a line for its interval."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, decimal, plain, plural
from tmescope.report.palette import MISSING_COLOUR, category_colours

__all__ = ["draw_accuracy"]

_PANEL = 150
_ROW = 18
_FEW = 10
_CONSENSUS = "consensus"


def draw_accuracy(contents: ReportContents) -> list[Figure]:
    """Return one figure for each cohort with counted shares, a panel for each cell type; none where there are none."""
    table = contents.table("accuracy")
    if not len(table):
        return []
    colours = category_colours(sorted(str(m) for m in table["method"].drop_duplicates()))
    judged = set(table["cohort_id"].astype(str))
    parts = {place: c for place, c in enumerate(contents.cohort_ids(), 1) if c in judged}
    return [_draw(c, _rows(table[table["cohort_id"] == c], colours), place=place) for place, c in parts.items()]


def _draw(cohort: str, rows: pd.DataFrame, *, place: int) -> Figure:
    types, methods = rows["type"].nunique(), rows["method"].nunique()
    return Figure(
        id=f"accuracy-{place}",
        title=f"Cell types beside counted shares: {plain(cohort)}",
        caption=_caption(rows),
        alt=f"Correlation with counted shares of {plural(methods, 'method')} for {plural(types, 'cell type')}.",
        chart=_chart(rows),
        table_name="accuracy",
        section="landscape",
        datasets={"rows": rows},
    )


def _rows(table: pd.DataFrame, colours: dict[str, str]) -> pd.DataFrame:
    numbers = {n: pd.to_numeric(table[n], errors="coerce").astype(float) for n in ("pearson", "ci_low", "ci_high")}
    told = {n: pd.to_numeric(table[n], errors="coerce").astype(float) for n in ("spearman", "rmse", "ccc")}
    rows = pd.DataFrame(
        {
            "type": table["cell_type"].map(plain),
            "method": table["method"].map(plain),
            "n": pd.to_numeric(table["n"], errors="coerce").astype(float),
            **numbers,
            **{n: values.map(lambda v: "" if pd.isna(v) else decimal(float(v), 3)) for n, values in told.items()},
            "colour": table["method"].astype(str).map(colours).fillna(MISSING_COLOUR),
        }
    )
    # where both sides are constant, or fewer than three samples have both, no correlation is drawn
    return rows.dropna(subset=["pearson"]).reset_index(drop=True)


def _chart(rows: pd.DataFrame) -> alt.FacetChart:
    methods = sorted(rows["method"].drop_duplicates(), key=lambda m: (m == _CONSENSUS, m))
    y = alt.Y("method:N", title=None, sort=methods, axis=alt.Axis(labelLimit=160))
    domain = alt.Scale(domain=[-1, 1])
    tip = ["type:N", "method:N", "n:Q", alt.Tooltip("pearson:Q", format=".2f"), "spearman:N", "rmse:N", "ccc:N"]
    base = alt.Chart()
    colour = alt.Color("colour:N", scale=None)
    lines = base.mark_rule(strokeWidth=2).encode(x="ci_low:Q", x2="ci_high:Q", y=y, color=colour)
    marks = base.mark_point(size=60, filled=True, opacity=1).encode(
        x=alt.X("pearson:Q", title="Pearson's correlation", scale=domain), y=y, color=colour, tooltip=tip
    )
    zero = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(x=alt.datum(0))
    known = lines.transform_filter("isValid(datum.ci_low)")
    layered = alt.layer(zero, known, marks, data=data("rows")).properties(width=_PANEL, height=_ROW * len(methods))
    types = list(rows["type"].drop_duplicates())
    facet: alt.FacetChart = layered.facet(facet=alt.Facet("type:N", title=None, sort=types), columns=4)
    return facet


def _caption(rows: pd.DataFrame) -> str:
    most = int(rows["n"].max()) if len(rows) else 0
    few = int((rows["n"] < _FEW).sum())
    warned = (
        f" {plural(few, 'mark')} {'rests' if few == 1 else 'rest'} on fewer than {_FEW} samples: they describe these "
        "samples and support no conclusion about a method."
        if few
        else ""
    )
    return (
        "Marks: Pearson's correlation of estimates and counted shares over the samples of the cohort that have both "
        f"(at most {count(most)}); lines: 95% interval by Fisher's transformation, from four samples on. Distance "
        "(RMSE) and Lin's concordance stand in the table for outputs that are shares of cells: other scores have no "
        f"unit in which to be near. Nothing was fitted to the counted shares.{warned}"
    )
