from __future__ import annotations

import numpy as np
from tests.associate.planted import planted

from tmescope.associate.prediction_models import LearningPlan, learn_model
from tmescope.associate.prediction_optimism import APPARENT, CORRECTED, OptimismPlan, correct_optimism

PLAN = LearningPlan(l1_ratios=(0.0,), n_strengths=5)


def _auc(seed: int, effect: float) -> dict[str, float]:
    data = planted(seed, (40, 40), effect=effect)
    found = correct_optimism(data, learn_model(data, PLAN), learning=PLAN, plan=OptimismPlan(n_bootstraps=12))
    rows = found[found["measure"] == "auc"].set_index("scheme")["estimate"]
    return {name: float(rows[name]) for name in (APPARENT, CORRECTED)}


def test_the_apparent_auc_of_noise_flatters_and_the_correction_takes_it_off() -> None:
    found = _auc(3, 0.0)
    assert found[APPARENT] > 0.58
    assert found[CORRECTED] < found[APPARENT] - 0.04


def test_a_true_signal_survives_the_correction() -> None:
    assert _auc(3, 2.0)[CORRECTED] > 0.75


def test_no_bootstrap_gives_the_apparent_measures_alone_and_the_same_seed_the_same() -> None:
    data = planted(3, (40,))
    model = learn_model(data, PLAN)
    none = correct_optimism(data, model, learning=PLAN, plan=OptimismPlan(n_bootstraps=0))
    assert set(none["scheme"]) == {APPARENT}
    one, two = (correct_optimism(data, model, learning=PLAN, plan=OptimismPlan(n_bootstraps=3)) for _ in range(2))
    assert one.equals(two)
    assert np.isfinite(one["estimate"]).all()
