from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tmescope.foundation.errors import InputError
from tmescope.stats.closeness import measure_closeness


def test_numbers_are_those_of_scipy_and_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    y = rng.random(40)
    x = 0.6 * y + 0.2 * rng.random(40)
    x[3], y[5] = np.nan, np.nan
    keep = ~(np.isnan(x) | np.isnan(y))
    found = measure_closeness(x, y)
    r = stats.pearsonr(x[keep], y[keep])
    interval = r.confidence_interval(0.95)
    assert found.n == 38
    np.testing.assert_allclose([found.pearson, found.ci_low, found.ci_high], [r.statistic, *interval], rtol=1e-12)
    assert found.spearman == pytest.approx(stats.spearmanr(x[keep], y[keep]).statistic)
    assert found.rmse == pytest.approx(np.sqrt(np.mean((x[keep] - y[keep]) ** 2)))
    a, b = x[keep], y[keep]
    expected = 2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    assert found.ccc == pytest.approx(expected)


def test_what_cannot_be_said_is_missing() -> None:
    alone = measure_closeness([0.1, np.nan], [0.2, 0.3])
    assert (alone.n, alone.rmse) == (1, pytest.approx(0.1))
    assert np.isnan([alone.pearson, alone.ccc, alone.spearman]).all()
    assert np.isnan(measure_closeness([], []).rmse)
    three = measure_closeness([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    assert three.pearson > 0.9
    assert np.isnan(three.ci_low)
    constant = measure_closeness([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert np.isnan(constant.pearson)
    assert constant.ccc == 0.0
    assert np.isnan(measure_closeness([1.0] * 5, [1.0] * 5).ccc)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=20))
def test_equal_values_agree_wholly(values: list[float]) -> None:
    found = measure_closeness(values, values)
    assert found.rmse == 0
    if np.std(values) > 1e-6:
        assert found.ccc == pytest.approx(1)
        assert found.pearson == pytest.approx(1)
        assert measure_closeness(np.array(values) / 2, values).ccc < 1


@pytest.mark.parametrize("given", [([1.0], [1.0, 2.0]), ([np.inf], [1.0]), ([[1.0]], [[1.0]])])
def test_arguments_that_make_no_sense_are_refused(given: tuple[list[float], list[float]]) -> None:
    with pytest.raises(InputError):
        measure_closeness(*given)
    with pytest.raises(InputError, match="confidence"):
        measure_closeness([1.0], [1.0], confidence=1.0)
