"""Neighbours stay neighbours in the plane."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from tests.golden.cells_graph.points import components

from tmescope.cells.embedding import UmapOptions, _EpochCounter, embed
from tmescope.cells.neighbours import find_neighbours
from tmescope.foundation.errors import InputError, MissingDependencyError


class Heard:
    def __init__(self):
        self.total, self.done, self.finished = 0.0, 0.0, 0

    def plan(self, steps):
        raise NotImplementedError

    def start(self, task, total=None, *, unit=""):
        self.total = total

    def advance(self, task, parts=1):
        self.done += parts

    def finish(self, task, note=""):
        self.finished += 1


@pytest.fixture(scope="module")
def graph():
    return find_neighbours(components()[0], rng=np.random.default_rng(0)).connectivities


@pytest.mark.parametrize("init", ["spectral", "pca"])
def test_groups_stay_together_and_the_seed_decides(graph, init):
    found, groups = components()
    before = graph.data.copy()
    options = UmapOptions(n_epochs=100, init=init)
    first, again = (embed(graph, found, rng=np.random.default_rng(3), options=options) for _ in range(2))
    np.testing.assert_array_equal(first.places, again.places)
    np.testing.assert_array_equal(graph.data, before)
    apart = ((first.places[:, None] - first.places[None]) ** 2).sum(2)
    np.fill_diagonal(apart, np.inf)
    near = np.argpartition(apart, 10, axis=1)[:, :10]
    assert (groups[near] == groups[:, None]).mean() > 0.97
    assert (first.n_epochs, first.init) == (100, init)


def test_epochs_are_told(graph):
    heard = Heard()
    embed(graph, components()[0], rng=np.random.default_rng(3), options=UmapOptions(n_epochs=20), progress=heard)
    assert (heard.total, heard.done, heard.finished) == (20, 20, 1)


def test_the_number_of_a_bar_is_what_is_told():
    heard = Heard()
    counter = _EpochCounter(heard)
    for text in ("\r3", "\r", "", "\r7", "\n", "\r5"):
        assert counter.write(text) == len(text)
    assert heard.done == 7
    counter.finish(9)
    assert (heard.done, heard.finished) == (9, 1)


def test_a_graph_in_parts_is_warned_of(graph):
    cut = graph.tolil()
    cut[:400, 400:] = 0
    cut[400:, :400] = 0
    found = embed(cut.tocsr(), components()[0], rng=np.random.default_rng(0), options=UmapOptions(n_epochs=5))
    assert "embedding.parts" in {w.code for w in found.warnings}
    assert np.isfinite(found.places).all()


@pytest.mark.parametrize(
    "wrong", [{"min_dist": -0.1}, {"min_dist": 2.0}, {"spread": 0.0}, {"n_epochs": 0}, {"init": "random"}]
)
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        UmapOptions(**wrong)


def test_components_of_other_cells_are_refused(graph):
    with pytest.raises(InputError, match=r"\(10, 10\)"):
        embed(graph, components()[0][:10], rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="two components"):
        embed(graph, components()[0][:, :1], rng=np.random.default_rng(0))


def test_without_umap_the_error_says_what_to_install(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap.umap_", None)
    with pytest.raises(MissingDependencyError, match="umap-learn"):
        embed(graph, components()[0], rng=np.random.default_rng(0))
