"""Soft clusters: memberships solve what they should, and the objective is what its definition says."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.stats.soft_clusters import DiverseClusters, Diversity, diverse_round, first_centres, unit_rows


def _setting(theta: float, *, seed: int = 0, n: int = 400, k: int = 4):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0.0, 2.0, (k, 6))
    points = unit_rows((centres[rng.integers(0, k, n)] + rng.normal(size=(n, 6))).astype(np.float32))
    first, second = rng.integers(0, 3, n), rng.integers(0, 2, n)
    unique, kinds = np.unique(np.stack([first, second]), axis=1, return_inverse=True)
    levels = np.vstack([unique[0] == np.arange(3)[:, None], unique[1] == np.arange(2)[:, None]]).astype(float)
    kinds = kinds.reshape(-1)
    shares = levels @ np.bincount(kinds) / n
    diversity = Diversity(kinds, levels, shares, np.full(5, theta), 0.2)
    start = DiverseClusters(
        first_centres(points, k, rng=rng), np.zeros((n, k), np.float32), np.zeros((levels.shape[1], k)), np.inf
    )
    return points, diversity, start


def _blocks(n: int, count: int):
    return np.array_split(np.random.default_rng(1).permutation(n), count)


def _objective(points, found, diversity) -> float:
    """The definition, in float64."""
    r, y, z = found.members.astype(float), found.centres.astype(float), points.astype(float)
    phi = diversity.levels[:, diversity.kinds]
    seen, expected = phi @ r, diversity.shares[:, None] * r.sum(0)
    entropy = np.where(r > 0, r * np.log(np.where(r > 0, r, 1.0)), 0.0)
    mixing = diversity.theta[:, None] * seen * np.log((seen + 1) / (expected + 1))
    return float((r * 2 * (1 - z @ y.T)).sum() + diversity.sigma * (entropy.sum() + mixing.sum()))


def test_the_first_round_is_soft_k_means():
    points, diversity, start = _setting(2.0)
    found = diverse_round(points, start, diversity, blocks=_blocks(400, 7))
    expected = np.exp(2.0 * points.astype(float) @ start.centres.T.astype(float) / diversity.sigma)
    np.testing.assert_allclose(found.members, expected / expected.sum(1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(found.objective, _objective(points, found, diversity), rtol=1e-4)


def test_masses_are_sums_of_memberships_and_rows_add_up_to_one():
    points, diversity, found = _setting(2.0)
    for _ in range(4):
        found = diverse_round(points, found, diversity, blocks=_blocks(400, 7))
    np.testing.assert_allclose(found.members.sum(1), 1.0, atol=1e-5)
    expected = [found.members[diversity.kinds == b].sum(0) for b in range(diversity.levels.shape[1])]
    np.testing.assert_allclose(found.masses, expected, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found.centres, axis=1), 1.0, atol=1e-5)


def test_a_single_cell_gets_what_the_formula_gives():
    points, diversity, start = _setting(2.0)
    before = diverse_round(points, start, diversity, blocks=_blocks(400, 7))
    r, own = before.members.copy(), 5
    masses = before.masses.copy()
    rest = np.delete(np.arange(400), own)
    after = diverse_round(points, before, diversity, blocks=[np.array([own]), rest])
    phi = diversity.levels[:, diversity.kinds].astype(float)
    masses[diversity.kinds[own]] -= r[own]
    seen = diversity.levels @ masses
    expected = diversity.shares[:, None] * masses.sum(0)
    factor = np.prod(((expected + 1) / (seen + 1)) ** (2.0 * phi[:, own])[:, None], axis=0)
    wanted = np.exp(2 * (points[own] @ after.centres.T).astype(float) / diversity.sigma) * factor
    np.testing.assert_allclose(after.members[own], wanted / wanted.sum(), rtol=1e-4)


@pytest.mark.parametrize("theta", [0.0, 1.0, 3.0])
def test_the_objective_falls(theta):
    points, diversity, found = _setting(theta)
    told = []
    for _ in range(12):
        found = diverse_round(points, found, diversity, blocks=_blocks(400, 20))
        told.append(found.objective)
    assert told[-1] < told[0]
    assert np.diff(told[1:]).max() <= 1e-3 * abs(told[0])


def test_a_batch_apart_is_spread_over_more_clusters_with_a_penalty():
    def unevenness(theta):
        points, diversity, found = _setting(theta)
        points = points.copy()
        points[:, 0] += 0.3 * diversity.levels[0][diversity.kinds].astype(np.float32)
        points = unit_rows(points)
        for _ in range(10):
            found = diverse_round(points, found, diversity, blocks=_blocks(400, 20))
        seen = diversity.levels @ found.masses
        return np.abs(seen / found.masses.sum(0) - diversity.shares[:, None]).mean()

    assert unevenness(4.0) < 0.75 * unevenness(0.0)


def test_first_centres_are_drawn_from_the_data_and_far_apart():
    rng = np.random.default_rng(0)
    corners = np.eye(5, dtype=np.float32)
    points = unit_rows(corners[rng.integers(0, 5, 3000)] + 0.05 * rng.normal(size=(3000, 5)).astype(np.float32))
    found = first_centres(points, 5, rng=np.random.default_rng(4))
    np.testing.assert_allclose(np.sort((found @ corners.T).max(axis=0)), 1.0, atol=0.01)
    np.testing.assert_array_equal(found, first_centres(points, 5, rng=np.random.default_rng(4)))


def test_identical_points_and_the_origin_do_no_harm():
    same = unit_rows(np.ones((50, 3), np.float32))
    assert np.isfinite(first_centres(same, 4, rng=np.random.default_rng(0))).all()
    np.testing.assert_array_equal(unit_rows(np.zeros((2, 3), np.float32)), 0.0)
