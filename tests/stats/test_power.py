from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from tmescope.foundation.errors import InputError
from tmescope.stats import power
from tmescope.stats.survival import log_rank


@pytest.mark.parametrize(("p1", "p2", "n"), [(0.2, 0.5, 40), (0.3, 0.45, 150), (0.1, 0.1001, 200)])
def test_two_proportions_by_formula_and_by_simulation(p1: float, p2: float, n: int) -> None:
    formula = power.power_of_two_proportions(n, n, p1=p1, p2=p2)
    simulated = power.simulate_power_of_two_proportions(n, n, p1=p1, p2=p2, rng=np.random.default_rng(1), n_runs=20_000)
    # the formula neglects the far tail (at most alpha / 2) and the lattice of counts
    assert simulated.power == pytest.approx(formula.power, abs=4 * simulated.std_error + 0.03)
    if p2 == 0.45:
        assert simulated.power == pytest.approx(formula.power, abs=4 * simulated.std_error + 0.005)


@pytest.mark.parametrize(("n", "ratio"), [(150, 1.6), (300, 1.4)])
def test_logistic_by_formula_and_by_simulation(n: int, ratio: float) -> None:
    formula = power.power_of_odds_ratio_per_sd(n, rate=0.3, odds_ratio=ratio)
    simulated = power.simulate_power_of_odds_ratio_per_sd(
        n, rate=0.3, odds_ratio=ratio, rng=np.random.default_rng(2), n_runs=1000
    )
    assert simulated.power == pytest.approx(formula.power, abs=3.5 * simulated.std_error + 0.01)
    z = abs(np.log(ratio)) * np.sqrt(n * 0.21)  # Hsieh: close for small effects
    if ratio < 1.5:
        assert NormalIndPower().power(z / np.sqrt(n), n, 0.05, ratio=0, alternative="two-sided") == pytest.approx(
            formula.power, abs=0.03
        )


def test_events_and_power_are_inverse_and_trials_agree() -> None:
    events = power.events_of_hazard_ratio(0.6)
    assert events == int(np.ceil((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) ** 2 * 4 / np.log(0.6) ** 2))
    assert power.power_of_hazard_ratio(events, hazard_ratio=0.6).power == pytest.approx(0.8, abs=0.01)
    assert power.power_of_hazard_ratio(4 * events, hazard_ratio=0.6, interaction_share=0.5).power == pytest.approx(
        0.8, abs=0.01
    )
    assert power.events_of_hazard_ratio(0.6, rule="freedman") == int(np.ceil(7.848879734349088 * 16))
    assert power.events_of_hazard_ratio(1.5, variance=1.0) < power.events_of_hazard_ratio(1.5)
    rng = np.random.default_rng(3)
    group = np.repeat([0, 1], events // 2)
    rejected = [
        log_rank(rng.exponential(np.where(group == 1, 1 / 0.6, 1.0)), np.ones(group.size), group).p_value < 0.05
        for _ in range(600)
    ]
    assert np.mean(rejected) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 600) + 0.01)


def test_senseless_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        power.power_of_two_proportions(20, 20, p1=20, p2=0.3)
    with pytest.raises(InputError, match="2 or more"):
        power.power_of_two_proportions(1, 20, p1=0.2, p2=0.3)
    with pytest.raises(InputError, match="not 1"):
        power.events_of_hazard_ratio(1.0)
    with pytest.raises(InputError, match="freedman"):
        power.events_of_hazard_ratio(2.0, variance=1.0, rule="freedman")


def test_a_hazard_ratio_per_sd_by_formula_and_by_simulation() -> None:
    rng = np.random.default_rng(3)
    n, runs, ratio = 120, 400, 1.35
    found = 0
    for _ in range(runs):
        x = rng.normal(size=n)
        time = rng.exponential(1.0 / np.exp(np.log(ratio) * x))
        z = x - x.mean()
        # score test of a Cox model without ties or censoring
        order = np.argsort(time)
        zs = z[order]
        left = np.cumsum(np.ones(n))[::-1]
        mean = np.cumsum(zs[::-1])[::-1] / left
        spread = np.cumsum(zs[::-1] ** 2)[::-1] / left - mean**2
        found += abs((zs - mean).sum()) / np.sqrt(spread.sum()) > stats.norm.isf(0.025)
    expected = power.power_of_hazard_ratio_per_sd(n, hazard_ratio=ratio).power
    low, high = stats.binom.ppf([0.0005, 0.9995], runs, expected) / runs
    assert low - 0.03 <= found / runs <= high + 0.03  # the formula is that of small effects


def test_an_odds_ratio_of_groups_has_the_stated_rates_and_their_power() -> None:
    asked = power.power_of_odds_ratio_of_groups(200, rate=0.3, odds_ratio=2.0, share=0.4)
    # rates that solve both conditions, by a grid of their own
    low = np.linspace(0.01, 0.6, 200_001)
    high = 2.0 * low / (1.0 - low + 2.0 * low)
    at = int(np.argmin(np.abs(0.4 * high + 0.6 * low - 0.3)))
    again = power.power_of_two_proportions(80, 120, p1=float(high[at]), p2=float(low[at]))
    assert asked.power == pytest.approx(again.power, abs=1e-4)


@pytest.mark.parametrize("ratio", [1e40, 1e-40, float("nan"), float("inf"), 0.0, 1.0])
def test_ratios_that_no_formula_holds_for_are_refused(ratio) -> None:
    with pytest.raises(InputError, match="the ratio is") as caught:
        power.power_of_odds_ratio_of_groups(100, rate=0.3, odds_ratio=ratio)
    assert caught.value.next_step
