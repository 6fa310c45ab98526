from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.features import Feature
from tmescope.associate.response import associate_response

IDS = [f"s{i}" for i in range(40)]


def _response(rng):
    return pd.Series(np.where(rng.random(40) < 0.5, "responder", "non_responder"), index=IDS)


def test_a_planted_effect_is_found_with_its_direction():
    rng = np.random.default_rng(0)
    response = _response(rng)
    shift = (response == "responder") * 1.5
    features = [
        Feature("up", "zscore", pd.Series(rng.normal(size=40) + shift, index=IDS)),
        Feature("down", "zscore", pd.Series(rng.normal(size=40) - shift, index=IDS)),
    ]
    answers, _ = associate_response(features, response, cohort_id="c", endpoint="response")
    table = answers.set_index(["feature", "effect_name"])
    assert table.loc[("up", "auc"), "ci_low"] > 0.5 > table.loc[("down", "auc"), "ci_high"]
    assert table.loc[("up", "odds_ratio_per_sd"), "ci_low"] > 1 > table.loc[("down", "odds_ratio_per_sd"), "ci_high"]
    assert (answers["n"] == 40).all()
    assert (answers["n_events"] == (response == "responder").sum()).all()
    assert set(answers["question_id"]) == {"response:response"}


def test_missing_values_leave_the_sample_out():
    rng = np.random.default_rng(1)
    response = _response(rng)
    response.iloc[:5] = None
    values = pd.Series(rng.normal(size=40), index=IDS)
    values.iloc[5:8] = np.nan
    answers, _ = associate_response([Feature("f", "m", values)], response, cohort_id="c", endpoint="r")
    assert (answers["n"] == 32).all()


def test_groups_give_an_odds_ratio_and_separation_is_missing_with_its_reason():
    rng = np.random.default_rng(2)
    response = _response(rng)
    group = pd.Series(rng.integers(0, 2, 40).astype(float), index=IDS)
    perfect = pd.Series((response == "responder").astype(float) + rng.random(40) * 0.1, index=IDS)
    features = [Feature("braf=V600E", "table", group, is_group=True), Feature("perfect", "m", perfect)]
    answers, warnings = associate_response(features, response, cohort_id="c", endpoint="r")
    table = answers.set_index(["feature", "effect_name"])
    yes = response == "responder"
    cells = [
        [((group == 1) & yes).sum(), ((group == 1) & ~yes).sum()],
        [((group == 0) & yes).sum(), ((group == 0) & ~yes).sum()],
    ]
    odds = cells[0][0] * cells[1][1] / (cells[0][1] * cells[1][0])
    assert table.loc[("braf=V600E", "odds_ratio"), "effect"] == pytest.approx(odds)
    assert np.isnan(table.loc[("perfect", "odds_ratio_per_sd"), "effect"])
    assert "separation" in table.loc[("perfect", "odds_ratio_per_sd"), "method"]
    assert table.loc[("perfect", "auc"), "ci_low"] < 1.0
    assert [w.code for w in warnings] == ["answers.not_estimable"]
    assert warnings[0].examples == ("perfect (odds_ratio_per_sd)",)


def test_few_patients_are_pointed_out_and_one_class_is_missing():
    response = pd.Series(["responder"] * 3 + ["non_responder"] * 20, index=IDS[:23])
    feature = Feature("f", "m", pd.Series(np.arange(40.0), index=IDS))
    _, warnings = associate_response([feature], response, cohort_id="c", endpoint="r")
    assert warnings[0].code == "answers.few_events"
    assert "3 responders and 20 non-responders" in warnings[0].message
    answers, _ = associate_response([feature], response[:3], cohort_id="c", endpoint="r")
    assert answers["effect"].isna().all()
