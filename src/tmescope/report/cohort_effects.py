"""Cohort effects shown, not hidden: principal components coloured by cohort, before and after scaling."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure, data
from tmescope.report.numbers import count, is_missing, percent, plain, plural, significant
from tmescope.report.palette import CATEGORIES, category_colours
from tmescope.stats.components import principal_components, share_between_groups

__all__ = ["COMPONENTS", "draw_cohort_effects"]

COMPONENTS = 5
"""Components that the share explained by cohort is taken over."""

_HALF = 0.5
_FEWEST = 3
_SIDE = 400
_HEAVY = 1500
_KEYS = ["cohort_id", "sample_id"]
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
_BEFORE, _AFTER = "before", "after"


@dataclass(frozen=True)
class Projected:
    """One projection.

    Parameters
    ----------
    points : pandas.DataFrame
        cohort_id, sample_id, x, y.
    shares : tuple of float
        Shares of the variance of the first components, as many as there are up to `COMPONENTS`.
    explained : float
        Share of their variance that lies between cohorts; NaN where nothing varies.
    by_component : tuple of float
        The same of each component alone.
    """

    points: pd.DataFrame
    shares: tuple[float, ...]
    explained: float
    by_component: tuple[float, ...] = ()


def draw_cohort_effects(contents: ReportContents) -> list[Figure]:
    """Return a figure of the scores and one of expression; none of what is absent or has fewer than three samples."""
    figures = []
    wide, left_out = _wide(contents)
    if wide.shape[0] >= _FEWEST and wide.shape[1] >= 2:
        what = f"scores by {plain(contents.primary_method)} of {plural(wide.shape[1], 'feature')}"
        notes = [left_out, _scope(contents)]
        figures.append(_draw(contents, wide, name="scores", title="Scores", what=what, notes=notes))
    expression = contents.expression
    if expression is not None and expression.values.shape[0] >= _FEWEST and expression.values.shape[1] >= 2:
        genes = expression.values.shape[1]
        what = f"expression ({plain(expression.scale)}) of {plural(genes, 'gene')}"
        chosen = (
            f"The genes are those of the {count(expression.n_common)} measured in every cohort that vary most within "
            "cohorts, whatever the cohorts' levels are."
            if genes < expression.n_common
            else "These are all genes that every cohort measured without a missing value."
        )
        figures.append(_draw(contents, expression.values, name="expression", title="Expression", what=what,
                             notes=[chosen]))  # fmt: skip
    return figures


def _wide(contents: ReportContents) -> tuple[pd.DataFrame, str]:
    """Return samples by features, and what was left out in words.

    A feature needs a value in half of the samples of every cohort, a sample one in half of these features; what is
    then still missing takes the mean, so that it pulls a sample nowhere.
    """
    scores = contents.primary_scores()
    if not len(scores):
        return pd.DataFrame(), ""
    values = pd.to_numeric(scores["value"], errors="coerce").astype(float)
    scores = scores.assign(value=values.where(np.isfinite(values))).drop_duplicates([*_KEYS, "feature"])
    wide = scores.pivot(index=_KEYS, columns="feature", values="value")
    known = wide.notna().groupby(level=0).mean().min(axis=0) >= _HALF
    kept = wide.loc[:, known]
    rows = kept.notna().mean(axis=1) >= _HALF if kept.shape[1] else pd.Series(False, index=kept.index)
    kept = kept.loc[rows]
    dropped = [plural(n, noun) for n, noun in ((int((~known).sum()), "feature"), (int((~rows).sum()), "sample")) if n]
    told = f"Left out, with fewer than half of the values: {' and '.join(dropped)}. " if dropped else ""
    filled = int(kept.isna().to_numpy().sum())
    told += f"{plural(filled, 'missing value')} set to the mean." if filled else "No other value is missing."
    return kept, told if dropped or filled else "No value is missing."


def _scope(contents: ReportContents) -> str:
    methods = contents.table("methods")
    scopes = methods.loc[methods["name"] == contents.primary_method, "scope"].tolist()
    if "cohort" in scopes:
        return (
            f"{plain(contents.primary_method)} looks at the whole cohort to score one sample, which can take away what "
            "separates cohorts; the figure of expression does not depend on it."
        )
    return ""


def _standardised(values: pd.DataFrame, *, within: bool) -> pd.DataFrame:
    """Return z-scores over all samples or within cohorts; missing and constant values become 0, the mean."""
    groups = values.index.get_level_values(0)
    if within:
        centred = values - values.groupby(groups).transform("mean")
        spread = values.groupby(groups).transform("std")
    else:
        centred = values - values.mean()
        spread = pd.DataFrame(1.0, index=values.index, columns=values.columns) * values.std()
    # What rounding leaves of a constant is no spread.
    real = spread > 1e-9 * values.abs().max().clip(lower=1e-300)
    return (centred / spread.where(real)).fillna(0.0)


def _project(values: pd.DataFrame, *, within: bool) -> Projected:
    found = principal_components(_standardised(values, within=within).to_numpy(), n_components=COMPONENTS)
    scores = np.zeros((len(values), 2))
    width = min(2, found.scores.shape[1])
    scores[:, :width] = found.scores[:, :width]
    keys = values.index.to_frame(index=False).astype(str)
    points = keys.assign(x=[significant(v, 4) for v in scores[:, 0]], y=[significant(v, 4) for v in scores[:, 1]])
    groups = list(keys["cohort_id"])
    explained = share_between_groups(found.scores, groups) if found.shares.size else float("nan")
    alone = tuple(share_between_groups(found.scores[:, [i]], groups) for i in range(found.shares.size))
    return Projected(points, tuple(float(s) for s in found.shares), explained, alone)


def _draw(
    contents: ReportContents, values: pd.DataFrame, *, name: str, title: str, what: str, notes: list[str]
) -> Figure:
    panels = {_BEFORE: _project(values, within=False), _AFTER: _project(values, within=True)}
    present = set(values.index.get_level_values(0).astype(str))
    cohorts = [c for c in contents.cohort_ids() if c in present]
    points = {k: p.points.assign(cohort=p.points["cohort_id"].map(plain), sample=p.points["sample_id"].map(plain))
              for k, p in panels.items()}  # fmt: skip
    return Figure(
        id=f"cohort-effects-{name}",
        title=f"{title}: cohorts before and after scaling within each",
        caption=_caption(values, panels, what=what, notes=notes),
        alt=_alt(values, panels, what=what, cohorts=cohorts),
        chart=_chart(panels, cohorts),
        heavy=2 * len(values) > _HEAVY,
        table_name="scores" if name == "scores" else "",
        section="cohort-effects",
        datasets={k: t[["x", "y", "cohort", "sample"]] for k, t in points.items()},
        numbers=_numbers(panels),
    )


def _share(value: float) -> str:
    return "not estimable" if is_missing(value) else percent(value) if value > 5e-4 else "0%"


def _caption(values: pd.DataFrame, panels: dict[str, Projected], *, what: str, notes: list[str]) -> str:
    n, cohorts = len(values), values.index.get_level_values(0).nunique()
    k = len(panels[_BEFORE].shares)
    alone = panels[_BEFORE].by_component
    most = f", most of it in PC{int(np.argmax(alone)) + 1} ({_share(max(alone))} of that component)" if alone else ""
    chance = (cohorts - 1) / max(1, n - 1)
    first = (
        f"Cohort explains {_share(panels[_BEFORE].explained)} of the variance of the first {plural(k, 'component')} "
        f"before (R²; by chance alone about {_share(chance)}){most}, and {_share(panels[_AFTER].explained)} after: "
        "scaling takes every cohort's mean away, so this is 0 by construction, no proof that cohorts are comparable. "
        if cohorts > 1
        else "There is one cohort, so that nothing separates cohorts. "
    )
    rest = " ".join(note for note in notes if note)
    return (
        f"{first}Principal components of {what} in {plural(n, 'sample')} of {plural(cohorts, 'cohort')}, each "
        "standardised over all samples (before) or within its cohort (after; mean 0, SD 1). Signs are "
        f"set so that the largest loading is positive. {rest}"
    ).strip()


def _alt(values: pd.DataFrame, panels: dict[str, Projected], *, what: str, cohorts: list[str]) -> str:
    sizes = values.groupby(level=0).size()
    names = ", ".join(f"{plain(c)} ({sizes[c]})" for c in cohorts)
    told = "; ".join(
        f"{k} scaling within cohorts the first two components hold {_share(sum(p.shares[:2]))} of the variance and "
        f"cohort explains {_share(p.explained)} of the first {len(p.shares)}"
        for k, p in panels.items()
    )
    return f"Two scatter plots of the principal components of {what} of the samples of {names}: {told}."


def _numbers(panels: dict[str, Projected]) -> pd.DataFrame:
    rows = [
        {"Scaling": "over all samples" if k == _BEFORE else "within cohorts", "Component": f"PC{i + 1}",
         "Share of variance": percent(share), "R² of cohort": _share(p.by_component[i])}
        for k, p in panels.items() for i, share in enumerate(p.shares)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Scaling", "Component", "Share of variance", "R² of cohort"])


def _chart(panels: dict[str, Projected], cohorts: list[str]) -> alt.HConcatChart:
    titles = {_BEFORE: "Before: standardised over all samples", _AFTER: "After: standardised within each cohort"}
    charts = [_panel(k, p, cohorts, title=titles[k]) for k, p in panels.items()]
    both: alt.HConcatChart = alt.hconcat(*charts, spacing=60)
    return both


def _panel(name: str, panel: Projected, cohorts: list[str], *, title: str) -> alt.Chart:
    names = [plain(c) for c in cohorts]
    legend = alt.Legend(title=None, orient="top", symbolType="circle", columns=3, labelLimit=150)
    colours = alt.Scale(domain=names, range=list(category_colours(names).values()))
    shapes = [_SHAPES[i // len(CATEGORIES) % len(_SHAPES)] for i in range(len(names))]
    shares = [*panel.shares, 0.0, 0.0]
    axis = alt.Axis(tickCount=5, grid=True)
    alone = [*panel.by_component, float("nan"), float("nan")]
    headings = [f"PC{i + 1} ({percent(shares[i])} of the variance; R² of cohort {_share(alone[i])})" for i in range(2)]
    chart: alt.Chart = (
        alt.Chart(data(name), width=_SIDE, height=_SIDE * 0.8, title=title)
        .mark_point(filled=True, size=26, opacity=0.65)
        .encode(
            x=alt.X("x:Q", title=headings[0], axis=axis),
            y=alt.Y("y:Q", title=headings[1], axis=axis),
            color=alt.Color("cohort:N", scale=colours, legend=legend),
            shape=alt.Shape("cohort:N", scale=alt.Scale(domain=names, range=shapes), legend=None),
            tooltip=["sample:N", "cohort:N", alt.Tooltip("x:Q", title="PC1"), alt.Tooltip("y:Q", title="PC2")],
        )
    )
    return chart
