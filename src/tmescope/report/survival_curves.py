"""Kaplan-Meier curves by tertile, with the number at risk below."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, endpoint_name, interval, plain, plural, short_p
from tmescope.report.palette import TERTILES

__all__ = ["MOST_FEATURES", "draw_survival_curves", "find_at_risk", "risk_rows", "telling_steps", "tick_values"]

MOST_FEATURES = 6
"""Features whose curves are drawn; all are in the table."""

_WIDTH, _HEIGHT = 240, 190
_HEAVY = 1500
_MOST_TELLING = 600
_NEAR = 4
"""Pixels within which a pointer finds the same step."""
_GROUPS = ("high", "middle", "low")
_TICKS = 5


def draw_survival_curves(contents: ReportContents) -> list[Figure]:
    """Return one figure for each feature: of all features with curves, those with the smallest p-values."""
    endpoint = contents.survival_endpoint
    curves = contents.table("curves")
    if endpoint is None or not len(curves):
        return []
    curves = contents.once_per_feature(curves[curves["endpoint"] == endpoint])
    answers = contents.shown_answers()
    of_kind = (answers["endpoint"] == endpoint) & (answers["effect_name"] == "hazard_ratio_high_vs_low")
    answers = answers[of_kind]
    known = [str(f) for f in pd.unique(curves["feature"])]
    smallest = answers.groupby("feature")["p_value"].min().to_dict()
    chosen = sorted(known, key=lambda f: (float(smallest.get(f, 2.0)), known.index(f)))[:MOST_FEATURES]
    return [
        _draw(contents, curves[curves["feature"] == f], answers[answers["feature"] == f], among=len(known))
        for f in chosen
    ]


def _draw(contents: ReportContents, curves: pd.DataFrame, answers: pd.DataFrame, *, among: int) -> Figure:
    feature = str(curves["feature"].iloc[0])
    label = plain(contents.feature_labels(str(curves["source"].iloc[0])).get(feature, feature))
    endpoint = endpoint_name(contents.survival_endpoint)
    rows, axis_end = _steps(contents, curves)
    risk = find_at_risk(rows, axis_end)
    notes = _notes(rows, answers)
    numbers = _numbers(risk)
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in feature.lower())
    chosen = f" Drawn for the {MOST_FEATURES} features of {among} with the smallest p-values: chosen, not typical."
    return Figure(
        id=f"survival-{slug}",
        title=f"{label}: {endpoint} by tertile",
        caption=(
            f"Kaplan-Meier estimates of {endpoint} by tertile of {label} within each cohort, with 95% confidence "
            "bands; vertical ticks are censored patients. HR: high against low tertile."
            f"{chosen if among > MOST_FEATURES else ''}"
        ),
        alt=_alt(notes, label, endpoint),
        chart=_chart(axis_end, columns=min(3, rows["cohort"].nunique())),
        heavy=len(rows) > _HEAVY,
        table_name="curves",
        section="survival",
        datasets={"curves": _together(rows, risk, notes)},
        numbers=numbers,
    )  # fmt: skip


def _steps(contents: ReportContents, curves: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    place = {c: i for i, c in enumerate(contents.cohort_ids())}
    rows = pd.DataFrame(
        {
            "cohort": curves["cohort_id"].map(plain),
            "place": curves["cohort_id"].map(place),
            "group": curves["group"].astype(str),
            "time": curves["time_months"].astype(float),
            "survival": curves["survival"].astype(float).round(4),
            "low": curves["ci_low"].astype(float).round(4),
            "high": curves["ci_high"].astype(float).round(4),
            "at_risk": curves["at_risk"].astype(float),
            "events": curves["n_events"].astype(float),
            "censored": curves["n_censored"].astype(float),
        }
    )
    rows = rows[rows["group"].isin(_GROUPS)].sort_values(["place", "group", "time"], kind="stable")
    starts = rows.drop_duplicates(["cohort", "group"])
    starts = starts[starts["time"] > 0].assign(time=0.0, survival=1.0, low=1.0, high=1.0, events=0.0, censored=0.0)
    rows = pd.concat([starts, rows]).sort_values(["place", "group", "time"], kind="stable")
    rows = rows.reset_index(drop=True)
    return rows.assign(tells=telling_steps(rows)), float(rows["time"].max())


def telling_steps(rows: pd.DataFrame) -> pd.Series:
    """Return which steps answer to a pointer: all of few; of many the last within each few pixels of a curve.

    Parameters
    ----------
    rows : pandas.DataFrame
        Steps of curves: cohort, group, time.
    """
    if len(rows) <= _MOST_TELLING:
        return pd.Series(True, index=rows.index)
    width = max(float(rows["time"].max()), 1e-9) * _NEAR / _WIDTH
    return ~rows.assign(place_=rows["time"] // width).duplicated(["cohort", "group", "place_"], keep="last")


def find_at_risk(rows: pd.DataFrame, end: float) -> pd.DataFrame:
    """Return the number at risk just before each tick: that of the first row at or after it, 0 beyond the last.

    Parameters
    ----------
    rows : pandas.DataFrame
        Steps of curves: cohort, place, group, time, at_risk; in order of time.
    end : float
        Of the axis, in months.
    """
    ticks = tick_values(end)
    found = []
    for (cohort, place, group), part in rows.groupby(["cohort", "place", "group"], sort=False):
        times, counts = part["time"].to_numpy(), part["at_risk"].to_numpy()
        for tick in ticks:
            at = int(np.searchsorted(times, tick, side="left"))
            number = counts[at] if at < len(counts) else 0.0
            found.append({"cohort": cohort, "place": place, "group": group, "time": tick, "at_risk": number})
    return pd.DataFrame(found)


def tick_values(end: float) -> list[float]:
    """Return the ticks of an axis of months: about five, at steps of whole months, quarters or years.

    Parameters
    ----------
    end : float
        Of the axis, in months.
    """
    steps = np.array([1, 2, 3, 6, 12, 24, 36, 60, 120])
    step = float(steps[np.searchsorted(steps, end / _TICKS).clip(max=len(steps) - 1)])
    return [float(t) for t in np.arange(0, end + 1e-9, step)]


def _notes(rows: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    found = []
    by_cohort = {plain(a["cohort_id"]): a for a in answers.to_dict(orient="records")}
    for cohort, part in rows.groupby("cohort", sort=False):
        answer = by_cohort.get(str(cohort))
        n = int(part.drop_duplicates("group")["at_risk"].sum())
        events = int(part["events"].sum())
        text = "hazard ratio not estimated"
        if answer is not None:
            p, q = short_p(answer["p_value"]), short_p(answer["q_value"], symbol="q")
            text = f"HR {interval(answer, 'hazard_ratio_high_vs_low')}, {p}, {q}"
        head = f"{cohort} · n = {count(n)}, {count(events)} events"
        found.append({"cohort": cohort, "place": part["place"].iloc[0], "head": head, "text": text})
    return pd.DataFrame(found)


def _together(rows: pd.DataFrame, risk: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    heads = dict(zip(notes["cohort"], notes["head"], strict=True))
    both = pd.concat([rows.assign(kind="step"), risk.assign(kind="risk"), notes.assign(kind="note")], ignore_index=True)
    return both.assign(head=both["cohort"].map(heads)).drop(columns=["cohort"])


def _chart(end: float, *, columns: int) -> alt.FacetChart:
    ticks = tick_values(end)
    scale = alt.Scale(domain=[0, end], nice=False)
    x = alt.X(
        "time:Q",
        title="months",
        scale=scale,
        axis=alt.Axis(values=ticks, grid=False, format="d", labelFlush=False),
    )
    y = alt.Y(
        "survival:Q",
        title="share without event",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%"),
    )
    colour = alt.Color(
        "group:N",
        scale=alt.Scale(domain=list(_GROUPS), range=[TERTILES[g] for g in _GROUPS]),
        legend=alt.Legend(title="tertile", orient="top", symbolType="stroke", symbolStrokeWidth=2.5, symbolOpacity=1),
    )
    base = alt.Chart(data("curves"))
    steps = base.transform_filter("datum.kind === 'step'")
    dash = alt.StrokeDash("group:N", legend=None, scale=alt.Scale(domain=list(_GROUPS), range=[[1, 0], [6, 3], [2, 2]]))
    band = steps.mark_area(interpolate="step-after", opacity=0.1).encode(
        x=x, y=alt.Y("low:Q", title="share without event"), y2="high:Q", color=colour
    )
    line = steps.mark_line(interpolate="step-after", strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
    layers = [
        band,
        line,
        *_annotations(base, x=x, y=y, colour=colour),
        *risk_rows(base, x=x, colour=colour, groups=_GROUPS),
    ]
    panel = alt.layer(*layers, width=_WIDTH, height=_HEIGHT)
    facet = alt.Facet(
        "head:N",
        sort=alt.EncodingSortField("place", op="min"),
        title=None,
        header=alt.Header(labelLimit=_WIDTH + 40, labelPadding=8),
    )
    grid: alt.FacetChart = panel.facet(facet=facet, columns=columns, spacing={"row": 30, "column": 26})
    own_axes: alt.FacetChart = grid.resolve_axis(x="independent", y="independent")
    return own_axes


def _annotations(base: alt.Chart, *, x: alt.X, y: alt.Y, colour: alt.Color) -> list[alt.Chart]:
    """Return the ticks of censored patients, unseen points that carry tooltips, and the hazard ratio."""
    steps = base.transform_filter("datum.kind === 'step'")
    censored = steps.transform_filter("datum.censored > 0").mark_tick(orient="vertical", size=8, thickness=1.2)
    tip = [
        "group:N", alt.Tooltip("time:Q", title="months"), alt.Tooltip("survival:Q", format=".0%"),
        "at_risk:Q", "events:Q", "censored:Q",
    ]  # fmt: skip
    note = base.transform_filter("datum.kind === 'note'")
    words = note.mark_text(align="left", baseline="bottom", fontSize=11, color=ink())
    return [
        censored.encode(x=x, y=y, color=colour),
        steps.transform_filter("datum.tells").mark_point(size=60, opacity=0).encode(x=x, y=y, tooltip=tip),
        words.encode(x=alt.value(0), y=alt.value(-6), text="text:N"),
    ]


def risk_rows(base: alt.Chart, *, x: alt.X, colour: alt.Color, groups: tuple[str, ...]) -> list[alt.Chart]:
    """Return one line of numbers at risk for each group, below the axis.

    Parameters
    ----------
    base : altair.Chart
        On rows of which those of kind ``risk`` are the numbers.
    x, colour : altair channels
        Of the curves.
    groups : tuple of str
        From the top.
    """
    layers = []
    risk = base.transform_filter("datum.kind === 'risk'")
    for i, group in enumerate(groups):
        y = alt.value(_HEIGHT + 52 + 14 * i)
        rows = risk.transform_filter(f"datum.group === '{group}'")
        layers.append(rows.mark_text(fontSize=10, baseline="middle").encode(x=x, y=y, text="at_risk:Q", color=colour))
        first = rows.transform_filter("datum.time === 0")
        mark = first.mark_text(fontSize=10, align="right", baseline="middle", color=ink("muted"))
        layers.append(mark.encode(x=alt.value(-14), y=y, text="group:N"))
    title = risk.transform_filter(f"datum.time === 0 && datum.group === '{groups[0]}'").mark_text(
        fontSize=10, align="left", baseline="middle", color=ink("muted")
    )
    layers.append(title.encode(x=alt.value(-14), y=alt.value(_HEIGHT + 38), text=alt.value("at risk")))
    return layers


def _numbers(risk: pd.DataFrame) -> pd.DataFrame:
    wide = risk.pivot_table(index=["cohort", "group"], columns="time", values="at_risk", sort=False)
    wide.columns = pd.Index([f"{c:g} months" for c in wide.columns])
    shown = wide.map(count).reset_index()
    return shown.rename(columns={"cohort": "Cohort", "group": "Tertile"})


def _alt(notes: pd.DataFrame, label: str, endpoint: str) -> str:
    parts = "; ".join(f"{h}: {t}" for h, t in zip(notes["head"], notes["text"], strict=True))
    return f"Kaplan-Meier curves of {endpoint} by tertile of {label} in {plural(len(notes), 'cohort')}. {parts}."
