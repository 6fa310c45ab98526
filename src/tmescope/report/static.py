"""Figures as files: SVG and PNG by vl-convert, the same bytes for the same figure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import vl_convert

from tmescope.foundation.errors import InputError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.report.figure import Figure, spec_of

__all__ = ["draw_png", "draw_svg", "write_figures"]

_TASK = "figures are written"
_SCALE = 2.0
_DOT = (
    r'<path transform="translate\((-?[\d.]+),(-?[\d.]+)\)" '
    r'd="M([\d.]+),0A\3,\3,0,1,1,-\3,0A\3,\3,0,1,1,\3,0" fill="([^"]+)"([^>]*)/>'
)
_DOTS = re.compile(_DOT)
_RUN = re.compile(r'(?:<path transform="translate\([^)]*\)" d="M[\d.]+,0A[^"]*" fill="[^"]+"[^>]*/>){8,}')
_UNSEEN = re.compile(r'<path [^>]* opacity="0"/>')
_SAID_BY_PAGE = re.compile(
    r' (?:opacity="1"|pointer-events="none"|aria-hidden="true"|aria-roledescription="[^"]*"|role="[^"]*"|class="[^"]*")'
)
_EMPTY = re.compile(r'<path d="(?:M0,0h0v0h0Z)?"(?: display="none")?/>')
_FONT = re.compile(r' font-family="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_LONG = re.compile(r"(?<![\d.])-?\d+\.\d{3,}(?:e-\d+)?(?!\w)")
_PATH = re.compile(r' d="[^"]*"')
_IN_PATH = re.compile(r"(?<![\d.])-?\d+\.\d{3,}(?:e-?\d+)?")
_PLACE = re.compile(r' d="([^"]*)"')
_TICKS = re.compile(r'<path d="M[^"]*"( fill="[^"]*" opacity="[^"]*")/>(?:<path d="M[^"]*"\1/>){7,}')
_ELEMENT = r'<(text|line|path)((?: [\w-]+="[^"]*")*)(/>|>[^<]*</text>)'
_WORD = re.compile(_ELEMENT)
_WORDS = re.compile(r'(?:<(?:text|line|path)(?: [\w-]+="[^"]*")*(?:/>|>[^<]*</text>)){3,}')
_INHERITED = re.compile(r' (?:fill|font-[a-z]+|stroke(?:-[a-z]+)*|text-anchor|fill-opacity)="[^"]*"')
_FEWEST = 3
_NUMBERED = re.compile(r'(<(?:clipPath|linearGradient|radialGradient) id="|="url\(#)(clip|gradient_)(\d+)')


def draw_svg(figure: Figure) -> str:
    """Return a figure as SVG text in the light theme.

    Parameters
    ----------
    figure : Figure
        What to draw; its `still` where it has one.
    """
    return _svg(json.dumps(spec_of(figure.still or figure), ensure_ascii=False, allow_nan=False))


def draw_png(figure: Figure) -> bytes:
    """Return a figure as a PNG at two pixels per unit, drawn from its SVG.

    Parameters
    ----------
    figure : Figure
        What to draw; its `still` where it has one.
    """
    return _png(draw_svg(figure))


def write_figures(
    figures: Sequence[Figure], folder: Path, *, formats: Sequence[str] = ("svg", "png"), progress: Progress = SILENT
) -> list[Path]:
    """Write each figure as ``<id>.svg`` and ``<id>.png``.

    Parameters
    ----------
    figures : sequence of Figure
        As `tmescope.report.figures.draw_figures` returns them.
    folder : pathlib.Path
        Made where it is absent.
    formats : sequence of str
        ``svg``, ``png`` or both.
    progress : Progress
        Told of each file.

    Returns
    -------
    list of pathlib.Path
        The files, figure by figure.

    Raises
    ------
    InputError
        If a format is unknown.
    """
    unknown = [f for f in formats if f not in _WRITERS]
    if unknown:
        what = f"figures cannot be written as {examples(unknown)}"
        raise InputError(what, where="argument formats", expected=" or ".join(_WRITERS))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    progress.start(_TASK, len(figures) * len(formats), unit="files")
    for figure in figures:
        for name in formats:
            path = folder / f"{figure.id}.{name}"
            path.write_bytes(_WRITERS[name](figure))
            written.append(path)
            progress.advance(_TASK)
    progress.finish(_TASK)
    return written


def _svg_bytes(figure: Figure) -> bytes:
    return draw_svg(figure).encode("utf-8")


_WRITERS: dict[str, Callable[[Figure], bytes]] = {"svg": _svg_bytes, "png": draw_png}


@lru_cache(maxsize=64)
def _svg(spec: str) -> str:
    # An empty list of allowed addresses: a figure never loads anything.
    return _compact(_renumber(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[], show_warnings=False)))


@lru_cache(maxsize=64)
def _png(svg: str) -> bytes:
    return bytes(vl_convert.svg_to_png(svg, scale=_SCALE))


def _renumber(svg: str) -> str:
    """Number clip paths and gradients from 0: the converter counts them over all figures that a process has drawn."""
    seen: dict[str, int] = {}

    def rename(match: re.Match[str]) -> str:
        start, kind, number = match.groups()
        return f"{start}{kind}{seen.setdefault(kind + number, len(seen))}"

    return _NUMBERED.sub(rename, svg)


def _compact(svg: str) -> str:
    """Write coordinates to a hundredth of a pixel, and runs of equal dots as one path of round caps.

    A page holds every figure as a picture; this makes those with thousands of points four times smaller.
    """
    merged = _without_defaults(_TICKS.sub(_one_path, _RUN.sub(_merged, _UNSEEN.sub("", svg))))
    short = _TAG.sub(lambda tag: _LONG.sub(_shortened, tag.group(0)), merged)
    return _WORDS.sub(_grouped, _PATH.sub(lambda path: _IN_PATH.sub(_shortened, path.group(0)), short))


def _one_path(run: re.Match[str]) -> str:
    """Return paths that differ in their place alone as one: where they overlap they are painted once."""
    places = "".join(_PLACE.findall(run.group(0)))
    return f'<path d="{places}"{run.group(1)}/>'


def _grouped(run: re.Match[str]) -> str:
    """Say once, on a group around them, what neighbouring words or lines have in common."""
    parts = []
    for (tag, shared), same in groupby(_WORD.findall(run.group(0)), key=lambda found: (found[0], _inherited(found[1]))):
        elements = list(same)
        if len(elements) < _FEWEST or not shared:
            parts += [f"<{tag}{attributes}{rest}" for tag, attributes, rest in elements]
            continue
        inner = [f"<{tag}{_INHERITED.sub('', attributes)}{rest}" for _, attributes, rest in elements]
        parts += [f"<g{shared}>", *inner, "</g>"]
    return "".join(parts)


def _inherited(attributes: str) -> str:
    return "".join(found.group(0) for found in _INHERITED.finditer(attributes))


def _without_defaults(svg: str) -> str:
    """Leave out what a picture need not say: defaults, roles (the page describes it), the font of each word again."""
    light = _EMPTY.sub("", _TAG.sub(lambda tag: _SAID_BY_PAGE.sub("", tag.group(0)), svg))
    fonts = set(_FONT.findall(light))
    if len(fonts) != 1:
        return light
    return _TAG.sub(lambda tag: _FONT.sub("", tag.group(0)), light).replace(
        "<svg", f'<svg font-family="{fonts.pop()}"', 1
    )


def _shortened(number: re.Match[str]) -> str:
    return f"{float(number.group(0)):.2f}".rstrip("0").rstrip(".")


def _merged(run: re.Match[str]) -> str:
    places: dict[tuple[str, str, str], list[str]] = {}
    for x, y, radius, fill, rest in _DOTS.findall(run.group(0)):
        places.setdefault((radius, fill, rest), []).append(f"M{x},{y}h0")
    drawn = sum(len(p) for p in places.values())
    if drawn != run.group(0).count("<path") or any(' stroke="' in rest for _, _, rest in places):
        return run.group(0)  # outlined dots, or something else among them: left as they are
    return "".join(
        f'<path d="{"".join(p)}" fill="none" stroke="{fill}" stroke-linecap="round" '
        f'stroke-width="{2 * float(radius):g}"{_without_stroke(rest)}/>'
        for (radius, fill, rest), p in places.items()
    )


def _without_stroke(attributes: str) -> str:
    return re.sub(r' stroke-width="[^"]*"', "", attributes)
