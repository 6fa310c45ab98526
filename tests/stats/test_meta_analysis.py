from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.meta_analysis import PoolingOptions, pool_effects, regress_effects

Y = np.array([0.4, 0.1, 0.9, -0.2, 0.5])
S = np.array([0.2, 0.15, 0.4, 0.3, 0.25])
TESTS = {"z": "z", "knha": "hartung_knapp"}


@pytest.fixture
def bcg(shared_data):
    table = pd.read_csv(shared_data / "stats" / "meta_bcg" / "data.tsv", sep="\t")
    return table.assign(sei=np.sqrt(table["vi"]))


def test_every_estimator_and_test_equals_metafor(bcg, shared_data):
    expected = pd.read_csv(shared_data / "stats" / "meta_bcg" / "expected_meta_tight.tsv", sep="\t")
    assert len(expected) == 17
    for row in expected.itertuples():
        estimator = "fixed" if row.method == "FE" else row.method.lower()
        found = pool_effects(bcg["yi"], bcg["sei"], options=PoolingOptions(tau2=estimator, test=TESTS[row.test]))
        spread = found.spread
        assert found.k == row.k
        pairs = [
            (found.estimate, row.est), (found.std_error, row.se), (found.statistic, row.stat), (found.p_value, row.p),
            (found.ci_low, row.lo), (found.ci_high, row.hi), (spread.tau2, row.tau2), (spread.i2, row.I2),
            (spread.h2, row.H2), (spread.q, row.Q), (spread.q_p_value, row.Qp),
            (found.prediction_low, row.pi_lo), (found.prediction_high, row.pi_hi),
        ]  # fmt: skip
        got, wanted = (np.array(v, dtype=float) for v in zip(*pairs, strict=True))
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-9, err_msg=f"{row.method} {row.test}")


def test_meta_regression_equals_metafor(bcg, shared_data):
    # The file was made at metafor's default tolerance, which stops REML at 1e-5 of tau2; converged to 1e-14, metafor
    # gives our digits. The equation that tau2 solves is therefore tested to the last digits, the file to its own.
    expected = pd.read_csv(shared_data / "stats" / "meta_bcg" / "expected_metareg_ablat.tsv", sep="\t")
    found = regress_effects(bcg["yi"], bcg["sei"], bcg["ablat"])
    np.testing.assert_allclose(found.coefficients, expected["est"], rtol=3e-5)
    np.testing.assert_allclose(found.std_errors, expected["se"], rtol=3e-5)
    np.testing.assert_allclose(found.p_values, expected["p"], rtol=2e-4)
    numbers = (found.r2, found.statistic, found.p_value)
    assert numbers == pytest.approx(tuple(expected.loc[0, ["R2", "QM", "QMp"]]), rel=2e-4)
    assert found.tau2 == pytest.approx(expected.loc[0, "tau2"], rel=2e-4)
    x = np.column_stack([np.ones(13), bcg["ablat"]])
    w = 1.0 / (bcg["vi"].to_numpy() + found.tau2)
    p = np.diag(w) - w[:, None] * x @ np.linalg.solve((x.T * w) @ x, x.T * w)
    residual = p @ bcg["yi"].to_numpy()
    assert residual @ residual == pytest.approx(np.trace(p), rel=1e-12)
    # given tau2, the rest is algebra: the file's tau2 gives the file's numbers
    at_file = 1.0 / (bcg["vi"].to_numpy() + expected.loc[0, "tau2"])
    beta = np.linalg.solve((x.T * at_file) @ x, x.T @ (at_file * bcg["yi"].to_numpy()))
    np.testing.assert_allclose(beta, expected["est"], rtol=1e-9)


def test_the_q_profile_interval_solves_its_equation_and_is_metafors(bcg, shared_data):
    # metafor's file stops its root search at a tolerance of 1e-4; the equations hold to the last digits here
    expected = pd.read_csv(shared_data / "stats" / "meta_bcg" / "expected_tau2_qprofile_ci.tsv", sep="\t")
    spread = pool_effects(bcg["yi"], bcg["sei"]).spread
    assert spread.tau2 == pytest.approx(expected.loc[0, "est"], rel=1e-6)
    assert (spread.tau2_low, spread.tau2_high) == pytest.approx(tuple(expected.loc[0, ["lo", "hi"]]), abs=1e-4)
    for tau2, share in ((spread.tau2_low, 0.975), (spread.tau2_high, 0.025)):
        w = 1.0 / (bcg["vi"] + tau2)
        mu = (w * bcg["yi"]).sum() / w.sum()
        assert (w * (bcg["yi"] - mu) ** 2).sum() == pytest.approx(stats.chi2.ppf(share, 12), rel=1e-12)


def test_equal_precision_is_the_mean_with_its_t_interval():
    # with equal variances every random-effects estimate is the mean, and Hartung-Knapp is Student's t
    found = pool_effects(Y, np.full(5, 0.1))
    low, high = stats.t.interval(0.95, 4, loc=Y.mean(), scale=stats.sem(Y))
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((Y.mean(), low, high), rel=1e-10)
    assert found.spread.tau2 == pytest.approx(np.var(Y, ddof=1) - 0.01, rel=1e-9)  # REML, balanced: closed form
    assert found.prediction_df == 4.0
    other = pool_effects(Y, np.full(5, 0.1), options=PoolingOptions(prediction_df="k-2"))
    assert other.prediction_df == 3.0
    assert other.prediction_high > found.prediction_high


def test_hartung_knapp_can_be_narrower_than_a_fixed_effect_and_says_so():
    alike = pool_effects([0.5, 0.51, 0.49, 0.5], [0.2, 0.2, 0.3, 0.25])
    assert alike.narrower_than_fixed
    bounded = pool_effects(
        [0.5, 0.51, 0.49, 0.5], [0.2, 0.2, 0.3, 0.25], options=PoolingOptions(test="hartung_knapp_max1")
    )
    assert not bounded.narrower_than_fixed
    assert bounded.ci_high > alike.ci_high
    assert alike.residual_mean_square < 0.01
    for found in (alike, bounded):  # what not below one gives stands in both
        own = (found.max1_ci_low, found.max1_ci_high, found.max1_p_value)
        assert own == pytest.approx((bounded.ci_low, bounded.ci_high, bounded.p_value), rel=1e-12)
    normal = pool_effects(Y, S, options=PoolingOptions(test="z"))
    assert (normal.max1_ci_low, normal.max1_p_value) == pytest.approx((normal.ci_low, normal.p_value), rel=1e-12)
    apart = pool_effects(Y, S)
    assert apart.residual_mean_square == pytest.approx(
        (apart.std_error**2) * (1 / (np.square(S) + apart.spread.tau2)).sum()
    )
    assert not pool_effects(Y, S).narrower_than_fixed
    assert bounded.method == "random effects: REML, Hartung-Knapp, not below one"


def test_studies_without_numbers_are_left_out_and_counted():
    found = pool_effects([*Y, np.nan, 1.0, np.inf], [*S, 0.1, 0.0, 0.3])
    assert found.n_left_out == 3
    assert found.used.tolist() == [True] * 5 + [False] * 3
    assert found.estimate == pool_effects(Y, S).estimate
    none = pool_effects([np.nan], [0.1])
    assert (none.k, none.reason) == (0, "no_studies")
    assert np.isnan(none.estimate)
    one = pool_effects([0.4, np.nan], [0.2, 0.1])
    assert (one.k, one.reason, one.estimate) == (1, "one_study", 0.4)
    assert one.ci_high == pytest.approx(0.4 + 1.959963984540054 * 0.2)
    assert np.isnan(one.spread.tau2)


@pytest.mark.parametrize("estimator", ["reml", "dl", "pm", "ml", "sj", "eb", "he", "hs", "fixed"])
@pytest.mark.parametrize("extreme", [1e-170, 1e-60, 1e-13, 1e-6, 1e6, 1e11, 1e15, 1e150, 1e200])
def test_one_extreme_error_is_pooled_or_counted_as_left_out(estimator: str, extreme: float):
    found = pool_effects([0.1, 0.2, 0.4, 0.3], [0.1, 0.1, 0.2, extreme], options=PoolingOptions(tau2=estimator))
    is_used = 1e-13 <= extreme <= 1e11
    assert (found.k, found.n_left_out) == ((4, 0) if is_used else (3, 1))
    numbers = (found.estimate, found.std_error, found.p_value, found.spread.tau2, found.spread.tau2_high)
    assert np.isfinite(numbers).all()
    if not is_used:
        rest = pool_effects([0.1, 0.2, 0.4], [0.1, 0.1, 0.2], options=PoolingOptions(tau2=estimator))
        assert found.estimate == rest.estimate


def test_two_studies_have_one_degree_of_freedom():
    found = pool_effects([0.1, 0.7], [0.2, 0.2])
    assert found.df == 1.0
    assert found.ci_high - found.estimate == pytest.approx(stats.t.ppf(0.975, 1) * found.std_error)
    second = pool_effects([0.1, 0.7], [0.2, 0.2], options=PoolingOptions(prediction_df="k-2"))
    assert np.isnan(second.prediction_low)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InputError, match="2 effects, 1 standard errors"):
        pool_effects([1.0, 2.0], [0.1])
    with pytest.raises(InputError, match="tau2 is 'hedges'"):
        pool_effects(Y, S, options=PoolingOptions(tau2="hedges"))  # type: ignore[arg-type]
    assert regress_effects(Y[:2], S[:2], [1.0, 2.0]).reason == "too_few_studies"
    assert regress_effects(Y, S, np.ones(5)).reason == "collinear"
    assert regress_effects(Y, S, [1.0, 2.0, 3.0, 4.0, np.nan]).k == 4


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=2, max_size=12),
    st.sampled_from(["reml", "dl", "pm", "ml", "sj", "he", "hs", "fixed"]),
    st.randoms(),
)
def test_order_sign_and_scale_do_what_they_should(studies, estimator, shuffler):
    y, s = (np.array(v) for v in zip(*studies, strict=True))
    options = PoolingOptions(tau2=estimator)
    found = pool_effects(y, s, options=options)
    order = list(range(y.size))
    shuffler.shuffle(order)
    turned = pool_effects(-2.0 * y[order], 2.0 * s[order], options=options)
    assert turned.estimate == pytest.approx(-2.0 * found.estimate, rel=1e-6, abs=1e-9)
    assert turned.spread.tau2 == pytest.approx(4.0 * found.spread.tau2, rel=1e-5, abs=1e-9)
    assert turned.std_error == pytest.approx(2.0 * found.std_error, rel=1e-5, abs=1e-9)
    assert found.spread.tau2 >= 0.0
    assert found.spread.tau2_low <= found.spread.tau2_high
    assert y.min() - 1e-9 <= found.estimate <= y.max() + 1e-9
    assert found.weights.sum() == pytest.approx(1.0)


@pytest.mark.simulation
def test_coverage_of_hartung_knapp_is_nominal_where_normal_theory_is_too_narrow():
    rng = np.random.default_rng(11)
    runs, k = 500, 5
    theta = 0.3 + rng.normal(scale=0.3, size=(runs, k))
    s = rng.uniform(
        0.2, 0.3, size=(runs, k)
    )  # studies of like size: with unlike ones Hartung-Knapp falls a little short
    y = theta + rng.normal(size=(runs, k)) * s
    hits = {"hartung_knapp": 0, "z": 0}
    for i in range(runs):
        for test in hits:
            found = pool_effects(y[i], s[i], options=PoolingOptions(test=test))  # type: ignore[arg-type]
            hits[test] += found.ci_low <= 0.3 <= found.ci_high
    low, high = stats.binom.ppf([0.0005, 0.9995], runs, 0.95)
    assert low <= hits["hartung_knapp"] <= high
    assert hits["z"] < low
