from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.spatial import distance

from tmescope.foundation.errors import InputError
from tmescope.stats import ordering
from tmescope.stats.ordering import leaf_order


def _blocks(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    label = np.repeat([0, 1, 2], 8)
    centres = np.array([[4.0, 0, 0, 1], [0, 4, 0, 2], [0, 0, 4, 3]])
    order = rng.permutation(24)
    return (centres[label] + 0.1 * rng.normal(size=(24, 4)))[order], label[order]


@pytest.mark.parametrize("metric", ["euclidean", "correlation"])
@pytest.mark.parametrize("optimal_up_to", [1000, 0])
def test_rows_that_behave_alike_stand_together(metric: str, optimal_up_to: int) -> None:
    values, label = _blocks(np.random.default_rng(2))
    found = leaf_order(values, metric=metric, optimal_up_to=optimal_up_to)
    assert sorted(found.order) == list(range(24))
    assert np.count_nonzero(np.diff(label[found.order])) == 2
    assert found.linkage.shape == (23, 4)
    assert ("optimal" in found.method) == (optimal_up_to > 0)


def test_optimal_order_walks_a_shorter_way() -> None:
    values = np.random.default_rng(3).normal(size=(40, 5))

    def way(order: np.ndarray) -> float:
        return float(np.linalg.norm(np.diff(values[order], axis=0), axis=1).sum())

    assert way(leaf_order(values).order) < way(leaf_order(values, optimal_up_to=0).order)


def test_same_input_same_order() -> None:
    values = np.round(np.random.default_rng(4).normal(size=(60, 6)), 1)
    first, second = leaf_order(values), leaf_order(values.copy())
    np.testing.assert_array_equal(first.order, second.order)
    np.testing.assert_array_equal(first.linkage, second.linkage)


def test_a_few_missing_values_do_not_break_the_blocks() -> None:
    rng = np.random.default_rng(5)
    values, label = _blocks(rng)
    values[rng.random(values.shape) < 0.08] = np.nan
    values[3] = np.nan
    for metric in ("euclidean", "correlation"):
        found = leaf_order(values, metric=metric)
        assert found.order[-1] == 3
        assert 3 not in found.clustered
        assert sorted(found.order) == list(range(24))
    euclidean = leaf_order(values).order[:-1]
    assert np.count_nonzero(np.diff(label[euclidean])) == 2


def test_distances_without_missing_values_are_scipys() -> None:
    values = np.random.default_rng(6).normal(size=(12, 7))
    np.testing.assert_allclose(
        ordering._distances(values, "correlation"), distance.pdist(values, "correlation"), atol=1e-14
    )
    euclidean = distance.pdist(values)
    np.testing.assert_allclose(ordering._pairwise(values, ordering._euclidean_to_rest), euclidean, rtol=1e-12)


def test_distances_use_what_both_rows_have() -> None:
    values = np.array([[1.0, 2.0, np.nan, 4.0], [2.0, np.nan, 1.0, 2.0], [np.nan, 1.0, np.nan, np.nan]])
    found = ordering._distances(values, "euclidean")
    assert found[0] == pytest.approx(np.sqrt((1 + 4) * 4 / 2))
    assert found[1] == pytest.approx(np.sqrt(1 * 4))
    assert found[2] == pytest.approx(max(found[0], found[1]))  # nothing in common
    r = ordering._distances(np.array([[1.0, 2, 3, np.nan], [2.0, 4, 6.5, 9]]), "correlation")
    assert r[0] == pytest.approx(1 - np.corrcoef([1, 2, 3], [2, 4, 6.5])[0, 1])


def test_a_constant_row_correlates_with_nothing() -> None:
    values = np.array([[1.0, 2, 3], [2.0, 2, 2], [3.0, 2, 1], [1.0, 2, 4]])
    found = ordering._distances(values, "correlation")
    np.testing.assert_allclose(found[[0, 3, 4]], 1.0)
    assert sorted(leaf_order(values, metric="correlation").order) == [0, 1, 2, 3]


@pytest.mark.parametrize("values", [np.empty((0, 3)), np.ones((1, 3)), np.full((3, 2), np.nan)])
def test_fewer_than_two_rows_keep_their_order(values: np.ndarray) -> None:
    found = leaf_order(values)
    np.testing.assert_array_equal(found.order, np.arange(values.shape[0]))
    assert found.linkage.shape == (0, 4)


def test_rows_with_no_column_in_common_are_still_ordered() -> None:
    found = leaf_order([[1.0, np.nan], [np.nan, 2.0]])
    assert sorted(found.order) == [0, 1]


def test_a_large_heat_map_takes_less_than_a_second() -> None:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(600, 60)) + rng.normal(size=(600, 1)) * rng.normal(size=60)
    for missing in (0.0, 0.02):
        values[rng.random(values.shape) < missing] = np.nan
        start = time.perf_counter()
        leaf_order(values)
        leaf_order(values, metric="correlation")
        assert time.perf_counter() - start < 2.0


@pytest.mark.parametrize(
    ("values", "metric", "told"),
    [
        (np.ones(3), "euclidean", "1 dimensions"),
        (np.ones((2, 2)), "cosine", "metric is 'cosine'"),
        (np.array([[1.0, np.inf], [0, 0]]), "euclidean", "1 infinite"),
    ],
)
def test_arguments_are_checked(values, metric: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        leaf_order(values, metric=metric)
