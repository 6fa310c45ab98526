"""What is known of each sample, as rows of coloured cells beneath a figure with a column for each sample."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from tmescope.report.figure import data
from tmescope.report.numbers import plain
from tmescope.report.palette import MISSING_COLOUR
from tmescope.report.sample_blocks import TRACK, Layout
from tmescope.report.tracks import Track

__all__ = ["MOST_TRACKS", "Beneath", "track_marks", "tracks_beneath"]

MOST_TRACKS = 3
"""Tracks that stand beneath a figure: the response, then what else the landscape shows first."""

_KEYS = ["cohort_id", "sample_id"]
_COLUMNS = ["x", "y", "colour", "track", "level", "sample", "cohort"]


@dataclass(frozen=True)
class Beneath:
    """Places of the cells of all tracks, and of their names.

    Parameters
    ----------
    cells : pandas.DataFrame
        x, y, colour, track, level, sample, cohort.
    names : pandas.DataFrame
        x, y, text.
    """

    cells: pd.DataFrame
    names: pd.DataFrame


def tracks_beneath(tracks: list[Track], layout: Layout, *, top: float) -> Beneath:
    """Place tracks, one under the other.

    Parameters
    ----------
    tracks : list of Track
        May be none.
    layout : Layout
        Places of the samples.
    top : float
        Upper edge of the first.
    """
    parts, names = [pd.DataFrame(columns=_COLUMNS)], []
    for i, track in enumerate(tracks):
        y = top + TRACK * (i + 0.5)
        found = layout.samples.merge(track.values, on=_KEYS, how="left")
        level = found["level"].where(found["level"].notna(), "missing").astype(str)
        colour = found["colour"].where(found["colour"].notna(), MISSING_COLOUR).astype(str)
        cells = {
            "x": (found["x"] + layout.step / 2).round(2),
            "y": y,
            "colour": colour,
            "track": plain(track.title),
            "level": level.map(plain),
            "sample": found["sample_id"].map(plain),
            "cohort": found["cohort_id"].map(plain),
        }
        parts.append(pd.DataFrame(cells))
        names.append({"x": -8.0, "y": y, "text": plain(track.title)})
    filled = [p for p in parts if len(p)] or parts[:1]
    return Beneath(pd.concat(filled, ignore_index=True), pd.DataFrame(names, columns=["x", "y", "text"]))


def track_marks(layout: Layout, *, x: alt.X, y: alt.Y) -> alt.Chart:
    """Return the marks of the data set ``tracks``.

    Parameters
    ----------
    layout : Layout
        Places of the samples.
    x, y : altair.X, altair.Y
        Pixels.
    """
    tip = ["track:N", "level:N", "sample:N", "cohort:N"]
    chart: alt.Chart = (
        alt.Chart(data("tracks"))
        .mark_rect(width=layout.step + 1, height=TRACK - 2, xOffset=0.5)
        .encode(x=x, y=y, color=alt.Color("colour:N", scale=None), tooltip=tip)
    )
    return chart
