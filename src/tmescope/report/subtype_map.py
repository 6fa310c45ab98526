"""Where samples stand on the immune and the stromal axis, with the cuts of the model and how sure each subtype is."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import percent, plain, plural
from tmescope.report.palette import MISSING_COLOUR, category_colours

__all__ = ["draw_subtypes"]

_PANEL = 300
_HEAVY = 1500
_NONE = "no subtype"
_FROM, _TO = 15, 90
"""Size of a mark in pixels where the probability is 0.25 (four subtypes) and 1."""


def draw_subtypes(contents: ReportContents) -> list[Figure]:
    """Return a map for each model that has axes, and bars for each that has groups; none where none was applied."""
    places, models = contents.table("subtypes"), contents.table("subtype_models")
    figures = []
    for name in pd.unique(models["model"]) if len(places) else []:
        told = models[models["model"] == name]
        if not _order(told):
            continue  # no groups were found: the warnings say so
        mine = places[places["model"] == name]
        draw = _map if str(told["kind"].iloc[0]) == "axes" else _bars
        figures.append(draw(contents, str(name), mine=mine, told=told))
    return figures


def _order(told: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(s for text in told["subtypes"].dropna() for s in str(text).split("; ") if s))


def _shown(told: pd.DataFrame) -> list[str]:
    return [*map(plain, _order(told)), _NONE]


def _rows(contents: ReportContents, mine: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    rank = {c: i for i, c in enumerate(contents.cohort_ids())}
    colours = {**category_colours(_order(told)), _NONE: MISSING_COLOUR}
    subtype = mine["subtype"].astype(object).where(mine["subtype"].notna(), _NONE).astype(str)
    probability = pd.to_numeric(mine["probability"], errors="coerce").astype(float)
    return pd.DataFrame(
        {
            "cohort": mine["cohort_id"].map(plain),
            "place": mine["cohort_id"].map(rank).astype(float),
            "sample": mine["sample_id"].map(plain),
            "immune": pd.to_numeric(mine["immune"], errors="coerce").astype(float).round(4),
            "stromal": pd.to_numeric(mine["stromal"], errors="coerce").astype(float).round(4),
            "subtype": subtype.map(plain),
            "colour": subtype.map(colours).fillna(MISSING_COLOUR),
            "probability": probability.round(3),
            "size": (_FROM + (_TO - _FROM) * (probability.fillna(0.25) - 0.25).clip(0) / 0.75).round(1),
            "opacity": probability.fillna(0.5).clip(0.25, 1.0).round(2),
            "verdict": mine["verdict"].map(plain),
        }
    ).reset_index(drop=True)


def _map(contents: ReportContents, name: str, *, mine: pd.DataFrame, told: pd.DataFrame) -> Figure:
    rows = _rows(contents, mine, told)
    cuts = told[["cohort_id", "immune_cut", "stromal_cut"]].drop_duplicates("cohort_id").set_index("cohort_id")
    placed = mine["cohort_id"].map(cuts["immune_cut"]), mine["cohort_id"].map(cuts["stromal_cut"])
    rows["immune_cut"], rows["stromal_cut"] = (pd.Series(c.to_numpy()).astype(float).round(4) for c in placed)
    measures = ", ".join(f"{plain(c)} ({int(n)})" for c, n in told[["fitted_on", "n_fitted"]].drop_duplicates().values)
    return Figure(
        id=f"subtypes-{_file_name(name)}",
        title=f"Subtypes: immune and stromal content ({plain(name)})",
        caption=(
            "A mark for each sample: mean rank of the genes of each axis among all genes of the sample. Lines: the "
            f"cuts of the model, fitted on {measures} samples. They are quadrants of continuous axes, no kinds found "
            "in data. Size and opacity grow with the probability of the subtype (genes and patients of the fit drawn "
            f"anew): a pale small mark near a line may as well stand beyond it. Grey: no subtype. {_sure(rows)}"
        ),
        alt=_alt(rows),
        chart=_map_chart(rows, _shown(told)),
        heavy=len(rows) > _HEAVY,
        table_name="subtypes",
        section="landscape",
        datasets={"rows": rows},
        numbers=_counts(rows, told),
    )


def _file_name(model: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in model.lower()).strip("-") or "model"


def _sure(rows: pd.DataFrame) -> str:
    known = rows["probability"].dropna()
    if not len(known):
        return "No sample has a subtype."
    sure = int((known >= 0.8).sum())
    return f"{sure:,} of {plural(len(known), 'sample')} with a subtype have a probability of 0.8 or more."


def _alt(rows: pd.DataFrame) -> str:
    parts = []
    for cohort, part in rows.groupby("cohort", sort=False):
        counts = part["subtype"].value_counts()
        parts.append(f"{cohort}: " + ", ".join(f"{n} {s}" for s, n in counts.items()))
    return f"Subtypes of {plural(len(rows), 'sample')}. " + "; ".join(parts) + "."


def _counts(rows: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    found = []
    for cohort, part in rows.groupby("cohort", sort=False):
        for subtype in _shown(told):
            mine = part[part["subtype"] == subtype]
            if subtype != _NONE or len(mine):
                sure = int((mine["probability"] >= 0.8).sum())
                share = percent(len(mine) / len(part))
                found.append({"Cohort": cohort, "Subtype": subtype, "Samples": len(mine), "Share": share,
                              "Probability 0.8 or more": sure})  # fmt: skip
    return pd.DataFrame(found)


def _colour(rows: pd.DataFrame, order: list[str]) -> alt.Color:
    colours = dict(zip(rows["subtype"], rows["colour"], strict=True))
    domain = [s for s in order if s in colours]
    scale = alt.Scale(domain=domain, range=[colours[s] for s in domain])
    return alt.Color("subtype:N", scale=scale, legend=alt.Legend(title=None, orient="top", symbolOpacity=1))


def _cohorts(rows: pd.DataFrame) -> list[str]:
    return list(rows.sort_values("place", kind="stable")["cohort"].drop_duplicates())


def _map_chart(rows: pd.DataFrame, order: list[str]) -> alt.FacetChart:
    base = alt.Chart()
    scale = alt.Scale(zero=False, nice=True)
    x = alt.X("stromal:Q", title="stromal axis (mean rank, 0 to 1)", scale=scale, axis=alt.Axis(tickCount=5))
    y = alt.Y("immune:Q", title="immune axis (mean rank, 0 to 1)", scale=scale, axis=alt.Axis(tickCount=5))
    marks = base.mark_point(filled=True, stroke=None).encode(
        x=x,
        y=y,
        color=_colour(rows, order),
        size=alt.Size("size:Q", scale=None),
        opacity=alt.Opacity("opacity:Q", scale=None),
        tooltip=["sample:N", "cohort:N", "subtype:N", "probability:Q", "immune:Q", "stromal:Q", "verdict:N"],
    )
    lines = base.mark_rule(strokeDash=[4, 3], strokeWidth=1.2, color=ink("muted"))
    across = lines.encode(y=alt.Y("min(immune_cut):Q"))
    down = lines.encode(x=alt.X("min(stromal_cut):Q"))
    layered = alt.layer(across, down, marks, data=data("rows")).properties(width=_PANEL, height=_PANEL * 0.8)
    facet: alt.FacetChart = layered.facet(facet=alt.Facet("cohort:N", title=None, sort=_cohorts(rows)), columns=3)
    return facet


def _bars(contents: ReportContents, name: str, *, mine: pd.DataFrame, told: pd.DataFrame) -> Figure:
    rows = _rows(contents, mine, told)
    stability = ", ".join(dict.fromkeys(plain(s) for s in told["stability"] if isinstance(s, str) and s))
    order = _shown(told)
    chart = (
        alt.Chart(data("rows"), width=620, height=34 * len(_cohorts(rows)))
        .mark_bar()
        .encode(
            x=alt.X(
                "count():Q", stack="normalize", title="share of the samples", axis=alt.Axis(format="%", tickCount=5)
            ),
            y=alt.Y("cohort:N", title=None, sort=_cohorts(rows)),
            color=_colour(rows, order),
            opacity=alt.Opacity("sure:N", scale=alt.Scale(domain=["yes", "no"], range=[1.0, 0.45]), legend=None),
            order=alt.Order("order:Q"),
            tooltip=["cohort:N", "subtype:N", alt.Tooltip("count():Q", title="samples")],
        )
    )
    rank = {s: i for i, s in enumerate(order)}
    sure = (rows["probability"] >= 0.8).map({True: "yes", False: "no"})
    rows = rows.assign(sure=sure, order=2.0 * rows["subtype"].map(rank).astype(float) + (sure == "no"))
    return Figure(
        id=f"subtypes-{_file_name(name)}",
        title=f"Subtypes: groups of scores ({plain(name)})",
        caption=(
            "Groups by consensus clustering of a cohort's scores, the largest first; pale: a probability below 0.8 "
            f"(genes and patients of the fit drawn anew). Stability: {stability}. {_sure(rows)}"
        ),
        alt=_alt(rows),
        chart=chart,
        table_name="subtypes",
        section="landscape",
        datasets={"rows": rows[["cohort", "subtype", "sure", "order"]]},
        numbers=_counts(rows, told),
    )
