"""Properties of cohorts that effects go with: slopes as a table, and cohorts as bubbles around a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, decimal, effect, full_p, is_missing, p_value, percent, plain, plural
from tmescope.report.result_tables import EFFECT_NAMES
from tmescope.report.tables import Cell, HtmlTable, number, words

__all__ = ["draw_moderation", "moderation"]

_SHOWN = 6
_PANEL = 220
_STEPS = 20


def moderation(contents: ReportContents) -> HtmlTable | None:
    """Return the table of meta-regressions; None where none was asked.

    Parameters
    ----------
    contents : ReportContents
        With the table meta_regression.
    """
    table = contents.table("meta_regression")
    if not len(table):
        return None
    labels = {str(s): contents.feature_labels(str(s)) for s in pd.unique(table["source"])}
    rows = [_row(r, labels) for r in table.to_dict(orient="records")]
    columns = [
        ("Feature", False), ("Question", False), ("Effect", False), ("Adjusted for", False), ("Moderator", False),
        ("k", True), ("Change of the effect [95% CI]", True), ("p", True), ("q", True), ("Explained", True),
        ("τ² left", True), ("Note", False),
    ]  # fmt: skip
    methods = "; ".join(dict.fromkeys(plain(m) for m in table["method"].dropna()))
    note = (
        "Ratios: by how much the effect is multiplied per unit of the moderator, or in this kind of cohort against the "
        "reference; differences: what is added. Explained: share of the variance between cohorts. It speaks of "
        f"cohorts, not of patients. Method: {methods}. The same table is tables/meta_regression.csv."
    )
    filters = [(name, i, sorted({r[i].text for r in rows})) for name, i in (("Question", 1), ("Moderator", 4))]
    return HtmlTable(
        "moderation-table", "What effects go with across cohorts", columns, rows, sortable=True, filters=filters,
        note=note,
    )  # fmt: skip


def _row(row: Mapping[Any, Any], labels: Mapping[str, Mapping[str, str]]) -> list[Cell]:
    name = str(row["effect_name"])
    is_ratio = row["scale"] in {"log", "logit"}
    told = "not estimated"
    if not is_missing(row["coefficient"]):
        numbers = [float(row[c]) for c in ("coefficient", "ci_low", "ci_high")]
        shown = [effect(np.exp(v), "odds_ratio") for v in numbers] if is_ratio else [decimal(v, 3) for v in numbers]
        told = f"{'× ' if is_ratio else ''}{shown[0]} [{shown[1]}, {shown[2]}]"
    level = f"{plain(row['moderator'])}: {plain(row['level'])} against {plain(row['reference'])}"
    notes = [plain(row["method"])] if is_missing(row["coefficient"]) else []
    notes += [f"without {plain(row['left_out'])}"] if row["left_out"] else []
    return [
        Cell(plain(labels[str(row["source"])].get(str(row["feature"]), row["feature"]))),
        words(row["question_id"]),
        Cell(EFFECT_NAMES.get(name, plain(name))),
        words(row["adjusted_for"]),
        Cell(level if row["level"] else plain(row["moderator"])),
        number(row["k"]),
        Cell(told, sort="" if is_missing(row["coefficient"]) else float(row["coefficient"]), kind="number"),
        *(
            Cell(p_value(row[c]), sort="" if is_missing(row[c]) else float(row[c]), kind="number")
            for c in ("p_value", "q_value")
        ),
        Cell("–" if is_missing(row["r2"]) else percent(row["r2"] / 100.0), kind="number"),
        Cell("–" if is_missing(row["tau2"]) else decimal(row["tau2"], 3), kind="number"),
        Cell("; ".join(notes), kind="flag" if notes else "text"),
    ]


def draw_moderation(contents: ReportContents) -> list[Figure]:
    """Return a figure of bubbles for each question, kind of effect and moderator that is a number.

    Parameters
    ----------
    contents : ReportContents
        With the tables meta_regression, moderators and answers.
    """
    slopes = contents.table("meta_regression")
    drawn = slopes[
        slopes["coefficient"].notna()
        & (slopes["level"].fillna("") == "")
        & (slopes["adjusted_for"].fillna("") == "")
        & (slopes["scale"].fillna("") != "logit")
    ]
    keys = ["question_id", "effect_name", "moderator"]
    figures = []
    for (question, name, moderator), rows in drawn.groupby(keys, sort=False):
        best = rows.astype({"p_value": float}).sort_values("p_value", kind="stable").head(_SHOWN)
        table = pd.concat([_bubbles(contents, r) for r in best.to_dict(orient="records")], ignore_index=True)
        slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{question}-{name}-{moderator}".lower())
        first = best.iloc[0]
        title = EFFECT_NAMES.get(str(name), plain(name))
        figures.append(
            Figure(
                id=f"moderation-{slug}",
                title=f"{plain(question)}: {title} by {plain(moderator)}",
                caption=(
                    "Each bubble is a cohort, its area the precision of its effect; the line is the meta-regression. "
                    f"The {plural(len(best), 'feature')} with the smallest p. Cohorts differ in more than "
                    f"{plain(moderator)}: a slope is no effect of it. Method: {plain(first['method'])}."
                ),
                alt=(
                    f"Effects against {plain(moderator)} of {', '.join(pd.unique(table['label']))}, "
                    f"{count(first['k'])} cohorts. The smallest p of a slope: {full_p(first['p_value'])}."
                ),
                chart=_chart(table, title=title, moderator=plain(moderator), is_ratio=first["scale"] == "log"),
                table_name="meta_regression",
                section="survival" if str(name).startswith("hazard") else "answers",
                datasets={"rows": table},
            )
        )
    return figures


def _bubbles(contents: ReportContents, slope: Mapping[Any, Any]) -> pd.DataFrame:
    stated, answers = contents.table("moderators"), contents.table("answers")
    of_it = stated[(stated["question_id"] == slope["question_id"]) & (stated["moderator"] == slope["moderator"])]
    values = dict(zip(of_it["cohort_id"].astype(str), of_it["value"].astype(float), strict=True))
    here = answers[
        np.logical_and.reduce([answers[c] == slope[c] for c in ("question_id", "effect_name", "feature", "source")])
        & (answers["adjusted_for"].fillna("") == "")
        & answers["effect"].notna()
    ]
    here = here[here["cohort_id"].astype(str).isin(values)].astype({"effect": float, "std_error": float})
    at = here["cohort_id"].astype(str).map(values).astype(float)
    label = plain(contents.short_labels(str(slope["source"])).get(str(slope["feature"]), slope["feature"]))
    precision = 1.0 / here["std_error"].where(here["std_error"] > 0) ** 2
    points = pd.DataFrame(
        {"label": label, "kind": "cohort", "cohort": here["cohort_id"].map(plain), "x": at, "effect": here["effect"],
         "weight": (precision / precision.max()).fillna(0.02)}
    )  # fmt: skip
    x = np.linspace(float(at.min()), float(at.max()), _STEPS)
    fitted = float(slope["intercept"]) + float(slope["coefficient"]) * x
    line = pd.DataFrame({"label": label, "kind": "line", "cohort": "", "x": x, "weight": 0.0,
                         "effect": np.exp(fitted) if slope["scale"] == "log" else fitted})  # fmt: skip
    return pd.concat([points, line], ignore_index=True)


def _chart(table: pd.DataFrame, *, title: str, moderator: str, is_ratio: bool) -> alt.FacetChart:
    x = alt.X("x:Q", title=moderator, scale=alt.Scale(zero=False, padding=18), axis=alt.Axis(format="~g", tickCount=5))
    scale = alt.Scale(type="log", nice=True, padding=12) if is_ratio else alt.Scale(zero=False, padding=12)
    y = alt.Y("effect:Q", title=title, scale=scale, axis=alt.Axis(format="~g", tickCount=5))
    base = alt.Chart(data("rows"))
    tip = ["cohort:N", alt.Tooltip("x:Q", title=moderator), alt.Tooltip("effect:Q", format=".2f", title=title)]
    bubbles = (
        base.transform_filter("datum.kind == 'cohort'")
        .mark_point(filled=True, opacity=0.65, color=ink("accent"))
        .encode(x=x, y=y, tooltip=tip,
                size=alt.Size("weight:Q", scale=alt.Scale(domain=[0, 1], range=[20, 420]), legend=None))
    )  # fmt: skip
    line = (
        base.transform_filter("datum.kind == 'line'")
        .mark_line(strokeWidth=1.6, color=ink("muted"))
        .encode(x=x, y=y, order="x:Q")
    )
    nothing = base.mark_rule(strokeDash=[3, 3], color=ink("muted"), opacity=0.7).encode(
        y=alt.datum(1.0 if is_ratio else 0.0, type="quantitative")
    )
    panel = alt.layer(nothing, line, bubbles, width=_PANEL, height=0.75 * _PANEL)
    facet = alt.Facet("label:N", sort=list(pd.unique(table["label"])), title=None, header=alt.Header(labelLimit=260))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=3, spacing={"row": 26, "column": 40})
    return grid
