"""Size and speed of the report at 600 samples x 60 signatures, opened in headless Chromium where there is one."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from tests.report.chromium import NAMES, Chromium
from tests.report.contents_maker import LARGE, SMALL, make_contents

from tmescope.report.figures import draw_figures
from tmescope.report.page import render_report

SUMMARY = "size of report.html and seconds to write and open it (limits at 600 x 60: 8 MB, 3 s)"

LIMIT_MB, LIMIT_S = 8.0, 3.0


def run() -> list[dict[str, object]]:
    """Write and open the reports of two simulated studies."""
    browser = next((path for name in NAMES if (path := shutil.which(name))), None)
    rows: list[dict[str, object]] = []
    for name, shape in (("185 x 21", SMALL), ("600 x 60", LARGE)):
        contents = make_contents(shape)
        start = time.perf_counter()
        figures = draw_figures(contents)
        drawn = time.perf_counter()
        page = render_report(contents, figures)
        written = time.perf_counter()
        size = len(page.encode()) / 1e6
        opened, live = _open(browser, page, len(figures)) if browser else (float("nan"), float("nan"))
        within = size < LIMIT_MB and not opened >= LIMIT_S
        rows.append(
            {
                "samples x signatures": name,
                "figures": len(figures),
                "size_mb": size,
                "draw_s": drawn - start,
                "write_s": written - drawn,
                "open_s": opened,
                "slowest_figure_s": live,
                "within limit": "yes" if within else "NO",
            }
        )
    return rows


def _open(browser: str, page: str, figures: int) -> tuple[float, float]:
    """Return the seconds from navigation to the end of the load event, and to the slowest figure's live view."""
    with tempfile.TemporaryDirectory() as folder, Chromium(browser) as started:
        path = Path(folder) / "report.html"
        path.write_text(page, encoding="utf-8")
        opened = started.open(path.as_uri())
        loaded = opened.run("performance.timing.loadEventEnd - performance.timing.navigationStart") / 1000
        slowest = 0.0
        for i in range(figures):
            figure = f"document.querySelectorAll('[data-figure]')[{i}]"
            start = time.perf_counter()
            opened.run(f"{figure}.scrollIntoView({{behavior: 'instant'}})")
            opened.wait(f"{figure}.matches('.is-live')")
            slowest = max(slowest, time.perf_counter() - start)
    return loaded, slowest
