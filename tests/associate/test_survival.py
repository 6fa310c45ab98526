from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.associate.features import Feature
from tmescope.associate.survival import associate_survival

N = 150
IDS = [f"s{i}" for i in range(N)]


def _study(effect, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=N)
    time = rng.exponential(12 / np.exp(effect * values))
    censored = rng.uniform(6, 36, N)
    outcome = pd.DataFrame(
        {"time_months": np.minimum(time, censored), "event": pd.array(time <= censored, dtype="boolean")}, index=IDS
    )
    return Feature("f", "m", pd.Series(values, index=IDS)), outcome


def test_a_planted_hazard_is_found():
    feature, outcome = _study(effect=-0.8)
    found = associate_survival([feature], outcome, cohort_id="c", endpoint="os")
    rows = found.answers.set_index("effect_name")
    assert rows.loc["hazard_ratio_high_vs_low", "ci_high"] < 1
    assert rows.loc["hazard_ratio_high_vs_low", "n"] == 100
    assert rows.loc["log_rank_chi_square", "p_value"] < 1e-4
    assert rows.loc["log_rank_chi_square", "n"] == N
    curves = found.curves.groupby("group")
    assert set(curves.groups) == {"low", "middle", "high"}
    at_ten = {name: part.loc[part["time_months"] <= 10, "survival"].min() for name, part in curves}
    assert at_ten["high"] > at_ten["middle"] > at_ten["low"]
    assert (found.curves["at_risk"] >= found.curves["n_events"]).all()


def test_no_effect_is_no_effect_most_of_the_time():
    p = [
        associate_survival([_study(0.0, seed)[0]], _study(0.0, seed)[1], cohort_id="c", endpoint="os").answers[
            "p_value"
        ]
        for seed in range(20)
    ]
    assert np.mean([v.iloc[0] < 0.05 for v in p]) < 0.25


def test_missing_outcomes_and_flat_features_are_told():
    feature, outcome = _study(0.5)
    outcome.loc[IDS[:30], "event"] = pd.NA
    flat = Feature("flat", "m", pd.Series(1.0, index=IDS))
    group = Feature("g=1", "table", pd.Series(1.0, index=IDS), is_group=True)
    found = associate_survival([feature, flat, group], outcome, cohort_id="c", endpoint="os")
    assert set(found.answers["feature"]) == {"f"}
    assert found.answers.set_index("effect_name").loc["log_rank_chi_square", "n"] == N - 30
    assert found.warnings[-1].code == "answers.no_tertiles"
    assert found.warnings[-1].examples == ("flat (constant)",)


def test_nothing_known_gives_empty_tables():
    feature, outcome = _study(0.5)
    found = associate_survival([feature], outcome.iloc[:0], cohort_id="c", endpoint="os")
    assert len(found.answers) == 0
    assert len(found.curves) == 0
