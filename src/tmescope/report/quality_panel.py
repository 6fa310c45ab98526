"""Evidence on the data before any answer: checks by cohort, the fate of the genes, the fate of the samples."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count, percent, plain, plural
from tmescope.report.palette import CATEGORIES, MISSING_COLOUR, STATUS

__all__ = ["MAPPED", "draw_quality"]

MAPPED = ("approved", "previous symbol", "alias", "ensembl", "entrez", "uniprot", "unchanged", "ambiguous", "missing")
"""Reasons of the gene mapping, from certain to lost."""

_REASON_COLOURS = {
    "approved": CATEGORIES[0],
    "previous symbol": CATEGORIES[6],
    "alias": CATEGORIES[2],
    "ensembl": CATEGORIES[7],
    "entrez": CATEGORIES[5],
    "uniprot": CATEGORIES[4],
    "unchanged": MISSING_COLOUR,
    "ambiguous": CATEGORIES[3],
    "missing": CATEGORIES[1],
}
_SHAPES = {"ok": "circle", "notice": "triangle-up", "problem": "square", "unchecked": "diamond"}
_STAGES = (
    ("n_table", "sample table"),
    ("n_expression", "expression matrix"),
    ("n_joined", "in both"),
    ("n_selected", "selected"),
)


def draw_quality(contents: ReportContents) -> list[Figure]:
    """Return the evidence panel, the gene mapping and the sample flow; each only where its table has rows."""
    figures = []
    if contents.has("quality"):
        figures.append(_checks(contents))
    if contents.has("gene_mapping") and _needed(contents)["needed"].any():
        figures.append(_mapping(contents))
    cohorts = contents.table("cohorts")
    if len(cohorts) and cohorts[[s for s, _ in _STAGES]].notna().any(axis=None):
        figures.append(_flow(contents))
    return figures


def _checks(contents: ReportContents) -> Figure:
    table = contents.table("quality")
    cohorts = [c for c in contents.cohort_ids() if c in set(table["cohort_id"])]
    rows = pd.DataFrame(
        {
            "cohort": table["cohort_id"].map(plain),
            "check": table["check"].map(plain),
            "status": table["status"].astype(str),
            "value": table["value"].map(lambda v: plain(v)[:40]),
            "evidence": table["evidence"].map(plain),
        }
    )
    counts = rows["status"].value_counts()
    problems = rows[rows["status"] == "problem"]
    found = "; ".join(f"{r.cohort}: {r.check} {r.value}" for r in problems.head(6).itertuples()) or "none"
    return Figure(
        id="quality-checks",
        title="Checks by cohort",
        caption=(
            f"Value of each check and its status by shape and colour. {_counted(counts)}. The evidence is in the "
            "table below, problems first."
        ),
        alt=(
            f"Grid of {rows['check'].nunique()} checks by {plural(len(cohorts), 'cohort')}: {_counted(counts)}. "
            f"Problems: {found}."
        ),
        chart=_grid(rows, [plain(c) for c in cohorts]),
        table_name="quality",
        section="quality",
        datasets={"checks": rows},
    )


def _grid(rows: pd.DataFrame, cohorts: list[str]) -> alt.LayerChart:
    width = min(200, max(110, 700 // max(1, len(cohorts))))
    x = alt.X(
        "cohort:N", sort=cohorts, title=None, bandPosition=0,
        axis=alt.Axis(
            orient="top", domain=False, ticks=False, labelAngle=0, labelLimit=width - 12, labelColor=ink(),
            labelAlign="left", labelOffset=8 - width / 2, labelFontWeight="bold",
        ),
        scale=alt.Scale(type="band", paddingInner=0, paddingOuter=0),
    )  # fmt: skip
    y = alt.Y(
        "check:N", sort=list(dict.fromkeys(rows["check"])), title=None,
        axis=alt.Axis(domain=False, ticks=False, labelPadding=8),
    )  # fmt: skip
    base = alt.Chart(data("checks"))
    names = list(STATUS)
    legend = alt.Legend(title=None, orient="bottom", symbolSize=90)
    colour = alt.Color("status:N", scale=alt.Scale(domain=names, range=list(STATUS.values())), legend=legend)
    shape = alt.Shape("status:N", scale=alt.Scale(domain=names, range=[_SHAPES[s] for s in names]), legend=legend)
    tip = ["cohort:N", "check:N", "status:N", "value:N", "evidence:N"]
    mark = base.mark_point(filled=True, size=85, opacity=1, xOffset=14).encode(
        x=x, y=y, color=colour, shape=shape, tooltip=tip
    )
    words = base.mark_text(
        align="left", baseline="middle", fontSize=12, xOffset=26, color=ink(), limit=width - 32
    ).encode(x=x, y=y, text="value:N", tooltip=tip)
    return alt.LayerChart(layer=[mark, words], width=alt.Step(width), height=alt.Step(24))


def _counted(counts: pd.Series) -> str:
    return ", ".join(
        f"{n} {s}" if s in ("ok", "unchecked") else plural(n, s)
        for s in STATUS
        if (n := int(counts.get(s, 0))) or s == "ok"
    )


def _needed(contents: ReportContents) -> pd.DataFrame:
    table = contents.table("gene_mapping")
    return table.assign(needed=table["needed"].astype("boolean").fillna(True).astype(bool))


def _mapping(contents: ReportContents) -> Figure:
    table = _needed(contents)
    table = table[table["needed"]]
    counts = table.groupby(["cohort_id", "reason"], sort=False).size().rename("n").reset_index()
    counts["total"] = counts.groupby("cohort_id")["n"].transform("sum")
    place = {r: i for i, r in enumerate(MAPPED)}
    rows = pd.DataFrame(
        {
            "cohort": counts["cohort_id"].map(plain),
            "reason": counts["reason"].astype(str),
            "rank": counts["reason"].map(place).fillna(len(MAPPED)).astype(int),
            "n": counts["n"],
            "share": (counts["n"] / counts["total"]).round(4),
        }
    )
    present = [r for r in MAPPED if (rows["reason"] == r).any()]
    cohorts = [plain(c) for c in contents.cohort_ids()]
    bars = alt.Chart(data("mapping")).mark_bar(height={"band": 0.62}).encode(
        x=alt.X("share:Q", stack="zero", title="share of the genes that the signatures in use need",
                axis=alt.Axis(format=".0%", tickCount=5), scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("cohort:N", sort=cohorts, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=8)),
        color=alt.Color("reason:N", scale=alt.Scale(domain=present, range=[_REASON_COLOURS[r] for r in present]),
                        legend=alt.Legend(title=None, orient="top", columns=4)),
        order=alt.Order("rank:Q"),
        tooltip=["cohort:N", "reason:N", "n:Q", alt.Tooltip("share:Q", format=".1%")],
    )  # fmt: skip
    lost = rows[rows["reason"].isin(["missing", "ambiguous"])].groupby("cohort", sort=False)["n"].sum()
    totals = dict(zip(counts["cohort_id"].map(plain), counts["total"], strict=True))
    losses = ", ".join(
        f"{c} {count(lost.get(c, 0))} of {count(t)} ({percent(lost.get(c, 0) / t)})" for c, t in totals.items()
    )
    return Figure(
        id="gene-mapping",
        title="Genes that the signatures need",
        caption="How each needed gene was found in each cohort's matrix; other genes keep the name they came with.",
        alt=f"Stacked bars of how the needed genes were mapped. Missing or ambiguous: {losses}.",
        chart=bars.properties(width=760, height=alt.Step(30)),
        table_name="gene_mapping",
        section="quality",
        datasets={"mapping": rows},
        numbers=_mapping_numbers(rows, present, totals),
    )


def _mapping_numbers(rows: pd.DataFrame, present: list[str], totals: dict[str, int]) -> pd.DataFrame:
    wide = rows.pivot_table(index="cohort", columns="reason", values="n", fill_value=0, sort=False)
    out = pd.DataFrame({"Cohort": list(wide.index)})
    for reason in present:
        out[reason.capitalize()] = [count(v) for v in wide[reason]]
    out["Needed"] = [count(totals[c]) for c in wide.index]
    return out


def _flow(contents: ReportContents) -> Figure:
    cohorts = contents.table("cohorts")
    parts = []
    for i, (column, stage) in enumerate(_STAGES):
        n = pd.to_numeric(cohorts[column], errors="coerce").astype(float)
        parts.append(pd.DataFrame({"cohort": cohorts["cohort_id"].map(plain), "stage": stage, "order": i, "n": n}))
    rows = pd.concat(parts, ignore_index=True).dropna(subset=["n"])
    rows["label"] = [count(n) for n in rows["n"]]
    rows["last"] = rows["order"] == len(_STAGES) - 1
    stages = [s for _, s in _STAGES]
    base = alt.Chart(data("flow"))
    x = alt.X("n:Q", title="samples", axis=alt.Axis(tickCount=4, grid=False))
    y = alt.Y("stage:N", sort=stages, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=8))
    colour = alt.condition("datum.last", alt.value(CATEGORIES[0]), alt.value(MISSING_COLOUR))
    bar = base.mark_bar(height={"band": 0.6}).encode(x=x, y=y, color=colour, tooltip=["cohort:N", "stage:N", "n:Q"])
    number = base.mark_text(align="left", dx=5, fontSize=11, color=ink()).encode(x=x, y=y, text="label:N")
    panel = alt.layer(bar, number, width=215, height=alt.Step(22))
    order = [plain(c) for c in cohorts["cohort_id"]]
    facet = alt.Facet("cohort:N", sort=order, title=None)
    kept = pd.to_numeric(cohorts["n_selected"], errors="coerce").sum()
    told = "; ".join(
        f"{c}: " + ", ".join(f"{r.label} {r.stage}" for r in part.itertuples())
        for c, part in rows.groupby("cohort", sort=False)
    )
    return Figure(
        id="sample-flow",
        title="From files to selected samples",
        caption=(
            "Rows of the sample table, samples of the matrix, samples in both (joined by identifier), and those that "
            "the selection of the study keeps."
        ),
        alt=f"Bars of sample counts by cohort; {count(kept)} samples are selected in all. {told}.",
        chart=panel.facet(facet=facet, columns=3, spacing={"row": 24, "column": 40}),
        table_name="cohorts",
        section="cohorts",
        datasets={"flow": rows},
    )
