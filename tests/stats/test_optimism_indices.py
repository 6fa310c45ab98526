from __future__ import annotations

import numpy as np
import pytest

from tmescope.stats.optimism_indices import cox_indices, gini_difference, logistic_indices, most_wrong
from tmescope.stats.roc import auc


def test_ginis_mean_difference_pair_by_pair():
    values = np.random.default_rng(0).normal(size=30).round(1)
    pairs = [abs(a - b) for i, a in enumerate(values) for b in values[:i]]
    assert gini_difference(values) == pytest.approx(np.mean(pairs))
    assert np.isnan(gini_difference(values[:1]))


def test_a_predictor_that_tells_nothing():
    time, event = np.arange(1.0, 11.0), np.ones(10)
    np.testing.assert_array_equal(cox_indices(np.zeros(10), time, event, own=False, efron=True), [0, 0, 1, 0, 0, 0, 0])
    y = np.array([0.0, 1, 1, 1])
    found = logistic_indices(np.zeros(4), y, own=False)
    np.testing.assert_allclose(found[:5], [0, 0, np.log(3), 1, -0.25])
    np.testing.assert_allclose(found[7:], [0.25, 0.0])


def test_no_model_has_no_index():
    time, event = np.arange(1.0, 11.0), np.ones(10)
    assert np.isnan(cox_indices(np.full(10, np.nan), time, event, own=True, efron=True)).all()
    assert np.isnan(cox_indices(-time, time, event, own=True, efron=True)).all()  # no maximum
    assert np.isnan(logistic_indices(np.arange(4.0), np.array([0.0, 0, 1, 1]), own=True)).all()  # separation
    assert np.isnan(logistic_indices(np.arange(4.0), np.ones(4), own=True)).all()


def test_dxy_is_that_of_the_area():
    rng = np.random.default_rng(1)
    eta, y = rng.normal(size=50).round(1), rng.integers(0, 2, size=50).astype(float)
    assert logistic_indices(eta, y, own=False)[0] == pytest.approx(2 * auc(eta, y).auc - 1)


def test_the_largest_error_of_a_calibration_line():
    assert most_wrong(0.0, 1.0) == pytest.approx(0.0, abs=1e-12)
    assert most_wrong(np.log(3), 1.0) == pytest.approx(0.2679, abs=1e-4)  # at the chance 1 / (1 + sqrt(3))
    assert most_wrong(0.0, -1.0) == 1.0
    assert np.isnan(most_wrong(0.0, np.nan))
