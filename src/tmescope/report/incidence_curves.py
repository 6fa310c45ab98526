"""Cumulative incidence where events compete: a curve for each group, a panel for each cohort and cause."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, endpoint_name, interval, plain, plural, short_p
from tmescope.report.palette import TERTILES
from tmescope.report.survival_curves import MOST_FEATURES, find_at_risk, risk_rows, telling_steps, tick_values

__all__ = ["draw_incidence"]

_WIDTH, _HEIGHT = 240, 190
_HEAVY = 1500
_COLUMNS = 3
_TOPS = (0.1, 0.25, 0.5, 1.0)
_OWN = "event"
_TERTILES, _MEMBERS = ("high", "middle", "low"), ("with", "without")
_COLOURS = {**TERTILES, "with": TERTILES["high"], "without": TERTILES["low"]}
_RATIOS = ("subdistribution_hazard_ratio_per_sd", "subdistribution_hazard_ratio")


def draw_incidence(contents: ReportContents) -> list[Figure]:
    """Return figures of each question about competing events: the features of the smallest p by Gray's test.

    Parameters
    ----------
    contents : ReportContents
        With the tables incidence and answers.
    """
    curves, answers = contents.table("incidence"), contents.table("answers")
    figures = []
    for question, rows in curves.groupby("question_id", sort=False):
        own = answers[answers["question_id"] == question]
        tests = own[own["effect_name"] == "gray_chi_square"]
        smallest = {key: float(p) for key, p in tests.groupby(["feature", "source"])["p_value"].min().items()}
        known = [key for key, _ in rows.groupby(["feature", "source"], sort=False)]
        names = [feature for feature, _ in known]
        chosen = sorted(known, key=lambda key: (_known_first(smallest.get(key)), known.index(key)))[:MOST_FEATURES]
        for feature, source in chosen:
            here = (rows["feature"] == feature) & (rows["source"] == source)
            said = own[(own["feature"] == feature) & (own["source"] == source) & (own["adjusted_for"].fillna("") == "")]
            figures.append(_draw(contents, rows[here], said, among=len(known), twice=names.count(feature) > 1))
    return figures


def _known_first(p: float | None) -> float:
    return 2.0 if p is None or np.isnan(p) else p


def _draw(contents: ReportContents, curves: pd.DataFrame, answers: pd.DataFrame, *, among: int, twice: bool) -> Figure:
    """Draw one feature; its method is named where another one has a feature of the same name."""
    first = curves.iloc[0]
    of = f" ({plain(first['source'])})" if twice else ""
    feature, endpoint = str(first["feature"]), endpoint_name(first["endpoint"])
    label = plain(contents.feature_labels(str(first["source"])).get(feature, feature)) + of
    groups = _MEMBERS if set(curves["group"]) <= set(_MEMBERS) else _TERTILES
    rows = _steps(contents, curves)
    end = float(rows["time"].max())
    risk = find_at_risk(rows, end)
    notes = _notes(rows, answers)
    by = "with and without" if groups == _MEMBERS else "by tertile of"
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{first['question_id']}-{feature}{of}".lower())
    slug = slug.strip("-") if twice else slug
    chosen = f" Drawn for the {MOST_FEATURES} features of {among} with the smallest p-values: chosen, not typical."
    return Figure(
        id=f"incidence-{slug}",
        title=f"{contents.question_title(first['question_id'])}: {endpoint} {by} {label}",
        caption=(
            f"Aalen-Johansen estimates of the share of patients with the event ({endpoint}) and with each competing "
            f"event, {by} {label}, within each cohort, with 95% confidence bands. Patients with another event are no "
            "longer at risk, and are not counted as censored. SHR: subdistribution hazard ratio; p by Gray's test."
            f"{chosen if among > MOST_FEATURES else ''}"
        ),
        alt=_alt(notes, label, endpoint),
        chart=_chart(end, top=_top(rows), groups=groups, columns=min(_COLUMNS, curves["cause"].nunique())),
        heavy=len(rows) > _HEAVY,
        table_name="incidence",
        section="survival",
        datasets={"curves": _together(rows, risk, notes)},
        numbers=_numbers(risk),
    )  # fmt: skip


def _steps(contents: ReportContents, curves: pd.DataFrame) -> pd.DataFrame:
    place = {c: i for i, c in enumerate(contents.cohort_ids())}
    causes = list(dict.fromkeys(curves["cause"].astype(str)))
    named = zip(curves["cohort_id"], curves["endpoint"], curves["cause"], strict=True)
    rows = pd.DataFrame(
        {
            "cohort": [f"{plain(c)} · {_called(e, w)}" for c, e, w in named],
            "cohort_id": curves["cohort_id"].astype(str),
            "cause": curves["cause"].astype(str),
            "place": [
                place[c] * len(causes) + causes.index(str(w))
                for c, w in zip(curves["cohort_id"], curves["cause"], strict=True)
            ],
            "group": curves["group"].astype(str),
            "time": curves["time_months"].astype(float),
            "incidence": curves["incidence"].astype(float).round(4),
            "low": curves["ci_low"].astype(float).round(4),
            "high": curves["ci_high"].astype(float).round(4),
            "at_risk": curves["at_risk"].astype(float),
            "events": curves["n_events"].astype(float),
        }
    ).sort_values(["place", "group", "time"], kind="stable")
    starts = rows.drop_duplicates(["cohort", "group"])
    starts = starts[starts["time"] > 0].assign(time=0.0, incidence=0.0, low=0.0, high=0.0, events=0.0)
    rows = pd.concat([starts, rows]).sort_values(["place", "group", "time"], kind="stable").reset_index(drop=True)
    # before the first event the limits are not defined: the curve and its band lie on zero
    flat = rows["incidence"] == 0.0
    rows = rows.assign(low=rows["low"].mask(flat, 0.0), high=rows["high"].mask(flat, 0.0))
    return rows.assign(tells=telling_steps(rows))


def _called(endpoint: object, cause: object) -> str:
    return endpoint_name(endpoint) if cause == _OWN else f"{plain(cause)} (competing)"


def _top(rows: pd.DataFrame) -> float:
    highest = float(np.nanmax([rows["incidence"].max(), rows["high"].max()]))
    return next((t for t in _TOPS if highest <= t), 1.0)


def _notes(rows: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    found = []
    for panel, part in rows.groupby("cohort", sort=False):
        n, events = int(part.drop_duplicates("group")["at_risk"].sum()), int(part["events"].sum())
        text = ""
        if part["cause"].iloc[0] == _OWN:
            text = _effect(answers[answers["cohort_id"] == part["cohort_id"].iloc[0]].to_dict(orient="records"))
        head = f"{panel} · n = {count(n)}, {count(events)} events"
        found.append({"cohort": panel, "place": part["place"].iloc[0], "head": head, "text": text})
    return pd.DataFrame(found)


def _effect(answers: list[dict[Hashable, object]]) -> str:
    ratios = [f"SHR {interval(row, str(row['effect_name']))}" for row in answers if row["effect_name"] in _RATIOS]
    tests = [row for row in answers if row["effect_name"] == "gray_chi_square"]
    told = [f"Gray {short_p(row['p_value'])}, {short_p(row['q_value'], symbol='q')}" for row in tests]
    return "; ".join([*ratios, *told])


def _together(rows: pd.DataFrame, risk: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    heads = dict(zip(notes["cohort"], notes["head"], strict=True))
    steps = rows.drop(columns=["cohort_id", "cause"]).assign(kind="step")
    both = pd.concat([steps, risk.assign(kind="risk"), notes.assign(kind="note")], ignore_index=True)
    return both.assign(head=both["cohort"].map(heads)).drop(columns=["cohort"])


def _chart(end: float, *, top: float, groups: tuple[str, ...], columns: int) -> alt.FacetChart:
    scale = alt.Scale(domain=[0, end], nice=False)
    axis = alt.Axis(values=tick_values(end), grid=False, format="d", labelFlush=False)
    x = alt.X("time:Q", title="months", scale=scale, axis=axis)
    shares = alt.Scale(domain=[0, top], nice=False, clamp=True)
    percents = alt.Axis(values=[0, top / 2, top], format="~%")
    y = alt.Y("incidence:Q", title="share with the event", scale=shares, axis=percents)
    colours = alt.Scale(domain=list(groups), range=[_COLOURS[g] for g in groups])
    title = "tertile" if groups == _TERTILES else "group"
    legend = alt.Legend(title=title, orient="top", symbolType="stroke", symbolStrokeWidth=2.5, symbolOpacity=1)
    colour = alt.Color("group:N", scale=colours, legend=legend)
    base = alt.Chart(data("curves"))
    steps = base.transform_filter("datum.kind === 'step'")
    dashes = [[1, 0], [6, 3], [2, 2]] if groups == _TERTILES else [[1, 0], [6, 3]]
    dash = alt.StrokeDash("group:N", legend=None, scale=alt.Scale(domain=list(groups), range=dashes))
    low = alt.Y("low:Q", title="share with the event", scale=shares, axis=percents)
    band = steps.mark_area(interpolate="step-after", opacity=0.1).encode(x=x, y=low, y2="high:Q", color=colour)
    line = steps.mark_line(interpolate="step-after", strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
    layers = [band, line, *_annotations(base, x=x, y=y), *risk_rows(base, x=x, colour=colour, groups=groups)]
    panel = alt.layer(*layers, width=_WIDTH, height=_HEIGHT)
    header = alt.Header(labelLimit=_WIDTH + 60, labelPadding=8)
    facet = alt.Facet("head:N", sort=alt.EncodingSortField("place", op="min"), title=None, header=header)
    grid: alt.FacetChart = panel.facet(facet=facet, columns=columns, spacing={"row": 30, "column": 26})
    own_axes: alt.FacetChart = grid.resolve_axis(x="independent", y="independent")
    return own_axes


def _annotations(base: alt.Chart, *, x: alt.X, y: alt.Y) -> Iterator[alt.Chart]:
    """Yield unseen points that carry tooltips, and the effect above the panel of the event."""
    tip = [
        "group:N", alt.Tooltip("time:Q", title="months"), alt.Tooltip("incidence:Q", format=".0%"),
        "at_risk:Q", "events:Q",
    ]  # fmt: skip
    telling = base.transform_filter("datum.kind === 'step' && datum.tells")
    yield telling.mark_point(size=60, opacity=0).encode(x=x, y=y, tooltip=tip)
    words = base.transform_filter("datum.kind === 'note'").mark_text(
        align="left", baseline="bottom", fontSize=11, color=ink()
    )
    yield words.encode(x=alt.value(0), y=alt.value(-6), text="text:N")


def _numbers(risk: pd.DataFrame) -> pd.DataFrame:
    wide = risk.pivot_table(index=["cohort", "group"], columns="time", values="at_risk", sort=False)
    wide.columns = pd.Index([f"{c:g} months" for c in wide.columns])
    return wide.map(count).reset_index().rename(columns={"cohort": "Cohort and cause", "group": "Group"})


def _alt(notes: pd.DataFrame, label: str, endpoint: str) -> str:
    told: Mapping[str, str] = dict(zip(notes["head"], notes["text"], strict=True))
    parts = "; ".join(f"{head}: {text}" if text else head for head, text in told.items())
    return f"Cumulative incidence of {endpoint} by {label} in {plural(len(notes), 'panel')}. {parts}."
