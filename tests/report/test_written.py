from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.contents_maker import HOSTILE

from tmescope.facts.bibliography import PaperReference
from tmescope.report.contents import ReportContents
from tmescope.report.methods_text import MethodsSection, MethodsText, mark
from tmescope.report.page import render_report
from tmescope.report.written import remark, written_methods

PAPER = PaperReference("one2001", "10.1000/one", ("One, A.",), "First", "J", 2001, "1", "1-2")
EMPTY = ReportContents("s", "A study", "", {}, "zscore")


def _contents() -> ReportContents:
    section = MethodsSection("Cohorts", (f"Column {HOSTILE} was read{mark(['one2001'])}.",))
    table = pd.DataFrame([{"item": 7, "topic": "endpoints", "status": "user must state", "text": HOSTILE}])
    return replace(EMPTY, methods_text=MethodsText((section,), (PAPER,)), tables={"remark": table})


def test_the_text_has_numbers_addresses_and_a_copy_for_the_clipboard():
    written = written_methods(_contents())
    assert written.sections[0].paragraphs[0].endswith("was read [1].")
    assert written.references == ((PAPER.text, "https://doi.org/10.1000/one"),)
    assert written.plain.startswith("Cohorts\nColumn ")
    assert "\nReferences\n1. One, A." in written.plain
    assert written_methods(EMPTY) is None


def test_remark_shows_item_topic_and_who_states_it():
    table = remark(_contents())
    assert [c.text for c in table.rows[0]][:3] == ["7", "endpoints", "user must state"]
    assert remark(EMPTY) is None


def test_the_page_has_the_section_with_names_escaped():
    page = render_report(_contents(), [])
    section = page[page.index('id="methods-text"') : page.index('id="signatures"')]
    assert 'data-copy="methods-text-plain"' in section
    assert HOSTILE not in page
    assert "&lt;/script&gt;" in section
    assert '<a href="https://doi.org/10.1000/one"' in section
    assert "user must state" in section


def test_a_page_without_the_text_says_so():
    assert "The run wrote no methods text." in render_report(EMPTY, [])
