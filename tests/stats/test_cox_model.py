from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats import cox_newton
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.cox_model import CoxDesign, CoxOptions, compare_nested, fit_cox
from tmescope.stats.survival import log_rank

CASES = ("fine", "ties", "heavy_ties", "small")
MODELS = ("efron", "breslow", "strata", "weights", "entry", "entry_breslow", "robust", "clusters", "all")
TERMS = ["a", "b", "c"]


def fit_like(data: pd.DataFrame, model: str):
    """Fit what golden.R calls by this name."""
    late, every = model.startswith("entry"), model == "all"
    design = CoxDesign(
        entry=data["entry"] if late or every else None,
        strata=data["stratum"] if model == "strata" or every else None,
        weights=data["weight"] if model == "weights" or every else None,
        clusters=data["cluster"] if model == "clusters" or every else None,
    )
    options = CoxOptions(
        names=TERMS,
        ties="breslow" if model.endswith("breslow") else "efron",
        robust=model in {"robust", "clusters"} or every,
    )
    return fit_cox(data[TERMS], data["time"], data["event"] == 1, design=design, options=options)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("model", MODELS)
def test_golden_numbers_of_coxph(golden, case: str, model: str) -> None:
    data = golden("stats_cox/input.tsv")[lambda d: d["case"] == case]
    expected = golden("stats_cox/expected_cox.tsv")[lambda d: (d["case"] == case) & (d["model"] == model)]
    found = fit_like(data, model)
    if expected["coef"].isna().all():
        assert found.reason == "monotone_likelihood"
        return
    assert found.names == tuple(expected["term"])
    np.testing.assert_allclose(found.coefficients, expected["coef"], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.std_error, expected["se"], rtol=1e-9)
    told = golden("stats_cox/expected_global.tsv").set_index(["case", "model"]).loc[(case, model)]
    np.testing.assert_allclose(
        [found.log_likelihood_null, found.log_likelihood, found.wald.statistic, found.score.statistic],
        told[["loglik0", "loglik1", "wald", "score"]],
        rtol=1e-9,
    )


def test_statsmodels_agrees_on_simulated_data() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(200, 3))
    time, event = np.ceil(rng.exponential(10 * np.exp(-x[:, 0]))), rng.random(200) < 0.7
    for ties in ("efron", "breslow"):
        peer = sm.PHReg(time, x, status=event, ties=ties).fit(disp=0, method="newton")
        found = fit_cox(x, time, event, options=CoxOptions(ties=ties))
        np.testing.assert_allclose(found.coefficients, peer.params, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(found.std_error, peer.bse, rtol=1e-6)


def _definition(beta, *, x, time, event, weights) -> float:
    """Negative log partial likelihood (Breslow) by its definition."""
    total = 0.0
    for i in np.flatnonzero(event):
        total += weights[i] * (x[i] @ beta - np.log(weights[time >= time[i]] @ np.exp(x[time >= time[i]] @ beta)))
    return -total


def test_the_maximum_of_the_definition() -> None:
    rng = np.random.default_rng(2)
    x, time = rng.normal(size=(40, 2)), rng.integers(1, 12, 40).astype(float)
    event, weights = rng.random(40) < 0.6, rng.integers(1, 4, 40).astype(float)
    found = fit_cox(x, time, event, design=CoxDesign(weights=weights), options=CoxOptions(ties="breslow"))
    parts = {"x": x, "time": time, "event": event, "weights": weights}
    peer = optimize.minimize(lambda b: _definition(b, **parts), np.zeros(2), tol=1e-12)
    np.testing.assert_allclose(found.coefficients, peer.x, atol=1e-5)
    assert found.log_likelihood == pytest.approx(-peer.fun)


rows = st.lists(
    st.tuples(st.integers(1, 8), st.booleans(), st.sampled_from([-1.0, 0.0, 0.5, 2.0]), st.booleans()),
    min_size=6,
    max_size=25,
)


def _arrays(drawn):
    time, event, a, b = (np.array(v, dtype=float) for v in zip(*drawn, strict=True))
    return np.column_stack([a, b]), time, event


def _same(p, q, *, rtol: float = 1e-6) -> None:
    assert p.reason == q.reason
    assert p.term_reasons == q.term_reasons
    np.testing.assert_allclose(p.coefficients, q.coefficients, rtol=rtol, atol=1e-7)
    np.testing.assert_allclose(p.std_error, q.std_error, rtol=rtol, atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_order_and_units_of_time_do_not_matter(drawn, random) -> None:
    x, time, event = _arrays(drawn)
    order = list(range(time.size))
    random.shuffle(order)
    first = fit_cox(x, time, event)
    _same(first, fit_cox(x[order], time[order], event[order]))
    _same(first, fit_cox(x, 30.4 * time, event))
    scaled = fit_cox(x * [10.0, 1.0] + [5.0, 3.0], time, event)
    np.testing.assert_allclose(scaled.coefficients * [10.0, 1.0], first.coefficients, rtol=1e-6, atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(rows, st.lists(st.integers(1, 3), min_size=25, max_size=25))
def test_weights_are_copies_under_breslow(drawn, copies) -> None:
    x, time, event = _arrays(drawn)
    weights = np.array(copies[: time.size])
    options = CoxOptions(ties="breslow")
    weighted = fit_cox(x, time, event, design=CoxDesign(weights=weights), options=options)
    index = np.repeat(np.arange(time.size), weights)
    _same(weighted, fit_cox(x[index], time[index], event[index], options=options))


@settings(max_examples=30, deadline=None)
@given(rows)
def test_what_changes_nothing(drawn) -> None:
    x, time, event = _arrays(drawn)
    n = time.size
    plain = fit_cox(x, time, event)
    _same(plain, fit_cox(x, time, event, design=CoxDesign(strata=np.full(n, 3))))
    _same(plain, fit_cox(x, time, event, design=CoxDesign(entry=np.zeros(n))))
    _same(plain, fit_cox(x, time, event, design=CoxDesign(weights=np.ones(n))))
    twice = np.concatenate([np.zeros(n), np.full(n, 0.5)])  # every row cut in two at 0.5
    cut = fit_cox(
        np.concatenate([x, x]),
        np.concatenate([np.full(n, 0.5), time]),
        np.concatenate([np.zeros(n), event]),
        design=CoxDesign(entry=twice),
    )
    assert plain.reason == cut.reason
    np.testing.assert_allclose(plain.coefficients, cut.coefficients, rtol=1e-6, atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(rows)
def test_one_group_equals_the_two_group_model(drawn) -> None:
    x, time, event = _arrays(drawn)
    group = x[:, 1]
    exact = hazard_ratio_of_group(time, event, group)
    found = fit_cox(group, time, event)
    if exact.reason == "one_group" and event.any():
        assert found.term_reasons == ("constant",)
    elif exact.reason in {"", "monotone_likelihood"} and found.term_reasons == ("",):
        assert found.reason == exact.reason
        np.testing.assert_allclose(found.coefficients[0], exact.log_hazard_ratio, rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(found.std_error[0], exact.std_error, rtol=1e-7)


def test_without_ties_the_score_test_is_the_log_rank_test() -> None:
    rng = np.random.default_rng(4)
    time, event, group = rng.exponential(size=80), rng.random(80) < 0.7, rng.integers(0, 3, 80)
    strata = rng.integers(0, 2, 80)
    dummies = np.column_stack([group == 1, group == 2]).astype(float)
    found = fit_cox(dummies, time, event, design=CoxDesign(strata=strata))
    assert found.score.statistic == pytest.approx(log_rank(time, event, group, strata=strata).statistic)


def test_each_row_its_own_cluster_is_no_cluster_and_copies_in_one_cluster_add_nothing() -> None:
    rng = np.random.default_rng(7)
    x, time, event = rng.normal(size=(60, 2)), rng.exponential(size=60), rng.random(60) < 0.8
    options = CoxOptions(robust=True, ties="breslow")
    plain = fit_cox(x, time, event, options=options)
    own = fit_cox(x, time, event, design=CoxDesign(clusters=np.arange(60)), options=options)
    np.testing.assert_allclose(plain.std_error, own.std_error)
    double = np.tile(np.arange(60), 2)
    copied = fit_cox(x[double], time[double], event[double], design=CoxDesign(clusters=double), options=options)
    np.testing.assert_allclose(copied.std_error, plain.std_error, rtol=1e-8)
    assert copied.model_std_error[0] < 0.8 * plain.model_std_error[0]
    assert (copied.n, copied.n_clusters) == (120, 60)


def test_constant_and_collinear_columns_are_named_and_the_rest_estimated() -> None:
    rng = np.random.default_rng(1)
    a, b, time = rng.normal(size=50), rng.normal(size=50), rng.exponential(size=50)
    x = np.column_stack([a, np.full(50, 2.0), b, a - 2 * b + 1])
    found = fit_cox(x, time, np.ones(50), options=CoxOptions(names=("a", "flat", "b", "sum")))
    assert found.term_reasons == ("", "constant", "", "collinear")
    np.testing.assert_allclose(
        found.coefficients[[0, 2]], fit_cox(np.column_stack([a, b]), time, np.ones(50)).coefficients, rtol=1e-9
    )
    assert np.isnan(found.coefficients[[1, 3]]).all()
    assert found.wald.df == 2
    within = fit_cox(np.repeat([0.0, 1.0], 25), time, np.ones(50), design=CoxDesign(strata=np.repeat([0, 1], 25)))
    assert (within.reason, within.term_reasons) == ("no_informative_covariate", ("constant",))


@pytest.mark.parametrize(
    ("x", "time", "event", "reason"),
    [
        ([[1.0], [2.0]], [1.0, 2.0], [0, 0], "no_events"),
        ([[np.nan], [np.nan]], [1.0, 2.0], [1, 1], "empty"),
        ([[1.0, 2.0, 4.0], [2.0, 5.0, 3.0]], [1.0, 2.0], [1, 1], "more_terms_than_subjects"),
        ([[3.0], [3.0], [3.0]], [1.0, 2.0, 3.0], [1, 1, 0], "no_informative_covariate"),
        ([[4.0], [3.0], [2.0], [1.0]], [1.0, 2.0, 3.0, 4.0], [1, 1, 1, 0], "monotone_likelihood"),
        ([[1.0], [2.0], [3.0]], [5.0, 5.0, 1.0], [1, 1, 0], "no_information"),
        ([[1.0], [1.0], [3.0]], [5.0, 5.0, 1.0], [1, 1, 0], "no_informative_covariate"),  # gone before the first event
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(x, time, event, reason: str) -> None:
    found = fit_cox(x, time, event)
    if reason == "no_information":  # all tied at the only event time: a maximum at zero exists under Breslow alone
        found = fit_cox(x, time, event, options=CoxOptions(ties="breslow"))
        assert found.coefficients[0] == pytest.approx(0.0, abs=1e-9)
        return
    assert found.reason == reason
    assert np.isnan([found.coefficients, found.std_error, found.ci_low, found.p_value]).all()
    assert np.isnan([found.log_likelihood, found.wald.p_value, found.score.statistic]).all()
    assert np.isnan(found.linear_predictor).all()
    assert found.method == "not estimated"


def test_two_covariates_that_separate_together_have_no_maximum() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 2))
    rank = x @ [1.0, -0.7]
    found = fit_cox(x, -rank + 10, np.ones(60))
    assert found.reason == "monotone_likelihood"
    assert fit_cox(x[:, :1], -rank + 10, np.ones(60)).reason == ""


def test_a_very_large_effect_is_still_found() -> None:
    time = np.concatenate([np.arange(1.0, 400), [500.0, 600.0]])
    group = np.concatenate([np.ones(398), [0.0], [1.0, 0.0]])
    found, exact = fit_cox(group, time, np.ones(time.size)), hazard_ratio_of_group(time, np.ones(time.size), group)
    assert found.coefficients[0] == pytest.approx(exact.log_hazard_ratio, rel=1e-8)


def test_steps_that_do_not_settle_are_told(monkeypatch) -> None:
    monkeypatch.setattr(cox_newton, "_MAX_STEPS", 1)
    assert fit_cox([1.0, 0, 1, 1, 0], [1.0, 2, 3, 4, 5], [1, 1, 1, 1, 1]).reason == "not_converged"


def test_nested_models() -> None:
    rng = np.random.default_rng(9)
    x, time, event = rng.normal(size=(80, 2)), rng.exponential(size=80), rng.random(80) < 0.7
    small, large = fit_cox(x[:, :1], time, event), fit_cox(x, time, event)
    found = compare_nested(small, large)
    assert found.statistic == pytest.approx(2 * (large.log_likelihood - small.log_likelihood))
    assert found.df == 1
    assert np.isnan(compare_nested(large, large).p_value)
    with pytest.raises(InputError, match="different rows"):
        compare_nested(fit_cox(x[1:, :1], time[1:], event[1:]), large)
    with pytest.raises(InputError, match="different rows"):
        compare_nested(
            small, fit_cox(x, time, event, options=CoxOptions(ties="breslow"), design=CoxDesign(strata=event))
        )


def test_a_model_without_a_maximum_is_not_taken_for_one_of_other_rows() -> None:
    x, time, event = np.array([[0.0, 1], [1, 1], [0, 2], [1, 3]]), [4.0, 2, 3, 1], [0, 1, 0, 1]
    small, large = fit_cox(np.array([0.3, 1.0, 1.1, 0.2]), time, event), fit_cox(x, time, event)
    assert large.reason == "monotone_likelihood"
    assert not small.reason
    found = compare_nested(small, large)
    assert np.isnan([found.statistic, found.p_value]).all()


def test_rows_with_missing_values_and_zero_weight_are_left_out() -> None:
    rng = np.random.default_rng(11)
    x, time, event = rng.normal(size=(50, 2)), rng.exponential(size=50), rng.random(50) < 0.7
    gaps, weights = x.copy(), np.ones(50)
    gaps[0, 1], weights[1] = np.nan, 0.0
    found = fit_cox(gaps, time, event, design=CoxDesign(weights=weights))
    _same(found, fit_cox(x[2:], time[2:], event[2:]))
    assert (found.n, found.n_dropped) == (48, 1)
    assert np.isnan(found.linear_predictor[:2]).all()
    assert np.isfinite(found.linear_predictor[2:]).all()


def test_arguments_are_checked() -> None:
    x, time, event = [1.0, 2.0], [1.0, 2.0], [1, 0]
    with pytest.raises(InputError, match="ties is 'exact'"):
        fit_cox(x, time, event, options=CoxOptions(ties="exact"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="differ in length"):
        fit_cox([1.0], time, event)
    with pytest.raises(InputError, match="1 weights are negative"):
        fit_cox(x, time, event, design=CoxDesign(weights=[1.0, -1.0]))
    with pytest.raises(EndpointError, match="1 rows end at or before they enter"):
        fit_cox(x, time, event, design=CoxDesign(entry=[1.0, 0.0]))
    with pytest.raises(InputError, match="2 names for 1"):
        fit_cox(x, time, event, options=CoxOptions(names=("a", "b")))
    with pytest.raises(InputError, match="shape"):
        fit_cox(np.zeros((2, 2, 2)), time, event)
    with pytest.raises(EndpointError, match="negative"):
        fit_cox(x, [1.0, -2.0], event)


def test_time_zero_is_at_risk_at_time_zero() -> None:
    found = fit_cox([1.0, 0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1, 0])
    assert (found.n, found.n_events, found.reason) == (5, 4, "")
