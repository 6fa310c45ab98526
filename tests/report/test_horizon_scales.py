"""Axes that are laid out by hand."""

from __future__ import annotations

import math
from itertools import pairwise

from tmescope.report.canvas import Canvas
from tmescope.report.horizon_scales import Band, draw_grid, percent_ticks, ratio_ticks, shorten


def test_values_outside_stand_at_the_end() -> None:
    band = Band(100, 200, 0, 10)
    assert [band.place(v) for v in (-5, 0, 5, 10, 50)] == [100, 100, 150, 200, 200]
    assert Band(100, 200, 3, 3).place(3) == 100


def test_ticks_are_changes_and_leave_each_other_room() -> None:
    ticks = percent_ticks(-0.3, 0.8)
    assert [text for _, text in ticks] == ["−20%", "0", "+20%", "+50%", "+100%"]
    assert dict((text, value) for value, text in ticks)["+100%"] == math.log(2)
    wide = percent_ticks(-2.3, 2.1)
    gaps = [b[0] - a[0] for a, b in pairwise(wide)]
    assert min(gaps) >= 0.09 * 4.4


def test_ratios_are_round() -> None:
    assert [text for _, text in ratio_ticks(math.log(0.9), math.log(30))] == ["1", "2", "5", "10", "20"]


def test_the_grid_has_a_line_and_a_number_for_each_tick() -> None:
    canvas = Canvas(200, 100)
    draw_grid(canvas, Band(100, 200, 0, 1), [(0.0, "0"), (1.0, "1")], bottom=80)
    assert canvas.datasets["marks_0"]["x"].tolist() == [100, 200]
    assert canvas.datasets["marks_1"]["text"].tolist() == ["0", "1"]


def test_long_names_are_cut() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
