"""The nearest cells are the nearest."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tmescope.cells.nearest import _without_self, approximate_nearest, exact_nearest
from tmescope.foundation.errors import MissingDependencyError
from tmescope.foundation.progress import SILENT


def _points(n: int = 700) -> np.ndarray:
    rng = np.random.default_rng(0)
    # far from the origin, where float32 alone would mistake neighbours
    return (rng.normal(size=(n, 8)) + 300.0 * rng.normal(size=8)).astype(np.float32)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("threads", [1, 2])
def test_the_exact_search_finds_what_all_distances_say(metric, threads):
    points = _points() if metric == "euclidean" else _points() - _points().mean(0)
    cells, distances = exact_nearest(points, 12, metric=metric, threads=threads, progress=SILENT)
    apart = cdist(points.astype(float), points.astype(float), metric)
    np.fill_diagonal(apart, np.inf)
    expected = np.argsort(apart, axis=1, kind="stable")[:, :12]
    np.testing.assert_array_equal(cells, expected)
    np.testing.assert_allclose(distances, np.take_along_axis(apart, expected, 1), rtol=1e-4, atol=1e-6)


def test_identical_cells_are_at_no_distance_and_come_in_their_order():
    points = np.zeros((40, 3), dtype=np.float32)
    points[30:] = 5.0
    cells, distances = exact_nearest(points, 4, metric="euclidean", threads=1, progress=SILENT)
    np.testing.assert_array_equal(cells[0], [1, 2, 3, 4])
    np.testing.assert_array_equal(cells[35], [30, 31, 32, 33])
    np.testing.assert_array_equal(distances, 0.0)


def test_as_many_neighbours_as_there_are_other_cells():
    cells, _ = exact_nearest(_points(5), 4, metric="euclidean", threads=1, progress=SILENT)
    np.testing.assert_array_equal(np.sort(cells, axis=1)[0], [1, 2, 3, 4])


def test_a_cell_is_not_its_own_neighbour():
    cells = np.array([[0, 1, 2], [2, 0, 1], [0, 1, 3]], dtype=np.int32)
    distances = np.array([[0, 1, 2], [0, 0, 0], [0, 1, 2]], dtype=np.float32)
    found, apart = _without_self(cells, distances)
    np.testing.assert_array_equal(found, [[1, 2], [2, 0], [0, 1]])
    np.testing.assert_array_equal(apart, [[1, 2], [0, 0], [0, 1]])


def test_without_pynndescent_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynndescent", None)
    with pytest.raises(MissingDependencyError, match="pynndescent"):
        approximate_nearest(_points(50), 5, metric="euclidean", seed=1, progress=SILENT)
