"""Colours: two themes, categories that colour-blind readers can tell apart, and the checks that prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = [
    "CATEGORIES",
    "DARK",
    "DIVERGING",
    "LIGHT",
    "MISSING_COLOUR",
    "ORDERED",
    "RESPONSE",
    "STATUS",
    "TERTILES",
    "category_colours",
    "contrast",
]

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "ink": "#1b2330",
    "muted": "#566070",
    "rule": "#d8dde4",
    "faint": "#f1f3f6",
    "accent": "#0b5cad",
}
DARK: Mapping[str, str] = {
    "paper": "#151a21",
    "ink": "#e7ebf1",
    "muted": "#a3aebc",
    "rule": "#343d4a",
    "faint": "#1e252f",
    "accent": "#8ab8f0",
}

MISSING_COLOUR = "#8b929c"
CATEGORIES: tuple[str, ...] = (
    "#0072b2",
    "#d55e00",
    "#a874e8",
    "#b28974",
    "#b2476b",
    "#7d6432",
    "#40a181",
    "#5d6d8f",
)
"""Okabe and Ito's blue and vermilion, then colours searched for: all reach 3:1 on both themes, and the first six
stay apart for readers with protanopia, deuteranopia and tritanopia (a test computes both)."""

RESPONSE: Mapping[str, str] = {
    "responder": "#0072b2",
    "non_responder": "#d55e00",
    "not evaluable": MISSING_COLOUR,
}
TERTILES: Mapping[str, str] = {"low": "#a67c00", "middle": "#8b929c", "high": "#8c5ab8"}
STATUS: Mapping[str, str] = {"ok": "#009e73", "notice": "#b58900", "problem": "#d0353f", "unchecked": MISSING_COLOUR}
ORDERED: tuple[str, ...] = ("#3b528b", "#21918c", "#5ec962", "#fde725")
"""Viridis: levels that have an order, such as time points."""

DIVERGING: tuple[str, ...] = ("#1f4e8c", "#5b8ac6", "#a9c4e6", "#f4f2ee", "#f2bd8c", "#d9792f", "#8f4407")
"""Blue to orange through a neutral middle: differs in lightness and hue for every kind of colour vision."""


def category_colours(levels: Sequence[str], *, start: int = 0) -> dict[str, str]:
    """Return a colour for each level, in order, starting in the palette at `start`; repeats after eight."""
    return {level: CATEGORIES[(start + i) % len(CATEGORIES)] for i, level in enumerate(levels)}


def contrast(first: str, second: str) -> float:
    """Return the contrast of two ``#rrggbb`` colours, 1 to 21, as WCAG 2.2 defines it (relative luminance, sRGB)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
