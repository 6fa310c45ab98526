"""Months gained without the event up to a horizon: cohort by cohort, and pooled."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, decimal, endpoint_name, p_value, plain, plural

__all__ = ["draw_restricted_means"]

_NAME = "restricted_mean_difference"
_PANEL, _ROW = 210, 20
_MOST = 12
_AXIS = "months gained up to the horizon"


def draw_restricted_means(contents: ReportContents) -> list[Figure]:
    """Return a forest plot for each question about restricted means.

    Parameters
    ----------
    contents : ReportContents
        With the tables answers and pooled.
    """
    answers, pooled = contents.table("answers"), contents.table("pooled")
    of_kind = answers[(answers["effect_name"] == _NAME) & answers["effect"].notna()]
    figures = []
    for (question, endpoint), rows in of_kind.groupby(["question_id", "endpoint"], sort=False):
        all_of_it = (pooled["question_id"] == question) & (pooled["effect_name"] == _NAME) & pooled["effect"].notna()
        figures.append(_draw(contents, rows, pooled[all_of_it], question=str(question), endpoint=str(endpoint)))
    return figures


def _draw(
    contents: ReportContents, rows: pd.DataFrame, pooled: pd.DataFrame, *, question: str, endpoint: str
) -> Figure:
    labels = {str(s): contents.short_labels(str(s)) for s in pd.unique(rows["source"])}
    place = {c: float(i) for i, c in enumerate(contents.cohort_ids())}
    single = _lines(
        rows, labels, names=[plain(c) for c in rows["cohort_id"]], places=[place[c] for c in rows["cohort_id"]]
    )
    strata = pooled["stratum"].fillna("").astype(str)
    together = _lines(
        pooled,
        labels,
        names=[f"all of {plain(s)}" if s else "all cohorts" for s in strata],
        places=[1000.0 + (s == "") for s in strata],
    )
    table = pd.concat([single.assign(kind="cohort"), together.assign(kind="pooled")], ignore_index=True)
    order = list(pd.unique(table.sort_values(["kind", "p"], ascending=[False, True], kind="stable")["label"]))[:_MOST]
    table = table[table["label"].isin(order)].reset_index(drop=True)
    best = table[table["label"] == order[0]].iloc[-1]
    more = f" The {_MOST} features with the smallest p." if table["label"].nunique() < single["label"].nunique() else ""
    name = endpoint_name(endpoint)
    joined = "; diamonds: pooled over cohorts" if len(together) else ""
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in question.lower())
    return Figure(
        id=f"restricted-means-{slug}",
        title=f"{contents.question_title(question)}: months gained, {name}",
        caption=(
            "Difference in restricted mean survival time, in months without the event up to the horizon: the upper "
            "half of a feature against the lower (at the median of each cohort), a group against the rest. Right of "
            f"zero the upper half lives longer. Squares: cohorts, with 95% intervals{joined}. It supposes no "
            f"proportional hazards.{more}"
        ),
        alt=(
            f"Forest plot of months gained for {plural(len(order), 'feature')}, {name}. {best['label']}, "
            f"{best['line']}: {best['words']} months, p {p_value(best['p'])}."
        ),
        chart=_chart(table, order),
        table_name="answers",
        section="survival",
        datasets={"rows": table},
    )


def _lines(
    rows: pd.DataFrame, labels: dict[str, dict[str, str]], *, names: list[str], places: list[float]
) -> pd.DataFrame:
    number = {c: rows[c].astype(float) for c in ("effect", "ci_low", "ci_high", "p_value", "n", "n_events")}
    pairs = zip(rows["feature"], rows["source"], strict=True)
    twice = rows.groupby("feature")["source"].transform("nunique") > 1
    sources = [f" ({plain(s)})" if t else "" for s, t in zip(rows["source"], twice, strict=True)]
    counts = zip(names, number["n_events"], number["n"], strict=True)
    spans = zip(number["effect"], number["ci_low"], number["ci_high"], strict=True)
    return pd.DataFrame(
        {
            "label": [
                plain(labels.get(str(s), {}).get(str(f), f)) + of for (f, s), of in zip(pairs, sources, strict=True)
            ],
            "line": [f"{who} ({count(events)}/{count(n)})" for who, events, n in counts],
            "place": places,
            "at": number["effect"],
            "low": number["ci_low"],
            "high": number["ci_high"],
            "p": number["p_value"],
            "words": [f"{decimal(e, 1)} [{decimal(a, 1)}, {decimal(b, 1)}]" for e, a, b in spans],
        }
    )


def _chart(table: pd.DataFrame, order: list[str]) -> alt.FacetChart:
    reach = 1.05 * float(np.nanmax(np.abs(table[["at", "low", "high"]].to_numpy(dtype=np.float64))))
    scale = alt.Scale(domain=[-max(reach, 0.1), max(reach, 0.1)], nice=False)
    axis = alt.Axis(tickCount=5, format=".1~f")
    y = alt.Y("line:N", sort=alt.EncodingSortField("place", op="min"), title=None,
              axis=alt.Axis(domain=False, ticks=False, labelLimit=230))  # fmt: skip
    x = alt.X("at:Q", title=_AXIS, scale=scale, axis=axis)
    colour = alt.condition("datum.kind == 'pooled'", alt.value(ink("accent")), alt.value(ink("muted")))
    tip = ["line:N", alt.Tooltip("words:N", title="months gained"), alt.Tooltip("p:Q", format=".2g")]
    base = alt.Chart(data("rows"))
    line = base.mark_rule(strokeWidth=1.8).encode(
        x=alt.X("low:Q", title=_AXIS, scale=scale, axis=axis), x2="high:Q", y=y, color=colour
    )
    points = [
        base.transform_filter(f"datum.kind == '{kind}'")
        .mark_point(shape=shape, filled=True, opacity=1, size=size)
        .encode(x=x, y=y, color=colour, tooltip=tip)
        for kind, shape, size in (("cohort", "square", 60), ("pooled", "diamond", 110))
    ]
    words = base.mark_text(align="left", baseline="middle", fontSize=11, color=ink()).encode(
        x=alt.value(_PANEL + 10), y=y, text="words:N"
    )
    zero = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(x=alt.datum(0.0, type="quantitative"))
    panel = alt.layer(zero, line, *points, words, width=_PANEL, height=alt.Step(_ROW))
    facet = alt.Facet("label:N", sort=order, title=None, header=alt.Header(labelLimit=320))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=2, spacing={"row": 26, "column": 130}).resolve_scale(
        y="independent"
    )
    return grid
