from __future__ import annotations

import re

import pandas as pd
import pytest
from tests.report.contents_maker import TINY, make_contents, without

from tmescope.report.contents import TABLE_COLUMNS, ReportContents
from tmescope.report.figure import Figure, spec_of
from tmescope.report.figures import draw_figures
from tmescope.report.static import draw_svg


def test_identifiers_are_unique_and_fit_for_files(figures: list[Figure]) -> None:
    names = [f.id for f in figures]
    assert len(names) == len(set(names)) == 16
    assert all(re.fullmatch(r"[a-z0-9-]+", n) for n in names)


def test_every_figure_has_words_for_those_who_cannot_see_it(figures: list[Figure]) -> None:
    for figure in figures:
        assert len(figure.alt) > 60, figure.id
        assert re.search(r"\d", figure.alt), figure.id
        assert figure.caption.endswith("."), figure.id
        assert figure.table_name in {*TABLE_COLUMNS, ""}, figure.id


def test_the_same_contents_give_the_same_figures(tiny_contents: ReportContents) -> None:
    figures, again = draw_figures(tiny_contents), draw_figures(make_contents(TINY))
    assert [spec_of(f) for f in again] == [spec_of(f) for f in figures]
    assert [(f.caption, f.alt) for f in again] == [(f.caption, f.alt) for f in figures]


def test_names_that_lose_their_difference_get_a_number(contents: ReportContents) -> None:
    curves = contents.table("curves").query("feature == 'cyt'")
    twins = pd.concat([curves.assign(feature="a b"), curves.assign(feature="a-b")])
    both = ReportContents("s", "T", "", {"curves": twins}, "zscore", survival_endpoint="os")
    assert [f.id for f in draw_figures(both)] == ["survival-a-b", "survival-a-b-2"]


@pytest.mark.parametrize("name", ["answers", "cohorts", "samples", "signatures"])
def test_any_table_may_be_absent(tiny_contents: ReportContents, name: str) -> None:
    figures = draw_figures(without(tiny_contents, name))
    assert name not in {f.table_name for f in figures}
    assert {"landscape", "distributions-1", "survival-cyt"} <= {f.id for f in figures}
    for figure in figures:
        assert draw_svg(figure).startswith("<svg")


def test_nothing_gives_nothing() -> None:
    assert draw_figures(ReportContents("s", "T", "", {}, "zscore")) == []


@pytest.mark.parametrize(
    "section", ["quality", "cohorts", "landscape", "cohort-effects", "distributions", "answers", "survival"]
)
def test_every_section_has_its_figures(figures: list[Figure], section: str) -> None:
    assert [f for f in figures if f.section == section]
