from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from tests.associate.planted import planted

from tmescope.associate.prediction_measures import Judged, measure_difference, measure_predictions
from tmescope.stats.decision_curve import measure_net_benefit


def _truth(seed: int, n: int = 4000) -> Judged:
    rng = np.random.default_rng(seed)
    linear = rng.normal(size=n)
    return Judged(linear, special.expit(linear), (rng.random(n) < special.expit(linear)).astype(float))


def test_true_chances_have_slope_one_and_are_right_in_the_large() -> None:
    judged = _truth(1)
    found = {m.measure: m for m in measure_predictions(judged, threshold=0.3)}
    assert found["calibration_slope"].ci_low < 1.0 < found["calibration_slope"].ci_high
    assert abs(found["calibration_in_the_large"].estimate) < 0.15
    assert found["brier"].estimate == pytest.approx(((judged.chance - judged.observed) ** 2).mean())
    benefit = measure_net_benefit(judged.chance, judged.observed, [0.3]).net_benefit[0]
    assert found["net_benefit"].estimate == pytest.approx(benefit)
    assert found["net_benefit"].ci_low < benefit < found["net_benefit"].ci_high


def test_chances_that_are_too_extreme_have_a_slope_below_one() -> None:
    judged = _truth(2)
    wild = Judged(2.0 * judged.linear + 1.0, special.expit(2.0 * judged.linear + 1.0), judged.observed)
    found = {m.measure: m for m in measure_predictions(wild, threshold=0.3)}
    assert found["calibration_slope"].estimate == pytest.approx(0.5, abs=0.08)
    assert found["calibration_in_the_large"].ci_high < 0.0


def test_one_class_and_nobody_have_reasons_and_no_numbers() -> None:
    judged = _truth(3, 30)
    for other in (Judged(judged.linear, judged.chance, np.ones(30)), Judged(*(np.full(30, np.nan) for _ in range(3)))):
        found = {m.measure: m for m in measure_predictions(other, threshold=0.3)}
        assert np.isnan(found["auc"].estimate)
        assert found["auc"].reason in {"one_class", "empty"}
        assert np.isnan(found["calibration_slope"].estimate)
        assert found["calibration_slope"].reason


def test_survival_is_judged_at_the_horizon() -> None:
    data = planted(4, (400,), survival=True)
    linear = 1.5 * data.values["score:f0"].to_numpy()
    chance = -np.expm1(-0.1 * 8.0 * np.exp(linear))
    judged = Judged(linear, chance, data.happened, data.time, 8.0)
    found = {m.measure: m for m in measure_predictions(judged, threshold=0.3)}
    assert found["c_index"].estimate > 0.75
    assert found["c_index"].method.endswith("over all follow-up")
    assert found["c_index_to_horizon"].estimate > 0.75
    assert found["c_index_to_horizon"].method == "Uno's concordance before 8; normal interval"
    assert found["c_index_to_horizon"].n_events == int((data.happened * (data.time < 8.0)).sum())
    assert found["c_index_to_horizon"].n_events < found["c_index"].n_events
    alike = Judged(linear, chance, data.happened * (data.time < 8.0), np.minimum(data.time, 8.0), 8.0)
    assert {m.measure: m for m in measure_predictions(alike, threshold=0.3)}["c_index_to_horizon"].estimate == (
        found["c_index_to_horizon"].estimate
    )  # what comes after the horizon does not matter
    without = Judged(linear, chance, data.happened, data.time)
    assert "c_index_to_horizon" not in {m.measure for m in measure_predictions(without, threshold=0.3)}
    assert found["calibration_slope"].ci_low < 1.0 < found["calibration_slope"].ci_high
    assert found["calibration_in_the_large"].ci_low < 0.0 < found["calibration_in_the_large"].ci_high
    assert 0.0 < found["brier"].estimate < 0.2
    assert found["net_benefit"].estimate > 0.1


def test_a_difference_is_measured_in_patients_with_both_predictions() -> None:
    judged = _truth(5, 200)
    other = np.where(np.arange(200) < 50, np.nan, -judged.linear)
    found = measure_difference(judged, other)
    assert (found.measure, found.n) == ("auc_difference", 150)
    assert found.ci_low > 0.0
    data = planted(4, (200,), survival=True)
    ranked = data.values["score:f0"].to_numpy()
    survival = measure_difference(Judged(ranked, ranked * 0 + 0.5, data.happened, data.time, 8.0), -ranked)
    assert survival.measure == "c_index_difference"
    assert survival.ci_low > 0.0
