"""The page in a real browser, from disk: figures come alive, nothing is refused, nothing is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.report.chromium import Chromium, Page, find_chromium

from tmescope.report.contents import ReportContents
from tmescope.report.methods_text import MethodsSection, MethodsText
from tmescope.report.page import render_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium(find_chromium()) as started:
        yield started


def _open(browser: Chromium, folder: Path, text: str, *, dark: bool = False) -> Page:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return browser.open(path.as_uri(), dark=dark)


def _scroll_through(page: Page) -> None:
    count = page.run("document.querySelectorAll('[data-figure]').length")
    for i in range(count):
        figure = f"document.querySelectorAll('[data-figure]')[{i}]"
        page.run(f"{figure}.scrollIntoView({{behavior: 'instant'}})")
        page.wait(f"{figure}.matches('.is-live, .failed')")


@pytest.fixture(scope="module")
def opened(browser: Chromium, page: str, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return _open(browser, tmp_path_factory.mktemp("report"), page)


def test_figures_come_alive_when_scrolled_to_and_nothing_is_asked_for(opened: Page) -> None:
    assert opened.run("document.querySelectorAll('.is-live').length") < 4
    assert opened.run("[...document.querySelectorAll('.static')].every((i) => i.naturalWidth > 300)")
    _scroll_through(opened)
    assert opened.run("document.querySelectorAll('.is-live').length") == 16
    drawn = "[...document.querySelectorAll('.live')].every((e) => e.querySelector('svg, canvas').clientHeight > 80)"
    assert opened.run(drawn)
    assert opened.problems() == []
    assert [u.split("/")[-1] for u in opened.requests()] == ["report.html"]


def test_live_figures_have_the_size_of_their_pictures(opened: Page) -> None:
    _scroll_through(opened)
    off = opened.run("""[...document.querySelectorAll('[data-figure]')].filter((f) => {
        const [live, still] = [f.querySelector('.live > div, .live svg, .live canvas'), f.querySelector('.static')];
        const box = f.querySelector('.live svg, .live canvas').getBoundingClientRect();
        return Math.abs(box.width - Number(still.getAttribute('width'))) > 60;
    }).map((f) => f.id)""")
    assert off == []


def test_a_figure_is_drawn_in_parts_that_leave_room_for_the_reader(
    browser: Chromium, page: str, tmp_path: Path
) -> None:
    opened = _open(browser, tmp_path, page)
    opened.run("""(() => { window.seen = []; window.turn = 0;
        const count = () => { window.turn += 1; window.ticking = setTimeout(count, 0); }; count();
        new MutationObserver((found) => found.forEach((m) => window.seen.push([m.target.className, window.turn])))
            .observe(document.body, {subtree: true, attributes: true, attributeFilter: ['class', 'hidden']});
        document.querySelector('[data-figure^="survival"]').scrollIntoView({behavior: 'instant'}); })()""")
    opened.wait("document.querySelector('[data-figure^=\"survival\"]').matches('.is-live, .failed')")
    turns = opened.run("""(() => { clearTimeout(window.ticking);
        const live = window.seen.filter(([name]) => /(^| )is-live/.test(name)).map(([, turn]) => turn);
        const shown = window.seen.filter(([name]) => name === 'live').map(([, turn]) => turn);
        return live.map((turn, k) => turn - shown[k]); })()""")
    assert turns
    assert min(turns) >= 1  # others had their turn between compiling, laying out and drawing


def test_the_theme_changes_figures_too(opened: Page) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    figure = "document.querySelector('#figure-sample-flow .live svg text').getAttribute('fill')"
    _scroll_through(opened)
    light, light_figure = opened.run(colour), opened.run(figure)
    opened.run("document.getElementById('theme').click()")
    opened.wait(f"{figure} !== '{light_figure}'")
    assert opened.run(colour) != light
    assert opened.run("document.getElementById('theme').getAttribute('aria-pressed')") == "true"
    opened.run("document.getElementById('theme').click()")
    assert opened.run(colour) == light


def test_tables_sort_and_filter_and_say_so(opened: Page) -> None:
    heading = "document.querySelector('#answers-table thead th:nth-child(6)')"
    values = (
        "[...document.querySelectorAll('#answers-table tbody tr')].map((r) => r.cells[5].dataset.sort)"
        ".map((v) => v === '' ? null : Number(v))"
    )
    opened.run(f"{heading}.querySelector('button').click()")
    rising = opened.run(values)
    known = [v for v in rising if v is not None]
    assert known == sorted(known)
    assert opened.run(f"{heading}.getAttribute('aria-sort')") == "ascending"
    opened.run(f"{heading}.querySelector('button').click()")
    falling = opened.run(values)
    assert [v for v in falling if v is not None] == known[::-1]
    assert falling[-1] is rising[-1] is None
    opened.run("""(() => { const find = document.querySelector('#answers-table [data-find]');
        find.value = 'hypoxia'; find.dispatchEvent(new Event('input', {bubbles: true})); })()""")
    shown = opened.run("[...document.querySelectorAll('#answers-table tbody tr')].filter((r) => !r.hidden).length")
    told = opened.run("document.querySelector('#answers-table .shown').textContent")
    assert 0 < shown < 30
    assert told == f"{shown} of {len(rising)} rows"


def test_tooltips_are_text(browser: Chromium, hostile_page: str, tmp_path: Path) -> None:
    page = _open(browser, tmp_path, hostile_page)
    _scroll_through(page)
    assert page.run("document.querySelectorAll('.failed').length") == 0
    drawn = "document.querySelector('#figure-landscape .live svg')"
    page.run(f"{drawn}.scrollIntoView({{behavior: 'instant'}})")
    box = page.run(f"(({{left, top}}) => [left, top])({drawn}.getBoundingClientRect())")
    seen = ""
    for x in range(200, 1030, 3):
        page.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + x, y=box[1] + 180)
        if "onerror" in (seen := page.run("document.getElementById('tip').textContent") or ""):
            break
    assert "onerror" in seen  # the name of a sample
    assert page.run("document.querySelectorAll('#tip img, #tip script').length") == 0
    assert page.problems() == []
    assert [u.split("/")[-1] for u in page.requests()] == ["report.html"]


def test_narrow_windows_do_not_scroll_sideways(opened: Page) -> None:
    opened.resize(390, 800)
    assert opened.run("document.documentElement.scrollWidth") == 390
    opened.resize(1280, 900)


def test_print_shows_the_pictures_in_light_colours(browser: Chromium, page: str, tmp_path: Path) -> None:
    opened = _open(browser, tmp_path, page, dark=True)
    _scroll_through(opened)
    opened.media("print", dark=True)
    assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    visible = "[...document.querySelectorAll('{}')].filter((e) => e.offsetHeight > 0).length"
    assert opened.run(visible.format(".static")) == 16
    assert opened.run(visible.format(".live")) == 0
    assert opened.run(visible.format("nav, .tools, .filters, #theme")) == 0


def test_a_page_that_breaks_its_policy_is_noticed(browser: Chromium, tmp_path: Path) -> None:
    text = (
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
        "<script>document.title = 'ran'</script><img src='https://example.org/x.png'>"
    )
    page = _open(browser, tmp_path, text)
    assert len([p for p in page.problems() if "Content Security Policy" in p or "ContentSecurityPolicy" in p]) >= 2
    assert page.run("document.title") != "ran"


def test_the_methods_text_is_copied_from_a_page_on_disk(browser: Chromium, tmp_path: Path) -> None:
    section = MethodsSection("Scores", ("They ran <once>.",))
    contents = ReportContents("s", "A study", "", {}, "zscore", methods_text=MethodsText((section,), ()))
    page = _open(browser, tmp_path, render_report(contents, []))
    assert page.run("document.querySelector('[data-copy]').offsetParent !== null")
    assert page.run("document.getElementById('methods-text-plain').value") == "Scores\nThey ran <once>.\n"
    button = "document.querySelector('[data-copy]')"
    page.run(f"{button}.scrollIntoView({{behavior: 'instant'}})")
    x, y = page.run(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({button}.getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):  # a script's click is not the reader's: browsers keep the clipboard
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    page.wait("document.querySelector('.copied').textContent !== ''")
    assert page.run("document.querySelector('.copied').textContent") == "copied"
    assert page.problems() == []
