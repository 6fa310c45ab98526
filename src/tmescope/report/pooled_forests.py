"""Answers of all cohorts as one: pooled effects side by side, and the cohorts behind the clearest of them."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.forests import EFFECTS, Effect
from tmescope.report.funnels import draw_funnel
from tmescope.report.numbers import count, endpoint_name, p_value, percent, plain, plural, ratio
from tmescope.report.pooled_decisions import LUCKY, deciding_p, find_clear, is_narrow, tell_bounded

__all__ = ["OVERALL", "draw_pooled"]

OVERALL = ""
"""Stratum of rows that pool every cohort."""

_PANEL = 210
_ROW = 20
_MOST = 40
_SHOWN = 6
_REACH = float(np.log(8))
_UNADJUSTED = "unadjusted"


def draw_pooled(contents: ReportContents) -> list[Figure]:
    """Return for each pooled question and kind of effect an overview, and the cohorts of its clearest features.

    Parameters
    ----------
    contents : ReportContents
        With the tables pooled and answers.
    """
    pooled = contents.table("pooled")
    figures: list[Figure] = []
    for (question, name, endpoint), rows in pooled.groupby(["question_id", "effect_name", "endpoint"], sort=False):
        effect = EFFECTS.get(str(name))
        known = rows[rows["effect"].notna()]
        if effect is None or not effect.logarithmic or not len(known):
            continue  # areas under the curve stand in the table: they would say the same twice
        slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{question}-{name}".lower())
        title = f"{contents.question_title(question)}: {effect.title.lower()}, {endpoint_name(endpoint)}"
        figures.append(_overview(contents, known, effect=effect, slug=slug, title=title))
        figures.append(_cohorts(contents, known, effect=effect, slug=slug, title=title))
        figures += _funnel(contents, known, effect=effect, slug=slug, title=title)
    return figures


def with_numbers(contents: ReportContents, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with labels as words and every number a float."""
    labels = {str(s): contents.short_labels(str(s)) for s in pd.unique(rows["source"])}
    pairs = zip(rows["feature"], rows["source"], strict=True)
    names = [plain(labels[str(s)].get(str(f), f)) for f, s in pairs]
    twice = rows.groupby("feature")["source"].transform("nunique") > 1
    sources = [f" ({plain(s)})" if t else "" for s, t in zip(rows["source"], twice, strict=True)]
    floats = [c for c in rows if c in {"k", "n", "n_events", "effect", "std_error", "ci_low", "ci_high", "p_value",
              "q_value", "tau2", "i2", "prediction_low", "prediction_high", "ci_low_max1", "ci_high_max1",
              "p_value_max1"}]  # fmt: skip
    return rows.astype(dict.fromkeys(floats, float)).assign(
        label=[n + s for n, s in zip(names, sources, strict=True)],
        adjusted=[
            f"adjusted for {plain(a)}" if isinstance(a, str) and a else _UNADJUSTED for a in rows["adjusted_for"]
        ],
    )


def _overview(contents: ReportContents, rows: pd.DataFrame, *, effect: Effect, slug: str, title: str) -> Figure:
    overall = rows[rows["stratum"].fillna("") == OVERALL] if (rows["stratum"].fillna("") == OVERALL).any() else rows
    table = with_numbers(contents, overall)
    first = table[table["adjusted"] == table["adjusted"].iloc[0]]
    order = list(_ranked(first)["label"].drop_duplicates())[:_MOST]
    table = _clipped(table[table["label"].isin(order)], effect)
    table["passes"] = find_clear(table, effect)
    table["words"] = _words(table)
    table["more"] = [_heterogeneity(r) for _, r in table.iterrows()]
    best = _ranked(table).iloc[0]
    methods = "; ".join(dict.fromkeys(rows["method"].dropna().astype(str)))
    k = (
        f"{count(table['k'].min())} to {count(table['k'].max())}"
        if table["k"].nunique() > 1
        else count(table["k"].max())
    )
    narrow = int(is_narrow(rows).sum())
    warn = (
        f" In {plural(narrow, 'row')} ({LUCKY}) the interval is narrower than that of a fixed effect: too few or too "
        "equal cohorts to be trusted. They are filled only where Hartung-Knapp not below one agrees, whose limits "
        "stand in the tooltips and the table." if narrow else ""
    )  # fmt: skip
    return Figure(
        id=f"pooled-{slug}",
        title=f"Pooled · {title}",
        caption=(
            f"{effect.reading} Points and thick lines: effect pooled over {k} cohorts with its 95% confidence "
            "interval; thin lines: the interval in which the effect of a further cohort is expected. Filled blue where "
            f"q < 0.05. Method: {plain(methods)}. Panels: what the estimates are adjusted for.{warn}"
        ),
        alt=(
            f"Pooled effects of {plural(len(order), 'feature')}. The smallest p: {best['label']}, {best['words']}, "
            f"p {p_value(best['p_value'])}, {best['more']}."
        ),
        chart=_overview_chart(table, effect, order=order),
        table_name="pooled",
        section="survival" if "hazard" in effect.title.lower() else "answers",
        datasets={"rows": _kept(table)},
    )


def _kept(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["label", "adjusted", "words", "more", "passes", "at", "from_", "to", "wide_from", "wide_to", "k", "n",
               "n_events", "p_value", "q_value", "place", "line", "weight", "kind"]  # fmt: skip
    return table[[c for c in columns if c in table]].reset_index(drop=True)


def _heterogeneity(row: pd.Series) -> str:
    told = f"I² {percent(row['i2'] / 100.0)}, {count(row['k'])} cohorts" if pd.notna(row["i2"]) else "one cohort"
    return (
        f"{told}; {tell_bounded(row.to_dict(), str(row['effect_name']))}" if row["narrower_than_fixed"] == 1 else told
    )


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    place = deciding_p(rows).argsort(kind="stable")
    return rows.iloc[place.to_numpy()]


def _clipped(table: pd.DataFrame, effect: Effect) -> pd.DataFrame:
    low, high = _domain(effect)
    return table.assign(
        at=table["effect"].clip(low, high),
        from_=table["ci_low"].clip(low, high),
        to=table["ci_high"].clip(low, high),
        wide_from=table["prediction_low"].clip(low, high) if "prediction_low" in table else np.nan,
        wide_to=table["prediction_high"].clip(low, high) if "prediction_high" in table else np.nan,
    )


def _domain(effect: Effect) -> tuple[float, float]:
    return (float(np.exp(-_REACH)), float(np.exp(_REACH))) if effect.logarithmic else (0.0, 1.0)


def _x(effect: Effect, field: str) -> alt.X:
    ticks = [0.125, 0.25, 0.5, 1, 2, 4, 8] if effect.logarithmic else [0, 0.25, 0.5, 0.75, 1]
    scale = alt.Scale(type="log" if effect.logarithmic else "linear", domain=list(_domain(effect)), nice=False)
    return alt.X(f"{field}:Q", title=effect.axis, scale=scale, axis=alt.Axis(values=ticks, format="~g"))


def _overview_chart(table: pd.DataFrame, effect: Effect, *, order: list[str]) -> alt.FacetChart:
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=260))
    colour = alt.condition("datum.passes", alt.value(ink("accent")), alt.value(ink("muted")))
    tip = [
        "label:N", "adjusted:N", alt.Tooltip("words:N", title=effect.title), "more:N", "n:Q", "n_events:Q",
        alt.Tooltip("p_value:Q", format=".2g"), alt.Tooltip("q_value:Q", format=".2g"),
    ]  # fmt: skip
    base = alt.Chart(data("rows"))
    thin = base.mark_rule(strokeWidth=1, opacity=0.55).encode(
        x=_x(effect, "wide_from"), x2="wide_to:Q", y=y, color=colour
    )
    thick = base.mark_rule(strokeWidth=2.4).encode(x=_x(effect, "from_"), x2="to:Q", y=y, color=colour)
    point = base.mark_point(shape="diamond", size=70, opacity=1).encode(
        x=_x(effect, "at"), y=y, stroke=colour, tooltip=tip,
        fill=alt.condition("datum.passes", alt.value(ink("accent")), alt.value(ink("paper"))),
    )  # fmt: skip
    words = base.mark_text(align="left", baseline="middle", fontSize=11, color=ink()).encode(
        x=alt.value(_PANEL + 10), y=y, text="words:N"
    )
    reference = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(
        x=alt.datum(effect.reference, type="quantitative")
    )
    panel = alt.layer(reference, thin, thick, point, words, width=_PANEL, height=alt.Step(_ROW))
    panels = list(dict.fromkeys(table["adjusted"]))
    facet = alt.Facet("adjusted:N", sort=panels, title=None, header=alt.Header(labelLimit=300))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=2, spacing={"row": 28, "column": 130})
    return grid


def _cohorts(contents: ReportContents, rows: pd.DataFrame, *, effect: Effect, slug: str, title: str) -> Figure:
    table = pd.concat(_lines(contents, *clearest(contents, rows), effect=effect), ignore_index=True)
    shown = list(dict.fromkeys(table["label"]))
    n_cohorts = table.loc[table["kind"] == "cohort", "line"].nunique()
    return Figure(
        id=f"pooled-cohorts-{slug}",
        title=f"Cohort by cohort · {title}",
        caption=(
            f"{effect.reading} The {plural(len(shown), 'feature')} with the smallest pooled p. Squares: single "
            "cohorts, their area the precision; diamonds: pooled, with thin lines for the prediction interval. Cohorts "
            "that gave no estimate are in the table."
        ),
        alt=f"Forest plots of {', '.join(shown)} over {plural(n_cohorts, 'cohort')}.",
        chart=_cohort_chart(effect, features=shown),
        table_name="pooled",
        section="survival" if "hazard" in effect.title.lower() else "answers",
        datasets={"rows": _kept(table)},
    )


def _funnel(contents: ReportContents, rows: pd.DataFrame, *, effect: Effect, slug: str, title: str) -> list[Figure]:
    single, pooled = clearest(contents, rows)
    pooled = with_numbers(contents, pooled[pooled["stratum"].fillna("") == OVERALL])
    single = with_numbers(contents, single[single["effect"].notna()])
    return draw_funnel(single, pooled, effect=effect, slug=slug, title=title)


def clearest(contents: ReportContents, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cohorts' answers and the pooled rows of the features with the smallest pooled p.

    Those without adjustment, where there are any.

    Parameters
    ----------
    contents : ReportContents
        With the table answers.
    rows : pandas.DataFrame
        Pooled rows of one question and kind of effect.
    """
    unadjusted = rows[rows["adjusted_for"].fillna("") == ""]
    unadjusted = unadjusted if len(unadjusted) else rows
    overall = unadjusted[unadjusted["stratum"].fillna("") == OVERALL]
    ranked = _ranked(overall if len(overall) else unadjusted)
    keys = ["feature", "source", "adjusted_for"]
    best = ranked.drop_duplicates(keys).head(_SHOWN)[keys]
    answers = contents.table("answers")
    here = (answers["question_id"] == rows["question_id"].iloc[0]) & (
        answers["effect_name"] == rows["effect_name"].iloc[0]
    )
    return best.merge(answers[here], on=keys, how="inner"), best.merge(unadjusted, on=keys, how="left")


def _lines(
    contents: ReportContents, single: pd.DataFrame, pooled: pd.DataFrame, *, effect: Effect
) -> Iterator[pd.DataFrame]:
    place = {c: float(i) for i, c in enumerate(contents.cohort_ids())}
    rows = with_numbers(contents, single[single["effect"].notna()])
    precision = 1.0 / rows["std_error"].where(rows["std_error"] > 0) ** 2
    weight = precision / precision.groupby(rows["label"]).transform("sum")
    heads = [
        f"{plain(c)} ({count(e)}/{count(n)})"
        for c, e, n in zip(rows["cohort_id"], rows["n_events"], rows["n"], strict=True)
    ]
    yield _clipped(rows, effect).assign(
        kind="cohort", line=heads, place=rows["cohort_id"].map(place), weight=weight.fillna(0.02),
        words=_words(rows), more="", prediction_low=np.nan,
    )  # fmt: skip
    rows = with_numbers(contents, pooled)
    strata = rows["stratum"].fillna("")
    names = ["all cohorts" if s == OVERALL else f"all of {plain(s)}" for s in strata]
    order = {s: i for i, s in enumerate(sorted(set(strata), key=lambda s: (s == OVERALL, s)))}
    yield _clipped(rows, effect).assign(
        kind="pooled", line=[f"{n} ({count(k)})" for n, k in zip(names, rows["k"], strict=True)],
        place=[1000.0 + order[s] for s in strata], weight=0.5, words=_words(rows),
        more=[_heterogeneity(r) for _, r in rows.iterrows()],
    )  # fmt: skip


def _words(rows: pd.DataFrame) -> list[str]:
    narrow = is_narrow(rows) if "narrower_than_fixed" in rows else pd.Series(False, index=rows.index)
    columns = (rows[c] for c in ("effect", "ci_low", "ci_high"))
    return [
        f"{ratio(e)} [{ratio(low)}, {ratio(high)}]{LUCKY if n else ''}"
        for e, low, high, n in zip(*columns, narrow, strict=True)
    ]


def _cohort_chart(effect: Effect, *, features: list[str]) -> alt.FacetChart:
    y = alt.Y("line:N", sort=alt.EncodingSortField("place", op="min"), title=None,
              axis=alt.Axis(domain=False, ticks=False, labelLimit=230))  # fmt: skip
    tip = ["line:N", alt.Tooltip("words:N", title=effect.title), "n:Q", "n_events:Q", "more:N",
           alt.Tooltip("p_value:Q", format=".2g")]  # fmt: skip
    base = alt.Chart(data("rows"))
    colour = alt.condition("datum.kind == 'pooled'", alt.value(ink("accent")), alt.value(ink("muted")))
    thin = base.mark_rule(strokeWidth=1, opacity=0.55).encode(
        x=_x(effect, "wide_from"), x2="wide_to:Q", y=y, color=colour
    )
    line = base.mark_rule(strokeWidth=1.8).encode(x=_x(effect, "from_"), x2="to:Q", y=y, color=colour)
    squares = (
        base.transform_filter("datum.kind == 'cohort'")
        .mark_point(shape="square", filled=True, opacity=1)
        .encode(x=_x(effect, "at"), y=y, color=colour, tooltip=tip,
                size=alt.Size("weight:Q", scale=alt.Scale(domain=[0, 1], range=[12, 320]), legend=None))
    )  # fmt: skip
    diamonds = (
        base.transform_filter("datum.kind == 'pooled'")
        .mark_point(shape="diamond", filled=True, opacity=1, size=110)
        .encode(x=_x(effect, "at"), y=y, color=colour, tooltip=tip)
    )
    words = base.mark_text(align="left", baseline="middle", fontSize=11, color=ink()).encode(
        x=alt.value(_PANEL + 10), y=y, text="words:N"
    )
    reference = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(
        x=alt.datum(effect.reference, type="quantitative")
    )
    panel = alt.layer(reference, thin, line, squares, diamonds, words, width=_PANEL, height=alt.Step(_ROW))
    facet = alt.Facet("label:N", sort=features, title=None, header=alt.Header(labelLimit=320))
    grid: alt.FacetChart = panel.facet(facet=facet, columns=2, spacing={"row": 26, "column": 130}).resolve_scale(
        y="independent"
    )
    return grid
