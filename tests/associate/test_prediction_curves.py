from __future__ import annotations

import numpy as np
import pytest
from tests.associate.planted import planted
from tests.associate.test_prediction_performance import _table

from tmescope.associate.prediction_curves import at_horizon, trace_curves
from tmescope.associate.prediction_measures import Judged
from tmescope.associate.prediction_performance import JudgePlan
from tmescope.stats.roc import auc


def test_the_area_under_the_traced_curve_is_the_auc_and_ends_are_corners() -> None:
    table = _table(1, (60, 80)).assign(predictor="model")
    curves = trace_curves(table, plan=JudgePlan())
    for cohort, part in table.groupby("cohort_id"):
        roc = curves[(curves["curve"] == "roc") & (curves["cohort_id"] == cohort)]
        assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(auc(part["linear"], part["observed"]).auc)
        assert tuple(roc.iloc[0][["x", "y"]]) == (0.0, 0.0)
        assert tuple(roc.iloc[-1][["x", "y"]]) == (1.0, 1.0)
    assert not len(curves[(curves["curve"] == "roc") & (curves["cohort_id"] == "")])


def test_calibration_groups_hold_everybody_and_decisions_stand_beside_treating_all() -> None:
    table = _table(1, (60, 80)).assign(predictor="model")
    curves = trace_curves(table, plan=JudgePlan())
    groups = curves[(curves["curve"] == "calibration") & (curves["cohort_id"] == "")]
    assert len(groups) == 5
    assert ((groups["low"] <= groups["y"]) & (groups["y"] <= groups["high"])).all()
    assert {"decision", "treat_all"} <= set(curves["curve"])


def test_who_is_censored_before_the_horizon_has_no_known_state() -> None:
    data = planted(4, (100,), survival=True)
    judged = Judged(data.values["score:f0"].to_numpy(), np.full(100, 0.5), data.happened, data.time, 6.0)
    found = at_horizon(judged)
    unknown = (data.happened == 0.0) & (data.time < 6.0)
    assert found.observed.size == 100 - unknown.sum()
    assert found.observed.sum() == ((data.happened == 1.0) & (data.time <= 6.0)).sum()
    timed = _table(1, (60, 80)).assign(predictor="model", time_months=np.linspace(0.5, 20, 140))
    curves = trace_curves(timed, plan=JudgePlan(horizon_months=6.0))
    assert {"roc", "calibration", "decision"} <= set(curves["curve"])
