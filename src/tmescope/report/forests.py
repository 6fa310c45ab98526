"""Forest plots of the answers: every feature in every cohort, with its interval, n and q-value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, endpoint_name, interval, p_value, plain, plural, short_p

__all__ = ["EFFECTS", "FEW_EVENTS", "Effect", "draw_forests"]

FEW_EVENTS = 10
"""Below this number of events an estimate is flagged: its interval rests on large-sample theory."""

_PANEL = 190
_LABEL = 300
_ROW = 18
_COLUMNS = 2
_MOST_ROWS = 64
_HEIGHT = 1280


@dataclass(frozen=True)
class Effect:
    """How one kind of effect is drawn and named.

    Parameters
    ----------
    title, short : str
        Name in full and as a symbol.
    axis : str
        Title of the axis.
    reference : float
        Value of no association.
    logarithmic : bool
        Whether its axis is logarithmic.
    reading : str
        How to read it, in one sentence.
    events : str
        What its ``n_events`` counts.
    """

    title: str
    short: str
    axis: str
    reference: float
    logarithmic: bool
    reading: str
    events: str


EFFECTS: dict[str, Effect] = {
    "auc": Effect(
        "AUC", "AUC", "AUC (0.5 = no difference)", 0.5, False,
        "Above 0.5, responders have higher values.", "responders",
    ),
    "odds_ratio_per_sd": Effect(
        "Odds ratio per SD", "OR", "odds ratio per SD (log scale)", 1.0, True,
        "Above 1, the odds of response rise with the feature (per within-cohort SD).", "responders",
    ),
    "odds_ratio": Effect(
        "Odds ratio", "OR", "odds ratio (log scale)", 1.0, True,
        "Above 1, the odds of response are higher where the feature is present.", "responders",
    ),
    "hazard_ratio_per_sd": Effect(
        "Hazard ratio per SD", "HR", "hazard ratio per SD (log scale)", 1.0, True,
        "Below 1, patients with more of the feature have fewer events over time (per within-cohort SD).", "events",
    ),
    "hazard_ratio": Effect(
        "Hazard ratio", "HR", "hazard ratio (log scale)", 1.0, True,
        "Below 1, patients with the feature have fewer events over time.", "events",
    ),
    "hazard_ratio_high_vs_low": Effect(
        "Hazard ratio, high against low tertile", "HR", "hazard ratio, high vs low (log scale)", 1.0, True,
        "Below 1, patients in the high tertile have fewer events over time.", "events",
    ),
    "cumulative_odds_ratio_per_sd": Effect(
        "Odds ratio of a better level per SD", "OR", "odds ratio per SD (log scale)", 1.0, True,
        "Above 1, the odds of a better level rise with the feature (per within-cohort SD), at every cut of the levels "
        "alike.", "patients above the lowest level",
    ),
    "cumulative_odds_ratio": Effect(
        "Odds ratio of a better level", "OR", "odds ratio (log scale)", 1.0, True,
        "Above 1, the odds of a better level are higher where the feature is present, at every cut of the levels "
        "alike.", "patients above the lowest level",
    ),
    "subdistribution_hazard_ratio_per_sd": Effect(
        "Subdistribution hazard ratio per SD", "SHR", "subdistribution hazard ratio per SD (log scale)", 1.0, True,
        "Below 1, fewer patients with more of the feature come to the event (per within-cohort SD), whether through "
        "its own hazard or through that of the others.", "events",
    ),
    "subdistribution_hazard_ratio": Effect(
        "Subdistribution hazard ratio", "SHR", "subdistribution hazard ratio (log scale)", 1.0, True,
        "Below 1, fewer patients with the feature come to the event, whether through its own hazard or through that of "
        "the others.", "events",
    ),
    "cause_specific_hazard_ratio_per_sd": Effect(
        "Cause-specific hazard ratio per SD", "HR", "cause-specific hazard ratio per SD (log scale)", 1.0, True,
        "Below 1, the hazard of the event itself falls with the feature (per within-cohort SD), among patients who "
        "have had no event.", "events",
    ),
    "cause_specific_hazard_ratio": Effect(
        "Cause-specific hazard ratio", "HR", "cause-specific hazard ratio (log scale)", 1.0, True,
        "Below 1, the hazard of the event itself is lower where the feature is present, among patients who have had no "
        "event.", "events",
    ),
    "competing_hazard_ratio_per_sd": Effect(
        "Hazard ratio of competing events per SD", "HR", "hazard ratio of competing events per SD (log scale)", 1.0,
        True, "Below 1, the hazard of the competing events falls with the feature (per within-cohort SD).",
        "competing events",
    ),
    "competing_hazard_ratio": Effect(
        "Hazard ratio of competing events", "HR", "hazard ratio of competing events (log scale)", 1.0, True,
        "Below 1, the hazard of the competing events is lower where the feature is present.", "competing events",
    ),
}  # fmt: skip


def draw_forests(contents: ReportContents) -> list[Figure]:
    """Return one forest plot for each endpoint and kind of effect among the shown answers."""
    answers = contents.shown_answers()
    figures = []
    for name, effect in EFFECTS.items():
        of_kind = answers[answers["effect_name"] == name]
        for endpoint in sorted(of_kind["endpoint"].dropna().astype(str).unique()):
            rows = of_kind[of_kind["endpoint"] == endpoint]
            if rows["effect"].notna().any():
                figures += _draw(contents, rows, name=name, endpoint=endpoint, effect=effect)
    return figures


def _draw(contents: ReportContents, rows: pd.DataFrame, *, name: str, endpoint: str, effect: Effect) -> list[Figure]:
    table = _rows(contents, rows, name=name, effect=effect)
    domain = _domain(table, effect)
    table = _clip(table, domain)
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{name}-{endpoint}".lower())
    caption = _caption(table, effect, method="; ".join(sorted(rows["method"].dropna().astype(str).unique())))
    pages = _pages(table)
    figures = []
    for i, page in enumerate(pages):
        where = f" ({i + 1} of {len(pages)})" if len(pages) > 1 else ""
        figures.append(
            Figure(
                id=f"forest-{slug}" + (f"-{i + 1}" if i else ""),
                title=f"{effect.title}: {endpoint_name(endpoint)}{where}",
                caption=caption if i == 0 else f"Continued: {effect.reading}",
                alt=_alt(page, effect, endpoint=endpoint_name(endpoint)),
                chart=_chart(page, effect, domain=domain),
                table_name="answers",
                section="survival" if name.startswith("hazard") else "answers",
                datasets={"rows": page},
            )
        )
    return figures


def _pages(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Split by features, then by cohorts, so that every figure fits on a printed page."""
    features = table.sort_values("row", kind="stable")["feature"].drop_duplicates().tolist()
    pages = []
    for start in range(0, len(features), _MOST_ROWS):
        part = table[table["feature"].isin(features[start : start + _MOST_ROWS])]
        cohorts = part["cohort"].drop_duplicates().tolist()
        lines = part["feature"].nunique() * _ROW + 70
        step = _COLUMNS * max(1, _HEIGHT // lines)
        pages += [part[part["cohort"].isin(cohorts[i : i + step])] for i in range(0, len(cohorts), step)]
    return [p.reset_index(drop=True) for p in pages]


def _rows(contents: ReportContents, rows: pd.DataFrame, *, name: str, effect: Effect) -> pd.DataFrame:
    labels = {str(s): contents.short_labels(str(s)) for s in pd.unique(rows["source"])}
    number = rows.astype({c: float for c in ("effect", "ci_low", "ci_high", "p_value", "q_value")})
    heads = {c: _head(str(c), part, effect) for c, part in number.groupby("cohort_id")}
    place = {c: i for i, c in enumerate(contents.cohort_ids())}
    on_scale = np.log(number["effect"].where(number["effect"] > 0)) if effect.logarithmic else number["effect"]
    known = on_scale.replace([np.inf, -np.inf], np.nan)
    weight = number["n"].astype(float).where(known.notna(), 0.0)
    total = weight.groupby(number["feature"]).sum()
    mean = (known * weight).groupby(number["feature"]).sum() / total.where(total > 0)
    order = mean.sort_values(ascending=False, kind="stable", na_position="last").index
    rank = {f: i for i, f in enumerate(order)}
    few = number["n_events"].astype(float) < FEW_EVENTS
    table = pd.DataFrame(
        {
            "feature": [
                plain(labels[str(s)].get(str(f), f)) for f, s in zip(number["feature"], number["source"], strict=True)
            ],
            "row": number["feature"].map(rank).astype(float) + 0.5,
            "cohort": number["cohort_id"].map(heads),
            "place": number["cohort_id"].map(place).astype(float),
            "effect": number["effect"],
            "low": number["ci_low"],
            "high": number["ci_high"],
            "p": number["p_value"],
            "q": number["q_value"],
            "n": number["n"].astype(float),
            "events": number["n_events"].astype(float),
            "passes": number["q_value"] < 0.05,
            "label": [interval(r, name) for r in number.to_dict(orient="records")],
            "q_label": ["<\u00a00.001" if q < 0.001 else p_value(q) for q in number["q_value"]],
            "flag": np.where(few, "few events", ""),
        }
    )
    return table.sort_values(["place", "row"], kind="stable").reset_index(drop=True)


def _head(cohort: str, part: pd.DataFrame, effect: Effect) -> str:
    def span(values: pd.Series) -> str:
        low, high = values.astype(float).min(), values.astype(float).max()
        return count(low) if low == high else f"{count(low)}–{count(high)}"

    part = part[part["effect"].notna()] if part["effect"].notna().any() else part
    few = " (few)" if float(part["n_events"].astype(float).min()) < FEW_EVENTS else ""
    return f"{plain(cohort)} · n = {span(part['n'])}, {span(part['n_events'])} {effect.events}{few}"


def _domain(table: pd.DataFrame, effect: Effect) -> tuple[float, float]:
    if not effect.logarithmic:
        return 0.0, 1.0
    ends = pd.concat([table["low"], table["high"], table["effect"]])
    ends = np.abs(np.log(ends[np.isfinite(ends) & (ends > 0)]))
    # Symmetric about no effect; a few enormous intervals are cut at 16-fold and marked by an arrow.
    reach = float(np.exp(min(max(float(ends.max()) if len(ends) else 0.0, np.log(2)), np.log(16))))
    return 1 / reach, reach


def _clip(table: pd.DataFrame, domain: tuple[float, float]) -> pd.DataFrame:
    low, high = domain
    return table.assign(
        from_=table["low"].clip(low, high),
        to=table["high"].clip(low, high),
        at=table["effect"].clip(low, high),
        beyond_low=(table["low"] < low * (1 - 1e-9)),
        beyond_high=(table["high"] > high * (1 + 1e-9)),
    )


def _chart(table: pd.DataFrame, effect: Effect, *, domain: tuple[float, float]) -> alt.FacetChart:
    ticks = [t for t in (0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16) if domain[0] <= t <= domain[1]]
    axis = (
        alt.Axis(values=ticks, format="~g")
        if effect.logarithmic
        else alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2~f")
    )
    scale = alt.Scale(type="log" if effect.logarithmic else "linear", domain=list(domain), nice=False)
    features = table.sort_values("row")["feature"].drop_duplicates().tolist()
    y = alt.Y(
        "feature:N",
        sort=features,
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=_LABEL),
    )
    colour = alt.condition("datum.passes", alt.value(ink("accent")), alt.value(ink("muted")))
    base = alt.Chart(data("rows"))
    tip = [
        "feature:N", "cohort:N", "n:Q", "events:Q", alt.Tooltip("label:N", title=effect.title),
        alt.Tooltip("p:Q", format=".2g"), alt.Tooltip("q:Q", format=".2g"),
        alt.Tooltip("flag:N", title="note"),
    ]  # fmt: skip
    x = alt.X("at:Q", title=effect.axis, scale=scale, axis=axis)
    line = base.mark_rule(strokeWidth=1.6).encode(
        x=alt.X("from_:Q", title=effect.axis, scale=scale, axis=axis),
        x2="to:Q",
        y=y,
        color=colour,
        tooltip=tip,
    )
    each = base.transform_aggregate(place="min(place)", groupby=["cohort"])
    reference = each.mark_rule(color=ink("muted"), strokeDash=[3, 3], strokeWidth=1).encode(
        x=alt.datum(effect.reference, type="quantitative")
    )
    point = base.mark_point(size=46, strokeWidth=1.6, opacity=1).encode(
        x=x, y=y, stroke=colour, tooltip=tip,
        fill=alt.condition("datum.passes", alt.value(ink("accent")), alt.value(ink("paper"))),
    )  # fmt: skip
    layers = [reference, line, *_arrows(base, domain, y=y, colour=colour), point, *_words(base, y, effect)]
    panel = alt.layer(*layers, width=_PANEL, height=alt.Step(_ROW))
    facet = alt.Facet(
        "cohort:N",
        sort=alt.EncodingSortField("place", op="min"),
        title=None,
        header=alt.Header(labelLimit=360),
    )
    columns = min(_COLUMNS, table["cohort"].nunique())
    grid = panel.facet(facet=facet, columns=columns, spacing={"row": 28, "column": 20})
    own_axes: alt.FacetChart = grid.resolve_axis(x="independent")
    return own_axes


def _arrows(base: alt.Chart, domain: tuple[float, float], *, y: alt.Y, colour: object) -> list[alt.Chart]:
    """Return triangles at the ends of intervals that go on beyond the axis."""
    sides = ((domain[0], "beyond_low", "triangle-left"), (domain[1], "beyond_high", "triangle-right"))
    return [
        base.transform_filter(f"datum.{name}")
        .mark_point(shape=shape, size=34, filled=True, opacity=1)
        .encode(x=alt.datum(end, type="quantitative"), y=y, color=colour)
        for end, name, shape in sides
    ]


def _words(base: alt.Chart, y: alt.Y, effect: Effect) -> list[alt.Chart]:
    mark: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": 11}
    estimate = base.mark_text(color=ink(), **mark).encode(x=alt.value(_PANEL + 10), y=y, text="label:N")
    q = base.mark_text(color=ink(), **mark).encode(x=alt.value(_PANEL + 116), y=y, text="q_label:N")
    head = base.transform_aggregate(place="min(place)", groupby=["cohort"])
    words = [
        head.mark_text(color=ink("muted"), **mark).encode(
            x=alt.value(_PANEL + at), y=alt.value(-7), text=alt.value(word)
        )
        for at, word in ((10, f"{effect.short} [95% CI]"), (116, "q"))
    ]
    return [estimate, q, *words]


def _caption(table: pd.DataFrame, effect: Effect, *, method: str) -> str:
    passing = int(table["passes"].sum())
    few = int((table["flag"] != "").sum())
    note = (
        f" {plural(few, 'estimate')} with fewer than {FEW_EVENTS} {effect.events} (few): read as hints only."
        if few
        else ""
    )
    none = int(table["effect"].isna().sum())
    gap = f" {plural(none, 'row')} could not be estimated and stay empty." if none else ""
    how = f" Method: {method}." if method else ""
    return (
        f"{effect.reading} Points are estimates, lines 95% confidence intervals (not adjusted for the number "
        f"of tests); filled blue where q < 0.05 ({passing} of {len(table)}). q-values are adjusted within the "
        "families named in the table below. Features ordered by their mean over cohorts, weighted by n."
        f"{how}{note}{gap}"
    )


def _alt(table: pd.DataFrame, effect: Effect, *, endpoint: str) -> str:
    known = table.dropna(subset=["effect"])
    start = (
        f"Forest plot of {effect.title} for {endpoint}: {table['feature'].nunique()} features in "
        f"{table['cohort'].nunique()} cohorts."
    )
    passing = known[known["passes"]]
    best = known.sort_values(["q", "p"], kind="stable").iloc[0]
    where = best["cohort"].split(" · ")[0]
    return (
        f"{start} {len(passing)} of {len(table)} estimates pass q below 0.05. The smallest q: "
        f"{best['feature']} in {where}, {best['label']}, {short_p(best['q'], symbol='q')}."
    )
