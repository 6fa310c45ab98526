from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.hazard_regression import PHReg

from tmescope.foundation.errors import InputError
from tmescope.stats.logistic import odds_ratio_per_sd
from tmescope.stats.screened_outcomes import ScreenOptions, cox_outcome, logistic_outcome
from tmescope.stats.screening import screen_columns

PER_UNIT = ScreenOptions(per_sd=False)


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(4)
    values, covariates = rng.normal(size=(150, 5)), rng.normal(size=(150, 3))
    time = np.round(rng.exponential(np.exp(-0.5 * values[:, 0])) * 6) / 6  # many ties
    return values, covariates, time, rng.random(150) < 0.6, rng.random(150) < 1 / (1 + np.exp(-values[:, 1]))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("adjusted", [False, True])
def test_cox_effects_are_those_of_statsmodels(patients, ties, adjusted):
    values, covariates, time, event, _ = patients
    beside = covariates if adjusted else None
    found = screen_columns(
        cox_outcome(time, event, covariates=beside, options=ScreenOptions(per_sd=False, ties=ties)), values
    )
    for j in range(5):
        design = values[:, [j]] if beside is None else np.column_stack([values[:, j], covariates])
        other = PHReg(time, design, status=event.astype(int), ties=ties)
        other = other.fit(method="newton", tol=1e-14, maxiter=100, disp=0)
        np.testing.assert_allclose(found.log_effect[j], other.params[0], rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(found.std_error[j], other.bse[0], rtol=1e-8)


@pytest.mark.parametrize("adjusted", [False, True])
def test_logistic_effects_and_likelihood_ratios_are_those_of_statsmodels(patients, adjusted):
    values, covariates, _, _, y = patients
    beside = covariates if adjusted else None
    options = ScreenOptions(per_sd=False, likelihood_ratio=True)
    found = screen_columns(logistic_outcome(y, covariates=beside, options=options), values)
    null = np.ones((150, 1)) if beside is None else np.column_stack([np.ones(150), covariates])
    start = sm.Logit(y, null).fit(disp=0, tol=1e-14)
    for j in range(5):
        other = sm.Logit(y, np.column_stack([null, values[:, j]])).fit(disp=0, tol=1e-14)
        np.testing.assert_allclose(found.log_effect[j], other.params[-1], rtol=1e-8)
        np.testing.assert_allclose(found.std_error[j], other.bse[-1], rtol=1e-8)
        np.testing.assert_allclose(found.lr_statistic[j], 2 * (other.llf - start.llf), rtol=1e-7, atol=1e-9)


def test_each_column_has_its_own_complete_cases(patients):
    values, covariates, time, event, _ = (a.copy() for a in patients)
    values[3:9, 0], values[3:9, 1], values[20, 2] = np.nan, np.nan, np.nan
    time = np.where(np.arange(150) == 50, np.nan, time)
    found = screen_columns(cox_outcome(time, event, covariates=covariates), values)
    assert found.n.tolist() == [143, 143, 148, 149, 149]
    assert found.n_missing.tolist() == [6, 6, 1, 0, 0]
    for j in range(3):
        keep = ~np.isnan(values[:, j])
        alone = screen_columns(
            cox_outcome(time[keep], event[keep], covariates=covariates[keep]), values[keep, j : j + 1]
        )
        assert alone.log_effect[0] == found.log_effect[j]
        assert alone.sd[0] == found.sd[j]


@pytest.mark.parametrize("gap", [False, True])
def test_a_matrix_that_lies_feature_by_feature_gives_the_same_bytes(patients, gap):
    values, _, time, event, _ = patients
    wide = np.tile(values, (1, 60)) + np.arange(300) % 7
    if gap:
        wide[3, 5::7] = np.nan
    model = cox_outcome(time, event)
    one, other = screen_columns(model, np.ascontiguousarray(wide)), screen_columns(model, np.asfortranarray(wide))
    for name in ("log_effect", "std_error", "p_score", "mean", "sd"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    np.testing.assert_array_equal(one.n_missing, np.isnan(wide).sum(axis=0))


def test_what_cannot_be_estimated_has_a_reason_and_no_number():
    y = np.repeat([0, 1], 10)
    values = np.column_stack([np.full(20, 2.0), np.arange(20.0), np.full(20, np.nan), np.tile([0.0, 1], 10)])
    found = screen_columns(logistic_outcome(y), values)
    assert found.reason.tolist() == ["constant", "separation", "empty", ""]
    assert np.isnan(found.log_effect[:3]).all()
    assert np.isnan(found.p_value[:3]).all()
    assert found.n.tolist() == [20, 20, 0, 20]
    found = screen_columns(cox_outcome(np.arange(20) + 1.0, np.zeros(20)), values)
    assert set(found.reason) == {"no_events", "empty"}
    found = screen_columns(cox_outcome(np.arange(20) + 1.0, np.ones(20)), -values)
    assert found.reason.tolist()[:3] == ["constant", "monotone_likelihood", "empty"]


def test_a_steep_slope_that_plain_steps_miss_is_found():
    x = np.concatenate([np.linspace(-1, 0.02, 60), np.linspace(-0.02, 1, 60), [40.0]])
    y = np.concatenate([np.zeros(60), np.ones(61)])
    found = screen_columns(logistic_outcome(y), x[:, None])
    other = odds_ratio_per_sd(x, y)
    assert found.reason[0] == ""
    np.testing.assert_allclose(found.log_effect[0], other.log_odds_ratio, rtol=1e-8)


def test_infinite_values_and_other_shapes_are_refused():
    values = np.ones((4, 2))
    values[1, 1] = np.inf
    with pytest.raises(InputError, match="columns 1"):
        screen_columns(logistic_outcome([0, 1, 0, 1]), values)
    with pytest.raises(InputError, match="one row per sample"):
        screen_columns(logistic_outcome([0, 1, 0]), np.ones((4, 2)))


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 1.0, 1e6]), shift=st.floats(-50, 50))
@settings(max_examples=40, deadline=None)
def test_effects_follow_units_and_signs(seed, scale, shift):
    rng = np.random.default_rng(seed)
    x, time, event = rng.normal(size=(40, 1)), rng.exponential(size=40), rng.random(40) < 0.7
    event[0] = True
    for model in (cox_outcome(time, event), logistic_outcome(event)):
        found, moved = screen_columns(model, x), screen_columns(model, (x + shift) * scale)
        np.testing.assert_allclose(found.log_effect, moved.log_effect, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(found.log_effect, -screen_columns(model, -x).log_effect, rtol=1e-9, atol=1e-12)
    per_unit = screen_columns(cox_outcome(time, event, options=PER_UNIT), x)
    np.testing.assert_allclose(
        per_unit.log_effect * x.std(ddof=1), screen_columns(cox_outcome(time, event), x).log_effect
    )


def test_p_values_without_an_effect_are_level():
    rng = np.random.default_rng(11)
    values = rng.normal(size=(120, 2000))
    found = screen_columns(cox_outcome(rng.exponential(size=120), rng.random(120) < 0.6), values)
    # 99.9% binomial band of 2,000 tests at 5%
    assert 69 <= (found.p_score < 0.05).sum() <= 134
    assert np.corrcoef(found.score_statistic, (found.log_effect / found.std_error) ** 2)[0, 1] > 0.99


@pytest.mark.parametrize("spoil", [lambda x: x * 1e160, lambda x: np.where(np.arange(x.size) == 3, 1e308, x)])
@pytest.mark.parametrize("gap", [False, True])
def test_values_without_a_standard_deviation_are_refused(spoil, gap):
    rng = np.random.default_rng(0)
    values, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    values[:, 1] = spoil(values[:, 1])
    if gap:
        values[7, 1] = np.nan
    with pytest.raises(InputError, match="for example columns 1") as caught:
        screen_columns(logistic_outcome(y), values)
    assert "squares no number can hold" in str(caught.value)
    found = screen_columns(logistic_outcome(y), values[:, [0, 2]] * 1e150)
    assert found.reason.tolist() == ["", ""]
