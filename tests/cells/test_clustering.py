"""Clusters are the planted types, and those of leidenalg."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score
from tests.cells.planted import atlas_components
from tests.cells.test_neighbours import EXPECTED
from tests.golden.cells_graph.points import components

from tmescope.cells.clustering import _labels, cluster, ordered_by_size
from tmescope.cells.neighbours import find_neighbours
from tmescope.foundation.errors import InputError, MissingDependencyError


@pytest.fixture(scope="module")
def graph():
    return find_neighbours(components()[0], rng=np.random.default_rng(0)).connectivities


def test_planted_types_are_found():
    found, types = atlas_components()
    weights = find_neighbours(found, rng=np.random.default_rng(0)).connectivities
    assert adjusted_rand_score(types, cluster(weights, rng=np.random.default_rng(1)).labels) >= 0.95


def test_clusters_are_those_of_leidenalg(graph):
    found = cluster(graph, rng=np.random.default_rng(1))
    assert adjusted_rand_score(EXPECTED["leiden"], found.labels) >= 0.99
    assert found.warnings == ()


def test_the_modularity_is_what_its_definition_says(graph):
    found = cluster(graph, rng=np.random.default_rng(1), resolution=0.7)
    degrees, total = np.asarray(graph.sum(1)).ravel(), float(graph.sum())
    within = graph.multiply(found.labels[:, None] == found.labels[None]).sum()
    by_cluster = np.bincount(found.labels, weights=degrees)
    assert found.modularity == pytest.approx(within / total - 0.7 * (by_cluster**2).sum() / total**2, abs=1e-6)


def test_a_higher_resolution_finds_more_and_clusters_are_ordered_by_size(graph):
    few, many = (cluster(graph, rng=np.random.default_rng(1), resolution=r) for r in (0.02, 5.0))
    assert few.sizes.size < 8 < many.sizes.size
    assert (np.diff(many.sizes) <= 0).all()
    np.testing.assert_array_equal(np.bincount(many.labels), many.sizes)
    assert "clusters.small" in {w.code for w in cluster(graph, rng=np.random.default_rng(1), resolution=60).warnings}
    assert [w.code for w in cluster(graph, rng=np.random.default_rng(1), resolution=1e-4).warnings] in (
        ["clusters.single"], [],
    )  # fmt: skip


def test_same_seed_same_clusters_and_trials_do_not_worsen(graph):
    first, again = (cluster(graph, rng=np.random.default_rng(7), resolution=3.0) for _ in range(2))
    np.testing.assert_array_equal(first.labels, again.labels)
    best = cluster(graph, rng=np.random.default_rng(7), resolution=3.0, n_trials=5)
    assert best.modularity >= first.modularity - 1e-9


def test_cells_without_a_tie_are_clusters_of_their_own():
    block = np.ones((12, 12)) - np.eye(12)
    matrix = sparse.block_diag([block, np.zeros((2, 2)), block], format="csr")
    found = cluster(matrix, rng=np.random.default_rng(0))
    assert found.sizes.tolist() == [12, 12, 1, 1]
    assert found.labels[:12].tolist() == [0] * 12
    assert _labels({0: 1, 2: 0}, 4).tolist() == [1, 2, 0, 3]


def test_one_cluster_is_said():
    found = cluster(sparse.csr_matrix(np.ones((15, 15)) - np.eye(15)), rng=np.random.default_rng(0))
    assert [w.code for w in found.warnings] == ["clusters.single"]


def test_groups_are_numbered_by_size_and_place():
    labels, sizes = ordered_by_size(np.array([5, 9, 9, 2, 2, 7]))
    assert labels.tolist() == [2, 0, 0, 1, 1, 3]
    assert sizes.tolist() == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "of shape"),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), "negative"),
        (np.array([[0.0, np.nan], [np.nan, 0.0]]), "negative or not finite"),
        (np.zeros((3, 3)), "none is above zero"),
        (np.array([[0.0, 1.0], [0.5, 0.0]]), "1 pairs of cells have two different weights"),
    ],
)
def test_what_is_no_graph_is_refused(matrix, message):
    with pytest.raises(InputError, match=message):
        cluster(sparse.csr_matrix(matrix), rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "options", [{"resolution": 0.0}, {"resolution": np.nan}, {"n_trials": 0}, {"n_iterations": -1}]
)
def test_options_that_cannot_be_are_refused(graph, options):
    with pytest.raises(InputError, match=next(iter(options))):
        cluster(graph, rng=np.random.default_rng(0), **options)


def test_without_the_library_the_error_says_what_to_install(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "graspologic_native", None)
    with pytest.raises(MissingDependencyError, match="graspologic-native"):
        cluster(graph, rng=np.random.default_rng(0))
