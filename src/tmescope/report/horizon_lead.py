"""How long after the first paper on an entity its first trial was posted."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tmescope.report.figure import Figure, data, ink
from tmescope.report.horizon_contents import HorizonContents
from tmescope.report.numbers import count, percent

__all__ = ["draw_lead_times"]

_WIDTH, _HEIGHT = 760, 300
_AT = (0, 12, 24, 36, 60, 120)
_LONG = 150  # months; longer axes have a tick for every fifth year


def draw_lead_times(contents: HorizonContents) -> list[Figure]:
    """Return the curve of lead times, where there is one.

    Parameters
    ----------
    contents : HorizonContents
        With the table lead_curve.
    """
    curve = contents.table("lead_curve")
    if len(curve) < 2:
        return []
    steps = curve[["months", "at_risk", "share", "ci_low", "ci_high"]].astype(float).sort_values("months")
    if steps["months"].iloc[0] > 0:
        start = {"months": 0.0, "at_risk": steps["at_risk"].iloc[0], "share": 1.0, "ci_low": 1.0, "ci_high": 1.0}
        steps = pd.concat([pd.DataFrame([start]), steps], ignore_index=True)
    followed = steps.assign(followed=1 - steps["share"], low=1 - steps["ci_high"], high=1 - steps["ci_low"])
    followed = followed[["months", "followed", "low", "high"]]
    n, last = count(steps["at_risk"].iloc[0]), followed.iloc[-1]
    half = followed.loc[followed["followed"] >= 0.5, "months"]
    median = f"half have one after {half.iloc[0]:.0f} months" if len(half) else "fewer than half have one"
    return [
        Figure(
            id="lead-times",
            title="From the first paper to the first trial",
            caption=(
                f"Kaplan-Meier, {n} entities: the share for which a trial was posted so many months after the first "
                "paper, with its 95% interval. Entities without a trial count as long as they could be seen; those "
                "known before the first year of the lake are left out. That a trial came later does not say that the "
                "papers led to it."
            ),
            alt=(
                f"{n} entities; {median}; {percent(last['followed'])} after {last['months']:.0f} months, the longest "
                "that was seen."
            ),
            chart=_chart(followed),
            table_name="lead_curve",
            section="lead",
            datasets={"curve": followed},
            numbers=_numbers(steps),
        )
    ]


def _chart(followed: pd.DataFrame) -> Any:
    end, top = float(followed["months"].max()), max(0.1, float(followed["high"].max(skipna=True)))
    ticks = list(range(0, int(end) + 1, 12 if end < _LONG else 60))
    x = alt.X(
        "months:Q",
        title="months since the first paper",
        scale=alt.Scale(domain=[0, end], nice=False),
        axis=alt.Axis(grid=False, values=ticks),
    )
    share = alt.Axis(format="%", tickCount=5)
    y = alt.Y("followed:Q", title="share with a trial", axis=share, scale=alt.Scale(domain=[0, top]))
    base = alt.Chart(data("curve"))
    area = base.mark_area(color=ink("accent"), opacity=0.18, interpolate="step-after")
    line = base.mark_line(color=ink("accent"), strokeWidth=2, interpolate="step-after").encode(x=x, y=y)
    return alt.layer(area.encode(x=x, y="low:Q", y2="high:Q"), line, width=_WIDTH, height=_HEIGHT)


def _numbers(steps: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for month in _AT:
        before = steps[steps["months"] <= month]
        after = steps[steps["months"] >= month]
        if len(before) and len(after):
            share = 1 - before["share"].iloc[-1]
            rows.append((str(month), count(after["at_risk"].iloc[0]), percent(share)))
    return pd.DataFrame(rows, columns=["Months", "Still without", "With a trial"])
