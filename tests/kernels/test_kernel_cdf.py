from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from tmescope.kernels.kernel_cdf import gaussian_cdf_against, gaussian_cdf_within

STEPS = 100_000
TABLE = np.append(ndtr(np.arange(10 * STEPS) / STEPS), 1.0)


def test_the_smoothed_density_is_the_mean_of_normal_distributions():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, 40))
    bandwidth = np.array([0.3, 1.0, 4.0])
    out = np.empty_like(values)
    gaussian_cdf_within(values, STEPS / bandwidth, TABLE, out)
    expected = ndtr((values[:, :, None] - values[:, None, :]) / bandwidth[:, None, None]).mean(axis=2)
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_within_and_against_are_the_same_numbers():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(5, 30)).round(1)
    values[0, 3] = np.nan
    per_unit = np.full(5, 2.5 * STEPS)
    within, against = np.empty_like(values), np.empty_like(values)
    gaussian_cdf_within(values, per_unit, TABLE, within)
    gaussian_cdf_against(values, values, per_unit, TABLE, against)
    np.testing.assert_array_equal(np.isnan(within), np.isnan(values))
    np.testing.assert_allclose(within, against, rtol=1e-14)


def test_equal_values_get_equal_densities_to_the_last_bit():
    values = np.array([[0.0, 0.0, 3.0, 0.0], [0.0, 7.0, 0.0, 0.0]])
    per_unit = 4 * STEPS / values.std(axis=1, ddof=1)
    out = np.empty_like(values)
    gaussian_cdf_within(values, per_unit, TABLE, out)
    assert len(set(out[0, [0, 1, 3]])) == 1
    assert out[0, 0] == out[1, 0]
