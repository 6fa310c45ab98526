"""Maps of cells: colours where levels are few, a small map for each where they are many; moderate in size."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.report.celled import contents_with_cells

from tmescope.report.cell_figures import draw_cell_maps
from tmescope.report.embedding import compile_figure
from tmescope.report.figure import spec_of


@pytest.fixture(scope="module")
def contents():
    return contents_with_cells()


def test_few_levels_are_coloured_and_named_where_they_lie(contents):
    labels, samples = draw_cell_maps(contents)
    assert list(labels.datasets["panel_titles"]["text"]) == ["By cell_type", "By response"]
    assert sorted(labels.datasets["middles"]["text"]) == ["type A", "type B", "type C", "type D"]
    right = labels.datasets["middles"].set_index("text")["x"]
    assert right["type A"] > right["type B"] > right["type C"]
    assert "random order" in labels.caption
    assert len(samples.datasets["tiles"]) == 16
    assert "nothing of it is hidden" in samples.caption
    for figure in (labels, samples):
        assert "600 cells" in figure.caption
        json.dumps(spec_of(figure))


def test_many_labels_get_a_map_each():
    figures = draw_cell_maps(contents_with_cells(types=12))
    names = [f.id for f in figures]
    assert names == ["cells-lung-a-map", "cells-lung-a-map-label", "cells-lung-a-map-sample"]
    assert len(figures[1].datasets["tiles"]) == 12


def test_many_cells_are_told_as_bins_and_stay_small():
    figures = draw_cell_maps(contents_with_cells(n=40_000, bins=256))
    assert "256 x 256 bins" in figures[0].caption
    assert "most of its cells have" in figures[0].caption
    assert sum(len(json.dumps(compile_figure(f))) for f in figures) < 700_000


def test_without_an_embedding_there_is_no_map(contents):
    assert draw_cell_maps(replace(contents, cells=(replace(contents.cells[0], embedding=""),))) == []
