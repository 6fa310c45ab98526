"""Axes of figures that are laid out by hand: from values to pixels, and where ticks stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tmescope.report.canvas import Canvas
from tmescope.report.figure import ink
from tmescope.report.numbers import plain

__all__ = ["FOOT", "HEAD", "ROW", "Band", "draw_grid", "percent_ticks", "ratio_ticks", "shorten"]

ROW, HEAD, FOOT = 24.0, 40.0, 26.0
"""Heights in pixels of a row, of what stands above the rows and of what stands below."""

_PERCENTS = (-90, -80, -70, -50, -30, -20, 0, 20, 50, 100, 200, 300, 500, 700)
_ROOM = 0.14  # of the axis between two ticks: the widest number is some 35 of 270 pixels


@dataclass(frozen=True)
class Band:
    """A piece of an axis.

    Parameters
    ----------
    left, right : float
        Its ends in pixels.
    low, high : float
        The values there; what lies outside is drawn at the end.
    """

    left: float
    right: float
    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value stands, in pixels."""
        if self.high <= self.low:
            return self.left
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)


def percent_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return ticks of an axis of slopes of logarithms: the value, and the change in per cent.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    """
    ticks = [(math.log1p(p / 100), f"{p:+d}%".replace("-", "\N{MINUS SIGN}") if p else "0") for p in _PERCENTS]
    return _spread(ticks, low, high, always=0.0)


def ratio_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return ticks of an axis of logarithms of ratios: the value, and the ratio.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    """
    ratios = [m * 10.0**p for p in range(-3, 7) for m in (1, 2, 5)]
    return _spread([(math.log(r), f"{r:g}") for r in ratios], low, high, always=0.0)


def _spread(ticks: list[tuple[float, str]], low: float, high: float, *, always: float) -> list[tuple[float, str]]:
    """Return the ticks within an axis that leave each other room; the one that must be there first."""
    inside = sorted((t for t in ticks if low - 1e-9 <= t[0] <= high + 1e-9), key=lambda t: (abs(t[0] - always), t[0]))
    room = _ROOM * (high - low)
    kept: list[tuple[float, str]] = []
    for tick in inside:
        if all(abs(tick[0] - other[0]) >= room for other in kept):
            kept.append(tick)
    return sorted(kept)


def draw_grid(canvas: Canvas, band: Band, ticks: Sequence[tuple[float, str]], *, bottom: float) -> None:
    """Draw the lines of an axis behind its rows, and its numbers below them.

    Parameters
    ----------
    canvas : Canvas
        Where.
    band : Band
        The axis.
    ticks : sequence of (float, str)
        Values and what is written.
    bottom : float
        Where the rows end.
    """
    places = [(band.place(value), text) for value, text in ticks]
    canvas.rules([{"x": x, "x2": x, "y": HEAD - 8, "y2": bottom} for x, _ in places], colour=ink("rule"))
    numbers = [{"x": x, "y": bottom + 12, "text": text} for x, text in places]
    canvas.words(numbers, colour="muted", align="center", size=11)


def shorten(text: object, most: int) -> str:
    """Return a text that is safe to show, cut where it is longer than a number of characters."""
    shown = plain(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
