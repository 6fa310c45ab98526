"""Rising entities."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from tests.report.horizon_maker import make_contents

from tmescope.report.figure import Figure
from tmescope.report.horizon_rising import draw_rising


@pytest.fixture(scope="module")
def rising() -> list[Figure]:
    return draw_rising(make_contents(shown=6))


def _words(figure: Figure) -> list[str]:
    return [str(t) for table in figure.datasets.values() if "text" in table.columns for t in table["text"]]


def test_one_figure_an_area_with_the_surest_first(rising: list[Figure]) -> None:
    assert [figure.id for figure in rising] == ["rising-oncology", "rising-ageing"]
    trends = make_contents().of_area("trends", "oncology")
    assert rising[0].numbers is not None
    assert rising[0].numbers["Entity"].tolist() == trends["name"].head(6).tolist()
    first = trends.iloc[0]
    change = f"{100 * math.expm1(first['shrunk_slope']):+.0f}%"
    assert rising[0].numbers["A year"].iloc[0] == change
    assert change in rising[0].alt and str(first["name"]) in rising[0].alt


def test_few_papers_are_marked(rising: list[Figure]) -> None:
    marked = [word for word in _words(rising[0]) if word.endswith(" *")]
    flagged = make_contents().of_area("trends", "oncology").head(6)
    assert len(marked) == int((flagged["flags"] == "few").sum())
    assert ("Fewer than ten papers: 1, marked *." in rising[0].caption) == bool(marked)


def test_a_small_line_is_the_share_of_complete_quarters(rising: list[Figure]) -> None:
    line = next(table for table in rising[0].datasets.values() if "line" in table.columns)
    assert set(line.groupby("line").size()) == {23}  # 24 quarters, of which the last is not complete


def test_entities_without_a_slope_are_not_shown() -> None:
    contents = make_contents()
    trends = contents.table("trends").assign(lower_bound=float("nan"))
    assert draw_rising(make_contents(tables={"trends": trends})) == []
    assert draw_rising(make_contents(tables={})) == []


def test_hostile_names_stay_words() -> None:
    contents = make_contents()
    trends = contents.of_area("trends", "ageing").head(2).assign(name="<script>\u202ex\x00")
    (figure,) = draw_rising(make_contents(tables={"trends": trends, "trend_counts": pd.DataFrame()}))
    assert not any("\u202e" in word or "\x00" in word for word in _words(figure))
