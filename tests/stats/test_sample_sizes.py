from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tmescope.foundation.errors import InputError
from tmescope.stats.power import events_of_hazard_ratio
from tmescope.stats.power_designs import (
    FollowUp,
    InteractionDesign,
    ResponseDesign,
    SurvivalDesign,
    fewest_patients,
    plan_power,
)
from tmescope.stats.sample_sizes import detectable_ratio, find_sample_size, sample_size

WATCHED = FollowUp(median_months=12, accrual_months=18, follow_up_months=12, dropout_per_year=0.05)
DESIGNS = [
    ResponseDesign(rate=0.3, ratio=1.6),
    ResponseDesign(rate=0.3, ratio=2.5, share=0.4),
    SurvivalDesign(ratio=0.7, follow_up=WATCHED),
    SurvivalDesign(ratio=1.7, follow_up=WATCHED, share=0.4),
    InteractionDesign(rate=0.3, ratio=2.0, treated=0.67),
    InteractionDesign(follow_up=WATCHED, ratio=0.5, share=0.4),
]


@pytest.mark.parametrize("design", DESIGNS)
def test_one_patient_fewer_is_too_few_and_the_effect_comes_back(design) -> None:
    needed = sample_size(design, power=0.8)
    assert needed.power >= 0.8 > plan_power(needed.n - 1, design).power
    assert sample_size(design, power=0.9).n > needed.n
    ratio = detectable_ratio(needed.n, design, power=needed.power)
    assert ratio == pytest.approx(design.ratio, rel=1e-6)
    assert plan_power(needed.n, replace(design, ratio=ratio)).power == pytest.approx(needed.power, abs=1e-9)


def test_the_example_of_latouche_needs_139_patients() -> None:
    # Latouche, Porcher and Chevret 2004, section 5.2: HR 2, 39% exposed, 50.5% with the event, correlation 0.132
    events = events_of_hazard_ratio(2.0, variance=0.39 * 0.61 * (1 - 0.132**2))
    assert events == 70
    assert int(np.ceil(events / 0.505)) == 139


def test_what_cannot_be_found_is_said() -> None:
    assert np.isnan(detectable_ratio(20, InteractionDesign(rate=0.05, ratio=2.0, share=0.1)))
    with pytest.raises(InputError, match="more than 10000000"):
        sample_size(ResponseDesign(rate=0.3, ratio=1.0001))
    assert find_sample_size(ResponseDesign(rate=0.3, ratio=1.0001)) is None
    assert find_sample_size(DESIGNS[0]) == sample_size(DESIGNS[0])
    with pytest.raises(InputError, match="wanted power is 80"):
        sample_size(DESIGNS[0], power=80)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.14, 0.86, 0.97])
def test_a_small_share_needs_patients_in_both_groups(share) -> None:
    for design in (
        ResponseDesign(rate=0.3, ratio=2.5, share=share),
        SurvivalDesign(ratio=50.0, follow_up=WATCHED, share=share),
        InteractionDesign(rate=0.3, ratio=20.0, share=share, treated=0.1),
    ):
        needed = sample_size(design)
        assert needed.power >= 0.8
        assert min(round(needed.n * share), needed.n - round(needed.n * share)) >= 2
        smallest = needed.n == max(10, fewest_patients(design))
        assert smallest or plan_power(needed.n - 1, design).power < 0.8
