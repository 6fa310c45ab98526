from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special

from tmescope.foundation.errors import InputError
from tmescope.stats.power import power_of_hazard_ratio, power_of_odds_ratio_per_sd
from tmescope.stats.power_designs import (
    FollowUp,
    InteractionDesign,
    ResponseDesign,
    SurvivalDesign,
    fewest_patients,
    plan_power,
    response_intercept,
)

WATCHED = FollowUp(median_months=12, accrual_months=18, follow_up_months=6, dropout_per_year=0.1)


@pytest.mark.parametrize("accrual", [0.0, 18.0])
def test_the_chance_of_an_event_is_the_integral_of_its_definition(accrual: float) -> None:
    watched = FollowUp(median_months=12, accrual_months=accrual, follow_up_months=6, dropout_per_year=0.1)
    hazard, lost = 1.5 * np.log(2) / 12, -np.log(0.9) / 12

    def within(end: float) -> float:
        return integrate.quad(lambda t: hazard * np.exp(-(hazard + lost) * t), 0, end)[0]

    wanted = integrate.quad(lambda u: within(6 + u) / accrual, 0, accrual)[0] if accrual else within(6)
    assert watched.chance_of_event(np.array([1.5]))[0] == pytest.approx(wanted, rel=1e-9)


def test_survival_is_schoenfeld_at_the_expected_events() -> None:
    found = plan_power(200, SurvivalDesign(ratio=1.7, follow_up=WATCHED, share=0.4))
    rates = WATCHED.chance_of_event(np.array([1.0, 1.7]))
    assert found.n_events == pytest.approx(200 * (0.6 * rates[0] + 0.4 * rates[1]))
    near = power_of_hazard_ratio(round(found.n_events), hazard_ratio=1.7, share=0.4).power
    assert found.power == pytest.approx(near, abs=0.005)


def test_a_response_is_the_formula_of_its_feature() -> None:
    found = plan_power(150, ResponseDesign(rate=0.3, ratio=1.6))
    assert found.power == power_of_odds_ratio_per_sd(150, rate=0.3, odds_ratio=1.6).power
    assert found.n_events == pytest.approx(45.0)


def test_an_interaction_of_two_levels_is_that_of_its_four_cells() -> None:
    from scipy import special, stats

    design = InteractionDesign(rate=0.3, ratio=4.0, treatment_ratio=1.2, feature_ratio=0.8, treated=0.67, share=0.4)
    cells = 200 * np.outer([0.33, 0.67], [0.6, 0.4])
    odds = 0.3 / 0.7 * np.array([[1.0, 0.8], [1.2, 1.2 * 0.8 * 4.0]])
    p = odds / (1 + odds)
    error = np.sqrt((1 / (cells * p * (1 - p))).sum())
    assert plan_power(200, design).power == pytest.approx(stats.norm.cdf(np.log(4) / error - stats.norm.isf(0.025)))
    assert plan_power(200, design).n_events == pytest.approx((cells * p).sum())
    survival = InteractionDesign(follow_up=WATCHED, ratio=0.4, share=0.4)
    ratios = np.array([[1.0, 1.0], [1.0, 0.4]])
    events = 200 * np.outer([0.5, 0.5], [0.6, 0.4]) * WATCHED.chance_of_event(ratios)
    z = -np.log(0.4) / np.sqrt((1 / events).sum()) - stats.norm.isf(0.025)
    assert plan_power(200, survival).power == pytest.approx(float(special.ndtr(z)))


def test_a_continuous_interaction_is_the_information_of_a_large_sample() -> None:
    from scipy import special, stats

    rng = np.random.default_rng(5)
    n = 400_000
    x, t = rng.normal(size=n), np.repeat([0.0, 1.0], n // 2)
    p = special.expit(special.logit(0.3) + t * x * np.log(1.8))
    terms = np.column_stack([np.ones(n), t, x, t * x])
    variance = np.linalg.inv(terms.T @ (terms * (p * (1 - p))[:, None]))[3, 3] * n / 300
    wanted = stats.norm.cdf(np.log(1.8) / np.sqrt(variance) - stats.norm.isf(0.025))
    assert plan_power(300, InteractionDesign(rate=0.3, ratio=1.8)).power == pytest.approx(wanted, abs=0.005)


@pytest.mark.parametrize(
    ("design", "n", "said"),
    [
        (ResponseDesign(rate=30, ratio=2.0), 100, "rate is 30"),
        (ResponseDesign(rate=0.3, ratio=1.0), 100, "ratio is 1.0"),
        (SurvivalDesign(ratio=-2.0, follow_up=WATCHED), 100, "ratio is -2.0"),
        (InteractionDesign(rate=0.3, ratio=2.0, treated=1.0), 100, "treated is 1.0"),
        (ResponseDesign(rate=0.3, ratio=2.0), 3, "patients is 3"),
        (ResponseDesign(rate=0.3, ratio=2.0, share=0.1), 10, "share 0.1 of 10 patients: 1 in one group, 9"),
        (SurvivalDesign(ratio=2.0, follow_up=WATCHED, share=0.001), 100, "share 0.001 of 100 patients: 0 in one"),
        (InteractionDesign(rate=0.3, ratio=2.0, treated=0.99), 50, "treated 0.99 of 50 patients: 50 in one group, 0"),
    ],
)
def test_senseless_designs_are_refused(design, n, said) -> None:
    with pytest.raises(InputError, match=said):
        plan_power(n, design)


def test_senseless_times_are_refused() -> None:
    with pytest.raises(InputError, match="median 0"):
        FollowUp(median_months=0, accrual_months=1, follow_up_months=1)
    with pytest.raises(InputError, match="dropout per year is 5"):
        FollowUp(median_months=12, accrual_months=1, follow_up_months=1, dropout_per_year=5)
    with pytest.raises(InputError, match="either a response rate"):
        InteractionDesign(ratio=2.0)


def test_the_fewest_patients_put_two_into_each_group_and_arm() -> None:
    assert fewest_patients(ResponseDesign(rate=0.3, ratio=2.0)) == 4
    assert fewest_patients(SurvivalDesign(ratio=2.0, follow_up=WATCHED, share=0.86)) == 15
    design = InteractionDesign(rate=0.3, ratio=2.0, share=0.25, treated=0.1)
    assert fewest_patients(design) == 20
    assert plan_power(20, design).power < 1.0


def test_the_smallest_cell_is_that_of_the_design() -> None:
    # 15 of 300 with the feature, their odds 2.5 times the others'; the overall rate is 0.3
    design = ResponseDesign(rate=0.3, ratio=2.5, share=0.05)
    low = special.expit(response_intercept(design))
    high = 2.5 * low / (1 - low + 2.5 * low)
    assert 15 * high + 285 * low == pytest.approx(90)
    assert plan_power(300, design).n_in_cell == pytest.approx(15 * (1 - high))  # 50.4% of them respond
    assert plan_power(300, ResponseDesign(rate=0.7, ratio=2.5)).n_in_cell == pytest.approx(90)
    cells = [150 * 0.95 * 0.3, 150 * 0.95 * 0.3, 150 * 0.05 * 0.3, 150 * 0.05 * (1 - 2.4 / 0.7 / (1 + 2.4 / 0.7))]
    found = plan_power(300, InteractionDesign(rate=0.3, ratio=8, share=0.05))
    assert found.n_in_cell == pytest.approx(min(cells))
    timed = plan_power(100, SurvivalDesign(ratio=2.0, follow_up=WATCHED, share=0.1))
    assert timed.n_in_cell == pytest.approx(10 * float(WATCHED.chance_of_event(np.array(2.0))))
    even = plan_power(100, InteractionDesign(follow_up=WATCHED, ratio=1.0001))
    assert even.n_in_cell == pytest.approx(even.n_events / 2, rel=1e-3)
