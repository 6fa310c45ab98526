"""A grid of colours as a PNG with one pixel for each cell."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tmescope.report.palette import DIVERGING, MISSING_COLOUR

__all__ = ["colour_grid", "paint", "png_address"]

_MANY, _MOST_COLOURS = 20_000, 256


def colour_grid(values: NDArray[np.float64], *, limit: float) -> NDArray[np.uint8]:
    """Return the diverging colours of values from -limit to limit (clamped); missing values are grey.

    Parameters
    ----------
    values : array of float, rows x columns
        NaN is missing.
    limit : float
        Value of the last colour.

    Returns
    -------
    array of uint8, rows x columns x 3
        sRGB, interpolated linearly between the scheme's colours.
    """
    stops = np.array([_rgb(c) for c in DIVERGING], dtype=float)
    place = (np.clip(values, -limit, limit) + limit) / (2 * limit) * (len(stops) - 1)
    place = np.where(np.isnan(place), 0.0, place)
    steps = np.arange(len(stops))
    out = np.stack([np.interp(place, steps, stops[:, k]) for k in range(3)], axis=-1)
    out[np.isnan(values)] = _rgb(MISSING_COLOUR)
    painted: NDArray[np.uint8] = np.rint(out).astype(np.uint8)
    return painted


def paint(colours: Sequence[Sequence[str]]) -> NDArray[np.uint8]:
    """Return rows of ``#rrggbb`` colours as pixels."""
    return np.array([[_rgb(c) for c in row] for row in colours], dtype=np.uint8)


def png_address(pixels: NDArray[np.uint8]) -> str:
    """Return a ``data:`` address of a PNG, one pixel for each cell: RGB, or RGBA where there are four channels.

    Many pixels of few colours are written as places in a palette, a third of the size.
    """
    height, width, channels = pixels.shape
    kind, palette, samples = 2 if channels == 3 else 6, b"", pixels.reshape(height, width * channels)
    if channels == 3 and height * width > _MANY:
        colours, places = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
        if len(colours) <= _MOST_COLOURS:
            kind, palette = 3, _chunk(b"PLTE", colours.tobytes())
            samples = places.reshape(height, width).astype(np.uint8)
    # Each line starts with its filter: none.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), samples], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    data = _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
    body = _chunk(b"IHDR", header) + palette + data + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode("ascii")


def _chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
