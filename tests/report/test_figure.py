from __future__ import annotations

import json

import altair as alt
import pandas as pd

from tmescope.report.figure import Figure, chart_of, data, spec_of, text
from tmescope.report.palette import LIGHT


def _figure() -> Figure:
    table = pd.DataFrame({"x": [1.0, float("nan")], "text": ["a", None]})
    return Figure("one", "One", "How to read", "A finding", text("points").encode(x="x:Q"), datasets={"points": table})


def test_missing_values_become_null() -> None:
    rows = spec_of(_figure())["datasets"]["points"]
    assert rows == [{"x": 1.0, "text": "a"}, {"x": None, "text": None}]
    json.dumps(spec_of(_figure()), allow_nan=False)


def test_data_can_be_left_out_and_stay_named() -> None:
    spec = spec_of(_figure(), with_data=False)
    assert "datasets" not in spec
    assert spec["data"] == {"name": "points"}


def test_the_theme_is_a_set_of_signals() -> None:
    params = {p["name"]: p["value"] for p in spec_of(_figure())["params"]}
    assert params == dict(LIGHT)
    assert spec_of(_figure())["background"] == {"expr": "paper"}


def test_no_address_of_a_schema_remains() -> None:
    assert "http" not in json.dumps(spec_of(_figure()))


def test_dictionaries_are_charts_too() -> None:
    chart = alt.Chart(data("points")).mark_point()
    assert chart_of(chart.to_dict()) == chart_of(chart)
