"""A figure that is laid out by hand: words, lines, rules, dots and boxes at places in pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt
import pandas as pd

from tmescope.report.figure import data, ink

__all__ = ["Canvas"]

Row = Mapping[str, Any]


class Canvas:
    """Marks in pixels from the upper left, drawn in the order in which they are added.

    Parameters
    ----------
    width, height : float
        Extent in pixels.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.datasets: dict[str, pd.DataFrame] = {}
        self._layers: list[alt.Chart] = []
        self._x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], range=[0, width]))
        self._y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))

    def words(
        self, rows: Iterable[Row], *, align: str = "left", colour: str = "ink", size: float = 12, bold: bool = False
    ) -> None:
        """Add texts.

        Parameters
        ----------
        rows : iterable of mapping
            ``x``, ``y`` (of the middle line), ``text``.
        align : {"left", "center", "right"}
            Which end of a text is at its place.
        colour : str
            Colour of the theme.
        size : float
            Height of the letters.
        bold : bool
            Whether they are.
        """
        chart = self._chart(rows)
        if chart is not None:
            weight = "bold" if bold else "normal"
            mark = chart.mark_text(color=ink(colour), align=align, fontSize=size, baseline="middle", fontWeight=weight)  # type: ignore[arg-type]
            self._layers.append(mark.encode(x=self._x, y=self._y, text="text:N"))

    def lines(self, rows: Iterable[Row], *, colour: Any, width: float = 1.5) -> None:
        """Add lines through points.

        Parameters
        ----------
        rows : iterable of mapping
            ``x``, ``y``, ``line`` (which line), in the order of drawing.
        colour : str or altair expression
            Of all lines; ``None`` takes the column ``colour``.
        width : float
            Of the lines.
        """
        chart = self._chart({**row, "order": i} for i, row in enumerate(rows))
        if chart is not None:
            shade = {} if colour is None else {"color": colour}
            mark = chart.mark_line(strokeWidth=width, strokeCap="round", strokeJoin="round", **shade)
            own = {"color": alt.Color("colour:N", scale=None)} if colour is None else {}
            self._layers.append(mark.encode(x=self._x, y=self._y, detail="line:N", order="order:Q", **own))

    def rules(self, rows: Iterable[Row], *, colour: Any, width: float = 1, opacity: float = 1) -> None:
        """Add straight strokes.

        Parameters
        ----------
        rows : iterable of mapping
            ``x``, ``y``, ``x2``, ``y2``.
        colour : str or altair expression
            Of all strokes.
        width, opacity : float
            Of all strokes.
        """
        chart = self._chart(rows)
        if chart is not None:
            mark = chart.mark_rule(color=colour, strokeWidth=width, opacity=opacity)
            self._layers.append(mark.encode(x=self._x, y=self._y, x2="x2:Q", y2="y2:Q"))

    def dots(self, rows: Iterable[Row], *, colour: Any, size: float = 60) -> None:
        """Add filled dots.

        Parameters
        ----------
        rows : iterable of mapping
            ``x``, ``y``, ``tip`` (what a pointer is told).
        colour : str or altair expression
            Of all dots; ``None`` takes the column ``colour``.
        size : float
            Area in square pixels.
        """
        chart = self._chart(rows)
        if chart is not None:
            shade = {} if colour is None else {"color": colour}
            mark = chart.mark_point(filled=True, opacity=1, size=size, **shade)
            own = {"color": alt.Color("colour:N", scale=None)} if colour is None else {}
            self._layers.append(mark.encode(x=self._x, y=self._y, tooltip="tip:N", **own))

    def boxes(self, rows: Iterable[Row], *, colour: Any) -> None:
        """Add filled boxes.

        Parameters
        ----------
        rows : iterable of mapping
            ``x``, ``y``, ``x2``, ``y2``, ``opacity`` (0 to 1), ``tip`` (what a pointer is told).
        colour : str or altair expression
            Of all boxes.
        """
        chart = self._chart(rows)
        if chart is not None:
            opacity = alt.FillOpacity("opacity:Q", scale=None, legend=None)
            mark = chart.mark_rect(color=colour)
            self._layers.append(
                mark.encode(x=self._x, y=self._y, x2="x2:Q", y2="y2:Q", fillOpacity=opacity, tooltip="tip:N")
            )

    def chart(self) -> Any:
        """Return everything that was added as one chart."""
        return alt.layer(*self._layers, width=self.width, height=self.height).resolve_scale(color="independent")

    def _chart(self, rows: Iterable[Row]) -> alt.Chart | None:
        table = pd.DataFrame(list(rows))
        if not len(table):
            return None
        name = f"marks_{len(self.datasets)}"
        self.datasets[name] = table
        return alt.Chart(data(name))
