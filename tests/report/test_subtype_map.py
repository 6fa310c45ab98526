from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.report.contents import ReportContents
from tmescope.report.figure import spec_of
from tmescope.report.static import draw_svg
from tmescope.report.subtype_map import draw_subtypes

CLASSES = "sparse; stroma-dense; immune-open; immune-dense"


def model(cohort: str, name: str = "axes", kind: str = "axes", classes: str = CLASSES) -> dict[str, object]:
    return {
        "cohort_id": cohort, "model": name, "kind": kind, "file": "f", "fitted_on": "x", "n_fitted": 40, "scale": "tpm",
        "subtypes": classes, "immune_cut": 0.6, "stromal_cut": 0.5, "lowest_likeness": 0.7,
        "stability": "2 groups, p = 0.01", "facts": "", "sha256": "",
    }  # fmt: skip


def place(cohort: str, i: int, name: str = "axes", **keys: object) -> dict[str, object]:
    row = {"cohort_id": cohort, "sample_id": f"s{i}", "model": name, "subtype": "sparse", "probability": 1.0}
    return row | {"verdict": "placed", "immune": 0.4, "stromal": 0.4, "likeness": 0.9} | keys


@pytest.fixture
def contents():
    rows = [
        place("x", 1),
        place("x", 2, subtype="immune-dense", probability=0.25, immune=0.61, stromal=0.51),
        place("y", 3, subtype=None, probability=np.nan, verdict="unlike the cohort"),
    ]
    tables = {
        "subtypes": pd.DataFrame(rows),
        "subtype_models": pd.DataFrame([model("x"), model("y")]),
        "cohorts": pd.DataFrame({"cohort_id": ["x", "y"]}),
    }
    return ReportContents("s", "title", "", tables, "mean")


def test_the_sure_are_large_and_plain_and_nobody_is_left_out(contents):
    [figure] = draw_subtypes(contents)
    rows = figure.datasets["rows"].set_index("sample")
    assert rows.loc["s1", "size"] > rows.loc["s2", "size"]
    assert rows.loc["s1", "opacity"] > rows.loc["s2", "opacity"]
    assert rows.loc["s3", "subtype"] == "no subtype"
    assert (rows["immune_cut"] == 0.6).all()
    assert (rows["stromal_cut"] == 0.5).all()
    assert "1 of 2 samples with a subtype have a probability of 0.8 or more" in figure.caption
    assert "fitted on x (40) samples" in figure.caption
    assert "x: 1 sparse, 1 immune-dense; y: 1 no subtype" in figure.alt
    assert figure.numbers["Samples"].sum() == 3
    assert spec_of(figure)["columns"] == 3
    assert "immune axis" in draw_svg(figure)


def test_groups_are_bars_and_none_is_no_figure(contents):
    names = "cluster-1; cluster-2"
    rows = [place("x", i, "groups", subtype=f"cluster-{i}", immune=np.nan, stromal=np.nan) for i in (1, 2)]
    tables = dict(contents.tables)
    tables["subtypes"] = pd.DataFrame([*rows, place("x", 1, "nothing", subtype=None, probability=np.nan)])
    tables["subtype_models"] = pd.DataFrame(
        [model("x", "groups", "clusters", names), model("x", "nothing", "clusters", "")]
    )
    [figure] = draw_subtypes(ReportContents("s", "t", "", tables, "m"))
    assert figure.id == "subtypes-groups"
    assert "2 groups, p = 0.01" in figure.caption
    assert "share of the samples" in draw_svg(figure)


def test_nothing_is_drawn_where_nothing_was_placed():
    assert draw_subtypes(ReportContents("s", "t", "", {"cohorts": pd.DataFrame({"cohort_id": ["x"]})}, "m")) == []
