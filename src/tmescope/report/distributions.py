"""Score distributions: every sample as a point, by cohort and response, on boxes of quartiles."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, decimal, plain, plural, significant
from tmescope.report.palette import RESPONSE

__all__ = ["MOST_POINTS", "PANELS", "draw_distributions"]

PANELS = 12
"""Most features in one figure."""
MOST_POINTS = 60_000
"""Values of all features together up to which each sample is a point; above it bars and ranges alone are drawn."""
_HEIGHT = 1250

_QUANTILES = ("low", "q1", "median", "q3", "high")
_SLOT = 15
_PANEL = 225
_KEYS = ["cohort_id", "sample_id"]
_NAMES = {"responder": "responder", "non_responder": "non-responder", "not evaluable": "not evaluable"}
_HEAVY = 1500


def draw_distributions(contents: ReportContents) -> list[Figure]:
    """Return a figure for every few features of the primary method, then one for the extra features."""
    labels = contents.short_labels(contents.primary_method)
    figures = []
    scores = contents.primary_scores()
    if len(scores):
        names = [str(f) for f in pd.unique(scores["feature"])]
        panels = _panels(contents)
        pages = [names[i : i + panels] for i in range(0, len(names), panels)]
        for i, page in enumerate(pages):
            part = scores[scores["feature"].isin(page)]
            where = f" ({i + 1} of {len(pages)})" if len(pages) > 1 else ""
            figures.append(
                _draw(
                    contents, part, labels=labels, name=f"distributions-{i + 1}", axis=contents.unit(),
                    alone=len(scores) > MOST_POINTS,
                    title=f"Scores by cohort and response{where}",
                )
            )  # fmt: skip
    extra = contents.table("features")
    extra = extra[extra["kind"] == "numeric"]
    if len(extra):
        units = extra.drop_duplicates("feature").set_index("feature")["unit"].to_dict()
        named = {str(f): f"{f} ({u})" if isinstance(u, str) and u else str(f) for f, u in units.items()}
        figures.append(
            _draw(
                contents, extra, labels=named, name="distributions-features", axis="value (unit in the title)",
                alone=len(extra) > MOST_POINTS,
                title="Further features by cohort and response",
            )
        )  # fmt: skip
    return figures


def _panels(contents: ReportContents) -> int:
    """Return how many panels, three in a row, make a figure that fits on a printed page."""
    rows_of_points = 3 if contents.primary_endpoint else 1
    height = len(contents.cohort_ids()) * (_SLOT * rows_of_points + 10) + 110
    return min(PANELS, 3 * max(1, _HEIGHT // height))


def _draw(
    contents: ReportContents,
    scores: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    name: str,
    axis: str,
    title: str,
    alone: bool,
) -> Figure:
    points = _points(contents, scores, labels)
    boxes = _boxes(points)
    slots = int(points["slots"].max())
    missing = len(points) - int(points["value"].notna().sum())
    features = list(dict.fromkeys(points["feature"]))
    return Figure(
        id=name,
        title=title,
        caption=_caption(grouped=slots > 1, missing=missing, alone=alone),
        alt=_alt(boxes, features),
        chart=_chart(slots=slots, cohorts=[plain(c) for c in contents.cohort_ids()], axis=axis, alone=alone),
        heavy=len(points) > _HEAVY and not alone,
        table_name="features" if name.endswith("features") else "scores",
        section="distributions",
        datasets={"panels": _together(points.iloc[:0] if alone else points, boxes)},
        numbers=_numbers(boxes) if len(boxes) <= 90 else None,
    )


def _points(contents: ReportContents, scores: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    endpoint = contents.primary_endpoint
    samples = contents.table("samples")
    scores = scores[[*_KEYS, "feature", "value"]]
    if endpoint and endpoint in samples.columns:
        scores = scores.merge(samples[[*_KEYS, endpoint]].drop_duplicates(_KEYS), on=_KEYS, how="left")
        group = scores[endpoint].astype(object)
        group = group.where(group.notna(), "not evaluable").astype(str)
        levels = [g for g in RESPONSE if (group == g).any()]
    else:
        group, levels = pd.Series("all", index=scores.index), ["all"]
    slot = group.map({g: i for i, g in enumerate(levels)}).astype(float)
    names = [str(f) for f in pd.unique(scores["feature"])]
    value = pd.to_numeric(scores["value"], errors="coerce").astype(float)
    return pd.DataFrame(
        {
            "feature": scores["feature"].map(lambda f: plain(labels.get(f, f))),
            "order": scores["feature"].map({f: i for i, f in enumerate(names)}),
            "cohort": scores["cohort_id"].map(plain),
            "group": group.map(lambda g: _NAMES.get(g, g)),
            "offset": (slot + 0.5 + _spread(value, scores, group)).round(2),
            "slot": slot + 0.5,
            "value": value,
            "sample": scores["sample_id"].map(plain),
            "slots": len(levels),
        }
    )


def _spread(value: pd.Series, scores: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Return a small offset for each point by its rank in its row, so that neighbours do not hide each other.

    The golden ratio's multiples spread evenly for any number of points and need no random numbers.
    """
    rank = value.groupby([scores["feature"], scores["cohort_id"], group]).rank(method="first").fillna(0)
    return ((rank * 0.6180339887) % 1 - 0.5) * 0.62


def _boxes(points: pd.DataFrame) -> pd.DataFrame:
    keys = ["feature", "order", "cohort", "group", "slot"]
    groups = points.groupby(keys, sort=False)["value"]
    boxes = groups.quantile(np.array([0.05, 0.25, 0.5, 0.75, 0.95])).unstack()
    boxes.columns = pd.Index(["low", "q1", "median", "q3", "high"])
    boxes["n"] = groups.count()
    boxes = boxes.reset_index()
    return boxes[boxes["n"] > 0]


def _together(points: pd.DataFrame, boxes: pd.DataFrame) -> pd.DataFrame:
    """Return points and boxes in one table: the panels of a facet share one data set."""
    dots = points.dropna(subset=["value"]).drop(columns=["slots"])
    dots = dots.assign(value=dots["value"].map(lambda v: significant(v, 3)))
    boxes = boxes.assign(**{c: boxes[c].map(lambda v: significant(v, 4)) for c in _QUANTILES})
    both = pd.concat([dots.assign(kind="point"), boxes.assign(kind="box")], ignore_index=True)
    return both.astype({"order": int})


def _chart(*, slots: int, cohorts: list[str], axis: str, alone: bool) -> alt.FacetChart:
    height = _SLOT * slots
    y = alt.Y(
        "cohort:N",
        sort=cohorts,
        title=None,
        scale=alt.Scale(paddingInner=0.22, paddingOuter=0.1),
        axis=alt.Axis(domain=False, ticks=False, labelPadding=6, labelLimit=150),
    )
    place = alt.Scale(domain=[0, slots])
    x = alt.X("value:Q", title=axis, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4, grid=True))
    names = [_NAMES[g] for g in RESPONSE]
    legend = alt.Legend(title=None, orient="top", symbolType="circle", symbolOpacity=1, values=names[:slots])
    colour = alt.Color(
        "group:N",
        scale=alt.Scale(domain=[*names, "all"], range=[*RESPONSE.values(), RESPONSE["responder"]]),
        legend=legend if slots > 1 else None,
    )
    slot = alt.YOffset("slot:Q", scale=place)
    panels = alt.Chart(data("panels"))
    base = panels.transform_filter("datum.kind === 'box'")
    box = base.mark_rule(strokeWidth=9, opacity=0.22, strokeCap="butt").encode(
        x=alt.X("q1:Q", title=axis), x2="q3:Q", y=y, yOffset=slot, color=colour
    )
    middle = base.mark_tick(orient="vertical", thickness=2.2, size=11).encode(
        x=alt.X("median:Q", title=axis), y=y, yOffset=slot, color=colour,
        tooltip=["feature:N", "cohort:N", "group:N", "n:Q", "median:Q", "q1:Q", "q3:Q"],
    )  # fmt: skip
    number = base.mark_text(align="left", fontSize=9, baseline="middle", color=ink("muted")).encode(
        x=alt.value(_PANEL + 5), y=y, yOffset=slot, text="n:Q"
    )
    dots = panels.transform_filter("datum.kind === 'point'").mark_circle(size=11, opacity=0.62).encode(
        x=x, y=y, yOffset=alt.YOffset("offset:Q", scale=place), color=colour,
        tooltip=["sample:N", "cohort:N", "group:N", "feature:N", alt.Tooltip("value:Q", title="score")],
    )  # fmt: skip
    if alone:
        dots = base.mark_rule(strokeWidth=1.4).encode(
            x=alt.X("low:Q", title=axis, scale=alt.Scale(zero=False)), x2="high:Q", y=y, yOffset=slot, color=colour
        )
    panel = alt.layer(box, dots, middle, number, width=_PANEL, height=alt.Step(height))
    header = alt.Header(labelFontSize=11.5, labelLimit=_PANEL + 58)
    facet = alt.Facet("feature:N", sort=alt.EncodingSortField("order", op="min"), title=None, header=header)
    grid: alt.FacetChart = panel.facet(facet=facet, columns=3, spacing={"row": 26, "column": 34})
    own_axes: alt.FacetChart = grid.resolve_scale(x="independent")
    return own_axes


def _caption(*, grouped: bool, missing: int, alone: bool) -> str:
    by = " in each cohort and response group" if grouped else " in each cohort"
    gaps = f" {plural(missing, 'value')} missing and not drawn." if missing else " No value is missing."
    start = (
        f"Lines reach from the 5th to the 95th percentile (above {count(MOST_POINTS)} values samples are not drawn one "
        "by one and cannot be chosen here); bars"
        if alone
        else "Each point is one sample; bars"
    )
    return (
        f"{start} span the quartiles{by}, ticks are medians; the number at the right "
        f"of each row is n. Features in the order of the run's table, not of their association. Axes differ "
        f"between panels, and levels are not comparable between cohorts of different platforms.{gaps}"
    )


def _alt(boxes: pd.DataFrame, features: list[str]) -> str:
    start = f"{plural(len(features), 'panel')} of points and quartile bars: {', '.join(features)}."
    wide = boxes.pivot_table(index=["feature", "cohort"], columns="group", values="median", sort=False)
    if not {"responder", "non-responder"} <= set(wide.columns):
        return start
    higher = wide["responder"] > wide["non-responder"]
    return (
        f"{start} The median is higher in responders in {int(higher.sum())} of {len(higher)} combinations of "
        "feature and cohort. Whether that is more than chance is answered by the forest plots."
    )


def _numbers(boxes: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Feature": boxes["feature"],
            "Cohort": boxes["cohort"],
            "Group": boxes["group"],
            "n": boxes["n"].astype(str),
            "Median": boxes["median"].map(lambda v: decimal(v, 2)),
            "Quartiles": [f"{decimal(a)} to {decimal(b)}" for a, b in zip(boxes["q1"], boxes["q3"], strict=True)],
        }
    )
