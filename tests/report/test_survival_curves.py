from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.report.contents_maker import without

from tmescope.report import survival_curves
from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure
from tmescope.report.survival_curves import MOST_FEATURES, draw_survival_curves


@pytest.fixture(scope="module")
def curves(figures: list[Figure]) -> list[Figure]:
    return [f for f in figures if f.id.startswith("survival")]


def test_features_come_by_their_smallest_p(contents: ReportContents, curves: list[Figure]) -> None:
    answers = contents.shown_answers().query("effect_name == 'hazard_ratio_high_vs_low'")
    smallest = answers[answers["feature"].isin(["cyt", "tgfb", "proliferation"])].groupby("feature")["p_value"].min()
    assert [f.id for f in curves] == [f"survival-{f}" for f in smallest.sort_values().index]


def test_numbers_at_risk_are_those_still_under_observation(contents: ReportContents, curves: list[Figure]) -> None:
    figure = next(f for f in curves if f.id == "survival-cyt")
    risk = figure.datasets["curves"].query("kind == 'risk'")
    scores = contents.primary_scores().query("feature == 'cyt' and cohort_id == 'melanoma_pd1_a'")
    joined = scores.dropna(subset=["value"]).merge(contents.table("samples"), on=["cohort_id", "sample_id"])
    third = pd.qcut(joined["value"].rank(method="first"), 3, labels=["low", "middle", "high"])
    for tick in (0.0, 12.0, 36.0):
        expected = int((joined["os_time_months"][third == "high"] >= tick).sum())
        here = risk[(risk["group"] == "high") & (risk["time"] == tick) & risk["head"].str.startswith("melanoma_pd1_a")]
        assert here["at_risk"].tolist() == [expected]


def test_every_curve_starts_at_one(contents: ReportContents) -> None:
    curves = contents.table("curves")
    late = replace(contents, tables={**contents.tables, "curves": curves[curves["time_months"] > 0]})
    steps = draw_survival_curves(late)[0].datasets["curves"].query("kind == 'step'")
    firsts = steps.groupby(["head", "group"])[["time", "survival"]].first()
    assert firsts.to_numpy().tolist() == [[0.0, 1.0]] * 9


def test_the_panel_says_n_events_and_hazard_ratio(curves: list[Figure]) -> None:
    figure = next(f for f in curves if f.id == "survival-cyt")
    notes = figure.datasets["curves"].query("kind == 'note'")
    assert notes["head"].iloc[0] == "melanoma_pd1_a · n = 97, 69 events"
    assert notes["text"].iloc[0].replace("\u00a0", " ").startswith("HR 0.41 [0.23, 0.73], p = 0.0026, q = 0.018")
    assert notes["text"].iloc[0] in figure.alt
    assert figure.numbers is not None
    assert figure.numbers.columns[2] == "0 months"


def test_what_is_chosen_is_said(contents: ReportContents, curves: list[Figure]) -> None:
    one = contents.table("curves").query("feature == 'cyt'")
    many = pd.concat([one.assign(feature=f"f{i}") for i in range(MOST_FEATURES + 2)])
    figures = draw_survival_curves(replace(contents, tables={**contents.tables, "curves": many}))
    assert len(figures) == MOST_FEATURES
    assert "smallest p-values: chosen, not typical" in figures[0].caption
    assert "not typical" not in curves[0].caption


def test_without_an_answer_the_panel_says_so(contents: ReportContents) -> None:
    figure = draw_survival_curves(without(contents, "answers"))[0]
    assert set(figure.datasets["curves"].query("kind == 'note'")["text"]) == {"hazard ratio not estimated"}


def test_no_endpoint_or_curves_no_figure(contents: ReportContents, curves: list[Figure]) -> None:
    assert draw_survival_curves(replace(contents, survival_endpoint=None)) == []
    assert draw_survival_curves(without(contents, "curves")) == []
    assert np.all([f.section == "survival" for f in curves])


def test_of_many_steps_those_answer_that_a_pointer_can_tell_apart() -> None:
    time = np.tile(np.arange(500) / 10, 2)
    rows = pd.DataFrame({"cohort": "c", "group": np.repeat(["high", "low"], 500), "time": time})
    tells = survival_curves.telling_steps(rows)
    assert 100 < tells.sum() < 200
    kept = rows[tells]
    assert kept.groupby("group")["time"].max().tolist() == [49.9, 49.9]
    assert kept.groupby("group")["time"].diff().max() < 2 * 4 * 49.9 / 240
    assert survival_curves.telling_steps(rows.iloc[:600]).all()
