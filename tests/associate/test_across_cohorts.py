from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.across_cohorts import PoolPlan, pool_answers, regress_answers
from tmescope.stats.meta_analysis import PoolingOptions, pool_effects, regress_effects

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
    row = found.pooled.iloc[0]
    bounded = pool_answers(alike, plan=PoolPlan(options=PoolingOptions(test="hartung_knapp_max1"))).pooled.iloc[0]
    assert row["p_value"] < 1e-6 < bounded["p_value"] == row["p_value_max1"]
    assert (row["ci_low_max1"], row["ci_high_max1"]) == (bounded["ci_low"], bounded["ci_high"])
    assert row["checks"].startswith("the cohorts agree more than their errors would have them")
    assert f"p {row['p_value_max1']:.3g}" in row["checks"]
    assert pool_answers(_answers(), plan=PoolPlan()).pooled.iloc[0]["checks"] == ""


def test_two_cohorts_that_agree_to_the_last_digit_are_not_clear():
    two = _answers().iloc[:2].assign(effect=1.3)
    row = pool_answers(two, plan=PoolPlan()).pooled.iloc[0]
    assert row["p_value"] < 1e-6
    assert row["ci_low_max1"] < 1.0 < row["ci_high_max1"]  # one degree of freedom
    assert row["p_value_max1"] > 0.05


def test_test_statistics_are_not_pooled_and_families_hold_all_features():
    names = ("log_rank_chi_square", "hazard_ratio_at_cut", "hazard_ratio_at_cut_naive")
    never = [_answers("f1", effect_name=name) for name in names]
    found = pool_answers(pd.concat([_answers("f1"), _answers("f2"), *never]), plan=PoolPlan()).pooled
    assert list(found["feature"]) == ["f1", "f2"]
    assert found["family_size"].tolist() == [2, 2]
    held = _answers("f1", effect_name="hazard_ratio_at_cut_held_out")
    assert len(pool_answers(held, plan=PoolPlan()).pooled) == 1


def test_effects_are_regressed_on_a_property_of_the_cohorts():
    dose = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 0.5}
    parts = [_answers(), _answers(effect_name="auc", effect=0.6), _answers(effect_name="log_rank_chi_square")]
    found = regress_answers(pd.concat(parts), dose, covariate="dose_mg")
    assert list(found["effect_name"]) == ["odds_ratio_per_sd", "auc"]
    assert list(found["scale"]) == ["log", "logit"]
    row = found.iloc[0]
    alone = regress_effects(list(LOG.values()), list(ERROR.values()), list(dose.values()))
    assert (row["slope"], row["intercept"]) == pytest.approx(tuple(alone.coefficients[::-1]))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((alone.ci_low[1], alone.ci_high[1]))
    assert row["p_value"] == pytest.approx(alone.p_values[1])
    assert (row["k"], row["cohorts"], row["left_out"], row["covariate"]) == (4, "a, b, c, d", "", "dose_mg")
    assert row["method"] == "meta-regression: random effects: REML, Hartung-Knapp"
    # per milligram is a thousand times per gram, whatever the order of the rows
    grams = regress_answers(_answers().iloc[::-1], {c: v / 1000 for c, v in dose.items()}, covariate="dose_g").iloc[0]
    assert grams["slope"] == pytest.approx(1000 * row["slope"])
    assert grams["p_value"] == pytest.approx(row["p_value"])


def test_a_planted_slope_between_cohorts_is_found():
    rng = np.random.default_rng(4)
    x = dict(zip([f"c{i}" for i in range(30)], np.linspace(-1, 1, 30), strict=True))
    rows = [{**HEAD, "feature": "f", "cohort_id": c, "effect": np.exp(0.2 + 0.5 * v + 0.15 * rng.normal()),
             "std_error": 0.1} for c, v in x.items()]  # fmt: skip
    row = regress_answers(pd.DataFrame(rows), x, covariate="x").iloc[0]
    assert row["ci_low"] < 0.5 < row["ci_high"]
    assert row["p_value"] < 1e-6
    assert row["tau2"] < row["tau2_without"]


def test_cohorts_outside_the_regression_are_named_with_their_reason():
    answers = _answers()
    answers.loc[3, ["effect", "std_error"]] = np.nan
    answers.loc[3, "method"] = "not estimated (separation)"
    row = regress_answers(answers, {"a": 1.0, "b": np.nan, "c": 2.0}, covariate="x").iloc[0]
    assert row["k"] == 2
    assert row["left_out"] == "b (no value of the covariate); d (not estimated (separation))"
    assert row["method"] == "not estimated (too_few_studies)"
    assert np.isnan(row["slope"])
    flat = regress_answers(_answers(), dict.fromkeys(LOG, 1.0), covariate="x").iloc[0]
    assert flat["method"] == "not estimated (collinear)"
    assert not len(regress_answers(_answers(effect_name="log_rank_chi_square"), {}, covariate="x"))
