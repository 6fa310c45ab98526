"""The report on a lake in a real browser: figures come alive, numbers open, axe finds nothing, nothing is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.report import axe_core
from tests.report.chromium import Chromium, Page, find_chromium
from tests.report.horizon_maker import make_contents

from tmescope.report.horizon_page import draw_horizon, render_horizon

pytestmark = pytest.mark.browser
_VIOLATIONS = """axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) =>
    ({impact: v.impact, id: v.id, where: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))})))"""
_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium(find_chromium(), timeout=120) as started:
        yield started


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ("trend_pairs", "trends", "landscape_counts", "landscape_trials", "landscape_partners", "landscape_formats")
    names = (*names, "landscape_actors", "landscape_gaps", "landscape_first", "horizon_changes", "horizon_documents")
    tables = {name: table for name, table in make_contents().tables.items() if name in names}
    contents = make_contents(areas={"oncology": "Oncology"}, tables=tables, shown=4)
    path = tmp_path_factory.mktemp("horizon") / "report.html"
    path.write_text(render_horizon(contents, draw_horizon(contents)), encoding="utf-8")
    return path


def _open(browser: Chromium, report: Path, *, dark: bool, width: int = 1280) -> Page:
    page = browser.open(report.as_uri(), dark=dark, width=width)
    for number in range(3):
        figure = f"document.querySelectorAll('[data-figure]')[{number}]"
        page.run(f"{figure}.scrollIntoView({{behavior: 'instant'}})")
        page.wait(f"{figure}.matches('.is-live, .failed')")
    page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    return page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_figures_come_alive_axe_finds_nothing_and_nothing_is_asked_for(
    browser: Chromium, report: Path, *, dark: bool
) -> None:
    page = _open(browser, report, dark=dark)
    assert page.run("document.querySelectorAll('.is-live').length") == 3
    assert page.problems() == []
    assert [url.split("/")[-1] for url in page.requests()] == ["report.html"]
    assert page.run(_WIDE) == 0
    page.run(f"{axe_core.read_axe()};0")
    assert page.run(_VIOLATIONS) == []


def test_a_number_opens_to_its_documents_on_a_narrow_screen(browser: Chromium, report: Path) -> None:
    page = _open(browser, report, dark=False, width=390)
    assert page.run(_WIDE) == 0
    table = "document.getElementById('documents-oncology')"
    shown = f"[...{table}.querySelectorAll('tbody tr')].filter((r) => !r.hidden)"
    page.run(f"""(() => {{
        const select = {table}.querySelector('select');
        select.value = [...select.options].find((o) => o.text.startsWith('TIGIT \u00d7')).value;
        select.dispatchEvent(new Event('input', {{bubbles: true}}));
    }})()""")
    assert page.run(f"{shown}.map((r) => r.querySelector('a').href)") == ["https://pubmed.ncbi.nlm.nih.gov/12/"]
