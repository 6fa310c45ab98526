"""Samples brought to one distribution."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import InputError
from tmescope.stats.quantiles import match_quantiles, quantile_normalise


def test_three_samples_by_hand():
    values = np.array([[5.0, 2.0, 3.0, 4.0], [4.0, 1.0, 4.0, 2.0], [3.0, 4.0, 6.0, 8.0]])
    means = np.array([2.0, 3.0, 14 / 3, 17 / 3])  # of the lowest, the second, the third and the highest
    expected = [
        [means[3], means[0], means[1], means[2]],
        [(means[2] + means[3]) / 2, means[0], (means[2] + means[3]) / 2, means[1]],  # 4 and 4 share their ranks
        means,
    ]
    np.testing.assert_allclose(quantile_normalise(values), expected)


def test_all_get_the_same_distribution_and_keep_their_order():
    values = np.random.default_rng(0).gamma(1.0, size=(5, 300)) * np.arange(1, 6)[:, None]
    found = quantile_normalise(values)
    np.testing.assert_array_equal(np.argsort(found, axis=1), np.argsort(values, axis=1))
    np.testing.assert_allclose(np.sort(found, axis=1), np.tile(np.sort(values, axis=1).mean(axis=0), (5, 1)))


def test_one_sample_stays_as_it_is():
    values = np.array([[3.0, 1.0, 2.0]])
    np.testing.assert_array_equal(quantile_normalise(values), values)


def test_a_target_of_another_length_is_read_between_its_values():
    found = match_quantiles([[30.0, 10.0, 20.0]], [0.0, 1.0, 10.0, 11.0, 100.0])
    np.testing.assert_allclose(found, [[100.0, 0.0, 10.0]])
    np.testing.assert_allclose(match_quantiles([[1.0, 2.0, 3.0, 4.0]], [0.0, 10.0]), [[0, 10 / 3, 20 / 3, 10]])
    np.testing.assert_allclose(match_quantiles([[7.0]], [5.0, 6.0]), [[5.0]])
    np.testing.assert_allclose(match_quantiles([[7.0, 7.0]], [5.0, 6.0]), [[5.5, 5.5]])


def test_nothing_is_changed_and_nothing_is_asked_of_an_empty_matrix():
    values = np.array([[3.0, 1.0]])
    match_quantiles(values, [0.0, 1.0])
    np.testing.assert_array_equal(values, [[3.0, 1.0]])
    assert quantile_normalise(np.empty((0, 4))).shape == (0, 4)
    assert match_quantiles(np.empty((2, 0)), [1.0]).shape == (2, 0)


@pytest.mark.parametrize(
    ("values", "target", "says"),
    [
        ([1.0, 2.0], [1.0], "1 dimensions"),
        ([[1.0, np.nan]], [1.0], "1 values that are not finite"),
        ([[1.0, 2.0]], [], "is no distribution"),
        ([[1.0, 2.0]], [2.0, 1.0], "sorted from low to high"),
        ([[1.0, 2.0]], [2.0, np.nan], "finite numbers"),
    ],
)
def test_what_makes_no_sense_is_refused(values, target, says):
    with pytest.raises(InputError) as caught:
        match_quantiles(values, target)
    assert says in str(caught.value)
