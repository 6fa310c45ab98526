from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.associate.planted import planted

from tmescope.associate.prediction import Baseline, PredictionOutcome, PredictionPlan, predict_outcome
from tmescope.associate.prediction_data import PredictionData
from tmescope.associate.prediction_models import LearningPlan
from tmescope.associate.prediction_performance import JudgePlan
from tmescope.associate.prediction_validation import ValidationPlan
from tmescope.foundation.errors import EndpointError, InputError, UnknownNameError

LEARNING = LearningPlan(l1_ratios=(0.5,), n_strengths=6)


def _plan(data: PredictionData, **changes: object) -> PredictionPlan:
    plan = PredictionPlan(
        model_id="m", endpoint="response", predictors=tuple(p.key for p in data.predictors),
        baselines=(Baseline("noise", ("score:f5",)),), validation=ValidationPlan(learning=LEARNING, n_repeats=2),
        n_bootstraps=0,
    )  # fmt: skip
    return replace(plan, **changes)  # type: ignore[arg-type]


def _pooled(outcome: PredictionOutcome, measure: str) -> dict[str, float]:
    rows = outcome.performance
    return (
        rows[(rows["measure"] == measure) & (rows["cohort_id"] == "") & (rows["scheme"] == "out_of_cohort")]
        .iloc[0]
        .to_dict()
    )


def test_a_planted_signal_is_found_out_of_cohort_and_beats_noise() -> None:
    data = planted(11, (120, 100, 90, 80))
    outcome = predict_outcome(data, _plan(data))
    assert _pooled(outcome, "auc")["ci_low"] > 0.65
    difference = _pooled(outcome, "auc_difference")
    assert difference["verdict"] == "beats noise out of cohort"
    assert difference["ci_low"] > 0.0
    assert set(outcome.predictions["predictor"]) == {"model", "noise"}
    assert (outcome.predictions.groupby("predictor").size() == data.n).all()
    final = outcome.coefficients[outcome.coefficients["left_out"] == ""].set_index("column")["coefficient"]
    assert final.abs().idxmax() == "f0"


def test_without_a_signal_the_interval_out_of_cohort_covers_one_half_and_nothing_is_beaten() -> None:
    data = planted(12, (80, 70, 60), effect=0.0)
    outcome = predict_outcome(data, _plan(data))
    area = _pooled(outcome, "auc")
    if np.isfinite(area["ci_low"]):
        assert area["ci_low"] < 0.5 < area["ci_high"]
    assert not outcome.performance["verdict"].str.startswith("beats").any()
    assert any(w.code == "model.not_better" for w in outcome.warnings)


def test_the_same_seed_gives_the_same_tables() -> None:
    data = planted(13, (50, 40), missing=0.2)
    one, two = (predict_outcome(data, _plan(data, n_bootstraps=2)) for _ in range(2))
    for name in ("predictions", "performance", "curves", "coefficients"):
        assert getattr(one, name).equals(getattr(two, name))


def test_small_and_one_sided_cohorts_are_kept_and_pointed_out() -> None:
    data = planted(14, (90, 80, 12))
    happened = data.happened.copy()
    happened[data.cohorts == "c2"] = 0.0
    outcome = predict_outcome(replace(data, happened=happened), _plan(data))
    codes = {w.code: w for w in outcome.warnings}
    assert codes["model.one_class"].where == "c2: response"
    rows = outcome.performance
    alone = rows[(rows["cohort_id"] == "c2") & (rows["measure"] == "auc") & (rows["predictor"] == "model")].iloc[0]
    assert np.isnan(alone["estimate"])
    assert "one_class" in alone["method"]
    assert (outcome.predictions["cohort_id"] == "c2").sum() == 24


def test_a_baseline_that_two_cohorts_do_not_have_cannot_be_compared() -> None:
    data = planted(15, (60, 50))
    values = data.values.copy()
    values.loc[data.cohorts == "c1", "score:f5"] = np.nan
    outcome = predict_outcome(replace(data, values=values), _plan(data))
    assert _pooled(outcome, "auc_difference")["verdict"] == "cannot be compared with noise out of cohort"


def test_survival_is_compared_by_concordance() -> None:
    data = planted(16, (90, 80), survival=True)
    learning = replace(LEARNING, horizon_months=8.0)
    plan = _plan(data, validation=ValidationPlan(learning=learning), judge=JudgePlan(horizon_months=8.0))
    outcome = predict_outcome(data, plan)
    assert _pooled(outcome, "c_index")["estimate"] > 0.7
    assert _pooled(outcome, "c_index_difference")["estimate"] > 0.1
    assert _pooled(outcome, "brier")["estimate"] < 0.25


def test_what_makes_no_sense_is_refused() -> None:
    data = planted(17, (40, 30))
    with pytest.raises(UnknownNameError, match="f9"):
        predict_outcome(data, _plan(data, predictors=("score:f9",)))
    with pytest.raises(EndpointError, match="all 70 patients together have 0"):
        predict_outcome(replace(data, happened=np.zeros(70)), _plan(data))
    with pytest.raises(EndpointError, match="needs a time"):
        predict_outcome(replace(data, time=np.ones(70)), _plan(data))
    alone = planted(17, (60,))
    with pytest.raises(InputError, match="within one cohort"):
        predict_outcome(alone, _plan(alone, within_cohort=True))
