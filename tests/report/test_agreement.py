from __future__ import annotations

import pandas as pd
import pytest

from tmescope.report.agreement import draw_agreement
from tmescope.report.contents import ReportContents
from tmescope.report.figure import spec_of

COLUMNS = {
    "cl_id": "CL:0000236",
    "n_samples": 20,
    "n_methods": 3,
    "methods": "a, b, c",
    "coverage": 0.9,
    "advice": "",
}


@pytest.fixture
def contents():
    rows = [
        {"cohort_id": "x", "cell_type": "B cell", "agreement": 0.8, "agreement_low": 0.7, "confidence": "high"},
        {"cohort_id": "x", "cell_type": "monocyte", "agreement": 0.1, "agreement_low": -0.3, "confidence": "low"},
        {"cohort_id": "y", "cell_type": "B cell", "agreement": None, "agreement_low": None, "confidence": "single"},
    ]
    table = pd.DataFrame([{**COLUMNS, **row} for row in rows])
    cohorts = pd.DataFrame({"cohort_id": ["x", "y"]})
    return ReportContents("s", "title", "", {"agreement": table, "cohorts": cohorts}, "consensus")


def test_each_type_and_cohort_has_a_mark_with_its_worst_pair(contents):
    [figure] = draw_agreement(contents)
    rows = figure.datasets["rows"].set_index(["cohort", "type"])
    assert rows.loc[("x", "B cell"), ["drawn", "low"]].tolist() == [0.8, 0.7]
    assert rows.loc[("y", "B cell"), "alone"]
    assert rows.loc[("y", "B cell"), "drawn"] == -1.0
    assert rows["colour"].nunique() == 3
    assert "high 1, low 1, single 1" in figure.caption
    assert "1 row with low agreement" in figure.alt
    assert spec_of(figure)["columns"] == 2


def test_nothing_is_drawn_where_nothing_was_compared(contents):
    assert draw_agreement(ReportContents("s", "t", "", {"cohorts": contents.tables["cohorts"]}, "m")) == []
