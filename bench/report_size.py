"""Size and speed of the report at three sizes of study, opened in headless Chromium where there is one."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.report.chromium import NAMES, Chromium, Page
from tests.report.contents_maker import (
    HUGE,
    LARGE,
    SMALL,
    Shape,
    make_contents,
    simulate_expression,
    with_populations,
)

from tmescope.report.contents import ReportContents
from tmescope.report.figures import draw_figures
from tmescope.report.page import render_report

SUMMARY = (
    "size of report.html, first paint and longest task in a browser "
    "(limits: 8 MB and 3 s at 600 x 60; 15 MB and 2 s to first paint at 2000 x 200; tasks after load 200 ms)"
)

SIZES: tuple[tuple[str, Shape, float, float], ...] = (
    ("185 x 21", SMALL, 8.0, 3.0),
    ("600 x 60", LARGE, 8.0, 3.0),
    ("2000 x 200", HUGE, 15.0, 2.0),
)
"""Name, shape, megabytes and seconds to the first contentful paint."""

LONGEST_MS = 200.0
_GENES = 2000

_WATCH = """
    window.longTasks = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.longTasks.push([entry.startTime, entry.duration]);
    }).observe({ type: "longtask", buffered: true });
"""
_PAINT = "(performance.getEntriesByName('first-contentful-paint')[0] || {startTime: NaN}).startTime / 1000"
_LOADED = "performance.timing.loadEventEnd - performance.timing.navigationStart"


def run() -> list[dict[str, object]]:
    """Write and open the reports of three simulated studies."""
    browser = next((path for name in NAMES if (path := shutil.which(name))), None)
    rows: list[dict[str, object]] = []
    for name, shape, limit_mb, limit_s in SIZES:
        contents = _contents(shape)
        start = time.perf_counter()
        figures = draw_figures(contents)
        drawn = time.perf_counter()
        page = render_report(contents, figures)
        written = time.perf_counter()
        size = len(page.encode()) / 1e6
        seen = measure_page(browser, page) if browser else {}
        longest = float(seen.get("longest_task_ms", float("nan")))
        within = size < limit_mb and not seen.get("first_paint_s", 0.0) >= limit_s and not longest >= LONGEST_MS
        rows.append(
            {
                "samples x signatures": name,
                "figures": len(figures),
                "size_mb": size,
                "draw_s": drawn - start,
                "write_s": written - drawn,
                **seen,
                "within limit": "yes" if within else "NO",
            }
        )
    return rows


def _contents(shape: Shape) -> ReportContents:
    contents = with_populations(make_contents(shape))
    expression = simulate_expression(contents.table("samples"), seed=shape.seed, n_genes=_GENES)
    return replace(contents, expression=expression)


def measure_page(browser: str, page: str) -> dict[str, float]:
    """Return the seconds to first paint and load, and what scrolling through all figures costs.

    Parameters
    ----------
    browser : str
        Path of Chromium.
    page : str
        HTML.

    Returns
    -------
    dict
        ``first_paint_s`` (first contentful paint), ``open_s`` (end of the load event), ``slowest_figure_s`` (from
        scrolling to it to its live view), ``longest_task_ms`` (of the main thread after load; 0 where none was
        longer than 50 ms, the least that a browser reports).
    """
    with tempfile.TemporaryDirectory() as folder, Chromium(browser, timeout=120) as started:
        path = Path(folder) / "report.html"
        path.write_text(page, encoding="utf-8")
        opened = started.open(path.as_uri())
        opened.wait(f"{_LOADED} > 0")
        loaded = float(opened.run(_LOADED))
        paint = float(opened.run(_PAINT))
        opened.run(_WATCH)
        slowest = _scroll(opened)
        started.listen(0.3)
        tasks = opened.run(f"window.longTasks.filter(([start]) => start > {loaded}).map(([, ms]) => ms)")
    return {
        "first_paint_s": paint,
        "open_s": loaded / 1000,
        "slowest_figure_s": slowest,
        "longest_task_ms": max([0.0, *tasks]),
    }


def _scroll(opened: Page) -> float:
    slowest = 0.0
    for i in range(opened.run("document.querySelectorAll('[data-figure]').length")):
        figure = f"document.querySelectorAll('[data-figure]')[{i}]"
        start = time.perf_counter()
        opened.run(f"{figure}.scrollIntoView({{behavior: 'instant'}})")
        opened.wait(f"{figure}.matches('.is-live, .failed')")
        slowest = max(slowest, time.perf_counter() - start)
    return slowest
