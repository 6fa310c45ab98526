"""Shifts of batches are those of a weighted ridge regression in each cluster."""

from __future__ import annotations

import tracemalloc

import numpy as np

from tmescope.stats.batch_correction import _of_one_variable, batch_shifts, without_shifts
from tmescope.stats.soft_clusters import DiverseClusters


def _setting(seed: int = 0):
    rng = np.random.default_rng(seed)
    n, k, d = 300, 3, 4
    codes = np.stack([rng.integers(0, 3, n), rng.integers(0, 2, n)])
    unique, kinds = np.unique(codes, axis=1, return_inverse=True)
    order = np.argsort(kinds.reshape(-1), kind="stable")
    kinds = kinds.reshape(-1)[order]
    levels = np.vstack([unique[0] == np.arange(3)[:, None], unique[1] == np.arange(2)[:, None]]).astype(float)
    points = rng.normal(size=(n, d)).astype(np.float32)
    members = rng.dirichlet(np.ones(k), n).astype(np.float32)
    masses = np.array([members[kinds == b].sum(0, dtype=np.float64) for b in range(levels.shape[1])])
    return points, DiverseClusters(np.empty((k, d), np.float32), members, masses, 0.0), levels, kinds


def test_shifts_are_those_of_a_weighted_ridge_regression():
    points, clusters, levels, kinds = _setting()
    ridge = np.array([1.0, 1.0, 1.0, 5.0, 5.0])
    found = batch_shifts(points, clusters, levels=levels, kinds=kinds, ridge=ridge)
    design = np.column_stack([np.ones(len(points)), levels[:, kinds].T])
    corrected = points.astype(np.float64)
    for cluster in range(3):
        weights = clusters.members[:, cluster].astype(np.float64)
        left = design.T @ (weights[:, None] * design) + np.diag([0.0, *ridge])
        fitted = np.linalg.solve(left, design.T @ (weights[:, None] * points))
        fitted[0] = 0.0
        np.testing.assert_allclose(found[:, cluster], levels.T @ fitted[1:], atol=1e-5)
        corrected -= weights[:, None] * (design @ fitted)
    result = without_shifts(points, clusters.members, found, kinds=kinds)
    np.testing.assert_allclose(result, corrected, atol=1e-5)


def test_a_shift_of_one_cluster_is_found_and_taken_out_and_a_great_ridge_takes_nothing():
    points, clusters, levels, kinds = _setting(1)
    members = np.zeros_like(clusters.members)
    members[np.arange(len(points)), np.arange(len(points)) % 3] = 1.0
    masses = np.array([members[kinds == b].sum(0, dtype=np.float64) for b in range(levels.shape[1])])
    clusters = DiverseClusters(clusters.centres, members, masses, 0.0)
    moved = points + 3.0 * (levels[3][kinds] * members[:, 0])[:, None].astype(np.float32)
    ridge = np.full(5, 1e-3)
    found = without_shifts(
        moved, members, batch_shifts(moved, clusters, levels=levels, kinds=kinds, ridge=ridge), kinds=kinds
    )
    first, has_level = members[:, 0] == 1, levels[3][kinds] == 1
    gap = found[first & has_level].mean(0) - found[first & ~has_level].mean(0)
    assert np.abs(gap).max() < 0.1
    strong = batch_shifts(moved, clusters, levels=levels, kinds=kinds, ridge=np.full(5, 1e9))
    assert np.abs(strong).max() < 1e-5


def test_one_variable_is_solved_in_closed_form_as_in_general_and_in_less_memory():
    rng = np.random.default_rng(3)
    n, k, d, n_levels = 4_000, 12, 3, 400
    kinds = np.sort(np.append(rng.integers(0, n_levels, n - n_levels), np.arange(n_levels)))
    points = rng.normal(size=(n, d)).astype(np.float32)
    members = rng.dirichlet(np.ones(k), n).astype(np.float32)
    masses = np.array([members[kinds == b].sum(0, dtype=np.float64) for b in range(n_levels)])
    clusters = DiverseClusters(np.empty((k, d), np.float32), members, masses, 0.0)
    ridge = rng.uniform(0.1, 3.0, n_levels)
    tracemalloc.start()
    found = batch_shifts(points, clusters, levels=np.eye(n_levels), kinds=kinds, ridge=ridge)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < k * n_levels**2 * 8 / 2
    sums = np.array([(members[kinds == b].T @ points[kinds == b]) for b in range(n_levels)], dtype=np.float64)
    exact = _of_one_variable(masses, sums, levels=np.eye(n_levels), ridge=ridge)
    design = np.vstack([np.ones(n_levels), np.eye(n_levels)])
    for cluster in range(k):
        left = (design * masses[:, cluster]) @ design.T + np.diag([1e-6, *ridge])
        solved = np.linalg.solve(left, design @ sums[:, cluster])[1:]
        np.testing.assert_allclose(exact[:, cluster], solved, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(found[:, cluster], solved, atol=1e-5)


def test_a_cluster_without_members_has_no_shift():
    points, clusters, levels, kinds = _setting(2)
    members = np.pad(clusters.members, ((0, 0), (0, 1)))
    masses = np.pad(clusters.masses, ((0, 0), (0, 1)))
    empty = DiverseClusters(clusters.centres, members, masses, 0.0)
    found = batch_shifts(points, empty, levels=levels, kinds=kinds, ridge=np.ones(5))
    np.testing.assert_array_equal(found[:, 3], 0.0)
