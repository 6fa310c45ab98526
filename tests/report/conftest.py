"""Simulated contents and what is made of them, once for all tests of the room."""

from __future__ import annotations

import pytest
from tests.report.contents_maker import LARGE, TINY, make_contents

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure
from tmescope.report.figures import draw_figures
from tmescope.report.page import render_report


@pytest.fixture(scope="session")
def contents() -> ReportContents:
    return make_contents()


@pytest.fixture(scope="session")
def tiny_contents() -> ReportContents:
    return make_contents(TINY)


@pytest.fixture(scope="session")
def large_contents() -> ReportContents:
    return make_contents(LARGE)


@pytest.fixture(scope="session")
def figures(contents: ReportContents) -> list[Figure]:
    return draw_figures(contents)


@pytest.fixture(scope="session")
def page(contents: ReportContents, figures: list[Figure]) -> str:
    return render_report(contents, figures)


@pytest.fixture(scope="session")
def hostile_page() -> str:
    contents = make_contents(TINY, hostile=True)
    return render_report(contents, draw_figures(contents))
