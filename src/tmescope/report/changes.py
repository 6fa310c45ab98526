"""Change under treatment: each patient's values before and on treatment as a line, and the effects with intervals."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, decimal, full_p, plain, plural
from tmescope.report.palette import MISSING_COLOUR, RESPONSE

__all__ = ["CHANGES", "draw_changes"]

CHANGES = {
    "change_per_sd": "all patients",
    "change_per_sd_in_non_responders": "non-responders",
    "change_per_sd_in_responders": "responders",
    "change_difference_per_sd": "responders minus non-responders",
}
"""Kinds of change, in the order in which they are drawn."""

_COLOURS = (MISSING_COLOUR, RESPONSE["non_responder"], RESPONSE["responder"], "#a874e8")
_SHOWN = 4
_WIDTH, _HEIGHT, _PANEL = 320, 150, 230
_STEP = 13
_GROUPS = {"responder": "responders", "non_responder": "non-responders"}
_UNKNOWN = "response not known"


def draw_changes(contents: ReportContents) -> list[Figure]:
    """Return for each question of change its patients' lines, cohort by cohort, and the effects of all cohorts.

    Parameters
    ----------
    contents : ReportContents
        With the tables visits, answers and pooled.
    """
    visits = contents.table("visits")
    figures: list[Figure] = []
    for question in pd.unique(visits["question_id"]):
        answers = contents.table("answers")
        rows = answers[(answers["question_id"] == question) & answers["effect_name"].isin(CHANGES)]
        known = rows[rows["effect"].notna()]
        if not len(known):
            continue
        shown = _clearest(contents, known)
        for cohort in (c for c in contents.cohort_ids() if (known["cohort_id"] == c).any()):
            here = visits[(visits["question_id"] == question) & (visits["cohort_id"] == cohort)]
            figures += _slopes(contents, here, shown, cohort=cohort)
        figures.append(_forest(contents, known, shown, question=str(question)))
    return figures


def _clearest(contents: ReportContents, rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the features (and sources) with the smallest p of any change, pooled where that was done."""
    pooled = contents.table("pooled")
    mine = pooled[(pooled["question_id"] == rows["question_id"].iloc[0]) & (pooled["stratum"].fillna("") == "")]
    ranked = mine if len(mine) else rows
    ranked = ranked[ranked["adjusted_for"].fillna("") == ""]
    ranked = ranked.astype({"p_value": float}).sort_values("p_value", kind="stable")
    best = ranked.drop_duplicates(["feature", "source"]).head(_SHOWN)
    return [(str(f), str(s)) for f, s in zip(best["feature"], best["source"], strict=True)]


def _label(contents: ReportContents, feature: str, source: str) -> str:
    return plain(contents.short_labels(source).get(feature, feature))


def _slopes(
    contents: ReportContents, visits: pd.DataFrame, shown: list[tuple[str, str]], *, cohort: str
) -> Iterator[Figure]:
    parts = [p for f, s in shown if len(p := _lines(visits, f, s, label=_label(contents, f, s)))]
    if not parts:
        return
    table = pd.concat(parts, ignore_index=True)
    question = plain(visits["question_id"].iloc[0])
    people = table[table["kind"] == "patient"]
    pairs = people[people.duplicated(["label", "patient"], keep=False)].groupby("label")["patient"].nunique()
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{question}-{cohort}".lower())
    yield Figure(
        id=f"change-{slug}",
        title=f"{question}: before and on treatment, {plain(cohort)}",
        caption=(
            "Each thin line is a patient, each single dot a patient with one of the two samples; thick lines join the "
            "means of the complete pairs. Values in standard deviations of the samples before treatment, from their "
            f"mean. The {plural(len(parts), 'feature')} with the smallest p of any change. No control arm: this is "
            "change under treatment, not by it."
        ),
        alt=(
            f"Paired values of {', '.join(pd.unique(table['label']))} in {plain(cohort)}, "
            f"{count(pairs.max() if len(pairs) else 0)} complete pairs: {_means(table)}."
        ),
        chart=_slope_chart(table),
        heavy=len(table) > 3000,
        table_name="visits",
        section="answers",
        datasets={"rows": table},
    )


def _lines(visits: pd.DataFrame, feature: str, source: str, *, label: str) -> pd.DataFrame:
    rows = visits[(visits["feature"] == feature) & (visits["source"] == source)]
    rows = rows.astype({"value": float}).dropna(subset=["value"])
    before = rows.loc[rows["visit"] == "before", "value"]
    if len(before) < 2 or before.std(ddof=1) <= 0.0:
        return pd.DataFrame()
    z = (rows["value"] - before.mean()) / before.std(ddof=1)
    groups = rows["response"].astype(object).map(_GROUPS).fillna(_UNKNOWN)
    table = pd.DataFrame(
        {
            "label": label,
            "kind": "patient",
            "patient": rows["patient_id"].astype(str).map(plain),
            "visit": np.where(rows["visit"] == "before", "before", "on treatment"),
            "group": groups,
            "z": z,
        }
    )
    paired = table[table.duplicated("patient", keep=False)]
    means = paired.groupby(["group", "visit"], as_index=False, sort=True)["z"].mean()
    both: pd.DataFrame = pd.concat([table, means.assign(label=label, kind="mean", patient="mean")], ignore_index=True)
    return both.assign(panel=both["label"] + ", " + both["group"])


def _means(table: pd.DataFrame) -> str:
    means = table[table["kind"] == "mean"].pivot(index=["label", "group"], columns="visit", values="z").reset_index()
    told = [
        f"{r['label']}, {r['group']}, {decimal(r['before'], 2)} to {decimal(r['on treatment'], 2)}"
        for r in means.to_dict(orient="records")
    ]
    return "; ".join(told) or "no complete pair"


def _slope_chart(table: pd.DataFrame) -> alt.FacetChart:
    groups = [g for g in (*_GROUPS.values(), _UNKNOWN) if (table["group"] == g).any()]
    colours = {"responders": RESPONSE["responder"], "non-responders": RESPONSE["non_responder"]}
    scale = alt.Scale(domain=groups, range=[colours.get(g, MISSING_COLOUR) for g in groups])
    colour = alt.Color("group:N", scale=scale, legend=None)
    x = alt.X("visit:N", title=None, sort=["before", "on treatment"], scale=alt.Scale(padding=0.4),
              axis=alt.Axis(labelAngle=0))  # fmt: skip
    y = alt.Y("z:Q", title="SD from the mean before", axis=alt.Axis(tickCount=5))
    base = alt.Chart(data("rows"))
    patients = base.transform_filter("datum.kind == 'patient'")
    tip = ["patient:N", "visit:N", alt.Tooltip("z:Q", format=".2f", title="SD")]
    layers = [
        patients.mark_line(strokeWidth=1, opacity=0.45).encode(x=x, y=y, detail="patient:N", color=colour),
        patients.mark_point(filled=True, size=22, opacity=0.6).encode(x=x, y=y, color=colour, tooltip=tip),
        base.transform_filter("datum.kind == 'mean'")
        .mark_line(strokeWidth=4, point=alt.OverlayMarkDef(size=70, filled=True))
        .encode(x=x, y=y, detail="group:N", color=colour),
    ]
    panel = alt.layer(*layers, width=_WIDTH, height=_HEIGHT)
    order = [f"{label}, {g}" for label in pd.unique(table["label"]) for g in groups]
    facet = alt.Facet("panel:N", sort=order, title=None, header=alt.Header(labelLimit=370))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=len(groups), spacing={"row": 22, "column": 60})
    return grid


def _forest(contents: ReportContents, rows: pd.DataFrame, shown: list[tuple[str, str]], *, question: str) -> Figure:
    table = _effects(contents, rows, shown)
    best = table.sort_values("p_value", kind="stable").iloc[0]
    words = f"{decimal(best['effect'], 2)} [{decimal(best['ci_low'], 2)}, {decimal(best['ci_high'], 2)}]"
    return Figure(
        id="change-effects-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in question.lower()),
        title=f"{plain(question)}: change under treatment",
        caption=(
            "Above 0, the feature rises from before to on treatment; the difference is above 0 where it rises more in "
            "responders. In standard deviations of the samples before treatment, with 95% confidence intervals not "
            "adjusted for the number of tests; diamonds are pooled. Panels that say given are those of patients whose "
            "axis does not change. Method: "
            + "; ".join(dict.fromkeys(plain(m) for m in rows["method"]))
            + "."
        ),
        alt=(
            f"Changes of {', '.join(pd.unique(table['panel']))}. The smallest p: {best['panel']}, {best['line']}, "
            f"{best['kind']}, {words}, {full_p(best['p_value'])}."
        ),
        chart=_forest_chart(table),
        table_name="answers",
        section="answers",
        datasets={"rows": table.drop(columns=["ci_low", "ci_high"]).assign(from_=table["ci_low"], to=table["ci_high"])},
    )  # fmt: skip


def _effects(contents: ReportContents, rows: pd.DataFrame, shown: list[tuple[str, str]]) -> pd.DataFrame:
    """Return the effects of the shown features in each cohort, then pooled; one panel a feature and adjustment."""
    pooled = contents.table("pooled")
    mine = pooled[(pooled["question_id"] == rows["question_id"].iloc[0]) & pooled["effect"].notna()]
    mine = mine[mine["effect_name"].isin(CHANGES)]
    place = {c: i for i, c in enumerate(contents.cohort_ids())}
    names = ("effect", "ci_low", "ci_high", "p_value", "n", "n_events")
    found = []
    for part, is_pooled in ((rows, False), (mine, True)):
        for row in part.to_dict(orient="records"):
            key = (str(row["feature"]), str(row["source"]))
            if key not in shown:
                continue
            given = row["adjusted_for"] if isinstance(row["adjusted_for"], str) and row["adjusted_for"] else ""
            stratum = row.get("stratum") if is_pooled else ""
            pool = f"all of {plain(stratum)}" if stratum else "all cohorts"
            found.append(
                {
                    "panel": _label(contents, *key) + (f", given {plain(given)}" if given else ""),
                    "line": f"{pool} ({count(row['k'])})" if is_pooled else plain(row["cohort_id"]),
                    "kind": CHANGES[str(row["effect_name"])],
                    "pooled": is_pooled,
                    "order": 1000 + bool(stratum) if is_pooled else place[str(row["cohort_id"])],
                    "rank": 2 * shown.index(key) + bool(given),
                    **{n: float(row[n]) for n in names},
                }
            )
    return pd.DataFrame(found).sort_values(["rank", "order"], kind="stable").reset_index(drop=True)


def _forest_chart(table: pd.DataFrame) -> alt.FacetChart:
    kinds = [k for k in CHANGES.values() if (table["kind"] == k).any()]
    colours = dict(zip(CHANGES.values(), _COLOURS, strict=True))
    colour = alt.Color(
        "kind:N", sort=kinds, scale=alt.Scale(domain=kinds, range=[colours[k] for k in kinds]),
        legend=alt.Legend(title=None, orient="top", symbolType="square", labelLimit=280),
    )  # fmt: skip
    y = alt.Y("line:N", sort=alt.EncodingSortField("order", op="min"), title=None,
              axis=alt.Axis(domain=False, ticks=False, labelLimit=220))  # fmt: skip
    offset = alt.YOffset("kind:N", sort=kinds, scale=alt.Scale(domain=kinds))
    x = alt.X("effect:Q", title="change in SD before treatment", axis=alt.Axis(tickCount=5))
    tip = ["line:N", "kind:N", alt.Tooltip("effect:Q", format=".2f"), alt.Tooltip("p_value:Q", format=".2g"), "n:Q",
           alt.Tooltip("n_events:Q", title="pairs")]  # fmt: skip
    base = alt.Chart(data("rows"))
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("from_:Q"), x2="to:Q", y=y, yOffset=offset, color=colour)
    points = base.mark_point(filled=True, opacity=1, size=55).encode(
        x=x, y=y, yOffset=offset, color=colour, tooltip=tip,
        shape=alt.Shape("pooled:N", scale=alt.Scale(domain=[False, True], range=["circle", "diamond"]), legend=None),
    )  # fmt: skip
    zero = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(x=alt.datum(0, type="quantitative"))
    panel = alt.layer(zero, lines, points, width=_PANEL, height=alt.Step(_STEP, **{"for": "offset"}))
    facet = alt.Facet("panel:N", sort=list(pd.unique(table["panel"])), title=None, header=alt.Header(labelLimit=320))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=2, spacing={"row": 26, "column": 60})
    return grid
