from __future__ import annotations

import numpy as np
import pandas as pd
from tests.report.chromium import Chromium, find_chromium
from tests.report.test_subtype_map import CLASSES, model, place

from tmescope.report.contents import ReportContents
from tmescope.report.page import render_report
from tmescope.report.patient_subtypes import pack_subtypes

SHARES = {"p_sparse": 0.75, "p_stroma-dense": 0.25, "p_immune-open": 0.0, "p_immune-dense": 0.0}


def contents() -> ReportContents:
    lost = {name: np.nan for name in SHARES}
    rows = [place("x", 1, probability=0.75, **SHARES), place("x", 2, subtype=None, probability=np.nan, **lost)]
    rows[1]["verdict"] = "unlike the cohort"
    samples = pd.DataFrame({"cohort_id": ["x", "x"], "sample_id": ["s1", "s2"], "patient_id": ["p1", "<b>p2"]})
    tables = {
        "subtypes": pd.DataFrame(rows),
        "subtype_models": pd.DataFrame([model("x")]),
        "cohorts": pd.DataFrame({"cohort_id": ["x"]}),
        "samples": samples,
    }
    return ReportContents("s", "title", "", tables, "")


def test_every_sample_has_its_probabilities_axes_and_verdict():
    [packed] = pack_subtypes(contents(), [("x", "s2"), ("x", "s1"), ("y", "s9")])
    assert packed["classes"] == CLASSES.split("; ")
    assert packed["subtype"] == [None, 0, None]
    assert packed["shares"][1] == [0.75, 0.25, 0.0, 0.0]
    assert packed["shares"][0] == [None] * 4
    assert packed["verdict"] == ["unlike the cohort", "placed", ""]
    assert packed["axes"][1] == [[0.4, 0.6], [0.4, 0.5]]
    assert packed["axes"][2] == []
    assert packed["fitted_on"] == "x (40 samples)"


def test_nothing_is_packed_where_nothing_was_placed():
    assert pack_subtypes(ReportContents("s", "t", "", {}, "m"), [("x", "s1")]) == []


def test_the_page_shows_them_without_any_score(tmp_path):
    (tmp_path / "report.html").write_text(render_report(contents(), []), encoding="utf-8")
    with Chromium(find_chromium()) as browser:
        page = browser.open((tmp_path / "report.html").as_uri(), width=1100, height=900)
        for person, said in ((0, "sparse (probability 75%)"), (1, "no subtype: unlike the cohort")):
            page.run(f"document.getElementById('patient-list').value = '{person}';"
                     "document.getElementById('patient-list').dispatchEvent(new Event('click'))")  # fmt: skip
            text = page.run("document.getElementById('patient').innerText")
            assert said in text
            assert "Immune axis 0.400 (cut 0.600)" in text
            assert "Standing in each cohort" not in text
        assert not page.problems()
