"""The whole report by axe-core and by keyboard, in both themes, with every part open and a patient shown."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.report import axe_core
from tests.report.chromium import Chromium, Page, find_chromium
from tests.report.patient_cases import make_patient_contents

from tmescope.report.figures import draw_figures
from tmescope.report.page import render_report

browser_test = pytest.mark.browser
_RUN = """axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) =>
    ({impact: v.impact, id: v.id, where: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))})))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium(find_chromium(), timeout=120) as started:
        yield started


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    contents = make_patient_contents()
    path = tmp_path_factory.mktemp("accessible") / "report.html"
    path.write_text(render_report(contents, draw_figures(contents)), encoding="utf-8")
    return path


def _open(browser: Chromium, report: Path, *, dark: bool = False) -> Page:
    page = browser.open(report.as_uri(), dark=dark)
    for i in range(page.run("document.querySelectorAll('[data-figure]').length")):
        figure = f"document.querySelectorAll('[data-figure]')[{i}]"
        page.run(f"{figure}.scrollIntoView({{behavior: 'instant'}})")
        page.wait(f"{figure}.matches('.is-live, .failed')")
    page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.run("""(() => { const find = document.getElementById('find-patient');
        find.value = 'mel_p001 pd1'; find.dispatchEvent(new Event('input'));
        find.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'})); })()""")
    return page


def _violations(page: Page, script: str) -> list[dict[str, Any]]:
    page.run(f"{script};0")
    found: list[dict[str, Any]] = page.run(_RUN)
    return found


@browser_test
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(browser: Chromium, report: Path, *, dark: bool) -> None:
    script = axe_core.read_axe()
    page = _open(browser, report, dark=dark)
    assert page.run("document.querySelector('#patient h3').textContent") == "Patient MEL_P001"
    assert _violations(page, script) == []


@browser_test
def test_axe_would_find_what_is_wrong(browser: Chromium, report: Path) -> None:
    script = axe_core.read_axe()
    page = _open(browser, report)
    page.run("document.querySelector('.static').removeAttribute('alt')")
    page.run("document.querySelector('#patient-list').previousElementSibling.remove()")
    page.run("document.documentElement.removeAttribute('lang')")
    page.run("document.querySelector('.figure').classList.remove('is-live')")
    found = {v["id"] for v in _violations(page, script)}
    assert {"html-has-lang", "select-name", "image-alt"} <= found


@browser_test
def test_tab_goes_through_everything_and_focus_is_seen(browser: Chromium, report: Path) -> None:
    page = browser.open(report.as_uri())
    seen: list[tuple[str, str, bool]] = []
    for _ in range(400):
        for kind in ("keyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        step = page.run("""(() => { const e = document.activeElement;
            if (!e || e === document.body) return null;
            const style = getComputedStyle(e);
            const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
            const place = e.closest('nav, header, section, footer');
            return [place ? place.id || place.tagName : 'BODY', e.id || e.className || e.tagName, ring]; })()""")
        if step is None:
            break
        seen.append((step[0], step[1], step[2]))
    assert seen[0][1] == "skip"
    assert [s for s in seen if not s[2]] == []
    places = list(dict.fromkeys(s[0] for s in seen))
    order = ["BODY", "HEADER", "NAV", "quality", "cohorts", "landscape", "answers", "survival", "patients", "methods"]
    assert [p for p in places if p in order] == order
    names = {s[1] for s in seen}
    assert {"theme", "plate", "scroll", "find-patient", "patient-list", "quiet"} <= names


@browser_test
def test_the_skip_link_leads_to_the_report(browser: Chromium, report: Path) -> None:
    page = browser.open(report.as_uri())
    page.run("document.querySelector('.skip').focus()")
    assert page.run("document.querySelector('.skip').getBoundingClientRect().left") >= 0
    for kind, text in (("keyDown", {"text": "\r"}), ("keyUp", {})):
        page.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, **text)
    assert page.run("document.activeElement.id") == "main"


def _package(folder: Path) -> Path:
    path = folder / "axe.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("package/axe.min.js", "package/LICENSE", "package/../../evil"):
            entry = tarfile.TarInfo(name)
            entry.size = 2
            archive.addfile(entry, io.BytesIO(b"ok"))
    return path


def test_a_package_with_another_hash_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it is not kept"):
        axe_core.unpack(_package(tmp_path), tmp_path / "made" / "axe")
    assert not (tmp_path / "made").exists()


def test_only_the_named_files_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = _package(tmp_path)
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    monkeypatch.setattr(axe_core, "SHA512", digest)
    axe_core.unpack(package, tmp_path / "made" / "axe")
    assert sorted(p.name for p in (tmp_path / "made").rglob("*")) == ["LICENSE", "axe", "axe.min.js"]


def test_without_the_checker_it_is_a_skip_here_and_a_failure_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(axe_core, "SCRIPT", tmp_path / "absent.js")
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="make axe fetches it"):
        axe_core.read_axe()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make axe fetches it"):
        axe_core.read_axe()
