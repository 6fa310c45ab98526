"""One figure: an Altair chart whose data are kept apart, to be written compactly and drawn twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import pandas as pd

from tmescope.report.palette import LIGHT

__all__ = ["FONT", "Figure", "chart_of", "data", "ink", "spec_of", "text"]

FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"
WIDTH = 1020
"""Width in pixels that a figure aims at: it fills the page's column and stays legible on A4."""


@dataclass(frozen=True)
class Figure:
    """A figure with everything that a reader needs who cannot see it.

    Parameters
    ----------
    id : str
        Stable, unique in a report, fit for a file name: lower-case letters, digits and hyphens.
    title : str
        What is shown.
    caption : str
        How to read it, with n, units and what was left out.
    alt : str
        The finding in words, with numbers.
    chart : altair chart or dict
        Without data: it names its data sets (`data`), which are in `datasets`.
    heavy : bool
        True where it has so many marks that a page embeds a PNG and the live view is drawn on a canvas.
    table_name : str
        Name of the run's table that holds the numbers.
    section : str
        Part of the page: quality, cohorts, landscape, distributions, answers or survival.
    datasets : mapping of str to pandas.DataFrame
        Data by name.
    numbers : pandas.DataFrame, optional
        The numbers of the figure as a small table for readers; column names are headings.
    still : Figure, optional
        What to draw into files and as the page's static picture instead: the same picture with fewer marks.
    """

    id: str
    title: str
    caption: str
    alt: str
    chart: Any
    heavy: bool = False
    table_name: str = ""
    section: str = ""
    datasets: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    numbers: pd.DataFrame | None = None
    still: Figure | None = None


def data(name: str) -> alt.NamedData:
    """Return a reference to one of a figure's data sets."""
    return alt.NamedData(name=name)


def ink(name: str = "ink") -> alt.ExprRef:
    """Return a colour of the theme (ink, muted, rule, paper ...) that follows the page from light to dark."""
    return alt.ExprRef(name)


def text(name: str, *, align: str = "left", size: int = 11, colour: str = "ink", limit: float = 0) -> alt.Chart:
    """Return text marks that show the field ``text`` of a data set; the caller places them.

    Parameters
    ----------
    name : str
        Name of the data set.
    align : {"left", "center", "right"}
        Which end of the text is at its place.
    size : int
        Height of the letters in pixels.
    colour : str
        Colour of the theme.
    limit : float
        Width in pixels at which a text is cut; 0 for none.
    """
    mark: dict[str, Any] = {"align": align, "fontSize": size, "limit": limit, "baseline": "middle"}
    chart: alt.Chart = alt.Chart(data(name)).mark_text(color=ink(colour), **mark).encode(text="text:N")
    return chart


def chart_of(chart: Any) -> Any:
    """Return the chart as a Vega-Lite dictionary without data, address of a schema, or automatic names."""
    spec = chart if isinstance(chart, dict) else chart.to_dict()
    return {k: v for k, v in spec.items() if k not in {"$schema", "config", "datasets"}}


def spec_of(figure: Figure, *, with_data: bool = True) -> dict[str, Any]:
    """Return a figure's Vega-Lite specification with the house's configuration and the light theme's colours.

    Parameters
    ----------
    figure : Figure
        What to draw.
    with_data : bool
        False leaves the data sets named but empty, as the page wants them.
    """
    spec = dict(chart_of(figure.chart))
    spec["params"] = [*spec.get("params", []), *({"name": k, "value": v} for k, v in LIGHT.items())]
    spec["background"] = {"expr": "paper"}
    spec["padding"] = 6
    spec["config"] = _config()
    if with_data:
        spec["datasets"] = {name: _rows(table) for name, table in figure.datasets.items()}
    return spec


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows with None where a value is missing, since JSON has no NaN."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict(orient="records")]


def _config() -> dict[str, Any]:
    ink_, muted, rule = {"expr": "ink"}, {"expr": "muted"}, {"expr": "rule"}
    axis = {
        "labelColor": muted,
        "titleColor": muted,
        "domainColor": rule,
        "tickColor": rule,
        "gridColor": rule,
        "gridOpacity": 0.7,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelFont": FONT,
        "titleFont": FONT,
        "titlePadding": 8,
        "labelLimit": 240,
    }
    return {
        "font": FONT,
        "axis": axis,
        "legend": {
            "labelColor": muted,
            "titleColor": muted,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "symbolStrokeWidth": 0,
        },
        "header": {
            "labelColor": ink_,
            "titleColor": ink_,
            "labelFontSize": 12.5,
            "labelFontWeight": "bold",
            "labelAnchor": "start",
            "labelLimit": 300,
        },
        "title": {"color": ink_, "fontSize": 12, "anchor": "start"},
        # One label for the whole figure tells a screen reader more than one for each of a thousand marks.
        "aria": False,
        "view": {"stroke": None},
        "text": {"font": FONT},
    }
