from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import EndpointError, InputError
from tmescope.stats.baseline_hazards import baseline_survival


def test_written_out_with_ties_and_by_hand():
    time, event = [1.0, 2.0, 2.0, 3.0, 4.0], [1, 1, 1, 0, 1]
    risk = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = baseline_survival(time, event, np.log(risk), horizons=[0.5, 1.0, 2.0, 3.9, 4.0, 4.1])
    hazard = np.array([0.0, 1 / 15, 1 / 15 + 2 / 14, 1 / 15 + 2 / 14, 1 / 15 + 2 / 14 + 1 / 5])
    np.testing.assert_allclose(np.exp(found.log_cumulative_hazard[:5]), hazard, rtol=1e-13)
    np.testing.assert_allclose(found.survival[:5], np.exp(-hazard), rtol=1e-13)
    assert np.isnan(found.survival[5]) and found.last_time == 4.0
    assert (found.n, found.n_events, found.reason) == (5, 4, "")
    risks = found.risks([0.0, np.log(2.0)])
    np.testing.assert_allclose(risks[:, :5], 1 - np.exp(-np.outer([1.0, 2.0], hazard)), atol=1e-15)


def test_predictors_of_any_size_are_taken():
    rng = np.random.default_rng(0)
    time, eta = rng.exponential(size=50), rng.normal(size=50)
    event = rng.uniform(size=50) < 0.6
    plain = baseline_survival(time, event, eta, horizons=[0.5, 1.0])
    far = baseline_survival(time, event, eta + 2000.0, horizons=[0.5, 1.0])
    np.testing.assert_allclose(far.risks(eta + 2000.0), plain.risks(eta), rtol=1e-9)


def test_missing_and_absent():
    found = baseline_survival([1.0, np.nan, 2.0], [1, 1, 1], [0.0, 0.0, np.nan], horizons=[1.0])
    assert found.n == 1
    assert baseline_survival([np.nan], [1], [0.0], horizons=[1.0]).reason == "empty"
    none = baseline_survival([1.0, 2.0], [0, 0], [0.0, 0.0], horizons=[1.0])
    assert none.reason == "no_events" and np.isnan(none.survival).all() and np.isnan(none.risks([0.0])).all()


def test_arguments_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="horizon"):
        baseline_survival([1.0], [1], [0.0], horizons=[np.nan])
    with pytest.raises(EndpointError):
        baseline_survival([-1.0], [1], [0.0], horizons=[1.0])
    with pytest.raises(InputError, match="length"):
        baseline_survival([1.0, 2.0], [1], [0.0], horizons=[1.0])
