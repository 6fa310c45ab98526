from __future__ import annotations

import pandas as pd
import pytest

from tmescope.report.accuracy import draw_accuracy
from tmescope.report.contents import ReportContents
from tmescope.report.figure import spec_of


@pytest.fixture
def contents():
    same = {"cohort_id": "y", "cl_id": "CL:0000236", "spearman": 0.5}
    rows = [
        {
            "method": "quantiseq",
            "cell_type": "B cell",
            "n": 50,
            "pearson": 0.6,
            "ci_low": 0.4,
            "ci_high": 0.8,
            "rmse": 0.1,
        },
        {"method": "consensus", "cell_type": "B cell", "n": 50, "pearson": 0.7, "ci_low": 0.5, "ci_high": 0.9},
        {"method": "quantiseq", "cell_type": "monocyte", "n": 3, "pearson": 0.2},
        {"method": "quantiseq", "cell_type": "natural killer cell", "n": 2},
    ]
    table = pd.DataFrame([{**same, **row} for row in rows]).assign(ccc=float("nan"))
    cohorts = pd.DataFrame({"cohort_id": ["x", "y"]})
    return ReportContents("s", "title", "", {"accuracy": table, "cohorts": cohorts}, "consensus")


def test_each_method_and_type_has_a_mark_and_its_interval(contents):
    [figure] = draw_accuracy(contents)
    assert figure.id == "accuracy-2"
    rows = figure.datasets["rows"].set_index(["type", "method"])
    assert rows.loc[("B cell", "quantiseq"), ["pearson", "ci_low", "ci_high"]].tolist() == [0.6, 0.4, 0.8]
    assert rows.loc[("B cell", "quantiseq"), "rmse"] == "0.100"
    assert rows.loc[("B cell", "consensus"), "rmse"] == ""
    assert "natural killer cell" not in rows.index.get_level_values("type")
    assert "1 mark rests on fewer than 10 samples" in figure.caption
    assert "2 methods for 2 cell types" in figure.alt
    assert spec_of(figure)["columns"] == 4


def test_nothing_is_drawn_where_nothing_was_counted(contents):
    assert draw_accuracy(ReportContents("s", "t", "", {"cohorts": contents.tables["cohorts"]}, "m")) == []
