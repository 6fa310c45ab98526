from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.stats.between_studies import between_variance, usable_studies

Y = np.array([0.4, 0.1, 0.9, -0.2, 0.5])
S = np.array([0.2, 0.15, 0.4, 0.3, 0.25])


def test_estimators_solve_their_equations():
    for name in ("reml", "ml", "pm"):
        tau2 = between_variance(Y, S**2, estimator=name).tau2
        w = 1.0 / (S**2 + tau2)
        mu = (w * Y).sum() / w.sum()
        excess = {
            "reml": (w**2 * (Y - mu) ** 2).sum() - w.sum() + (w**2).sum() / w.sum(),
            "ml": (w**2 * (Y - mu) ** 2).sum() - w.sum(),
            "pm": (w * (Y - mu) ** 2).sum() - 4,
        }[name]
        assert tau2 > 0.0
        assert excess == pytest.approx(0.0, abs=1e-9)


def test_no_spread_is_zero_and_one_group_of_numbers_decides_nothing():
    alike = between_variance(np.full(4, 0.3), np.full(4, 0.04))
    assert (alike.tau2, alike.tau2_low, alike.i2, alike.q) == (0.0, 0.0, 0.0, pytest.approx(0.0, abs=1e-12))
    assert between_variance(Y, S**2, estimator="fixed").tau2 == 0.0


def test_an_estimate_lies_within_its_q_profile_and_a_covariate_takes_its_part():
    spread = between_variance(Y, S**2, estimator="pm")
    assert spread.tau2_low <= spread.tau2 <= spread.tau2_high
    design = np.column_stack([np.ones(5), Y + 0.01 * np.arange(5)])
    assert between_variance(Y, S**2, design=design).tau2 == 0.0


def test_what_double_precision_cannot_weigh_is_not_used():
    s = np.array([1e-170, 1e-20, 0.0, -0.1, 0.1, 0.2, 0.3, 1e14, 1e200, np.inf, np.nan])
    assert usable_studies(np.ones(11), s).tolist() == [False] * 4 + [True] * 3 + [False] * 4
    assert usable_studies(np.array([1e160, np.nan, 0.0]), np.ones(3)).tolist() == [False, False, True]
    assert not usable_studies(np.array([]), np.array([])).size


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=3, max_size=10))
def test_the_restricted_likelihood_is_nowhere_higher(studies):
    y, s = (np.array(v) for v in zip(*studies, strict=True))

    def loss(tau2: float) -> float:
        w = 1.0 / (s**2 + tau2)
        mu = (w * y).sum() / w.sum()
        return float(-np.log(w).sum() + np.log(w.sum()) + (w * (y - mu) ** 2).sum())

    found = between_variance(y, s**2).tau2
    assert loss(found) <= min(loss(t) for t in np.linspace(0.0, 4.0 * np.var(y) + 1.0, 400)) + 1e-9
