"""The legend of the landscape: one line for each track, and the cohorts where their headings are letters."""

from __future__ import annotations

import pandas as pd

from tmescope.report.numbers import plain
from tmescope.report.sample_blocks import Layout, block_name, blocks, letter, uses_letters
from tmescope.report.tracks import Track

__all__ = ["legend_below"]

_AVERAGE_LETTER = 5.9


def legend_below(tracks: list[Track], layout: Layout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Place one line for each track below the map; text widths are estimated from the number of letters.

    Parameters
    ----------
    tracks : list of Track
        May be none.
    layout : Layout
        Places of the map.

    Returns
    -------
    swatches : pandas.DataFrame
        x, y, colour.
    words : pandas.DataFrame
        x, y, text, and whether it is a title.
    """
    lines: list[tuple[str, dict[str, str | None]]] = [(t.title, dict(t.legend)) for t in tracks]
    if uses_letters(layout):
        named = {f"{letter(i)}  {block_name(c, n)}": None for i, (c, _, _, n) in enumerate(blocks(layout))}
        lines.insert(0, ("Cohort", dict(named)))
    swatches: list[dict[str, object]] = []
    words: list[dict[str, object]] = []
    y = layout.bottom + 24
    for title, entries in lines:
        words.append({"x": -8.0, "y": y, "text": plain(title), "title": True})
        x = 0.0
        for level, colour in entries.items():
            label = _shortened(plain(level), 48)
            indent = 15.0 if colour else 0.0
            need = indent + _AVERAGE_LETTER * len(label) + 20
            if x and x + need > layout.width:
                x, y = 0.0, y + 16
            if colour:
                swatches.append({"x": x + 5, "y": y, "colour": colour})
            words.append({"x": x + indent, "y": y, "text": label, "title": False})
            x += need
        y += 17
    return (
        pd.DataFrame(swatches, columns=["x", "y", "colour"]),
        pd.DataFrame(words, columns=["x", "y", "text", "title"]),
    )


def _shortened(label: str, limit: int) -> str:
    return label if len(label) <= limit else label[: limit - 1] + "…"
