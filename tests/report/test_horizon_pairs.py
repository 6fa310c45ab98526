"""Pairs that papers name together."""

from __future__ import annotations

import math

import pytest
from tests.report.horizon_maker import make_contents

from tmescope.report.horizon_pairs import draw_pairs


def test_one_figure_an_area_or_one_for_all() -> None:
    contents = make_contents()
    assert [figure.id for figure in draw_pairs(contents)] == ["pairs-oncology", "pairs-ageing"]
    whole = make_contents(tables={"trend_pairs": contents.table("trend_pairs").drop(columns="focus")})
    (figure,) = draw_pairs(whole)
    assert (figure.id, figure.section, figure.title) == ("pairs", "pairs", "All areas: what is named together")
    assert draw_pairs(make_contents(tables={})) == []


def test_dots_stand_on_an_axis_of_logarithms() -> None:
    contents = make_contents()
    rows = contents.of_area("trend_pairs", "oncology")
    rows = rows[rows["ratio_low"] > 1]
    figure = draw_pairs(contents)[0]
    dots = next(table for table in figure.datasets.values() if "tip" in table.columns)
    low, high = math.log(min(1.0, rows["ratio_low"].min())), math.log(rows["ratio_high"].max())
    places = [430 + 290 * (math.log(r) - low) / (high - low) for r in rows["shrunk_ratio"]]
    assert dots["x"].tolist() == pytest.approx(places)
    assert "Confirmed by several groups: 2." in figure.alt


def test_what_may_be_chance_is_not_shown() -> None:
    pairs = make_contents().of_area("trend_pairs", "ageing").head(2)
    pairs["ratio_low"] = [1.2, 1.0]
    (figure,) = draw_pairs(make_contents(tables={"trend_pairs": pairs}))
    assert figure.alt.startswith("1 pair")
