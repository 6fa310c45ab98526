"""How power grows with the number of patients: one curve, the wanted power, and simulated points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from tmescope.report.figure import Figure, data, ink
from tmescope.report.numbers import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["draw_power_curve"]

_WIDTH, _HEIGHT = 460, 280


def draw_power_curve(curve: pd.DataFrame, *, wanted: float, n: int, title: str) -> Figure:
    """Return a figure of power against patients.

    Parameters
    ----------
    curve : pandas.DataFrame
        n, power (by formula), simulated_power, simulated_low, simulated_high (missing where not simulated).
    wanted : float
        Power that is wanted: a dashed line.
    n : int
        Number of patients that is marked.
    title : str
        The question and its effect.
    """
    at = float(curve.loc[curve["n"] == n, "power"].iloc[0])
    simulated = curve.dropna(subset=["simulated_power"])
    domain = [float(curve["n"].min()), float(curve["n"].max())]
    x = alt.X("n:Q", title="patients", scale=alt.Scale(domain=domain, nice=False, padding=6), axis=alt.Axis(grid=False))
    y = alt.Y("power:Q", title="power", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=6))
    base = alt.Chart(data("curve"))
    line = base.mark_line(color=ink("accent"), strokeWidth=2).encode(x=x, y=y)
    mark = base.transform_filter(f"datum.n == {n}").mark_point(filled=True, size=80, color=ink("accent"), opacity=1)
    aim = alt.Chart(data("aim")).mark_rule(color=ink("muted"), strokeDash=[4, 4]).encode(y="power:Q")
    seen = base.transform_filter("isValid(datum.simulated_power)")
    bars = seen.mark_rule(color=ink("ink")).encode(x=x, y=alt.Y("simulated_low:Q"), y2="simulated_high:Q")
    dots = seen.mark_point(color=ink("ink"), size=30, filled=True, opacity=1).encode(x=x, y="simulated_power:Q")
    layers = [aim, line, *([bars, dots] if len(simulated) else []), mark.encode(x=x, y=y)]
    dotted = " Dark points with bars: simulated trials with their 95% interval." if len(simulated) else ""
    return Figure(
        id="power",
        title=title,
        caption=f"Power by formula; the dashed line is the wanted {wanted:.0%}, the large point {count(n)} patients."
        + dotted,
        alt=f"Power against patients: {at:.0%} at {count(n)} patients; {wanted:.0%} is wanted.",
        chart=alt.layer(*layers, width=_WIDTH, height=_HEIGHT, title=title),
        table_name="power",
        section="answers",
        datasets={"curve": curve, "aim": curve.iloc[:1].assign(power=wanted)[["power"]]},
    )
