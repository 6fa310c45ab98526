"""Cells of an embedding as pixels: dots in a random order, or bins with the colour of their majority."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tmescope.report.raster import paint

__all__ = ["Placed", "frame_of", "paint_levels", "paint_one", "place_cells"]

_MARGIN = 0.03
_FAINTEST = 0.35
_OTHERS = "#c3c8d0"
_SEED = 0

Placed = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Row and column of each cell, or bin, among the pixels."""


def frame_of(x: NDArray[np.float64], y: NDArray[np.float64], *, bins: int = 0) -> tuple[float, float, float, float]:
    """Return the edges of a picture of all cells: left, right, lower, upper, with a margin.

    Parameters
    ----------
    x, y : array
        Places of all cells; at least one.
    bins : int
        Bins of each axis whose middles these are: the picture then ends with them, so that each is one pixel.
    """
    edges = []
    for values in (x, y):
        low, high = float(values.min()), float(values.max())
        margin = (high - low) / (2 * (bins - 1)) if bins > 1 else _MARGIN * (high - low)
        margin = margin or 1.0
        edges += [low - margin, high + margin]
    return edges[0], edges[1], edges[2], edges[3]


def place_cells(
    x: NDArray[np.float64], y: NDArray[np.float64], *, frame: tuple[float, float, float, float], size: int
) -> Placed:
    """Return where cells lie in a square picture.

    Parameters
    ----------
    x, y : array
        Their places.
    frame : tuple of float
        From `frame_of`.
    size : int
        Pixels of a side.
    """
    left, right, lower, upper = frame
    column = np.clip(((x - left) / (right - left) * size).astype(np.int64), 0, size - 1)
    row = np.clip(((upper - y) / (upper - lower) * size).astype(np.int64), 0, size - 1)
    return row, column


def paint_levels(
    placed: Placed, level: NDArray[np.int64], colours: Sequence[str], *, size: int, weight: NDArray[np.int64] | None
) -> NDArray[np.uint8]:
    """Return a picture of cells in the colours of their levels.

    Parameters
    ----------
    placed : Placed
        From `place_cells`.
    level : array of int
        Number of each cell's level.
    colours : sequence of str
        ``#rrggbb`` of each level.
    size : int
        Pixels of a side.
    weight : array of int, optional
        Cells of each row, where rows are bins: a bin has the colour of its most frequent level, and is the more opaque
        the more cells it holds. Without it each row is a dot, and dots are drawn in a random order that is always the
        same, so that no level lies above the others.

    Returns
    -------
    array of uint8, size x size x 4
        Clear where no cell is.
    """
    palette = paint([[c] for c in colours])[:, 0]
    pixels = np.zeros((size, size, 4), dtype=np.uint8)
    if weight is None:
        order = np.random.default_rng(_SEED).permutation(len(level))
        _dots(pixels, (placed[0][order], placed[1][order]), palette[level[order]])
        return pixels
    cells = np.zeros((len(colours), size * size), dtype=np.int64)
    np.add.at(cells, (level, placed[0] * size + placed[1]), weight)
    total = cells.sum(axis=0)
    seen = np.flatnonzero(total)
    flat = pixels.reshape(-1, 4)
    flat[seen, :3] = palette[cells[:, seen].argmax(axis=0)]
    flat[seen, 3] = _opacity(total[seen])
    return pixels


def paint_one(placed: Placed, chosen: NDArray[np.bool_], colour: str, *, size: int) -> NDArray[np.uint8]:
    """Return a picture in which the chosen cells stand out from all others, above them.

    Parameters
    ----------
    placed : Placed
        From `place_cells`.
    chosen : array of bool
        Which cells, or rows of bins.
    colour : str
        ``#rrggbb`` of the chosen.
    size : int
        Pixels of a side.
    """
    pixels = np.zeros((size, size, 4), dtype=np.uint8)
    for which, shade in ((~chosen, _OTHERS), (chosen, colour)):
        rows = (placed[0][which], placed[1][which])
        _dots(pixels, rows, np.repeat(paint([[shade]])[0], len(rows[0]), axis=0))
    return pixels


def _opacity(cells: NDArray[np.int64]) -> NDArray[np.uint8]:
    most = np.log1p(float(cells.max(initial=1)))
    return np.asarray(np.rint(255 * (_FAINTEST + (1 - _FAINTEST) * np.log1p(cells) / most)), dtype=np.uint8)


def _dots(pixels: NDArray[np.uint8], placed: Placed, colour: NDArray[np.uint8]) -> None:
    """Draw dots one after the other: where they overlap the later is seen."""
    size, n = pixels.shape[0], len(placed[0])
    reach = 0 if size <= 130 else 1 if n > 5000 or size <= 260 else 2
    steps = np.arange(-reach, reach + 1)
    down, across = (g.ravel() for g in np.meshgrid(steps, steps, indexing="ij"))
    round_ = down**2 + across**2 <= reach**2 + 1
    row = np.clip(placed[0][:, None] + down[round_], 0, size - 1)
    column = np.clip(placed[1][:, None] + across[round_], 0, size - 1)
    place = (row * size + column).ravel()
    shade = np.repeat(np.arange(n), int(round_.sum()))
    # of several dots on one pixel the last counts
    found, last = np.unique(place[::-1], return_index=True)
    flat = pixels.reshape(-1, 4)
    flat[found, :3] = colour[shade[::-1][last]]
    flat[found, 3] = 255
