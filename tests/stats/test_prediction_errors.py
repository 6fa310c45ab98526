from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.prediction_errors import integrated_error, prediction_error, prediction_error_at


def test_golden_numbers_of_riskregression(golden):
    data, expected = golden("stats_prediction/input.tsv"), golden("stats_prediction/expected_errors.tsv")
    for row in expected.itertuples():
        found = prediction_error_at(data["risk"], data["time"], data["event"], horizon=row.horizon)
        np.testing.assert_allclose([found.brier, found.reference], [row.brier, row.reference], rtol=1e-10)
        np.testing.assert_allclose(found.std_error, row.brier_se, rtol=0.005)
        np.testing.assert_allclose(found.scaled, 1 - row.brier / row.reference, rtol=1e-9)


def test_binary_outcomes_as_scikit_learn_scores_them():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, size=200)
    y = (rng.uniform(size=200) < p).astype(float)
    found = prediction_error(p, y)
    np.testing.assert_allclose([found.brier, found.log_loss], [brier_score_loss(y, p), log_loss(y, p)], rtol=1e-12)
    np.testing.assert_allclose(found.reference, y.mean() * (1 - y.mean()))
    np.testing.assert_allclose(found.std_error, ((y - p) ** 2).std(ddof=1) / np.sqrt(200))
    assert found.ci_low < found.brier < found.ci_high and found.scaled > 0


def test_without_censoring_a_horizon_is_a_binary_outcome():
    rng = np.random.default_rng(1)
    time, risk = rng.exponential(size=100), rng.uniform(size=100)
    found = prediction_error_at(risk, time, np.ones(100), horizon=0.7)
    other = prediction_error(risk, time <= 0.7)
    for name in ("brier", "std_error", "reference", "scaled", "log_loss", "log_loss_reference", "n_events"):
        np.testing.assert_allclose(getattr(found, name), getattr(other, name), rtol=1e-12)
    assert found.n_censored == 0


def test_certainty_that_was_wrong_costs_without_bound():
    assert prediction_error([0.0, 1.0], [1, 1]).log_loss == np.inf
    assert prediction_error([0.0, 1.0], [0, 1]).log_loss == 0.0


def test_the_mean_over_a_span():
    rng = np.random.default_rng(2)
    time, event = rng.exponential(size=80), rng.uniform(size=80) < 0.7
    horizons = np.array([0.2, 0.5, 1.0])
    risks = 1 - np.exp(-np.outer(rng.uniform(0.5, 1.5, size=80), horizons))
    found = integrated_error(risks, time, event, horizons=horizons)
    single = [prediction_error_at(risks[:, k], time, event, horizon=h) for k, h in enumerate(horizons)]
    np.testing.assert_allclose(found.brier, [s.brier for s in single])
    own = (0.3 * (single[0].brier + single[1].brier) / 2 + 0.5 * (single[1].brier + single[2].brier) / 2) / 0.8
    np.testing.assert_allclose(found.integrated, own)
    np.testing.assert_allclose(found.scaled, 1 - found.integrated / found.integrated_reference)
    assert integrated_error(risks, time, event, horizons=[0.2, 0.5, 99.0]).reason == "beyond_follow_up"


def test_what_cannot_be_estimated_says_why():
    assert prediction_error([np.nan], [1]).reason == "empty"
    one = prediction_error([0.2, 0.4], [0, 0])
    assert one.reason == "one_class" and np.isnan(one.scaled) and one.brier == pytest.approx(0.1)
    late = prediction_error_at([0.2, 0.4], [1.0, 2.0], [1, 0], horizon=3.0)
    assert late.reason == "beyond_follow_up" and np.isnan(late.brier) and late.method == "not estimated"


def test_arguments_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="outside"):
        prediction_error([1.2], [1])
    with pytest.raises(EndpointError):
        prediction_error_at([0.2], [-1.0], [1], horizon=1.0)
    with pytest.raises(InputError, match="horizon"):
        integrated_error(np.zeros((2, 2)), [1.0, 2.0], [1, 1], horizons=[2.0, 1.0])
