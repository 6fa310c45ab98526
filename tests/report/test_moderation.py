from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.report import paired_maker as maker

from tmescope.report.moderation import draw_moderation, moderation
from tmescope.report.static import draw_svg


def _slope(**changes: object) -> dict[str, object]:
    return {
        "question_id": "q", "feature": "cyt", "source": "zscore", "endpoint": "recist",
        "effect_name": "odds_ratio_per_sd", "adjusted_for": "", "moderator": "year", "level": "", "reference": "",
        "scale": "log", "k": 3, "coefficient": np.log(1.5), "std_error": 0.1, "ci_low": np.log(1.2),
        "ci_high": np.log(1.9), "p_value": 0.01, "q_value": 0.02, "family": "f", "family_size": 1,
        "p_moderator": 0.01, "intercept": 0.0, "tau2": 0.04, "tau2_without": 0.1, "r2": 60.0, "method": "REML",
        "cohorts": "a, b, c", "left_out": "", **changes,
    }  # fmt: skip


def _contents(*slopes: dict[str, object]):
    stated = [
        {"question_id": "q", "cohort_id": c, "moderator": "year", "value": float(i), "word": ""}
        for i, c in enumerate(maker.COHORTS)
    ]
    answers = [maker.answer("q", c, "odds_ratio_per_sd", 1.5**i) for i, c in enumerate(maker.COHORTS)]
    return maker.contents(
        meta_regression=pd.DataFrame(slopes), moderators=pd.DataFrame(stated), answers=pd.DataFrame(answers)
    )


def test_cohorts_are_bubbles_around_the_line_of_the_regression():
    [figure] = draw_moderation(_contents(_slope()))
    rows = figure.datasets["rows"]
    cohorts = rows[rows["kind"] == "cohort"]
    assert cohorts["cohort"].tolist() == ["a", "b", "c"]
    line = rows[rows["kind"] == "line"].sort_values("x")
    assert line["effect"].iloc[[0, -1]].tolist() == pytest.approx([1.0, 2.25])
    assert "<svg" in draw_svg(figure)


def test_kinds_and_what_was_not_estimated_have_no_bubbles_but_a_row():
    kind = _slope(moderator="drug", level="CTLA4", reference="PD1")
    lost = _slope(coefficient=np.nan, r2=np.nan, tau2=np.nan, method="not estimated (too_few_studies)")
    contents = _contents(kind, lost)
    assert draw_moderation(contents) == []
    table = moderation(contents)
    assert table.rows[0][4].text == "drug: CTLA4 against PD1"
    assert table.rows[0][6].text == "× 1.50 [1.20, 1.90]"
    assert table.rows[0][9].text == "60%"
    assert table.rows[1][6].text == "not estimated"
    assert "too_few_studies" in table.rows[1][-1].text


def test_differences_are_added_and_nothing_gives_nothing():
    table = moderation(
        _contents(_slope(effect_name="change_per_sd", scale="", coefficient=0.25, ci_low=0.1, ci_high=0.4))
    )
    assert table.rows[0][6].text == "0.250 [0.100, 0.400]"
    assert moderation(maker.contents()) is None
    assert draw_moderation(maker.contents()) == []
