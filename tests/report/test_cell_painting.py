"""Pixels show the cells that lie there, and no level lies above the others."""

from __future__ import annotations

import numpy as np

from tmescope.report.cell_painting import frame_of, paint_levels, paint_one, place_cells

COLOURS = ["#0072b2", "#d55e00"]
BLUE, ORANGE = (0, 0x72, 0xB2), (0xD5, 0x5E, 0)


def test_cells_lie_where_they_are_upwards_and_to_the_right():
    x, y = np.array([0.0, 10.0]), np.array([0.0, 10.0])
    row, column = place_cells(x, y, frame=frame_of(x, y), size=100)
    assert row[0] > 90
    assert column[0] < 10
    assert row[1] < 10
    assert column[1] > 90
    assert frame_of(np.array([3.0]), np.array([3.0])) == (2.0, 4.0, 2.0, 4.0)


def test_a_bin_has_the_colour_of_its_majority_and_is_opaquer_with_more_cells():
    placed = (np.array([1, 1, 2, 2]), np.array([1, 1, 2, 2]))
    pixels = paint_levels(placed, np.array([0, 1, 0, 1]), COLOURS, size=4, weight=np.array([5, 9, 900, 100]))
    assert tuple(pixels[1, 1, :3]) == ORANGE
    assert tuple(pixels[2, 2, :3]) == BLUE
    assert pixels[2, 2, 3] == 255 > pixels[1, 1, 3] > 80
    assert not pixels[0, 0].any()


def test_of_dots_on_one_place_neither_level_is_always_above():
    level = np.repeat([0, 1], 2000)
    places = np.tile(np.arange(0, 2000), 2)
    placed = (places // 60 * 3, places % 60 * 3)
    pixels = paint_levels(placed, level, COLOURS, size=200, weight=None)
    seen = pixels[placed[0][:2000], placed[1][:2000], :3]
    blue = (seen == BLUE).all(axis=1).mean()
    assert 0.4 < blue < 0.6
    np.testing.assert_array_equal(pixels, paint_levels(placed, level, COLOURS, size=200, weight=None))


def test_chosen_cells_lie_above_all_others():
    placed = (np.array([5, 5]), np.array([5, 5]))
    pixels = paint_one(placed, np.array([True, False]), COLOURS[0], size=20)
    assert tuple(pixels[5, 5]) == (*BLUE, 255)
