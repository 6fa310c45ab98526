"""Figures as files: SVG and PNG by vl-convert, the same bytes for the same figure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import vl_convert

from tmescope.report.figure import Figure, spec_of

__all__ = ["draw_png", "draw_svg", "write_figures"]

_SCALE = 2.0
_MARK = re.compile(
    r'<path transform="translate\((-?[\d.]+),(-?[\d.]+)\)" d="([^"]{20,})" ((?:[a-z-]+="[^"]*" ?)+)/>'
)
_RUN = 8
_CLIP = re.compile(r'(<clipPath id="|clip-path="url\(#)clip(\d+)')


def draw_svg(figure: Figure) -> str:
    """Return a figure as SVG text in the light theme."""
    return _svg(json.dumps(spec_of(figure.still or figure), ensure_ascii=False, allow_nan=False))


def draw_png(figure: Figure) -> bytes:
    """Return a figure as a PNG at two pixels per unit, drawn from its SVG."""
    return _png(draw_svg(figure))


def write_figures(figures: list[Figure] | tuple[Figure, ...], folder: Path) -> list[Path]:
    """Write each figure as ``<id>.svg`` and ``<id>.png``; return the files in order.

    Parameters
    ----------
    figures : list of Figure
        As `tmescope.report.figures.draw_figures` returns them.
    folder : pathlib.Path
        Made where it is absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for figure in figures:
        svg, png = folder / f"{figure.id}.svg", folder / f"{figure.id}.png"
        svg.write_text(draw_svg(figure), encoding="utf-8", newline="\n")
        png.write_bytes(draw_png(figure))
        written += [svg, png]
    return written


@lru_cache(maxsize=64)
def _svg(spec: str) -> str:
    # An empty list of allowed addresses: a figure never loads anything.
    return _compact(_renumber(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[], show_warnings=False)))


@lru_cache(maxsize=64)
def _png(svg: str) -> bytes:
    return bytes(vl_convert.svg_to_png(svg, scale=_SCALE))


def _renumber(svg: str) -> str:
    """Number clip paths from 0: the converter counts them over all figures that a process has drawn."""
    seen: dict[str, int] = {}

    def rename(match: re.Match[str]) -> str:
        number = seen.setdefault(match.group(2), len(seen))
        return f"{match.group(1)}clip{number}"

    return _CLIP.sub(rename, svg)


def _compact(svg: str) -> str:
    """Draw runs of equal marks by reference: the outline once, then a place for each. A third of the bytes remain."""
    shapes: dict[tuple[str, str], str] = {}
    counts: dict[tuple[str, str], int] = {}
    for match in _MARK.finditer(svg):
        key = (match.group(3), match.group(4))
        counts[key] = counts.get(key, 0) + 1

    def refer(match: re.Match[str]) -> str:
        key = (match.group(3), match.group(4))
        if counts[key] < _RUN:
            return match.group(0)
        name = shapes.setdefault(key, f"m{len(shapes)}")
        x, y = (f"{float(match.group(k)):.1f}".removesuffix(".0") for k in (1, 2))
        return f'<use xlink:href="#{name}" x="{x}" y="{y}"/>'

    body = _MARK.sub(refer, svg)
    if not shapes:
        return svg
    outlines = "".join(f'<path id="{name}" d="{d}" {rest}/>' for (d, rest), name in shapes.items())
    start = body.index(">") + 1
    return f"{body[:start]}<defs>{outlines}</defs>{body[start:]}"
