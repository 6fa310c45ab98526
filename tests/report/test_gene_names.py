from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.report.gene_names import FONT_SIZE, HEIGHT, WIDTH, frame_of, place_names


def _boxes(named: pd.DataFrame, frame) -> np.ndarray:
    """Return the rectangles that names fill, with letters as wide as 0.6 of their height."""
    boxes = []
    for row in named.to_dict(orient="records"):
        across, down = frame.pixels(row["name_x"], row["name_y"])
        width = 0.6 * FONT_SIZE * len(row["gene"])
        left = across if row["align"] == "left" else across - width
        boxes.append((left, down - FONT_SIZE / 2, left + width, down + FONT_SIZE / 2))
    return np.array(boxes)


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.1])
def test_names_of_genes_in_one_place_do_not_cover_each_other(spread: float) -> None:
    rng = np.random.default_rng(2)
    genes = pd.DataFrame({"gene": [f"GENE{i}" for i in range(8)], "x": spread * rng.normal(size=8) + 1.9, "y": 9.0})
    frame = frame_of(np.linspace(-2.0, 2.0, 200), np.linspace(0.0, 10.0, 200))
    named = place_names(genes, frame)
    assert list(named["gene"]) == list(genes["gene"])
    boxes = _boxes(named, frame)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= [WIDTH, HEIGHT]).all()
    for i, (left, up, right, down) in enumerate(boxes):
        others = np.delete(boxes, i, axis=0)
        apart = (others[:, 0] >= right) | (others[:, 2] <= left) | (others[:, 1] >= down) | (others[:, 3] <= up)
        assert apart.all()


def test_a_gene_without_a_free_place_is_not_named() -> None:
    genes = pd.DataFrame({"gene": [f"G{i}" for i in range(60)], "x": 0.0, "y": 5.0})
    named = place_names(genes, frame_of(np.array([-1.0, 1.0]), np.array([0.0, 10.0])))
    assert 8 <= len(named) < 60


def test_the_axis_ends_where_most_genes_do() -> None:
    effects = np.append(np.linspace(-1.0, 1.0, 999), 40.0)
    frame = frame_of(effects, np.ones(1000))
    assert frame.left == -1.0
    assert 2.9 < frame.right < 3.1
    assert list(frame.inside(np.array([-0.5, 40.0]))) == [-0.5, frame.right]
    plain = frame_of(np.array([-1.0, 2.0, 0.0]), np.ones(3))
    assert (plain.left, plain.right) == (-1.0, 2.0)
    across, down = plain.pixels(0.7, 0.4)
    assert plain.place(across, down) == pytest.approx((0.7, 0.4))


def test_equal_effects_have_an_axis() -> None:
    frame = frame_of(np.zeros(3), np.zeros(3))
    assert frame.left < 0.0 < frame.right
    assert frame.top > 0.0
