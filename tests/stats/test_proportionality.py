from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stats.test_cox_model import CASES, fit_like

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.cox_model import CoxDesign, CoxOptions, fit_cox
from tmescope.stats.proportionality import TRANSFORMS, check_proportional_hazards


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("model", ["efron", "breslow", "strata", "weights", "entry", "entry_breslow"])
def test_golden_numbers_of_cox_zph(golden, case: str, transform: str, model: str) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_cox/expected_ph.tsv")[
        lambda d: (d["case"] == case) & (d["transform"] == transform) & (d["model"] == model)
    ]
    found = check_proportional_hazards(fit_like(data, model), transform=transform)
    tests = [*found.terms.values(), found.overall]
    if expected.empty:  # the likelihood has no maximum there, see test_cox_model.py
        assert found.reason == "monotone_likelihood"
        return
    np.testing.assert_allclose([t.statistic for t in tests], expected["chisq"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose([t.p_value for t in tests], expected["p"], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(TRANSFORMS))
def test_order_units_and_shape_of_the_matrix_do_not_matter(seed: int, transform: str) -> None:
    rng = np.random.default_rng(seed)
    x, time, event = rng.normal(size=(40, 2)), rng.integers(1, 20, 40).astype(float), rng.random(40) < 0.7
    order = rng.permutation(40)
    first = check_proportional_hazards(fit_cox(x, time, event), transform=transform)
    moved = check_proportional_hazards(
        fit_cox(3 * x[order] - 1, time[order] * (1 if transform == "log" else 7.0), event[order]), transform=transform
    )
    one_stratum = check_proportional_hazards(
        fit_cox(x, time, event, design=CoxDesign(strata=np.zeros(40))), transform=transform
    )
    for other in (moved, one_stratum):
        assert other.overall.statistic == pytest.approx(first.overall.statistic, rel=1e-6)
        assert [t.statistic for t in other.terms.values()] == pytest.approx(
            [t.statistic for t in first.terms.values()], rel=1e-6
        )


def test_crossing_hazards_are_found_and_constant_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0.0, 1.0], 200)
    crossing = np.where(group == 1, rng.weibull(3.0, 400), rng.weibull(0.7, 400))
    constant = rng.exponential(np.where(group == 1, 2.0, 1.0))
    assert check_proportional_hazards(fit_cox(group, crossing, np.ones(400))).overall.p_value < 1e-6
    assert check_proportional_hazards(fit_cox(group, constant, np.ones(400))).overall.p_value > 0.01


def test_columns_of_one_factor_are_one_term() -> None:
    rng = np.random.default_rng(3)
    x, time = rng.normal(size=(60, 3)), rng.exponential(size=60)
    x[:, 2] = x[:, 0] + x[:, 1]
    model = fit_cox(x, time, np.ones(60), options=CoxOptions(names=("a", "b", "c")))
    found = check_proportional_hazards(model, terms={"ab": ("a", "b"), "c": ("c",)})
    assert found.terms["ab"].df == 2
    assert found.terms["ab"].statistic == pytest.approx(found.overall.statistic)
    assert np.isnan(found.terms["c"].p_value)


def test_what_cannot_be_tested_says_so() -> None:
    none = check_proportional_hazards(fit_cox([1.0, 2.0], [1.0, 2.0], [0, 0]))
    assert (none.reason, none.method) == ("no_events", "not estimated")
    assert np.isnan(none.overall.p_value)
    tied = fit_cox([1.0, 2.0, 3.0, 1.5], [5.0, 5.0, 6.0, 6.0], [1, 1, 0, 0])
    assert check_proportional_hazards(tied).reason == (tied.reason or "one_event_time")


def test_arguments_are_checked() -> None:
    model = fit_cox([1.0, 0, 1, 0, 0], [0.0, 1, 2, 3, 4], [1, 1, 1, 1, 0])
    with pytest.raises(InputError, match="transform is 'sqrt'"):
        check_proportional_hazards(model, transform="sqrt")  # type: ignore[arg-type]
    with pytest.raises(EndpointError, match="time zero"):
        check_proportional_hazards(model, transform="log")
    with pytest.raises(InputError, match="no column z"):
        check_proportional_hazards(model, terms={"z": ("z",)})
