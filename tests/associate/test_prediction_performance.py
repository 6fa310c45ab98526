from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from tmescope.associate.prediction_performance import (
    POOLED,
    JudgePlan,
    compare_with,
    judge_predictions,
    judged_rows,
    tell_verdict,
)
from tmescope.stats.meta_analysis import pool_effects
from tmescope.stats.roc import auc

PLAN = JudgePlan()


def _table(seed: int, sizes: tuple[int, ...], *, noise: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    truth = rng.normal(size=n)
    linear = truth + noise * np.random.default_rng(seed + 100).normal(size=n)
    return pd.DataFrame(
        {
            "cohort_id": np.repeat([f"c{i}" for i in range(len(sizes))], sizes).astype(object),
            "sample_id": [f"s{i}" for i in range(n)],
            "linear": linear,
            "predicted": special.expit(linear),
            "observed": (rng.random(n) < special.expit(2 * truth)).astype(float),
            "time_months": np.nan,
        }
    )


def test_cohorts_are_judged_apart_and_pooled_as_logits() -> None:
    table = _table(1, (60, 80, 40))
    found = judge_predictions(table, plan=PLAN)
    rows = found[found["measure"] == "auc"].set_index("cohort_id")
    single = [auc(p["linear"], p["observed"]) for _, p in table.groupby("cohort_id")]
    assert list(rows["estimate"][["c0", "c1", "c2"]]) == pytest.approx([a.auc for a in single])
    areas = np.array([a.auc for a in single])
    errors = np.array([a.std_error for a in single]) / (areas * (1 - areas))
    pooled = pool_effects(special.logit(areas), errors, options=PLAN.pooling)
    assert rows.loc[POOLED, "estimate"] == pytest.approx(special.expit(pooled.estimate))
    assert rows.loc[POOLED, "k"] == 3
    assert rows.loc[POOLED, "n"] == 180


def test_a_cohort_without_an_estimate_is_named_with_its_reason() -> None:
    table = _table(1, (60, 80, 12))
    table.loc[table["cohort_id"] == "c2", "observed"] = 0.0
    found = judge_predictions(table, plan=PLAN)
    pooled = found[(found["measure"] == "auc") & (found["cohort_id"] == POOLED)].iloc[0]
    assert pooled["k"] == 2
    assert pooled["left_out"] == "c2 (not estimated (one_class))"


def test_cohorts_where_nothing_was_learnt_are_not_left_out_of_a_pool() -> None:
    table = _table(1, (60, 80, 40))
    table.loc[table["cohort_id"] == "c1", ["linear", "predicted"]] = 0.0, 0.5
    found = judge_predictions(table, plan=PLAN)
    pooled = found[found["cohort_id"] == POOLED].set_index("measure")
    assert np.isnan(pooled.loc["auc", "estimate"])
    assert "1 of 3 cohorts have one prediction for everybody" in pooled.loc["auc", "method"]
    assert np.isfinite(pooled.loc["brier", "estimate"])
    baseline = _table(1, (60, 80, 40), noise=1.0)
    compared = compare_with(table, baseline, plan=PLAN)  # there a constant counts: it has an area of a half
    difference = compared[(compared["measure"] == "auc_difference") & (compared["cohort_id"] == POOLED)].iloc[0]
    assert difference["k"] == 3


def test_a_model_beats_a_baseline_only_where_the_lower_limit_is_above_zero() -> None:
    model, worse = _table(2, (150, 150, 150)), _table(2, (150, 150, 150), noise=3.0)
    found = compare_with(model, worse, plan=PLAN)
    assert tell_verdict(found, baseline="noise", scheme="out_of_cohort") == "beats noise out of cohort"
    assert found[found["cohort_id"] == POOLED]["ci_low"].iloc[0] > 0.0
    back = compare_with(worse, model, plan=PLAN)
    assert tell_verdict(back, baseline="truth", scheme="out_of_cohort") == "does not beat truth out of cohort"
    same = compare_with(model, model, plan=PLAN)
    assert tell_verdict(same, baseline="itself", scheme="out_of_fold") == "cannot be compared with itself out of fold"


def test_one_cohort_alone_beats_nothing_out_of_cohort() -> None:
    table = pd.DataFrame({"cohort_id": [POOLED], "ci_low": [0.2], "k": [1]})
    told = tell_verdict(table, baseline="TMB", scheme="out_of_cohort")
    assert told == "does not beat TMB out of cohort (one cohort alone can be compared)"
    assert (
        tell_verdict(table, baseline="TMB", scheme="out_of_fold")
        == "beats TMB out of fold (predictions taken as given)"
    )


def test_patients_without_either_prediction_are_not_compared() -> None:
    model, other = _table(3, (50, 50)), _table(3, (50, 50), noise=1.0).iloc[:70]
    found = compare_with(model, other, plan=PLAN).set_index("cohort_id")
    assert list(found["n"][["c0", "c1"]]) == [50, 20]


def test_rows_without_times_are_a_response() -> None:
    assert judged_rows(_table(1, (5,)), PLAN).time is None
