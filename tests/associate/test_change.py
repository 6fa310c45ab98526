from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tmescope.associate.change import associate_change
from tmescope.associate.features import Feature
from tmescope.foundation.errors import SampleError


def _trial(rng, *, n: int = 40, change: float = 0.0, more: float = 0.0, lost: int = 0):
    people = [f"p{i}" for i in range(n)]
    level, responds = rng.normal(size=n), rng.integers(0, 2, n)
    before = level + 0.5 * rng.normal(size=n)
    after = level + change + more * responds + 0.5 * rng.normal(size=n)
    ids = [f"{p}-pre" for p in people] + [f"{p}-on" for p in people]
    visits = pd.DataFrame({"patient_id": people * 2, "on_treatment": [False] * n + [True] * n}, index=ids)
    values = pd.Series(np.concatenate([before, after]), index=ids)
    response = pd.Series(np.where(responds == 1, "responder", "non_responder"), index=people)
    keep = ids[: len(ids) - lost]
    return [Feature("f", "m", values)], visits.loc[keep], response, (before, after)


def test_complete_pairs_are_the_paired_t_test():
    features, visits, _, (before, after) = _trial(np.random.default_rng(1), change=0.4)
    answers, warnings = associate_change(features, visits, cohort_id="c")
    [row] = answers.to_dict(orient="records")
    paired = stats.ttest_rel(after, before)
    sd = before.std(ddof=1)
    assert row["effect"] == pytest.approx((after - before).mean() / sd, rel=1e-8)
    assert row["p_value"] == pytest.approx(paired.pvalue, rel=1e-6)
    assert row["ci_low"] == pytest.approx(paired.confidence_interval().low / sd, rel=1e-6)
    assert (row["n"], row["n_events"], warnings) == (40, 40, ())


def test_patients_with_one_sample_take_part():
    features, visits, _, _ = _trial(np.random.default_rng(2), change=0.6, lost=12)
    row = associate_change(features, visits, cohort_id="c")[0].iloc[0]
    assert (row["n"], row["n_events"]) == (40, 28)
    assert row["ci_low"] < 0.6 < row["ci_high"] + 0.3
    assert row["p_value"] < 0.01


def test_a_change_of_responders_alone_is_found_and_told_apart():
    features, visits, response, _ = _trial(np.random.default_rng(3), n=80, more=0.9)
    answers, _ = associate_change(features, visits, cohort_id="c", response=response)
    rows = answers.set_index("effect_name")
    assert rows.loc["change_difference_per_sd", "p_value"] < 0.001
    parts = rows.loc["change_per_sd_in_responders", "effect"] - rows.loc["change_per_sd_in_non_responders", "effect"]
    assert rows.loc["change_difference_per_sd", "effect"] == pytest.approx(parts, rel=1e-6)
    groups = rows.loc[["change_per_sd_in_responders", "change_per_sd_in_non_responders"], "n"]
    assert groups.sum() == rows.loc["change_difference_per_sd", "n"] == 80


@pytest.mark.simulation
def test_type_one_error_and_coverage_are_nominal():
    rng = np.random.default_rng(4)
    runs, errors, covered = 500, 0, 0
    for _ in range(runs):
        features, visits, response, _ = _trial(rng, n=30, change=0.5, lost=6)
        rows = associate_change(features, visits, cohort_id="c", response=response)[0].set_index("effect_name")
        errors += rows.loc["change_difference_per_sd", "p_value"] < 0.05
        row = rows.loc["change_per_sd"]
        sd = features[0].values.iloc[:30].std(ddof=1)
        covered += row["ci_low"] <= 0.5 / sd <= row["ci_high"]
    for hits, rate in ((errors, 0.05), (covered, 0.95)):
        low, high = stats.binom.ppf([0.0005, 0.9995], runs, rate)
        assert low <= hits <= high


def test_changes_given_the_axis_of_pairs_alone_are_warned_of():
    features, visits, _, _ = _trial(np.random.default_rng(6))
    axis = Feature("axis", "m", features[0].values + np.random.default_rng(7).normal(size=80))
    assert associate_change(features, visits, cohort_id="c", axis=axis)[1] == ()
    (warning,) = associate_change(features, visits.iloc[:-15], cohort_id="c", axis=axis)[1]
    assert (warning.code, warning.count, warning.examples) == ("change.axis_pairs_alone", 1, ("f",))
    assert "off, the more clearly the larger the cohort" in warning.message


def test_what_contradicts_itself_or_says_nothing():
    features, visits, _, _ = _trial(np.random.default_rng(5), n=5)
    two = visits.copy()
    two.loc["p0-on", "on_treatment"] = False
    with pytest.raises(SampleError, match="1 patients have two samples at one time point: 'p0'"):
        associate_change(features, two, cohort_id="c")
    with pytest.raises(SampleError, match="stand twice"):
        associate_change(features, pd.concat([visits, visits.iloc[:1]]), cohort_id="c")
    alone, warnings = associate_change(features, visits[~visits["on_treatment"]], cohort_id="c")
    assert alone.loc[0, "method"].startswith("not estimated")
    assert {w.code for w in warnings} == {"answers.few_pairs", "answers.not_estimable"}
    constant = [Feature("k", "m", pd.Series(1.0, index=visits.index))]
    assert "no spread" in associate_change(constant, visits, cohort_id="c")[0].loc[0, "method"]
    unknown = visits.astype({"on_treatment": object})
    unknown.loc["p1-on", "on_treatment"] = None
    assert associate_change(features, unknown, cohort_id="c")[0].loc[0, "left_out"] == "1 without patient or time point"
