from __future__ import annotations

import pandas as pd
import pytest
from tests.report import paired_maker as maker

from tmescope.report.changes import CHANGES, draw_changes
from tmescope.report.static import draw_svg


def _answers() -> pd.DataFrame:
    rows = [
        maker.answer("rise", c, name, 0.2 + i, adjusted_for=given)
        for c in ("a", "b")
        for i, name in enumerate(CHANGES)
        for given in ("", "ifng6")
    ]
    return pd.DataFrame([*rows, maker.answer("other", "a", "odds_ratio_per_sd", 2.0)])


def _pooled() -> pd.DataFrame:
    row = maker.answer("rise", "", "change_per_sd", 0.4, stratum="", k=2, prediction_low=0.1, prediction_high=0.8)
    return pd.DataFrame([row]).drop(columns=["cohort_id"])


def test_each_patient_is_a_line_and_single_samples_are_dots():
    found = draw_changes(maker.contents(visits=maker.visits(), answers=_answers(), pooled=_pooled()))
    assert [f.id for f in found] == ["change-rise-a", "change-rise-b", "change-effects-rise"]
    rows = found[0].datasets["rows"]
    people = rows[rows["kind"] == "patient"]
    assert people.groupby("patient").size().value_counts().to_dict() == {2: 11, 1: 1}
    before = people[people["visit"] == "before"]["z"]
    assert (before.mean(), before.std(ddof=1)) == (pytest.approx(0.0, abs=1e-12), pytest.approx(1.0))
    means = rows[rows["kind"] == "mean"].set_index(["group", "visit"])["z"]
    still = means["non-responders", "on treatment"] - means["non-responders", "before"]
    assert still == pytest.approx(0.0, abs=1e-12)
    rise = means["responders", "on treatment"] - means["responders", "before"]
    values = maker.visits().query("cohort_id == 'a' and visit == 'before'")["value"]
    assert rise == pytest.approx(maker.RISE / values.std(ddof=1))
    assert "11 complete pairs" in found[0].alt
    for figure in found:
        assert "<svg" in draw_svg(figure)


def test_effects_stand_by_cohort_and_pooled_alone_and_given_the_axis():
    figure = draw_changes(maker.contents(visits=maker.visits(), answers=_answers(), pooled=_pooled()))[-1]
    rows = figure.datasets["rows"]
    assert list(pd.unique(rows["panel"])) == ["cyt", "cyt, given ifng6"]
    assert list(pd.unique(rows[rows["panel"] == "cyt"]["line"])) == ["a", "b", "all cohorts (2)"]
    assert set(rows["kind"]) == set(CHANGES.values())
    assert rows[rows["pooled"]]["effect"].tolist() == [0.4]


def test_patients_of_unknown_response_have_a_panel_and_nothing_gives_no_figure():
    unknown = maker.visits().assign(response=pd.NA)
    found = draw_changes(maker.contents(visits=unknown, answers=_answers()))
    assert set(found[0].datasets["rows"]["group"]) == {"response not known"}
    assert draw_changes(maker.contents()) == []
    lost = _answers().assign(effect=float("nan"))
    assert draw_changes(maker.contents(visits=maker.visits(), answers=lost)) == []
