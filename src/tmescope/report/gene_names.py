"""Where the genes of a volcano plot stand: axes that outliers do not widen, and names that do not cover each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FONT_SIZE", "HEIGHT", "PADDING", "WIDTH", "Frame", "frame_of", "place_names"]

WIDTH, HEIGHT = 720, 360
"""Of the plot, in pixels."""
PADDING = 14
"""Pixels between the ends of the axis of effects and the edge of the plot."""
FONT_SIZE = 11

_USUAL = 99.0
_FURTHEST = 3.0
_LETTER = 0.66 * FONT_SIZE
_LINE = FONT_SIZE + 3.0
_GAP = 7.0
_STEPS = (0, -1, 1, -2, 2, -3, 3, -4, 4)

_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """Ends of the axes.

    Parameters
    ----------
    left, right : float
        Of the axis of effects.
    top : float
        Of that of -log10 p, which begins at 0.
    """

    left: float
    right: float
    top: float

    def inside(self, effects: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return effects, those beyond the axis at its end."""
        return np.clip(effects, self.left, self.right)

    def pixels(self, x: float, y: float) -> tuple[float, float]:
        """Return pixels from the left and from the top of the plot."""
        per_unit = (WIDTH - 2 * PADDING) / (self.right - self.left)
        return PADDING + (x - self.left) * per_unit, HEIGHT * (1.0 - y / self.top)

    def place(self, across: float, down: float) -> tuple[float, float]:
        """Return the effect and the -log10 p that stand at a pixel."""
        per_unit = (WIDTH - 2 * PADDING) / (self.right - self.left)
        return self.left + (across - PADDING) / per_unit, self.top * (1.0 - down / HEIGHT)


def frame_of(effects: NDArray[np.float64], evidence: NDArray[np.float64]) -> Frame:
    """Return the axes of a plot.

    Parameters
    ----------
    effects : array of float, shape (genes,)
        Finite; at least one.
    evidence : array of float, shape (genes,)
        -log10 p.

    Notes
    -----
    The axis of effects ends with the largest of them, but no further out than three times the size that 99% of the
    genes stay within: one gene with a run-away estimate would press all others together.
    """
    limit = _FURTHEST * float(np.percentile(np.abs(effects), _USUAL))
    left, right = max(float(effects.min()), -limit), min(float(effects.max()), limit)
    if not left < right:
        left, right = left - 1.0, right + 1.0
    return Frame(left, right, max(1.06 * float(evidence.max()), 0.1))


def place_names(genes: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """Give each gene a place for its name that covers no other name and no other of these genes.

    Parameters
    ----------
    genes : pandas.DataFrame
        Columns gene, x and y; who comes first chooses first.
    frame : Frame
        Of the plot.

    Returns
    -------
    pandas.DataFrame
        With name_x and name_y, the end of the name that is nearer to the gene; align (left or right); moved, where a
        line should lead to the name. A gene without a free place near it is left out.
    """
    dots = [frame.pixels(x, y) for x, y in zip(genes["x"], genes["y"], strict=True)]
    taken: list[_Box] = [(x - 3.0, y - 3.0, x + 3.0, y + 3.0) for x, y in dots]
    found = []
    for dot, row in zip(dots, genes.to_dict(orient="records"), strict=True):
        place = next((p for p in _places(dot, str(row["gene"])) if _is_free(p[0], taken)), None)
        if place is None:
            continue
        (left, up, right, down), align, moved = place
        taken.append((left, up, right, down))
        name_x, name_y = frame.place(left if align == "left" else right, (up + down) / 2.0)
        found.append({**row, "name_x": name_x, "name_y": name_y, "align": align, "moved": moved})
    return pd.DataFrame(found, columns=[*genes.columns, "name_x", "name_y", "align", "moved"])


def _places(dot: tuple[float, float], name: str) -> Iterator[tuple[_Box, str, bool]]:
    """Yield places of a name beside a dot, then further and further above and below it, on both sides."""
    width = _LETTER * len(name)
    for step, align in product(_STEPS, ("left", "right")):
        gap = _GAP + (_LINE if step else 0.0)
        start = dot[0] + gap if align == "left" else dot[0] - gap - width
        middle = dot[1] + step * _LINE
        yield (start, middle - _LINE / 2.0, start + width, middle + _LINE / 2.0), align, step != 0


def _is_free(box: _Box, taken: list[_Box]) -> bool:
    left, up, right, down = box
    inside = left >= 0.0 and right <= WIDTH and up >= 0.0 and down <= HEIGHT
    return inside and not any(left < r and right > x and up < d and down > y for x, y, r, d in taken)
