from __future__ import annotations

import itertools

import numpy as np
import pytest

from tmescope.report import palette

# Machado, Oliveira and Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1.0, on linear sRGB.
MACHADO = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "normal": np.eye(3).tolist(),
}
GRAPHICS = {
    **{f"category {i}": c for i, c in enumerate(palette.CATEGORIES)},
    **palette.RESPONSE,
    **palette.TERTILES,
    **palette.STATUS,
    "missing": palette.MISSING_COLOUR,
}


def _linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _lab(colour: str, sight: str) -> np.ndarray:
    seen = np.clip(np.array(MACHADO[sight]) @ _linear(colour), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ seen / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _distance(first: str, second: str, sight: str) -> float:
    return float(np.linalg.norm(_lab(first, sight) - _lab(second, sight)))


def test_contrast_is_the_one_of_wcag() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert palette.contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("token", ["ink", "muted", "accent"])
@pytest.mark.parametrize("ground", ["paper", "faint"])
def test_text_reaches_4_5_to_1(theme: dict[str, str], token: str, ground: str) -> None:
    assert palette.contrast(theme[token], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", sorted(GRAPHICS))
def test_marks_reach_3_to_1_on_both_papers(theme: dict[str, str], name: str) -> None:
    assert palette.contrast(GRAPHICS[name], theme["paper"]) >= 3


@pytest.mark.parametrize("sight", sorted(MACHADO))
@pytest.mark.parametrize("group", ["RESPONSE", "TERTILES", "STATUS"])
def test_groups_stay_apart_for_every_kind_of_colour_vision(sight: str, group: str) -> None:
    colours = getattr(palette, group).values()
    assert min(_distance(a, b, sight) for a, b in itertools.combinations(colours, 2)) > 15


@pytest.mark.parametrize("sight", sorted(MACHADO))
def test_the_first_six_categories_stay_apart(sight: str) -> None:
    assert min(_distance(a, b, sight) for a, b in itertools.combinations(palette.CATEGORIES[:6], 2)) > 15


@pytest.mark.parametrize("sight", sorted(MACHADO))
def test_the_ends_of_the_diverging_scale_differ_and_its_middle_is_lightest(sight: str) -> None:
    lightness = [_lab(c, sight)[0] for c in palette.DIVERGING]
    middle = len(lightness) // 2
    assert lightness[: middle + 1] == sorted(lightness[: middle + 1])
    assert lightness[middle:] == sorted(lightness[middle:], reverse=True)
    assert _distance(palette.DIVERGING[0], palette.DIVERGING[-1], sight) > 40


def test_categories_repeat_after_the_last() -> None:
    colours = palette.category_colours([f"level {i}" for i in range(9)], start=2)
    assert colours["level 0"] == palette.CATEGORIES[2]
    assert colours["level 8"] == colours["level 0"]
