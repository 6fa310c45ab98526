from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.associate.cut_cohorts import response_cohort, survival_cohort

from tmescope.associate.cutpoints import CutPointPlan, associate_cutpoints
from tmescope.associate.features import Feature
from tmescope.associate.frozen_cutoffs import FrozenCutoff, assign_groups, carry_cutoff, freeze_cutoff, give_cutoff
from tmescope.foundation.errors import InputError
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.cutpoints import CutSearch

UNIT = "z-score"


def _frozen(effect: float = 1.2) -> FrozenCutoff:
    feature, outcome = survival_cohort(160, effect=effect)
    plan = CutPointPlan(search=CutSearch(n_permutations=300))
    found = associate_cutpoints([feature], outcome, cohort_id="first", endpoint="OS", plan=plan)
    return freeze_cutoff(found.answers, found.cuts, feature="CD8", source="mean_z", unit=UNIT)


def test_everything_about_the_choice_is_kept() -> None:
    frozen = _frozen()
    assert (frozen.cohort_id, frozen.endpoint, frozen.n, frozen.direction) == ("first", "OS", 160, 1)
    assert frozen.n_low + frozen.n_high == 160
    assert frozen.p_naive < frozen.p_lau94 < 0.05
    assert "permutation" in frozen.chosen_by


def test_the_effect_elsewhere_is_that_of_the_frozen_cut() -> None:
    frozen = _frozen()
    feature, outcome = survival_cohort(200, seed=9)
    feature.values.iloc[:5] = np.nan
    answers, warnings = carry_cutoff(frozen, feature, outcome, unit=UNIT, cohort_id="second", endpoint="OS")
    row = answers.iloc[0]
    values = feature.values
    high = (values > frozen.cut).astype(float).where(values.notna())
    expected = hazard_ratio_of_group(outcome["time_months"], outcome["event"], high)
    assert row["effect"] == pytest.approx(expected.hazard_ratio)
    assert row["p_value"] == pytest.approx(expected.p_value)
    assert row["effect_name"] == "hazard_ratio_at_frozen_cut"
    assert (row["n"], row["left_out"]) == (195, "5 without value")
    assert "frozen on first" in row["checks"]
    assert "Lausen-Schumacher 1994" in row["checks"]
    assert warnings == ()


def test_the_cohort_that_chose_is_refused() -> None:
    feature, outcome = survival_cohort(160)
    with pytest.raises(InputError, match="cohort first chose this cut-off"):
        carry_cutoff(_frozen(), feature, outcome, unit=UNIT, cohort_id="first", endpoint="OS")


@pytest.mark.parametrize(
    ("name", "source", "unit"), [("CD4", "mean_z", UNIT), ("CD8", "gsva", UNIT), ("CD8", "mean_z", "log2")]
)
def test_another_feature_source_or_unit_is_refused(name: str, source: str, unit: str) -> None:
    other = Feature(name, source, pd.Series([1.0], index=["a"]))
    with pytest.raises(InputError, match="the cut-off is one of CD8 / mean_z / z-score"):
        assign_groups(_frozen(), other, unit=unit)


def test_groups_leave_missing_values_missing_and_the_cut_is_low() -> None:
    frozen = replace(_frozen(), cut=2.0)
    feature = Feature("CD8", "mean_z", pd.Series([1.0, 2.0, 2.5, np.nan], index=list("abcd")))
    assert assign_groups(frozen, feature, unit=UNIT).to_list()[:3] == [0.0, 0.0, 1.0]
    assert np.isnan(assign_groups(frozen, feature, unit=UNIT)["d"])


def test_the_other_direction_another_endpoint_and_one_side_are_told() -> None:
    frozen = _frozen()
    feature, outcome = survival_cohort(200, effect=-1.5, seed=4)
    _, warnings = carry_cutoff(frozen, feature, outcome, unit=UNIT, cohort_id="second", endpoint="PFS")
    assert [w.code for w in warnings] == ["cutpoints.other_endpoint", "cutpoints.other_direction"]
    far = replace(frozen, cut=50.0)
    answers, warnings = carry_cutoff(far, feature, outcome, unit=UNIT, cohort_id="second", endpoint="OS")
    assert answers["method"].item() == "not estimated (one_group)"
    assert np.isnan(answers["effect"].item())
    assert warnings[-1].code == "cutpoints.not_estimated"


def test_a_cut_from_a_paper_can_be_carried_everywhere() -> None:
    feature, response = response_cohort(200)
    given = give_cutoff(feature, 0.3, unit=UNIT, chosen_by="stated in a protocol", cohort_id="")
    assert (given.direction, given.endpoint) == (0, "")
    assert np.isnan(given.p_naive)
    answers, _ = carry_cutoff(given, feature, response, unit=UNIT, cohort_id="here", endpoint="response")
    assert answers["effect_name"].item() == "odds_ratio_at_frozen_cut"
    assert answers["ci_low"].item() > 1
    assert "no cohort: stated in a protocol" in answers["checks"].item()


def test_what_cannot_be_frozen_is_refused() -> None:
    feature, outcome = survival_cohort()
    flat = Feature("flat", "mean_z", pd.Series(1.0, index=outcome.index))
    found = associate_cutpoints([flat], outcome, cohort_id="c", endpoint="OS")
    with pytest.raises(InputError, match="cut-off of flat is nan"):
        freeze_cutoff(found.answers, found.cuts, feature="flat", source="mean_z", unit=UNIT)
    with pytest.raises(InputError, match=r"CD8 .* has 0 rows in the cuts"):
        freeze_cutoff(found.answers, found.cuts, feature="CD8", source="mean_z", unit=UNIT)
    with pytest.raises(InputError, match="nothing is said"):
        give_cutoff(feature, 1.0, unit=UNIT, chosen_by=" ", cohort_id="")
    with pytest.raises(InputError, match="direction is 2"):
        replace(_frozen(), direction=2)
