"""The report on a lake in a real browser: its figures come alive, and nothing is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.chromium import Chromium, find_chromium
from tests.report.horizon_maker import make_contents

from tmescope.report.horizon_page import draw_horizon, render_horizon

pytestmark = pytest.mark.browser


def test_figures_come_alive_in_the_dark_theme_and_nothing_is_asked_for(tmp_path: Path) -> None:
    names = ("trends", "trend_pairs", "landscape_counts")
    tables = {name: table for name, table in make_contents().tables.items() if name in names}
    contents = make_contents(areas={"ageing": "Ageing"}, tables=tables, shown=4)
    path = tmp_path / "report.html"
    path.write_text(render_horizon(contents, draw_horizon(contents)), encoding="utf-8")
    with Chromium(find_chromium()) as browser:
        page = browser.open(path.as_uri(), dark=True)
        for number in range(3):
            figure = f"document.querySelectorAll('[data-figure]')[{number}]"
            page.run(f"{figure}.scrollIntoView({{behavior: 'instant'}})")
            page.wait(f"{figure}.matches('.is-live, .failed')")
        assert page.run("document.querySelectorAll('.is-live').length") == 3
        assert page.problems() == []
        assert [url.split("/")[-1] for url in page.requests()] == ["report.html"]
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.run(wide) == 0
