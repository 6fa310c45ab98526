"""Pages of patients in a real browser: found by keyboard, right numbers, hostile names inert, one or two sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import binomtest
from tests.report.chromium import Chromium, Page, find_chromium
from tests.report.contents_maker import HOSTILE, TINY, make_contents
from tests.report.patient_cases import COHORT, make_patient_contents

from tmescope.report.contents import ReportContents
from tmescope.report.page import render_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium(find_chromium()) as started:
        yield started


@pytest.fixture(scope="module")
def made() -> ReportContents:
    return make_patient_contents()


@pytest.fixture(scope="module")
def opened(browser: Chromium, made: ReportContents, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return _open(browser, tmp_path_factory.mktemp("patients"), made)


def _open(browser: Chromium, folder: Path, contents: ReportContents) -> Page:
    path = folder / "report.html"
    path.write_text(render_report(contents, []), encoding="utf-8")
    return browser.open(path.as_uri())


def _press(page: Page, key: str, text: str = "") -> None:
    codes = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "Tab": 9}
    for kind in ("keyDown", "keyUp"):
        code = codes.get(key, 0)
        shown = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {"text": text} if text else {}
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **shown)


def _find(page: Page, wanted: str) -> None:
    page.run("(() => { const i = document.getElementById('find-patient'); i.value = ''; i.focus(); })()")
    page.call("Input.insertText", text=wanted)


def _rows(page: Page) -> list[list[str]]:
    rows: list[list[str]] = page.run(
        "[...document.querySelectorAll('.standing tbody tr:not(.category)')]"
        ".map((r) => [...r.cells].map((c) => [...c.childNodes].map((d) => d.textContent).join(' | ')))"
    )
    return rows


def _heading(page: Page) -> str:
    return str(page.run("document.activeElement.textContent"))


def test_a_patient_is_found_and_left_by_keyboard(opened: Page) -> None:
    _find(opened, "mel_p001 pd1")
    assert opened.run("document.getElementById('patient-count').textContent") == "1 of 183 patients match"
    _press(opened, "Enter")
    assert _heading(opened) == "Patient MEL_P001"
    _press(opened, "Escape")
    assert opened.run("document.activeElement.id") == "find-patient"
    assert opened.run("document.getElementById('patient').hidden")
    _find(opened, "bladder")
    _press(opened, "ArrowDown")
    assert opened.run("document.activeElement.id") == "patient-list"
    _press(opened, "ArrowDown")
    _press(opened, "Enter")
    assert _heading(opened) == "Patient BLA_P002"


def test_several_samples_flags_and_lost_genes_stand_together(opened: Page) -> None:
    _find(opened, "mel_p001 pd1")
    _press(opened, "Enter")
    text = opened.run("document.getElementById('patient').textContent")
    assert "●\u00a0MEL-001; ◆\u00a0MEL-002; ▲\u00a0MEL-003" in text
    assert opened.run("document.querySelectorAll('#patient .flags li').length") == 4
    assert "problem, sex: ●\u00a0MEL-001 recorded as female, but expresses genes of chromosome Y" in text
    assert "also BLA-001 in the cohort bladder_pdl1" in text
    assert opened.run("document.querySelectorAll('.standing tbody tr:nth-child(2) .hers').length") == 15
    assert opened.run("document.querySelector('.lost summary').textContent").endswith("by signature (1)")
    assert opened.run("document.querySelector('.track').getAttribute('aria-label')").startswith("Overall survival: ")


def test_percentiles_and_their_intervals_are_right(opened: Page, made: ReportContents) -> None:
    _find(opened, "mel_p001 pd1")
    _press(opened, "Enter")
    scores = made.table("scores").query("method == 'ssgsea' and feature == 'proliferation'")
    row = next(r for r in _rows(opened) if r[0] == "Proliferation")
    own = scores[scores["cohort_id"] == COHORT]
    mine = own["value"].iloc[:3]
    for column, cohort in ((4, COHORT), (5, "bladder_pdl1")):
        others = scores[scores["cohort_id"] == cohort]["value"].iloc[3 if cohort == COHORT else 0 :].dropna()
        for value, told in zip(mine, row[column].split(" | "), strict=True):
            if pd.isna(value):
                assert told == "–"
                continue
            below, n = int((others < value).sum()), len(others)
            ci = binomtest(below, n).proportion_ci(0.95, method="wilson")
            found = [int(x) for x in re.findall(r"\d+", told)]
            assert found == pytest.approx([100 * below / n, 100 * ci.low, 100 * ci.high], abs=0.51)


def test_small_cohorts_have_wide_intervals(opened: Page) -> None:
    def width(query: str) -> float:
        _find(opened, query)
        _press(opened, "Enter")
        pairs = [re.findall(r"\d+", row[4]) for row in _rows(opened) if "[" in row[4]]
        return sum(int(p[2]) - int(p[1]) for p in pairs) / len(pairs)

    assert width("mel_p005 ctla4") > 1.5 * width("mel_p005 pd1_a")


def test_other_cohorts_are_shown_only_where_scores_compare(opened: Page) -> None:
    _find(opened, "mel_p001 pd1")
    _press(opened, "Enter")
    heads = "[...document.querySelectorAll('.standing thead th')].map((h) => h.textContent)"
    assert opened.run(heads)[4:] == [
        "Percentile in melanoma_pd1_a (n\u00a0=\u00a095)",
        "Percentile in bladder_pdl1 (n\u00a0=\u00a062)",
    ]
    note = "document.querySelector('#patient .note').textContent"
    assert "melanoma_ctla4_pilot is not comparable, since their scores are of another unit" in opened.run(note)
    opened.run("""(() => { const s = document.getElementById('patient-method'); s.value = '1';
        s.dispatchEvent(new Event('change')); })()""")
    assert len(opened.run(heads)) == 5
    assert "this method scores a sample relative to its cohort" in opened.run(note)
    opened.run("""(() => { const s = document.getElementById('patient-method'); s.value = '0';
        s.dispatchEvent(new Event('change')); })()""")


def test_previous_and_next_walk_through_all(opened: Page) -> None:
    _find(opened, "mel_p001 pd1")
    _press(opened, "Enter")
    click = "[...document.querySelectorAll('#patient .tools button')].find((b) => b.textContent === '{}').click()"
    opened.run(click.format("Previous"))
    assert _heading(opened) == "Patient MEL_P025"
    opened.run(click.format("Next"))
    assert _heading(opened) == "Patient MEL_P001"


def test_hostile_names_are_inert_on_the_pages(browser: Chromium, tmp_path: Path) -> None:
    contents = make_contents(TINY, hostile=True)
    samples = contents.table("samples")
    samples.loc[0, "patient_id"] = HOSTILE
    samples.loc[0, "timepoint"] = HOSTILE
    hostile = replace(contents, tables={**contents.tables, "samples": samples})
    page = _open(browser, tmp_path, hostile)
    _find(page, "onerror")
    assert HOSTILE in page.run("document.getElementById('patient-list').options[0].textContent")
    _press(page, "Enter")
    assert HOSTILE in _heading(page)
    assert page.run("document.querySelectorAll('#patients img, #patient script').length") == 0
    assert page.run("document.getElementById('patient').textContent").count(HOSTILE) >= 3
    assert page.problems() == []
    assert [u.split("/")[-1] for u in page.requests()] == ["report.html"]


def test_a_printed_patient_is_one_or_two_sheets_alone(browser: Chromium, made: ReportContents, tmp_path: Path) -> None:
    page = _open(browser, tmp_path, made)
    _find(page, "bla_p002")
    _press(page, "Enter")
    page.run("window.print = () => {}")
    page.run("[...document.querySelectorAll('#patient button')].find((b) => /Print/.test(b.textContent)).click()")
    page.media("print")
    parts = "[...document.querySelectorAll('main > section, header, footer')]"
    shown = f"{parts}.filter((e) => e.offsetHeight).map((e) => e.id)"
    assert page.run(shown) == ["patients"]
    page.pdf(tmp_path / "patient.pdf")
    assert _sheets(tmp_path / "patient.pdf") in (1, 2)
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert len(page.run(shown)) > 8


def _sheets(path: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))
