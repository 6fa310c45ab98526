"""Violins are drawn from bins, never from every cell."""

from __future__ import annotations

import numpy as np
import pytest
from tests.report.celled import contents_with_cells

from tmescope.report.cell_quality import draw_cell_quality
from tmescope.report.palette import RESPONSE


@pytest.fixture(scope="module")
def figure():
    (figure,) = draw_cell_quality(contents_with_cells())
    return figure


def test_each_sample_has_a_violin_of_each_measure(figure):
    table = figure.datasets["violins"]
    assert table.groupby("measure")["sample"].nunique().to_dict() == {"counts": 16, "mt_percent": 16}
    assert set(table["colour"]) <= set(RESPONSE.values())
    assert len(table) < 16 * 2 * 12
    assert "464 cells" in figure.caption


def test_a_violin_is_widest_where_most_cells_lie_and_reaches_from_end_to_end(figure):
    table = figure.datasets["violins"]
    one = table[(table["measure"] == "counts") & (table["sample"] == table["sample"].iloc[0])]
    widest = one.loc[(one["x2"] - one["x"]).idxmax()]
    assert 112.2 < widest["y"] < 125.9
    assert one["y"].min() == pytest.approx(100.0, abs=0.1)
    assert one["y"].max() == pytest.approx(158.5, abs=0.2)
    assert np.allclose((one["x"] + one["x2"]) / 2, one["x"].iloc[0], atol=0.02)


def test_the_colours_of_the_responses_are_named_with_their_samples(figure):
    key, violins = figure.datasets["key"], figure.datasets["violins"]
    assert set(key["colour"]) == set(violins["colour"])
    counted = violins.groupby("colour")["sample"].nunique()
    assert all(f"({counted[c]} sample" in text for c, text in zip(key["colour"], key["text"], strict=True))
    contents = contents_with_cells()
    contents.tables["samples"] = contents.tables["samples"].drop(columns=[contents.primary_endpoint])
    (bare,) = draw_cell_quality(contents)
    assert "key" not in bare.datasets


def test_a_measure_that_is_not_there_is_told(figure):
    assert "mitochondrial" not in figure.caption
    contents = contents_with_cells()
    quality = contents.tables["cell_quality"]
    contents.tables["cell_quality"] = quality[quality["measure"] == "counts"]
    (bare,) = draw_cell_quality(contents)
    assert "No gene is mitochondrial by its name" in bare.caption
