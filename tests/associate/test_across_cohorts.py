from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.across_cohorts import PoolPlan, count_once, pool_answers
from tmescope.stats.meta_analysis import PoolingOptions, pool_effects

HEAD = {"question_id": "q", "endpoint": "response", "effect_name": "odds_ratio_per_sd", "adjusted_for": "",
        "source": "zscore", "n": 40, "n_events": 15, "method": "logistic"}  # fmt: skip
LOG = {"a": 0.4, "b": 0.1, "c": 0.9, "d": -0.2}
ERROR = {"a": 0.2, "b": 0.15, "c": 0.4, "d": 0.3}


def _answers(feature: str = "cyt", **more) -> pd.DataFrame:
    rows = [{**HEAD, "feature": feature, "cohort_id": c, "effect": np.exp(v), "std_error": ERROR[c], **more}
            for c, v in LOG.items()]  # fmt: skip
    return pd.DataFrame(rows)


def test_ratios_are_pooled_as_logarithms_with_everything_beside_them():
    found = pool_answers(_answers(), plan=PoolPlan())
    assert len(found.pooled) == 1
    row = found.pooled.iloc[0]
    alone = pool_effects(list(LOG.values()), list(ERROR.values()))
    assert row["effect"] == pytest.approx(np.exp(alone.estimate))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((np.exp(alone.ci_low), np.exp(alone.ci_high)))
    assert row["prediction_high"] == pytest.approx(np.exp(alone.prediction_high))
    assert (row["k"], row["n"], row["n_events"]) == (4, 160, 60)
    assert row["method"] == "random effects: REML, Hartung-Knapp"
    assert row["cohorts"] == "a, b, c, d"
    assert row["family"] == "pooled | q | response | odds_ratio_per_sd"
    assert list(found.leave_one_out["left_out_cohort"]) == ["a", "b", "c", "d"]
    third = pool_effects([0.4, 0.1, -0.2], [0.2, 0.15, 0.3])
    assert found.leave_one_out.loc[2, "effect"] == pytest.approx(np.exp(third.estimate))


def test_endpoints_effects_and_adjustments_are_never_mixed():
    parts = [
        _answers(),
        _answers(endpoint="benefit"),
        _answers(effect_name="auc", effect=0.6),
        _answers(adjusted_for="axis"),
    ]
    found = pool_answers(pd.concat(parts, ignore_index=True), plan=PoolPlan())
    assert len(found.pooled) == 4
    assert (found.pooled["k"] == 4).all()
    assert found.pooled["family"].nunique() == 4
    auc = found.pooled[found.pooled["effect_name"] == "auc"].iloc[0]
    assert auc["effect"] == pytest.approx(0.6)
    assert auc["method"].endswith("on the logit scale")


def test_strata_are_pooled_beside_all_cohorts():
    plan = PoolPlan(strata={"a": "PD1", "b": "PD1", "c": "CTLA4"}, options=PoolingOptions(tau2="fixed"))
    found = pool_answers(_answers(), plan=plan).pooled.set_index("stratum")
    assert list(found.index) == ["", "PD1"]  # one cohort of CTLA4 is no pool
    assert found.loc["PD1", "cohorts"] == "a, b"
    assert found.loc["", "k"] == 4


def test_cohorts_without_an_estimate_are_named_with_their_reason():
    answers = _answers()
    answers.loc[3, ["effect", "std_error"]] = np.nan
    answers.loc[3, "method"] = "not estimated (separation)"
    row = pool_answers(answers, plan=PoolPlan()).pooled.iloc[0]
    assert row["k"] == 3
    assert row["left_out"] == "d (not estimated (separation))"
    few = pool_answers(answers.iloc[2:], plan=PoolPlan())
    assert len(few.pooled) == 0
    assert [w.code for w in few.warnings] == ["pooled.too_few_cohorts"]


def test_an_interval_narrower_than_a_fixed_effect_is_pointed_out():
    alike = _answers().assign(effect=1.5)
    found = pool_answers(alike, plan=PoolPlan())
    assert found.pooled["narrower_than_fixed"].all()
    assert [w.code for w in found.warnings] == ["pooled.narrower_than_fixed"]
    assert np.isfinite(found.pooled["fixed_ci_high"]).all()


def test_test_statistics_are_not_pooled_and_families_hold_all_features():
    names = ("log_rank_chi_square", "hazard_ratio_at_cut", "hazard_ratio_at_cut_naive")
    never = [_answers("f1", effect_name=name) for name in names]
    found = pool_answers(pd.concat([_answers("f1"), _answers("f2"), *never]), plan=PoolPlan()).pooled
    assert list(found["feature"]) == ["f1", "f2"]
    assert found["family_size"].tolist() == [2, 2]
    held = _answers("f1", effect_name="hazard_ratio_at_cut_held_out")
    assert len(pool_answers(held, plan=PoolPlan()).pooled) == 1


def test_a_patient_in_two_cohorts_stays_in_the_first():
    overlaps = pd.DataFrame(
        [("a", "s1", "b", "t1"), ("b", "t1", "c", "u1"), ("a", "s2", "a", "s3"), ("a", "s4", "z", "x1")],
        columns=["cohort_a", "sample_a", "cohort_b", "sample_b"],
    )
    assert count_once(overlaps, ["a", "b", "c"]) == {"b": ("t1",), "c": ("u1",)}
    assert count_once(overlaps, ["c", "b", "a"]) == {"b": ("t1",), "a": ("s1",)}
    assert count_once(overlaps.iloc[:0], ["a", "b"]) == {}
