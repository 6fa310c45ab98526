"""The graph of neighbours is scanpy's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.golden.cells_graph.points import components

from tmescope.cells import neighbours
from tmescope.cells.neighbours import find_neighbours
from tmescope.foundation.errors import InputError, MissingDependencyError

EXPECTED = json.loads((Path(__file__).parents[1] / "golden/cells_graph/expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_distances_and_weights_are_those_of_scanpy(metric):
    found = find_neighbours(components()[0], rng=np.random.default_rng(0), metric=metric)
    expected = EXPECTED[metric]
    assert found.connectivities.nnz == expected["n_weights"]
    assert found.connectivities.sum() == pytest.approx(expected["sum_of_weights"], rel=1e-5)
    for row, apart, (cells, weights) in zip(
        expected["rows"], expected["distances"], expected["connectivities"], strict=True
    ):
        np.testing.assert_allclose(np.sort(found.distances[row].data), apart, rtol=1e-5)
        np.testing.assert_array_equal(found.connectivities[row].indices, cells)
        np.testing.assert_allclose(found.connectivities[row].data, weights, atol=1e-5)
    assert found.is_exact
    assert found.warnings == ()


def test_the_graph_is_symmetric_has_no_loops_and_does_not_depend_on_threads():
    one, two = (find_neighbours(components()[0], rng=np.random.default_rng(0), threads=t) for t in (1, 2))
    assert (one.connectivities != one.connectivities.T).nnz == 0
    assert (one.connectivities.diagonal() == 0).all()
    np.testing.assert_array_equal(np.diff(one.distances.indptr), 14)
    for a, b in ((one.distances, two.distances), (one.connectivities, two.connectivities)):
        np.testing.assert_array_equal(a.indices, b.indices)
        np.testing.assert_array_equal(a.data, b.data)


def test_many_cells_are_searched_approximately(monkeypatch):
    asked = {}

    def told(points, n_nearest, **options):
        asked.update(options, n_nearest=n_nearest)
        return neighbours.exact_nearest(points, n_nearest, metric="euclidean", threads=1, progress=options["progress"])

    monkeypatch.setattr(neighbours, "EXACT_UP_TO", 1199)
    monkeypatch.setattr(neighbours, "approximate_nearest", told)
    found = find_neighbours(components()[0], rng=np.random.default_rng(0), threads=2)
    assert not found.is_exact
    assert asked["n_nearest"] == 14
    assert asked["seed"] == np.random.default_rng(0).integers(0, 2**31 - 1)


def test_identical_cells_are_warned_of():
    cells = components()[0].copy()
    cells[:30] = cells[0]
    (warning,) = find_neighbours(cells, rng=np.random.default_rng(0)).warnings
    assert (warning.code, warning.count) == ("neighbours.identical_cells", 30)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_neighbours": 1}, "1 neighbours"),
        ({"n_neighbours": 1200}, "1200 neighbours for 1200"),
        ({"metric": "l1"}, "l1"),
    ],
)
def test_what_cannot_be_searched_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        find_neighbours(components()[0], rng=np.random.default_rng(0), **options)


def test_without_umap_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap.umap_", None)
    with pytest.raises(MissingDependencyError, match="umap-learn"):
        find_neighbours(components()[0], rng=np.random.default_rng(0))
