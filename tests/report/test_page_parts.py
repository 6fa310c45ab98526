"""What every page is made of."""

from __future__ import annotations

import base64
import hashlib

from tmescope.report.page_parts import asset, environment, policy, runtime, style


def test_the_policy_admits_what_is_in_the_page_by_its_hash_and_nothing_else() -> None:
    found = policy("a{}", ["one", "two"])
    for text in ("a{}", "one", "two"):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in found
    assert found.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in found


def test_the_style_has_both_themes_and_the_sheets_that_are_named() -> None:
    assert asset("report.css") in style("report.css")
    assert asset("patients.css") not in style("report.css")
    assert "prefers-color-scheme:dark" in style()


def test_templates_escape() -> None:
    assert environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


def test_the_runtime_cannot_end_its_element() -> None:
    assert "</script" not in runtime().lower()
