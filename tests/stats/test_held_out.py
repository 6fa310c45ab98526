from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import InputError
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.cutpoints import CutSearch, cut_for_survival
from tmescope.stats.held_out import _halves, held_out_hazard_ratio, held_out_odds_ratio


def _cohort(n: int, effect: float, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    time = rng.exponential(size=n) / np.exp(effect * (x > 0))
    return x, np.minimum(time, 1.5), time <= 1.5


@pytest.mark.parametrize(("n_yes", "n_no"), [(10, 30), (11, 30), (11, 31), (1, 4), (0, 3)])
def test_halves_hold_equally_many_of_each(n_yes: int, n_no: int) -> None:
    stratum = np.concatenate([np.ones(n_yes), np.zeros(n_no)])
    chooses = _halves(stratum, np.random.default_rng(1))
    for level in (0.0, 1.0):
        sides = chooses[stratum == level]
        assert abs(int(sides.sum()) - int((~sides).sum())) <= 1
    assert abs(int(chooses.sum()) - int((~chooses).sum())) <= 1


def test_the_effect_is_that_of_the_others_at_the_cut_of_the_first() -> None:
    x, t, d = _cohort(200, 0.9)
    found = held_out_hazard_ratio(x, t, d, rng=np.random.default_rng(3))
    first = _halves(d.astype(float), np.random.default_rng(3))
    cut = cut_for_survival(x[first], t[first], d[first], search=CutSearch(n_permutations=0)).cut
    expected = hazard_ratio_of_group(t[~first], d[~first], x[~first] > cut)
    assert found.cut == cut
    assert found.effect == pytest.approx(expected.hazard_ratio)
    assert (found.ci_low, found.ci_high, found.p_value) == (expected.ci_low, expected.ci_high, expected.p_value)
    assert (found.n_choosing, found.n, found.n_low + found.n_high) == (100, 100, 100)
    assert found.n_events == expected.n_events
    assert found.method.startswith("cut chosen by half of the patients")


def test_what_the_held_out_half_lived_does_not_move_the_cut() -> None:
    x, t, d = _cohort(120, 0.5)
    first = _halves(d.astype(float), np.random.default_rng(4))
    other = t.copy()
    other[~first] = np.random.default_rng(5).permutation(t[~first])
    a, b = (held_out_hazard_ratio(x, time, d, rng=np.random.default_rng(4)) for time in (t, other))
    assert a.cut == b.cut
    assert a.effect != b.effect


def test_a_planted_effect_is_found_and_none_is_not_made_up() -> None:
    planted = held_out_hazard_ratio(*_cohort(800, 1.0), rng=np.random.default_rng(1))
    assert planted.ci_low < np.e < planted.ci_high
    assert planted.p_value < 1e-6
    rng = np.random.default_rng(2)
    logs = [held_out_hazard_ratio(*_cohort(100, 0.0, seed=i), rng=rng).log_effect for i in range(60)]
    naive = []
    for i in range(60):
        x, t, d = _cohort(100, 0.0, seed=i)
        cut = cut_for_survival(x, t, d, search=CutSearch(n_permutations=0, exact_gauss=False)).cut
        naive.append(abs(hazard_ratio_of_group(t, d, x > cut).log_hazard_ratio))
    assert abs(np.nanmedian(logs)) < 0.15
    assert np.nanmedian(naive) > 0.35


def test_odds_ratios_are_held_out_too() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=400)
    y = rng.random(400) < np.where(x > 0.3, 0.7, 0.3)
    found = held_out_odds_ratio(x, y, rng=rng)
    assert found.ci_low < (0.7 / 0.3) ** 2 < found.ci_high
    assert found.n + found.n_choosing == 400
    assert found.log_effect == pytest.approx(np.log(found.effect))


@pytest.mark.parametrize(
    ("x", "t", "d", "reason"),
    [
        ([1.0, 1, 1, 1], [1.0, 2, 3, 4], [1, 1, 1, 1], "choosing_constant"),
        ([1.0, 2, 3, 4], [1.0, 2, 3, 4], [0, 0, 0, 0], "choosing_no_events"),
        ([], [], [], "choosing_empty"),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(x, t, d, reason: str) -> None:
    found = held_out_hazard_ratio(x, t, d, rng=np.random.default_rng(0))
    assert found.reason == reason
    assert found.method == "not estimated"
    assert np.isnan([found.effect, found.log_effect, found.ci_low, found.ci_high, found.p_value, found.cut]).all()


def test_the_other_half_can_lack_an_estimate() -> None:
    x = np.arange(12.0)
    reasons = {
        held_out_hazard_ratio(x, 12.0 - x, np.ones(12), rng=np.random.default_rng(seed)).reason for seed in range(5)
    }
    assert reasons == {"monotone_likelihood"}


def test_confidence_is_checked() -> None:
    for function, outcome in ((held_out_odds_ratio, ([1, 0],)), (held_out_hazard_ratio, ([1.0, 2], [1, 0]))):
        with pytest.raises(InputError, match="confidence"):
            function([1.0, 2], *outcome, rng=np.random.default_rng(0), confidence=95)
