"""Screens pooled over cohorts give what single answers pooled give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.across_cohorts import PoolPlan, pool_answers
from tmescope.associate.pooled_screens import pool_screens


@pytest.fixture
def screens():
    rng = np.random.default_rng(1)
    rows = [
        {
            "question_id": "all", "endpoint": "os", "effect_name": "hazard_ratio_per_sd", "adjusted_for": a,
            "source": "gene", "cohort_id": c, "feature": f"g{j}", "effect": np.exp(rng.normal(0.1, 0.3)),
            "std_error": rng.uniform(0.1, 0.3), "n": 40, "n_events": 20, "method": "Cox model",
        }
        for a in ("", "age_years") for c in ("a", "b", "c") for j in range(6)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table.loc[(table["feature"] == "g1") & (table["cohort_id"] == "b"), ["effect", "std_error"]] = np.nan
    table.loc[(table["feature"] == "g2") & (table["cohort_id"] != "b"), ["effect", "std_error"]] = np.nan
    return table


def test_genes_are_pooled_as_single_answers_are(screens):
    plan = PoolPlan(strata={"a": "PD1", "b": "PD1", "c": "CTLA4"})
    found, expected = pool_screens(screens, plan=plan).pooled, pool_answers(screens, plan=plan).pooled
    key = ["feature", "adjusted_for", "stratum"]
    found, expected = (t.sort_values(key).set_index(key) for t in (found, expected))
    assert list(found.index) == list(expected.index)
    # fmt: off
    names = ["k", "n", "n_events", "effect", "std_error", "ci_low", "ci_high", "p_value", "q_value", "family_size",
             "tau2", "i2", "prediction_low", "prediction_high", "fixed_effect", "fixed_ci_low", "fixed_ci_high",
             "ci_low_max1", "ci_high_max1", "p_value_max1"]
    # fmt: on
    for name in names:
        np.testing.assert_allclose(found[name].astype(float), expected[name].astype(float), rtol=1e-8, atol=1e-12)
    assert (found["cohorts"] == expected["cohorts"]).all()
    assert (found["method"] == expected["method"]).all()


def test_a_gene_of_one_cohort_is_not_pooled(screens):
    result = pool_screens(screens, plan=PoolPlan())
    found = result.pooled
    assert "g2" not in set(found["feature"])
    assert found["family"].nunique() == 2
    assert set(found["family_size"]) == {5}
    assert [(w.count, w.examples) for w in result.warnings if w.code == "pooled.too_few_cohorts"] == [(2, ("g2",))]
    nothing = pool_screens(screens, plan=PoolPlan(fewest_cohorts=4))
    assert len(nothing.pooled) == 0
    assert [(w.code, w.where, w.count) for w in nothing.warnings] == [("pooled.too_few_cohorts", "all", 12)]


def test_cohorts_that_agree_by_luck_are_told_and_have_a_bounded_p(screens):
    screens["effect"] = screens["effect"].where(screens["feature"] != "g0", 1.2)
    found = pool_screens(screens, plan=PoolPlan())
    lucky = found.pooled[found.pooled["feature"] == "g0"]
    assert lucky["narrower_than_fixed"].all()
    assert (lucky["p_value"] < lucky["p_value_max1"]).all()
    assert "pooled.narrower_than_fixed" in {w.code for w in found.warnings}
