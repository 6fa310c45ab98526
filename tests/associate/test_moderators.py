from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tmescope.associate.across_cohorts import regress_answers
from tmescope.associate.moderators import moderate_answers
from tmescope.foundation.errors import InputError
from tmescope.stats.meta_analysis import PoolingOptions


def _answers(effects, errors, *, name: str = "odds_ratio_per_sd") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "question_id": "q",
            "cohort_id": [f"c{i}" for i in range(len(effects))],
            "feature": "cyt",
            "source": "zscore",
            "endpoint": "recist",
            "effect": np.exp(effects) if name.startswith("odds") else effects,
            "effect_name": name,
            "adjusted_for": "",
            "std_error": errors,
            "method": "logistic model",
        }
    )


def test_a_number_gives_the_slope_of_regress_answers():
    rng = np.random.default_rng(1)
    years = {f"c{i}": 2012.0 + i for i in range(7)}
    answers = _answers(0.1 * np.arange(7) + 0.1 * rng.normal(size=7), rng.uniform(0.1, 0.3, 7))
    [row] = moderate_answers(answers, years, moderator="year").to_dict(orient="records")
    [other] = regress_answers(answers, years, covariate="year").to_dict(orient="records")
    assert (row["coefficient"], row["k"], row["scale"], row["level"]) == (other["slope"], 7, "log", "")
    assert [row[c] for c in ("ci_low", "ci_high", "p_value", "tau2", "r2")] == [
        other[c] for c in ("ci_low", "ci_high", "p_value", "tau2", "r2")
    ]
    assert row["p_moderator"] == pytest.approx(row["p_value"], rel=1e-9)
    assert row["family"] == "meta-regression | q | recist | odds_ratio_per_sd | year"


def test_kinds_are_compared_with_the_most_common():
    effects, errors = np.array([0.1, 0.2, 0.3, 0.9, 1.1, -0.5]), np.array([0.1, 0.2, 0.1, 0.2, 0.3, 0.2])
    drug = dict(zip([f"c{i}" for i in range(6)], ["PD1", "PD1", "PD1", "CTLA4", "CTLA4", "PDL1"], strict=True))
    fixed = PoolingOptions(tau2="fixed", test="z")
    rows = moderate_answers(_answers(effects, errors), drug, moderator="drug", options=fixed).set_index("level")
    assert set(rows["reference"]) == {"PD1"}
    assert list(rows.index) == ["CTLA4", "PDL1"]
    assert rows.loc["PDL1", "family"] == "meta-regression | q | recist | odds_ratio_per_sd | drug | PDL1 against PD1"

    def pooled(these):
        w = errors[these] ** -2.0
        return float((w * effects[these]).sum() / w.sum()), float(1.0 / w.sum())

    (base, base_var), (other, other_var) = pooled(slice(0, 3)), pooled(slice(3, 5))
    assert rows.loc["CTLA4", "coefficient"] == pytest.approx(other - base, rel=1e-10)
    assert rows.loc["CTLA4", "std_error"] == pytest.approx(np.sqrt(base_var + other_var), rel=1e-10)
    assert rows.loc["PDL1", "coefficient"] == pytest.approx(effects[5] - base, rel=1e-10)
    assert rows["p_moderator"].nunique() == 1
    z = (other - base) / np.sqrt(base_var + other_var)
    assert rows.loc["CTLA4", "p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)


def test_differences_stay_as_they_are_and_cohorts_without_a_value_are_named():
    answers = _answers(np.array([0.1, 0.4, 0.7, 1.0, 5.0]), np.full(5, 0.05), name="change_per_sd")
    answers.loc[3, ["effect", "std_error", "method"]] = [np.nan, np.nan, "not estimated (few)"]
    [row] = moderate_answers(answers, {f"c{i}": float(i) for i in range(4)}, moderator="x").to_dict(orient="records")
    assert (row["scale"], row["k"], row["cohorts"]) == ("", 3, "c0, c1, c2")
    assert row["coefficient"] == pytest.approx(0.3, abs=1e-9)
    assert row["left_out"] == "c3 (not estimated (few)); c4 (no value of the moderator)"


def test_too_few_cohorts_give_a_reason_and_no_number():
    answers = _answers(np.array([0.1, 0.4]), np.full(2, 0.1))
    [row] = moderate_answers(answers, {"c0": 1.0, "c1": 2.0}, moderator="x").to_dict(orient="records")
    assert np.isnan(row["coefficient"])
    assert np.isnan(row["q_value"])
    assert row["method"] == "not estimated (too_few_studies)"


def test_a_kind_that_no_estimated_cohort_is_of_does_not_stop_the_others():
    answers = _answers(np.array([0.1, 0.2, 0.3, 0.9, 1.1]), np.full(5, 0.1))
    drug = {"c0": "PD1", "c1": "PD1", "c2": "PD1", "c3": "CTLA4", "c4": "CTLA4", "c9": "LAG3"}
    rows = moderate_answers(answers, drug, moderator="drug").set_index("level")
    assert rows.loc["LAG3", "method"] == "not estimated (no cohort of this kind)"
    assert rows.loc["CTLA4", "coefficient"] == pytest.approx(0.8, abs=0.01)


def test_the_reference_is_a_kind_that_some_estimated_cohort_is_of():
    answers = _answers(np.array([np.nan, np.nan, np.nan, 0.1, 0.2, 0.9, 1.1]), np.array([np.nan] * 3 + [0.1] * 4))
    kinds = ["PD1"] * 3 + ["CTLA4"] * 2 + ["LAG3"] * 2
    drug = {f"c{i}": kind for i, kind in enumerate(kinds)}
    rows = moderate_answers(answers, drug, moderator="drug").set_index("level")
    assert set(rows["reference"]) == {"CTLA4"}
    assert rows.loc["LAG3", "coefficient"] == pytest.approx(0.85, abs=1e-6)
    assert rows.loc["PD1", "method"] == "not estimated (no cohort of this kind)"


def test_values_that_say_nothing_or_two_things_are_refused():
    answers = _answers(np.array([0.1, 0.2, 0.3]), np.full(3, 0.1))
    with pytest.raises(InputError, match="one value in all cohorts"):
        moderate_answers(answers, {"c0": 1.0, "c1": 1.0}, moderator="x")
    with pytest.raises(InputError, match="numbers and words"):
        moderate_answers(answers, {"c0": 1.0, "c1": "two"}, moderator="x")


@pytest.mark.simulation
def test_the_slope_is_covered_and_nothing_is_found_where_there_is_nothing():
    rng = np.random.default_rng(20261)
    runs, slope, k = 500, 0.3, 10
    x = {f"c{i}": float(i % 5) for i in range(k)}
    covered = errors = 0
    for _ in range(runs):
        s = rng.uniform(0.15, 0.35, k)
        noise = rng.normal(size=k) * np.sqrt(s**2 + 0.04)
        row = moderate_answers(_answers(slope * np.array(list(x.values())) + noise, s), x, moderator="x").iloc[0]
        covered += row["ci_low"] <= slope <= row["ci_high"]
        errors += moderate_answers(_answers(noise, s), x, moderator="x").iloc[0]["p_value"] < 0.05
    for hits, rate in ((covered, 0.95), (errors, 0.05)):
        low, high = stats.binom.interval(0.999, runs, rate)
        assert low <= hits <= high
