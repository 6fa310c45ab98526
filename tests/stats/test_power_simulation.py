from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.power_designs import FollowUp, InteractionDesign, ResponseDesign, SurvivalDesign, plan_power
from tmescope.stats.power_simulation import simulate_design

WATCHED = FollowUp(median_months=12, accrual_months=12, follow_up_months=12, dropout_per_year=0.05)
RUNS = 500


@pytest.mark.parametrize(
    ("design", "n"),
    [
        (ResponseDesign(rate=0.3, ratio=1.6), 150),
        (ResponseDesign(rate=0.3, ratio=2.5, share=0.4), 150),
        (SurvivalDesign(ratio=1.35, follow_up=WATCHED), 150),
        (SurvivalDesign(ratio=1.7, follow_up=WATCHED, share=0.4), 150),
        (InteractionDesign(rate=0.3, ratio=1.6), 300),
        (InteractionDesign(rate=0.3, ratio=4.0, share=0.4, treated=0.67), 200),
        (InteractionDesign(follow_up=WATCHED, ratio=0.65), 150),
        (InteractionDesign(follow_up=WATCHED, ratio=0.4, share=0.4, treated=0.67), 150),
    ],
)
def test_formula_and_trials_agree(design, n) -> None:
    formula = plan_power(n, design)
    seen = simulate_design(n, design, rng=np.random.default_rng(1), n_runs=RUNS)
    low, high = stats.binom.interval(0.999, RUNS, formula.power)
    assert low <= seen.n_rejected <= high
    assert seen.n_events == pytest.approx(formula.n_events, rel=0.02)
    assert seen.ci_low < seen.power < seen.ci_high


def test_a_strong_interaction_per_sd_has_the_power_that_is_documented() -> None:
    # 63% by the formula of Wald's test; 67% in 2,000 trials with another seed
    seen = simulate_design(150, InteractionDesign(rate=0.3, ratio=2.5), rng=np.random.default_rng(1), n_runs=RUNS)
    low, high = stats.binom.interval(0.999, RUNS, 0.67)
    assert low <= seen.n_rejected <= high


def test_trials_without_an_estimate_count_and_do_not_reject() -> None:
    seen = simulate_design(6, ResponseDesign(rate=0.1, ratio=2.0), rng=np.random.default_rng(1), n_runs=50)
    assert seen.n_without > 20
    assert seen.n_rejected + seen.n_without <= 50
    assert (seen.power == 0.0) == (seen.ci_low == 0.0)


def test_the_same_seed_gives_the_same_trials_and_no_run_is_refused() -> None:
    design = SurvivalDesign(ratio=1.5, follow_up=WATCHED)
    one, two = (simulate_design(40, design, rng=np.random.default_rng(3), n_runs=20) for _ in range(2))
    assert one == two
    with pytest.raises(InputError, match="0 runs"):
        simulate_design(40, design, rng=np.random.default_rng(3), n_runs=0)
