from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.cox_model import CoxOptions, fit_cox
from tmescope.stats.fine_gray import fit_fine_gray

CASES = ("fine", "ties", "heavy_ties", "small")
TERMS = ["a", "b", "c"]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cause", [1, 2])
def test_golden_numbers_of_crr(golden, case: str, cause: int) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_cox/expected_fine_gray.tsv")[lambda d: (d["case"] == case) & (d["cause"] == cause)]
    found = fit_fine_gray(data[TERMS], data["time"], data["event"], cause=cause, names=TERMS)
    if expected["coef"].abs().max() > 8:
        assert found.reason == "monotone_likelihood"
        return
    np.testing.assert_allclose(found.coefficients, expected["coef"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.std_error, expected["se"], rtol=1e-7)
    assert found.log_likelihood == pytest.approx(expected["loglik"].iloc[0])
    assert found.log_likelihood_null == pytest.approx(expected["loglik0"].iloc[0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_order_and_units_do_not_matter_and_without_competing_events_it_is_cox(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, time, event = rng.normal(size=(40, 2)), rng.integers(1, 20, 40).astype(float), rng.integers(0, 3, 40)
    order = rng.permutation(40)
    first = fit_fine_gray(x, time, event)
    second = fit_fine_gray(2 * x[order] + 1, time[order] * 3, event[order])
    assert first.reason == second.reason
    np.testing.assert_allclose(2 * second.coefficients, first.coefficients, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(2 * second.std_error, first.std_error, rtol=1e-6)
    alone = fit_fine_gray(x, time, event == 1)
    cox = fit_cox(x, time, event == 1, options=CoxOptions(ties="breslow", robust=True))
    np.testing.assert_allclose(alone.coefficients, cox.coefficients, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(alone.std_error, cox.std_error, rtol=1e-7)


@pytest.mark.parametrize(
    ("x", "time", "event", "reason"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [2, 0, 0], "no_events"),
        ([np.nan], [1.0], [1], "empty"),
        ([[1.0, 2.0, 3.0], [2.0, 1.0, 0.0]], [1.0, 2.0], [1, 2], "more_terms_than_subjects"),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], [1, 2, 1], "no_informative_covariate"),
        ([5.0, 4.0, 3.0, 1.0, 0.0], [1.0, 2.0, 3.0, 4.0, 5.0], [1, 1, 1, 2, 0], "monotone_likelihood"),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(x, time, event, reason: str) -> None:
    found = fit_fine_gray(x, time, event)
    assert (found.reason, found.method) == (reason, "not estimated")
    assert np.isnan([found.coefficients, found.std_error, found.p_value]).all()


def test_a_collinear_column_is_named() -> None:
    rng = np.random.default_rng(0)
    a, time, event = rng.normal(size=40), rng.exponential(size=40), rng.integers(0, 3, 40)
    found = fit_fine_gray(np.column_stack([a, -a]), time, event)
    assert found.term_reasons == ("", "collinear")
    assert found.coefficients[0] == pytest.approx(fit_fine_gray(a, time, event).coefficients[0])


def test_the_cause_is_checked() -> None:
    with pytest.raises(InputError, match="cause is 0"):
        fit_fine_gray([1.0], [1.0], [1], cause=0)
