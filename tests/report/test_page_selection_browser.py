"""Choosing samples in a real browser, from disk: what is chosen in one figure is marked in the others and the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.report.chromium import Chromium, Page, find_chromium
from tests.report.contents_maker import HOSTILE, TINY, make_contents, with_populations

from tmescope.report.figures import draw_figures
from tmescope.report.page import render_report

pytestmark = pytest.mark.browser

FIGURES = ("landscape", "composition-mcp-counter", "cohort-effects-scores", "cohort-effects-expression",
           "distributions-1")  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    contents = with_populations(make_contents(TINY, hostile=True))
    path = tmp_path_factory.mktemp("selection") / "report.html"
    path.write_text(render_report(contents, draw_figures(contents)), encoding="utf-8")
    with Chromium(find_chromium()) as browser:
        opened = browser.open(path.as_uri())
        for name in (*FIGURES, "correlations"):
            opened.run(f"document.getElementById('figure-{name}').scrollIntoView({{behavior: 'instant'}})")
            opened.wait(f"document.getElementById('figure-{name}').matches('.is-live, .failed')")
        yield opened


@pytest.fixture(autouse=True)
def _cleared(page: Page) -> Iterator[None]:
    yield
    page.run("document.querySelector('[data-clear]').click(); document.activeElement.blur()")


def _chosen(page: Page) -> int:
    return int(page.run("document.documentElement.dataset.chosen || '0'"))


def _painted(page: Page, name: str) -> int:
    """Return how many pixels of a figure's overlay are painted."""
    page.browser.listen(0.2)
    return page.run(f"""(() => {{
        const overlay = document.querySelector('#figure-{name} .overlay');
        if (overlay.hidden || !overlay.width) return 0;
        const copy = new OffscreenCanvas(overlay.width, overlay.height);
        const pen = copy.getContext('2d', {{willReadFrequently: true}});
        pen.drawImage(overlay, 0, 0);
        const data = pen.getImageData(0, 0, overlay.width, overlay.height).data;
        let n = 0;
        for (let i = 3; i < data.length; i += 4) n += data[i] > 0 ? 1 : 0;
        return n;
    }})()""")


def _mouse(page: Page, kind: str, x: float, y: float, *, buttons: int = 0) -> None:
    button = "left" if kind != "mouseMoved" else "none"
    page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=buttons, clickCount=1)


def _box(page: Page, name: str) -> list[float]:
    page.run(f"document.getElementById('figure-{name}').scrollIntoView({{behavior: 'instant'}})")
    picture = f"document.querySelector('#figure-{name} .live svg, #figure-{name} .live canvas')"
    return page.run(
        f"(({{left, top, width, height}}) => [left, top, width, height])({picture}.getBoundingClientRect())"
    )


def _drag(page: Page, name: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    left, top, width, height = _box(page, name)
    (x1, y1), (x2, y2) = [(left + a * width, top + b * height) for a, b in (start, end)]
    _mouse(page, "mouseMoved", x1, y1)
    _mouse(page, "mousePressed", x1, y1, buttons=1)
    _mouse(page, "mouseMoved", (x1 + x2) / 2, (y1 + y2) / 2, buttons=1)
    _mouse(page, "mouseMoved", x2, y2, buttons=1)
    _mouse(page, "mouseReleased", x2, y2)


def test_a_brush_in_one_figure_marks_the_others_and_the_table(page: Page) -> None:
    assert [_painted(page, name) for name in FIGURES] == [0] * 5
    _drag(page, "cohort-effects-scores", (0.05, 0.2), (0.3, 0.95))
    n = _chosen(page)
    assert 0 < n < 30
    assert page.run("document.querySelector('[data-told]').textContent").startswith(f"{n} sample")
    assert all(_painted(page, name) > 10 for name in FIGURES)
    assert page.run("document.querySelectorAll('#samples-table tr.chosen').length") == n
    page.run("document.querySelector('[data-clear]').click()")
    assert _chosen(page) == 0
    assert page.run("document.getElementById('selection').hidden")
    assert [_painted(page, name) for name in FIGURES] == [0] * 5


def test_a_mark_lies_on_its_point(page: Page) -> None:
    _drag(page, "cohort-effects-scores", (0.05, 0.2), (0.5, 0.95))
    page.browser.listen(0.3)
    ringed = page.run("""(() => {
        const figure = document.querySelector('#figure-cohort-effects-scores');
        const overlay = figure.querySelector('.overlay').getBoundingClientRect();
        const copy = new OffscreenCanvas(overlay.width, overlay.height);
        const pen = copy.getContext('2d', {willReadFrequently: true});
        pen.drawImage(figure.querySelector('.overlay'), 0, 0, overlay.width, overlay.height);
        const dots = [...figure.querySelectorAll('.live svg .mark-symbol.role-mark path')].map((p) => {
            const box = p.getBoundingClientRect();
            return [box.left + box.width / 2 - overlay.left, box.top + box.height / 2 - overlay.top];
        });
        // a ring of radius 5.5: painted to the left, right, above and below its point
        const painted = (x, y) => pen.getImageData(Math.floor(x), Math.floor(y), 1, 1).data[3] > 60;
        return dots.filter(([x, y]) => [[5.5, 0], [-5.5, 0], [0, 5.5], [0, -5.5]].every(
            ([a, b]) => painted(x + a, y + b))).length;
    })()""")
    assert ringed >= _chosen(page) > 0


def test_a_click_in_the_heat_map_chooses_one_sample_and_shift_adds(page: Page) -> None:
    left, top, width, height = _box(page, "landscape")
    for x, modifier in ((0.5, 0), (0.8, 8)):
        at = {"x": left + x * width, "y": top + 0.5 * height, "button": "left", "clickCount": 1, "modifiers": modifier}
        page.call("Input.dispatchMouseEvent", type="mousePressed", buttons=1, **at)
        page.call("Input.dispatchMouseEvent", type="mouseReleased", **at)
    assert _chosen(page) == 2
    assert page.run("document.querySelectorAll('#samples-table tr.chosen').length") == 2


def _press(page: Page, key: str, code: int) -> None:
    for kind in ("keyDown", "keyUp"):
        text = {"text": " "} if key == " " and kind == "keyDown" else {}
        page.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.run("document.querySelector('#figure-landscape [data-step]').focus({preventScroll: true})")
    for _ in range(3):
        _press(page, "ArrowRight", 39)
    told = "document.querySelector('[data-told]').textContent"
    assert page.run(told).endswith("0 samples selected")
    _press(page, " ", 32)
    assert _chosen(page) == 1
    assert page.run(told).endswith(", selected · 1 sample selected")
    assert _painted(page, "distributions-1") > 10
    _press(page, "Escape", 27)
    assert _chosen(page) == 0


def test_a_row_of_the_table_is_chosen_by_its_box(page: Page) -> None:
    page.run("document.getElementById('sample-list').open = true")
    page.wait("document.querySelector('#samples-table [data-choose]')")
    page.run("document.querySelectorAll('#samples-table [data-choose]')[4].click()")
    assert _chosen(page) == 1
    assert _painted(page, "cohort-effects-expression") > 10
    page.run("document.querySelector('[data-list]').click()")
    shown = "[...document.querySelectorAll('#samples-table tbody tr')].filter((r) => r.offsetParent).length"
    assert page.run(shown) == 1


def test_the_wheel_scrolls_over_a_figure(page: Page) -> None:
    left, top, width, _ = _box(page, "landscape")
    before = page.run("window.scrollY")
    at = {"x": left + width / 2, "y": top + 200}
    page.call("Input.dispatchMouseEvent", type="mouseWheel", deltaX=0, deltaY=300, **at)
    page.wait(f"window.scrollY > {before} + 100")


def test_hostile_names_stay_text_and_nothing_is_asked_for(page: Page) -> None:
    page.run("document.getElementById('sample-list').open = true")
    page.wait("document.querySelector('#samples-table [data-choose]')")
    page.run("document.querySelectorAll('#samples-table [data-choose]')[0].click()")
    row = page.run("document.querySelector('#samples-table tr.chosen').cells[1].textContent")
    assert row == HOSTILE
    page.run("document.querySelector('#figure-landscape [data-step]').focus({preventScroll: true})")
    _press(page, "Home", 36)
    told = []
    for _ in range(30):
        told.append(page.run("document.querySelector('[data-told]').textContent"))
        _press(page, "ArrowRight", 39)
    assert any(HOSTILE in t for t in told)
    assert page.run("document.querySelectorAll('img:not(.static), #selection img, #samples-table img').length") == 0
    assert page.run("document.querySelectorAll('.failed').length") == 0
    assert page.problems() == []
    assert [u.split("/")[-1] for u in page.requests()] == ["report.html"]
