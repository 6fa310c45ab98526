"""Ranks over the years."""

from __future__ import annotations

import pandas as pd
from tests.report.horizon_maker import make_contents

from tmescope.report.horizon_bumps import draw_bumps, rank_by_year


def _small(rows: list[tuple[str, str, int, bool]]):
    trends = make_contents().of_area("trends", "ageing").head(3).assign(entity_id=["a", "b", "c"])
    counts = pd.DataFrame(rows, columns=["entity_id", "quarter", "n", "masked"]).assign(kind="paper", corpus=100)
    return make_contents(tables={"trends": trends, "trend_counts": counts}, areas={"ageing": "Ageing"})


def test_ranks_are_by_papers_of_whole_years_and_ties_by_the_surer_rise() -> None:
    contents = _small(
        [("b", "2020Q1", 3, False), ("b", "2020Q2", 2, False), ("a", "2020Q1", 5, False), ("c", "2020Q4", 9, False),
         ("a", "2021Q1", 1, False), ("b", "2021Q1", 2, False), ("a", "2022Q1", 9, False), ("a", "2022Q4", 1, True)]
    )  # fmt: skip
    found = rank_by_year(contents, "ageing")
    assert found.values.tolist() == [
        ["c", "2020", 9, 1], ["a", "2020", 5, 2], ["b", "2020", 5, 3], ["b", "2021", 2, 1], ["a", "2021", 1, 2],
        ["c", "2021", 0, 3],
    ]  # fmt: skip
    (figure,) = draw_bumps(contents)
    words = [str(t) for table in figure.datasets.values() if "text" in table.columns for t in table["text"]]
    assert words == ["2020", "2021", "a", "b", "c", "a · 1", "b · 2", "c · 0"]


def test_one_year_or_one_entity_makes_no_figure() -> None:
    assert draw_bumps(_small([("a", "2020Q1", 5, False), ("b", "2020Q1", 5, False)])) == []
    assert draw_bumps(_small([("a", "2020Q1", 5, False), ("a", "2021Q1", 5, False)])) == []
    assert draw_bumps(make_contents(tables={})) == []


def test_all_areas_are_drawn() -> None:
    assert [figure.id for figure in draw_bumps(make_contents())] == ["ranks-oncology", "ranks-ageing"]


def test_years_without_any_paper_keep_their_place_and_a_first_paper_makes_an_entity_known() -> None:
    found = rank_by_year(_small([("a", "2018Q1", 5, False), ("b", "2021Q3", 1, False)]), "ageing")
    assert found[["entity_id", "year", "n", "rank"]].values.tolist() == [
        ["a", "2018", 5, 1], ["a", "2019", 0, 1], ["a", "2020", 0, 1], ["b", "2021", 1, 1], ["a", "2021", 0, 2],
    ]  # fmt: skip
