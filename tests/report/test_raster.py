from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from tmescope.report.palette import DIVERGING, MISSING_COLOUR
from tmescope.report.raster import colour_grid, paint, png_address


def decode(address: str) -> np.ndarray:
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, size = 8, b"", (0, 0)
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        chunk = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(name + chunk)
        if name == b"IHDR":
            size = struct.unpack(">II", chunk[:8])
        if name == b"IDAT":
            body += chunk
        at += 12 + length
    width, height = size
    channels = len(zlib.decompress(body)) // height // width
    palette = None
    if b"PLTE" in data:
        start = data.index(b"PLTE")
        length = struct.unpack(">I", data[start - 4 : start])[0]
        palette = np.frombuffer(data[start + 4 : start + 4 + length], np.uint8).reshape(-1, 3)
    lines = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + channels * width)
    assert not lines[:, 0].any()
    pixels = lines[:, 1:].reshape(height, width, channels)
    return pixels if palette is None else palette[pixels[:, :, 0]]


def _hex(pixel: np.ndarray) -> str:
    return "#" + "".join(f"{c:02x}" for c in pixel)


def test_values_take_the_colours_of_the_scheme_clamped_at_its_ends() -> None:
    grid = colour_grid(np.array([[-2.5, 0.0, 2.5], [-9.0, 9.0, np.nan]]), limit=2.5)
    first, middle, last = DIVERGING[0], DIVERGING[len(DIVERGING) // 2], DIVERGING[-1]
    assert [_hex(p) for p in grid[0]] == [first, middle, last]
    assert [_hex(p) for p in grid[1]] == [first, last, MISSING_COLOUR]


def test_a_png_holds_its_pixels() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    assert (decode(png_address(pixels)) == pixels).all()


def test_painted_colours() -> None:
    assert paint([["#0072b2", "#d55e00"]]).tolist() == [[[0, 114, 178], [213, 94, 0]]]


def test_many_pixels_of_few_colours_become_a_palette_of_the_same_picture() -> None:
    values = np.round(np.random.default_rng(2).normal(size=(150, 200)), 1)
    pixels = colour_grid(values, limit=2.5)
    address = png_address(pixels)
    assert b"PLTE" in base64.b64decode(address.split(",")[1])
    assert (decode(address) == pixels).all()
    assert len(address) < 150 * 200 * 1.2
    clear = np.zeros((2, 3, 4), dtype=np.uint8)
    assert (decode(png_address(clear)) == clear).all()
