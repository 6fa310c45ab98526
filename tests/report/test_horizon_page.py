"""The report on a lake: whole, inert, and the same each time."""

from __future__ import annotations

import re

import pytest
from tests.report.horizon_maker import TIGIT, make_contents

from tmescope.report.horizon_contents import HorizonContents
from tmescope.report.horizon_page import draw_horizon, render_horizon

EVIL = "</script><script>alert(1)</script>\u202e"


AREA = {"ageing": "Ageing"}


def _page(contents: HorizonContents) -> str:
    return render_horizon(contents, draw_horizon(contents))


@pytest.fixture(scope="module")
def page() -> str:
    return _page(make_contents(areas=AREA, shown=4))


def test_every_section_is_there_and_the_contents_lead_to_it(page: str) -> None:
    sections = re.findall(r'<section id="([^"]+)"', page)
    assert sections == [
        *("study", "changes", "area-ageing", "subject-hgnc-26838", "lead", "methods", "provenance"),
    ]
    assert re.findall(r'<li><a href="#([^"]+)"', page) == sections
    figures = re.findall(r'<figure class="figure" id="figure-([^"]+)"', page)
    assert len(figures) == len(set(figures)) == 6
    for figure in figures:
        assert f'id="payload-{figure}"' in page


def test_limits_are_told_in_plain_words(page: str) -> None:
    for said in (
        "Attention is not evidence",
        "The age of patients is no topic of ageing",
        "3 quarters are not complete",
    ):
        assert said in page


def test_it_asks_no_other_host(page: str) -> None:
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    body = page[: page.index('<script type="application/json"')]
    addresses = set(re.findall(r'(?:src|href)="([^"]+)"', body))
    shown = {a for a in addresses if not a.startswith(("data:", "#"))}
    assert shown and all(a.startswith(("https://pubmed.", "https://clinicaltrials.gov/")) for a in shown)


def test_the_same_contents_give_the_same_page(page: str) -> None:
    assert _page(make_contents(areas=AREA, shown=4)) == page


def test_without_tables_each_section_says_so() -> None:
    page = _page(make_contents(tables={}, areas=AREA, changes_since=None))
    assert page.count('class="absent"') == 3
    assert "No trial of this lake names it." in page


def test_hostile_words_are_inert() -> None:
    contents = make_contents()
    tables = {name: contents.table(name) for name in ("landscape_actors", "landscape_trials", "horizon_changes")}
    tables["landscape_actors"] = tables["landscape_actors"].assign(sponsor=EVIL)
    tables["horizon_changes"] = tables["horizon_changes"].assign(title=EVIL, after=EVIL)
    page = _page(make_contents(title=EVIL, question=EVIL, tables=tables, subjects={TIGIT: EVIL}, notes=(EVIL,)))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_two_subjects_that_look_alike_keep_their_figures_apart() -> None:
    contents = make_contents()
    twice = {
        name: table if "subject" not in table.columns else table.assign(subject="HGNC 26838")
        for name, table in contents.tables.items()
    }
    import pandas as pd

    tables = {
        name: pd.concat([contents.tables[name], table]) for name, table in twice.items() if name.startswith("land")
    }
    figures = draw_horizon(make_contents(tables=tables, subjects={TIGIT: "a", "HGNC 26838": "b"}))
    assert [figure.id for figure in figures][:2] == ["sponsors-hgnc-26838", "sponsors-hgnc-26838-2"]
