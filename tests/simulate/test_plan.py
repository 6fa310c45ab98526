from __future__ import annotations

import dataclasses

import pytest

from tmescope.foundation.errors import InputError, ScaleError, UnknownNameError
from tmescope.simulate.plan import CANONICAL_COLUMNS, CohortPlan, Effects, StudyPlan, demo_plan


def test_the_demo_has_three_cohorts_whose_files_differ() -> None:
    plan = demo_plan()
    assert len(plan.cohorts) == 3
    for attribute in ("n_patients", "scale", "cancer_type", "event_words"):
        assert len({getattr(c, attribute) for c in plan.cohorts}) == 3, attribute
    assert {c.response_words for c in plan.cohorts} == {"recist", "source-defined"}
    assert {c.time_unit for c in plan.cohorts} == {"days", "months"}
    assert sum(c.n_previous_symbols > 0 for c in plan.cohorts) == 1


def test_columns_keep_their_name_unless_told() -> None:
    cohort = CohortPlan(cohort_id="a", prefix="A", n_patients=20, columns={"tmb": "TMB"})
    assert [cohort.column(name) for name in CANONICAL_COLUMNS].count("TMB") == 1
    assert cohort.column("sex") == "sex"


@pytest.mark.parametrize(
    "change",
    [
        {"n_patients": 9},
        {"n_on_treatment": 21},
        {"response_rate": 1.0},
        {"mutation_rate": 1.1},
        {"median_months": 0.0},
        {"n_only_in_table": 20},
        {"n_previous_symbols": -1},
    ],
)
def test_numbers_out_of_range_are_refused_by_name(change: dict[str, float]) -> None:
    good = CohortPlan(cohort_id="a", prefix="A", n_patients=20)
    (name,) = change
    with pytest.raises(InputError, match=name) as caught:
        dataclasses.replace(good, **change)
    assert "cohort a" in str(caught.value)


def test_a_scale_that_is_not_tpm_is_refused() -> None:
    with pytest.raises(InputError, match="counts"):
        CohortPlan(cohort_id="a", prefix="A", n_patients=20, scale="counts")
    with pytest.raises(ScaleError):
        CohortPlan(cohort_id="a", prefix="A", n_patients=20, scale="log3(tpm)")


def test_an_unknown_column_is_refused_with_a_guess() -> None:
    with pytest.raises(UnknownNameError, match="os_tme"):
        CohortPlan(cohort_id="a", prefix="A", n_patients=20, columns={"os_tme": "OS"})


def test_ratios_are_above_zero() -> None:
    with pytest.raises(InputError, match="odds_ratio_tgfb"):
        Effects(odds_ratio_tgfb=0.0)


def test_cohorts_of_a_study_have_names_of_their_own() -> None:
    a = CohortPlan(cohort_id="a", prefix="A", n_patients=20)
    for cohorts in ((), (a, a), (a, dataclasses.replace(a, cohort_id="b"))):
        with pytest.raises(InputError, match="the cohorts have the"):
            StudyPlan(cohorts=cohorts)
    with pytest.raises(InputError, match="purity_effect"):
        StudyPlan(cohorts=(a,), purity_effect=2.0)
    with pytest.raises(InputError, match="n_background_genes"):
        StudyPlan(cohorts=(a,), n_background_genes=10)
