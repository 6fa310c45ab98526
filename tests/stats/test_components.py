from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import InputError
from tmescope.stats.components import principal_components, share_between_groups


@pytest.mark.parametrize("shape", [(40, 7), (7, 40)])
def test_components_are_those_of_the_singular_value_decomposition(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(3).normal(size=shape) + 5
    found = principal_components(values, n_components=4)
    centred = values - values.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found.shares, (s**2 / (s**2).sum())[:4], rtol=1e-9)
    np.testing.assert_allclose(np.abs(found.scores), np.abs(u[:, :4] * s[:4]), atol=1e-8)
    np.testing.assert_allclose(np.abs(found.loadings), np.abs(vt[:4].T), atol=1e-8)
    np.testing.assert_allclose(found.scores, centred @ found.loadings, atol=1e-8)


def test_the_sign_is_that_of_the_largest_loading_whatever_the_order_of_samples() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(30, 6)) * [1, 2, 3, 4, 5, 6]
    found = principal_components(values, n_components=3)
    largest = np.abs(found.loadings).argmax(axis=0)
    assert (found.loadings[largest, range(3)] > 0).all()
    order = rng.permutation(30)
    np.testing.assert_allclose(
        principal_components(values[order], n_components=3).scores, found.scores[order], atol=1e-8
    )


def test_no_more_components_than_the_rank_and_none_of_a_constant() -> None:
    line = np.outer(np.arange(5.0), [1.0, 2.0, -1.0])
    assert principal_components(line).shares.tolist() == pytest.approx([1.0])
    assert principal_components(np.full((5, 3), 7.1)).scores.shape == (5, 0)
    assert principal_components(np.ones((1, 3))).shares.size == 0


@pytest.mark.parametrize("bad", [np.array([1.0, 2.0]), np.array([[1.0, np.nan], [2.0, 3.0]])])
def test_missing_values_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="not finite"):
        principal_components(bad)


def test_share_between_groups_is_r_squared() -> None:
    scores = np.array([[0.0], [2.0], [10.0], [12.0]])
    assert share_between_groups(scores, ["a", "a", "b", "b"]) == pytest.approx(100 / 104)
    assert share_between_groups(scores, ["a", "b", "a", "b"]) == pytest.approx(4 / 104)
    assert share_between_groups(scores, ["a"] * 4) == 0.0
    assert np.isnan(share_between_groups(np.ones((4, 1)), ["a", "a", "b", "b"]))
    with pytest.raises(InputError, match="3 groups"):
        share_between_groups(scores, ["a", "b", "c"])
