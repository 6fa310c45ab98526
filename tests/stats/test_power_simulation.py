from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

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


def test_separated_trials_are_tested_and_agree_with_the_tables_of_two_groups() -> None:
    # 15 of 300 with the feature: in half of the trials none of them responds, which Firth's test rejects (p about
    # 0.004); elsewhere Wald's test of a two by two table is known in closed form
    n, n_in, rate, ratio = 300, 15, 0.3, 0.1
    seen = simulate_design(
        n, ResponseDesign(rate=rate, ratio=ratio, share=n_in / n), rng=np.random.default_rng(1), n_runs=RUNS
    )
    low = optimize.brentq(lambda p: n_in * _with_odds(p, ratio) + (n - n_in) * p - n * rate, 0.1, 0.9)
    rng = np.random.default_rng(2)
    a, b = rng.binomial(n_in, _with_odds(low, ratio), 20_000), rng.binomial(n - n_in, low, 20_000)
    cells = np.stack([np.maximum(a, 0.5), n_in - a, b, n - n_in - b])
    z = (np.log(cells[0] / cells[1]) - np.log(cells[2] / cells[3])) / np.sqrt((1.0 / cells).sum(axis=0))
    expected = ((a == 0) | (np.abs(z) > stats.norm.isf(0.025))).mean()
    at_least, at_most = stats.binom.interval(0.999, RUNS, expected)
    assert expected > 0.5
    assert at_least <= seen.n_rejected <= at_most
    assert seen.n_without == 0


def _with_odds(p: float, ratio: float) -> float:
    return ratio * p / (1.0 - p + ratio * p)


@pytest.mark.parametrize(
    "design",
    [
        SurvivalDesign(ratio=0.02, follow_up=WATCHED, share=0.1),
        InteractionDesign(follow_up=WATCHED, ratio=0.02, share=0.2),
        InteractionDesign(rate=0.4, ratio=0.02, share=0.2),
    ],
)
def test_trials_whose_likelihood_has_no_maximum_are_tested(design) -> None:
    seen = simulate_design(150, design, rng=np.random.default_rng(1), n_runs=100)
    assert seen.n_without == 0
    assert seen.power > 0.5


def test_the_same_seed_gives_the_same_trials_and_no_run_is_refused() -> None:
    design = SurvivalDesign(ratio=1.5, follow_up=WATCHED)
    one, two = (simulate_design(40, design, rng=np.random.default_rng(3), n_runs=20) for _ in range(2))
    assert one == two
    with pytest.raises(InputError, match="0 runs"):
        simulate_design(40, design, rng=np.random.default_rng(3), n_runs=0)
