"""Planted groups are found, and a cloud without groups is called one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tmescope.foundation.errors import InputError
from tmescope.stats.clusters import (
    ClusterSearch,
    centres_from,
    consensus_matrix,
    find_clusters,
    nearest_centres,
)

SEARCH = ClusterSearch(most=4, n_resamples=20)


def planted(seed: int, *, groups: int = 3, n: int = 60, distance: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = distance * np.linalg.qr(rng.standard_normal((8, groups)))[0].T
    truth = np.arange(n) % groups
    return scaled(centres[truth] + rng.standard_normal((n, 8))), truth


def scaled(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


def cloud(kind: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "round":
        return scaled(rng.standard_normal((60, 8)))
    if kind == "elongated":
        return scaled(rng.standard_normal((60, 1)) @ rng.standard_normal((1, 8)) * 2 + rng.standard_normal((60, 8)))
    mixing = rng.standard_normal((8, 8)) * np.array([6, 3, 2, 1, 1, 0.5, 0.5, 0.3])
    return scaled(rng.standard_normal((60, 8)) @ mixing.T)


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_planted_groups_are_found(groups, seed):
    values, truth = planted(seed, groups=groups)
    found = find_clusters(values, rng=np.random.default_rng(7), search=SEARCH)
    assert found.k == groups
    assert adjusted_rand_score(truth, found.labels) >= 0.9
    assert found.p_value == pytest.approx(0.01)
    assert found.tried == (2, 3, 4)
    assert found.gain[groups - 2] == found.gain.max()
    sizes = np.bincount(found.labels)
    assert list(sizes) == sorted(sizes, reverse=True)
    np.testing.assert_allclose(found.centres[0], values[found.labels == 0].mean(axis=0))


@pytest.mark.parametrize("kind", ["round", "elongated", "correlated"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_cloud_without_groups_has_none(kind, seed):
    found = find_clusters(cloud(kind, seed), rng=np.random.default_rng(7), search=SEARCH)
    assert found.k == 1
    assert found.p_value > SEARCH.alpha
    assert set(found.labels) == {0}
    assert found.centres.shape == (1, 8)


def test_the_same_draws_give_the_same_answer_whatever_the_direction():
    values, _ = planted(3)
    first, again = (find_clusters(values, rng=np.random.default_rng(1), search=SEARCH) for _ in range(2))
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.ambiguity, again.ambiguity)


def test_a_consensus_is_a_share_of_draws():
    values, truth = planted(0)
    consensus, smallest = consensus_matrix(values, 3, rng=np.random.default_rng(0), search=SEARCH)
    np.testing.assert_array_equal(consensus, consensus.T)
    assert consensus.min() >= 0
    assert consensus.max() <= 1
    np.testing.assert_allclose(np.diag(consensus), 1.0)
    same = truth[:, None] == truth[None]
    assert consensus[same].mean() > 0.95
    assert consensus[~same].mean() < 0.05
    assert 0.2 < smallest <= 1 / 3


def test_centres_come_to_rest_where_their_groups_are():
    values, truth = planted(1)
    means = np.array([values[truth == g].mean(axis=0) for g in range(3)])
    rested = centres_from(values, means + 0.2)
    np.testing.assert_allclose(rested, means, atol=0.2)
    np.testing.assert_array_equal(nearest_centres(values, means), truth)
    values[0, 0] = np.nan
    assert nearest_centres(values, means)[0] == -1


@pytest.mark.parametrize("values", [np.zeros((5, 3)), np.zeros((20, 1)), np.full((20, 3), np.nan), np.zeros(20)])
def test_too_few_or_missing_values_are_refused(values):
    with pytest.raises(InputError, match="cannot be grouped"):
        find_clusters(values, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "wrong",
    [{"most": 1}, {"n_resamples": 5}, {"share": 1.0}, {"n_null": 10}, {"alpha": 0.001}, {"smallest": 0.6}],
)
def test_a_search_that_cannot_decide_is_refused(wrong):
    with pytest.raises(InputError, match="cannot be"):
        ClusterSearch(**wrong)
