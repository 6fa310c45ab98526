from __future__ import annotations

import numpy as np
import pytest
from tests.associate import locked

from tmescope.associate.biomarker_effects import estimate_effect
from tmescope.associate.biomarker_locking import score_locked
from tmescope.foundation.errors import InputError
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.logistic import odds_ratio_per_sd


@pytest.mark.simulation
def test_a_continuous_score_counts_per_training_sd():
    adata, outcome = locked.cohort(2)
    lock = locked.lock()
    scores = score_locked(lock, adata)
    found = estimate_effect(lock, scores, outcome)
    positive = (outcome["response"] == "responder").astype(float).where(outcome["response"].notna())
    own = odds_ratio_per_sd(scores, positive)
    assert np.log(found.effect) == pytest.approx(own.log_odds_ratio / own.sd * lock.sd, rel=1e-8)
    assert (found.n, found.left_out) == (148, "2 without endpoint")


@pytest.mark.simulation
def test_a_cut_off_makes_two_groups_and_a_time_to_event_a_hazard_ratio():
    adata, outcome = locked.cohort(2)
    lock = locked.lock(cut_off="median", kind="time_to_event", endpoint="os", rule={}, direction="lower")
    scores = score_locked(lock, adata)
    found = estimate_effect(lock, scores, outcome)
    own = hazard_ratio_of_group(outcome["time_months"], outcome["event"], scores > lock.cut_off)
    assert found.effect == pytest.approx(own.hazard_ratio, rel=1e-8)
    assert found.p_value == pytest.approx(own.p_value, rel=1e-7)


@pytest.mark.simulation
def test_covariates_of_the_plan_must_be_there():
    adata, outcome = locked.cohort(2)
    lock = locked.lock(adjusted_for=("tmb",))
    scores = score_locked(lock, adata)
    assert estimate_effect(lock, scores, outcome).n == 148
    with pytest.raises(InputError, match="tmb"):
        estimate_effect(lock, scores, outcome.drop(columns="tmb"))
