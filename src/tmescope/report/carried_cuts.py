"""Cut-offs that were frozen in one cohort: their effect on held-out patients there, and in cohorts elsewhere."""

from __future__ import annotations

import textwrap

import altair as alt
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, full_p, interval, plain, plural

__all__ = ["draw_carried_cuts"]

_FROZEN = "_at_frozen_cut"
_HELD_OUT = "_at_cut_held_out"
_SHOWN = 6
_PANEL, _ROW = 210, 20
_LETTERS = 44
"""As many stand above a panel and its numbers in one line."""
_LOW, _HIGH = 1.0 / 16.0, 16.0


def draw_carried_cuts(contents: ReportContents) -> list[Figure]:
    """Return one figure for each question that carried a cut-off, with a panel for each feature.

    Parameters
    ----------
    contents : ReportContents
        With the tables answers and pooled.
    """
    answers = contents.table("answers")
    names = answers["effect_name"].astype(str)
    figures = []
    for question, rows in answers[names.str.endswith((_FROZEN, _HELD_OUT))].groupby("question_id", sort=False):
        frozen = rows[rows["effect_name"].astype(str).str.endswith(_FROZEN) & rows["effect"].notna()]
        if len(frozen):
            figures.append(_draw(contents, rows, frozen, question=str(question)))
    return figures


def _draw(contents: ReportContents, rows: pd.DataFrame, frozen: pd.DataFrame, *, question: str) -> Figure:
    is_hazard = str(frozen["effect_name"].iloc[0]).startswith("hazard")
    word = "hazard ratio" if is_hazard else "odds ratio"
    best = frozen.astype({"p_value": float}).sort_values("p_value", kind="stable")
    shown = list(dict.fromkeys(zip(best["feature"].astype(str), best["source"].astype(str), strict=True)))[:_SHOWN]
    table = _rows(contents, rows, shown)
    first = table[table["kind"] == "frozen"].sort_values("p_value", kind="stable").iloc[0]
    return Figure(
        id="carried-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in question.lower()),
        title=f"{plain(question)}: frozen cut-offs in other cohorts",
        caption=(
            f"{word.capitalize()} of values above the cut-off against those at or below it, with 95% confidence "
            "intervals. Hollow: the cohort in which a cut was looked for, in the half of its patients that did not "
            "choose it. Filled: cohorts that had no part in choosing the frozen number; diamonds: those pooled. The "
            f"{plural(len(shown), 'feature')} with the smallest p."
        ),
        alt=(
            f"Frozen cut-offs of {', '.join(pd.unique(table['label']))}. The smallest p elsewhere: {first['label']}, "
            f"{first['line']}, {first['words']}, {full_p(first['p_value'])}."
        ),
        chart=_chart(table, word),
        table_name="answers",
        section="survival" if is_hazard else "answers",
        datasets={"rows": table},
    )


def _rows(contents: ReportContents, rows: pd.DataFrame, shown: list[tuple[str, str]]) -> pd.DataFrame:
    pooled = contents.table("pooled")
    mine = pooled[
        (pooled["question_id"] == rows["question_id"].iloc[0])
        & pooled["effect_name"].astype(str).str.endswith(_FROZEN)
        & pooled["effect"].notna()
    ]
    place = {c: i for i, c in enumerate(contents.cohort_ids())}
    names = [feature for feature, _ in shown]
    found = []
    for row in [*rows[rows["effect"].notna()].to_dict(orient="records"), *mine.to_dict(orient="records")]:
        key = (str(row["feature"]), str(row["source"]))
        if key not in shown:
            continue
        of = f" ({plain(key[1])})" if names.count(key[0]) > 1 else ""
        is_pooled = "stratum" in row
        held_out = str(row["effect_name"]).endswith(_HELD_OUT)
        kind = "pooled" if is_pooled else "held out" if held_out else "frozen"
        if is_pooled:
            line = (
                f"all of {plain(row['stratum'])} ({count(row['k'])})" if row["stratum"] else f"all ({count(row['k'])})"
            )
        else:
            line = f"{plain(row['cohort_id'])}{', held-out half' if held_out else ''} ({count(row['n'])})"
        found.append(
            {
                "label": (label := plain(contents.short_labels(key[1]).get(key[0], key[0])) + of),
                "head": _wrapped(label),
                "line": line,
                "kind": kind,
                "place": 1000 if is_pooled else (0 if held_out else 100) + place[str(row["cohort_id"])],
                "rank": shown.index(key),
                "words": interval(row, "odds_ratio"),
                "at": min(max(float(row["effect"]), _LOW), _HIGH),
                "from_": min(max(float(row["ci_low"]), _LOW), _HIGH),
                "to": min(max(float(row["ci_high"]), _LOW), _HIGH),
                "p_value": float(row["p_value"]),
                "n": float(row["n"]),
            }
        )
    return pd.DataFrame(found).sort_values(["rank", "place"], kind="stable").reset_index(drop=True)


def _wrapped(label: str) -> str:
    """Return a name in lines that stand above one panel; names of gene sets have no spaces, and break after a _."""
    spaced = label.replace("_", "_\u200b ")
    return "\n".join(textwrap.wrap(spaced, _LETTERS)).replace("_\u200b ", "_").replace("\u200b", "")


def _chart(table: pd.DataFrame, word: str) -> alt.FacetChart:
    y = alt.Y("line:N", sort=alt.EncodingSortField("place", op="min"), title=None,
              axis=alt.Axis(domain=False, ticks=False, labelLimit=260))  # fmt: skip
    scale = alt.Scale(type="log", domain=[_LOW, _HIGH], nice=False)
    axis = alt.Axis(values=[0.0625, 0.25, 1, 4, 16], labelExpr="format(datum.value, '~g')")
    x = {n: alt.X(f"{n}:Q", title=f"{word}, high against low (log scale)", scale=scale, axis=axis)
         for n in ("at", "from_")}  # fmt: skip
    colour = alt.condition("datum.kind == 'held out'", alt.value(ink("muted")), alt.value(ink("accent")))
    fill = alt.condition("datum.kind == 'held out'", alt.value(ink("paper")), alt.value(ink("accent")))
    tip = ["line:N", "kind:N", alt.Tooltip("words:N", title=word), alt.Tooltip("p_value:Q", format=".2g"), "n:Q"]
    base = alt.Chart(data("rows"))
    lines = base.mark_rule(strokeWidth=2).encode(x=x["from_"], x2="to:Q", y=y, color=colour)
    points = base.mark_point(opacity=1, size=80).encode(
        x=x["at"], y=y, stroke=colour, fill=fill, tooltip=tip,
        shape=alt.Shape("kind:N", legend=None, scale=alt.Scale(
            domain=["held out", "frozen", "pooled"], range=["circle", "square", "diamond"])),
    )  # fmt: skip
    words = base.mark_text(align="left", baseline="middle", fontSize=11, color=ink()).encode(
        x=alt.value(_PANEL + 10), y=y, text="words:N"
    )
    one = base.mark_rule(strokeDash=[3, 3], color=ink("muted")).encode(x=alt.datum(1.0, type="quantitative"))
    panel = alt.layer(one, lines, points, words, width=_PANEL, height=alt.Step(_ROW))
    header = alt.Header(labelExpr="split(datum.value, '\\n')", labelLimit=0)
    facet = alt.Facet("head:N", sort=list(pd.unique(table["head"])), title=None, header=header)
    grid: alt.FacetChart = panel.facet(facet=facet, columns=2, spacing={"row": 26, "column": 130}).resolve_scale(
        y="independent"
    )
    return grid
