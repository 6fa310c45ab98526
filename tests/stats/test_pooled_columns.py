"""Thousands of effects pooled at once are those that are pooled one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.stats.meta_analysis import PoolingOptions, pool_effects
from tmescope.stats.pooled_columns import pool_columns

ESTIMATORS = ("reml", "ml", "dl", "pm", "fixed")


@given(
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.sampled_from(ESTIMATORS),
    st.sampled_from(["hartung_knapp", "hartung_knapp_max1", "z"]),
)
@settings(max_examples=80, deadline=None)
def test_every_row_is_what_it_is_alone(seed, k, estimator, test):
    rng = np.random.default_rng(seed)
    options = PoolingOptions(tau2=estimator, test=test)
    y = rng.normal(size=(8, k)) * rng.choice([0.01, 0.3, 3.0])
    s = rng.uniform(0.1, 0.5, size=(8, k))
    y[rng.random((8, k)) < 0.15] = np.nan
    s[0, 0], y[1] = 0.0, 0.0
    found = pool_columns(y, s, options=options)
    for i in range(8):
        one = pool_effects(y[i], s[i], options=options)
        assert found.k[i] == one.k
        if one.k < 2:
            assert np.isnan(found.estimate[i])
            continue
        pairs = [("tau2", one.spread.tau2), ("i2", one.spread.i2)]
        pairs += [
            (name, getattr(one, name))
            for name in ("estimate", "std_error", "ci_low", "ci_high", "p_value", "prediction_low", "prediction_high",
                         "fixed_estimate", "fixed_ci_low", "fixed_ci_high", "max1_ci_low",
                         "max1_ci_high", "max1_p_value")
        ]  # fmt: skip
        for name, expected in pairs:
            np.testing.assert_allclose(getattr(found, name)[i], expected, rtol=1e-9, atol=1e-12, err_msg=name)
        np.testing.assert_array_equal(found.used[i], one.used)
        assert found.method == one.method


def test_a_thousand_at_once_are_inside_their_error_rate():
    rng = np.random.default_rng(4)
    s = rng.uniform(0.1, 0.2, size=(2000, 5))
    y = rng.normal(size=(2000, 5)) * np.sqrt(s**2 + 0.05)
    share = (pool_columns(y, s).p_value < 0.05).mean()
    assert 0.035 < share < 0.072  # exact 99.9% band of 2,000 around .05, and .003 for unlike errors


def test_bad_arguments_are_told():
    with pytest.raises(InputError, match="shape"):
        pool_columns(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(InputError, match="'sj'"):
        pool_columns(np.zeros((1, 2)), np.ones((1, 2)), options=PoolingOptions(tau2="sj"))
