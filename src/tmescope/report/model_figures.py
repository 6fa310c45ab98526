"""Figures of prediction models: how they do out of cohort, beside what is simpler, and what they are made of."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import altair as alt
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import decimal, plain, plural
from tmescope.report.palette import CATEGORIES

__all__ = ["draw_models"]

_PANEL = 250
_ROW = 20
_MOST_COLUMNS = 25
_RANKINGS = {
    "auc": ("AUC", 0.5),
    "c_index": ("C over all follow-up", 0.5),
    "c_index_to_horizon": ("C to the horizon", 0.5),
    "auc_difference": ("Difference of AUC", 0.0),
    "c_index_difference": ("Difference of C over all follow-up", 0.0),
}
_FORESTS = (
    (("auc", "c_index"), "performance"),
    (("c_index_to_horizon",), "horizon"),
    (("auc_difference", "c_index_difference"), "gain"),
)
_AXES = {
    "roc": ("1 - specificity", "Sensitivity"),
    "calibration": ("Chance predicted", "Share observed"),
    "decision": ("Chance from which one would act", "Net benefit"),
}


def draw_models(contents: ReportContents) -> list[Figure]:
    """Return for each model of a run: performance, differences, ROC, calibration, decision curves, coefficients.

    Parameters
    ----------
    contents : ReportContents
        With the tables model_performance, model_curves and model_coefficients.
    """
    figures: list[Figure] = []
    performance, curves = contents.table("model_performance"), contents.table("model_curves")
    for model, rows in performance.groupby("model", sort=False):
        slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in str(model).lower())
        place = {c: i for i, c in enumerate(contents.cohort_ids())}
        for measures, kind in _FORESTS:
            outside = rows["measure"].isin(measures) & rows["scheme"].isin(["out_of_cohort", "out_of_fold"])
            shown = rows[outside & rows["estimate"].notna()]
            figures += _forest(shown, slug=f"model-{kind}-{slug}", model=str(model), place=place)
        own = curves[curves["model"] == model]
        for kind in ("roc", "calibration", "decision"):
            figures += _curves(own, kind, slug=slug, model=str(model))
        table = contents.table("model_coefficients")
        figures += _coefficients(table[table["model"] == model], slug=slug, model=str(model))
    return figures


def _forest(rows: pd.DataFrame, *, slug: str, model: str, place: dict[str, int]) -> list[Figure]:
    if not len(rows):
        return []
    measure = str(rows["measure"].iloc[0])
    title, null = _RANKINGS[measure]
    is_gain = "difference" in measure
    table = rows.astype({c: float for c in ("estimate", "ci_low", "ci_high", "n", "n_events", "k")}).assign(
        who=[f"over {plain(o)}" if is_gain else plain(p) for p, o in
             zip(rows["predictor"], rows["compared_with"], strict=True)],
        pooled=rows["cohort_id"] == "",
        line=[_line(r) for r in rows.to_dict("records")],
        place=[place.get(str(c), 1000) for c in rows["cohort_id"]],
    )  # fmt: skip
    table["words"] = [_words(r) for r in table.to_dict("records")]
    kept = table[["who", "line", "place", "pooled", "estimate", "ci_low", "ci_high", "words"]].reset_index(drop=True)
    pooled = table[table["pooled"]]
    found = "; ".join(f"{w}: {t}" for w, t in zip(pooled["who"], pooled["words"], strict=True))
    return [
        Figure(
            id=slug,
            title=f"{plain(model)}: {title[0].lower() if is_gain else title[0]}{title[1:]} {_where(rows)}",
            caption=(
                f"{title} with 95% intervals, in patients whom the model never saw"
                f"{'; above 0 the model is better, in the same patients' if is_gain else ''}. Diamonds: cohorts pooled "
                f"with random effects. Events and patients in brackets.{_given(rows) if is_gain else ''}"
            ),
            alt=f"Forest plot. Pooled {found or 'nothing'}.",
            chart=_forest_chart(title, null, panels=list(dict.fromkeys(kept["who"]))),
            table_name="model_performance",
            section="models",
            datasets={"rows": kept},
            numbers=pd.DataFrame({"Of": kept["who"], "Cohort": kept["line"], title: kept["words"]}),
        )
    ]


def _given(rows: pd.DataFrame) -> str:
    if str(rows["scheme"].iloc[0]) != "out_of_fold":
        return ""
    return (
        " The averaged predictions are taken as given: that other patients would have made other models is not in the "
        "intervals."
    )


def _where(rows: pd.DataFrame) -> str:
    return str(rows["scheme"].iloc[0]).replace("_", " ")


def _line(row: Mapping[Hashable, Any]) -> str:
    if row["cohort_id"] == "":
        return "pooled"
    return plain(row["cohort_id"])


def _words(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["estimate"]):
        return "not pooled" if row["cohort_id"] == "" else "no estimate"
    of = plural(int(row["k"]), "cohort") if row["cohort_id"] == "" else f"{int(row['n_events'])}/{int(row['n'])}"
    if pd.isna(row["ci_low"]):
        return f"{decimal(row['estimate'])} ({of})"
    return f"{decimal(row['estimate'])} [{decimal(row['ci_low'])}, {decimal(row['ci_high'])}] ({of})"


def _forest_chart(title: str, null: float, *, panels: list[str]) -> alt.FacetChart:
    domain = [0.0, 1.0] if null > 0.0 else [-0.6, 0.6]
    scale = alt.Scale(domain=domain, clamp=True, nice=False)
    y = alt.Y("line:N", sort=alt.EncodingSortField("place", op="min"), title=None,
              axis=alt.Axis(domain=False, ticks=False, labelLimit=230))  # fmt: skip
    base = alt.Chart(data("rows"))
    colour = alt.condition("datum.pooled", alt.value(ink("accent")), alt.value(ink("muted")))
    x = alt.X("ci_low:Q", title=title, scale=scale)
    line = base.transform_filter("isValid(datum.ci_low)").mark_rule(strokeWidth=1.8).encode(
        x=x, x2="ci_high:Q", y=y, color=colour
    )  # fmt: skip
    point = base.mark_point(filled=True, size=75, opacity=1).encode(
        x=alt.X("estimate:Q", scale=scale, title=title), y=y, color=colour,
        shape=alt.condition("datum.pooled", alt.value("diamond"), alt.value("square")),
        tooltip=["line:N", alt.Tooltip("words:N", title=title)],
    )  # fmt: skip
    words = base.mark_text(align="left", baseline="middle", fontSize=11, color=ink()).encode(
        x=alt.value(_PANEL + 10), y=y, text="words:N"
    )
    reference = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(x=alt.datum(null, type="quantitative"))
    panel = alt.layer(reference, line, point, words, width=_PANEL, height=alt.Step(_ROW))
    facet = alt.Facet("who:N", sort=panels, title=None, header=alt.Header(labelLimit=300))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=2, spacing={"row": 26, "column": 180})
    return grid


def _curves(own: pd.DataFrame, kind: str, *, slug: str, model: str) -> list[Figure]:
    rows = own[own["curve"].isin([kind, "treat_all"] if kind == "decision" else [kind])]
    rows = rows[rows["cohort_id"] != ""] if kind == "roc" else rows[rows["cohort_id"] == ""]
    if not len(rows):
        return []
    everybody = "treat everybody"
    table = rows.assign(
        who=[
            everybody if c == "treat_all" else plain(p) for p, c in zip(rows["predictor"], rows["curve"], strict=True)
        ],
        panel=[plain(c) if c else "all cohorts" for c in rows["cohort_id"]],
        step=range(len(rows)),
    )
    if kind == "decision":
        all_of_model = (table["who"] != everybody) | (table["predictor"] == "model")
        table = table[all_of_model & (table["y"].astype(float) >= -0.05)]
    names = list(dict.fromkeys(table["who"]))
    columns = ["who", "panel", "step", "x", "y", "low", "high"]
    kept = table[columns].astype({c: float for c in ("x", "y", "low", "high")}).reset_index(drop=True)
    return [
        Figure(
            id=f"model-{kind}-{slug}",
            title=f"{plain(model)}: {_TITLES[kind]}",
            caption=_CAPTIONS[kind],
            alt=f"{_TITLES[kind]} of {', '.join(names)}, {plural(kept['panel'].nunique(), 'panel')}.",
            chart=_curve_chart(kind, names=names, panels=list(dict.fromkeys(kept["panel"]))),
            table_name="model_curves",
            section="models",
            datasets={"rows": kept} | ({} if kind == "decision" else {"diagonal": _DIAGONAL}),
        )
    ]


_DIAGONAL = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
_TITLES = {"roc": "ROC curves by cohort", "calibration": "calibration", "decision": "decision curves"}
_CAPTIONS = {
    "roc": "Sensitivity against false positives in each cohort, by predictions of models that did not see the cohort.",
    "calibration": "Patients of all cohorts in groups of equal size by the chance predicted, with 95% limits; on "
    "the diagonal predictions are true.",
    "decision": "Net benefit of acting by the prediction from a chance upwards, in true positives per patient; 0 is to "
    "treat nobody. Patients of all cohorts; baselines in those whom they can predict.",
}


def _curve_chart(kind: str, *, names: list[str], panels: list[str]) -> alt.FacetChart:
    across, up = _AXES[kind]
    colours = [CATEGORIES[i % len(CATEGORIES)] for i in range(len(names))]
    colour = alt.Color("who:N", sort=names, title=None, scale=alt.Scale(domain=names, range=colours),
                       legend=alt.Legend(orient="top", symbolType="stroke", symbolStrokeWidth=3))  # fmt: skip
    square = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("x:Q", title=across, scale=square if kind != "decision" else alt.Scale(domain=[0, 0.8], nice=False))
    y = alt.Y("y:Q", title=up, scale=square if kind != "decision" else alt.Scale(nice=True))
    base = alt.Chart()  # the facet brings the rows: a layer with data of its own would not be split
    order = alt.Order("step:Q")
    mark = base.mark_line(interpolate="linear", strokeWidth=1.8, point=kind == "calibration")
    layers = [mark.encode(x=x, y=y, color=colour, order=order)]
    if kind == "calibration":
        bars = base.mark_rule(strokeWidth=1.2, opacity=0.7)
        layers.append(bars.encode(x=x, y=alt.Y("low:Q", scale=square, title=up), y2="high:Q", color=colour))
    if kind != "decision":
        line = alt.Chart(data("diagonal"))
        layers.insert(0, line.mark_line(strokeDash=[3, 3], strokeWidth=1, color=ink("muted")).encode(x=x, y=y))
    size = 230 if kind == "roc" else 380
    panel = alt.layer(*layers, width=size, height=size if kind != "decision" else 260)
    facet = alt.Facet("panel:N", sort=panels, title=None)
    grid: alt.FacetChart = panel.facet(data=data("rows"), facet=facet, columns=3, spacing={"row": 26, "column": 40})
    return grid


def _coefficients(rows: pd.DataFrame, *, slug: str, model: str) -> list[Figure]:
    numbers = rows.astype({"coefficient": float})
    final = numbers[(numbers["left_out"].fillna("") == "") & (numbers["coefficient"] != 0.0)]
    if not len(final):
        return []
    best = final.reindex(final["coefficient"].abs().sort_values(ascending=False, kind="stable").index).head(
        _MOST_COLUMNS
    )
    keys = [
        f"{plain(c)} ({plain(str(p).split(':', 1)[0])})" for c, p in zip(best["column"], best["predictor"], strict=True)
    ]
    order = dict(zip(zip(best["column"], best["predictor"], strict=True), keys, strict=True))
    inside = [(c, p) in order for c, p in zip(numbers["column"], numbers["predictor"], strict=True)]
    shown = numbers[inside]
    kept = pd.DataFrame(
        {
            "label": [order[(c, p)] for c, p in zip(shown["column"], shown["predictor"], strict=True)],
            "coefficient": shown["coefficient"],
            "what": ["all patients" if not s else "without a part" for s in shown["left_out"].fillna("")],
            "without": shown["left_out"].fillna(""),
        }
    ).reset_index(drop=True)
    told = ", ".join(f"{k} {decimal(v)}" for k, v in zip(keys[:3], best["coefficient"][:3], strict=True))
    y = alt.Y("label:N", sort=keys, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=320))
    base = alt.Chart(data("rows"))
    x = alt.X("coefficient:Q", title="Log odds or log hazard ratio per SD")
    zero = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(x=alt.datum(0, type="quantitative"))
    thin = base.transform_filter("datum.what != 'all patients'").mark_tick(thickness=1.4, size=12, opacity=0.7).encode(
        x=x, y=y, color=alt.value(ink("muted")),
        tooltip=["label:N", "without:N", alt.Tooltip("coefficient:Q", format=".3f")],
    )  # fmt: skip
    point = base.transform_filter("datum.what == 'all patients'").mark_point(filled=True, size=70, opacity=1).encode(
        x=x, y=y, color=alt.value(ink("accent")), tooltip=["label:N", alt.Tooltip("coefficient:Q", format=".3f")]
    )  # fmt: skip
    return [
        Figure(
            id=f"model-coefficients-{slug}",
            title=f"{plain(model)}: coefficients",
            caption=(
                "Points: the model of all patients. Ticks: models that left a cohort (or a fold) out; far from the "
                "point where a coefficient hangs on one of them. Shrunk towards 0 by the penalty: not tests of single "
                "features."
            ),
            alt=f"{plural(len(final), 'coefficient')} that are not zero; the largest: {told}.",
            chart=alt.layer(zero, thin, point, width=560, height=alt.Step(_ROW)),
            table_name="model_coefficients",
            section="models",
            datasets={"rows": kept},
        )
    ]
