"""A page says which command makes what an atlas lacks, and has a section of cells only where there are some."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.report.celled import contents_with_cells

from tmescope.report.cell_map import CellMap
from tmescope.report.page import render_report


@pytest.fixture(scope="module")
def contents():
    return contents_with_cells()


def test_what_is_absent_is_told_with_its_command(contents):
    absent = ("tmescope atlas umap a.zarr", "tmescope atlas markers <a>.zarr")
    bare = CellMap("lung_a", "", "cell_type", contents.cells[0].cells, absent=absent)
    page = render_report(replace(contents, cells=(bare,)), [])
    assert "<code>tmescope atlas umap a.zarr</code> makes the map of its cells" in page
    assert "<code>tmescope atlas markers &lt;a&gt;.zarr</code> makes their markers" in page


def test_a_study_without_cells_has_no_such_section(contents):
    assert 'id="cells"' in render_report(contents, [])
    assert 'id="cells"' not in render_report(replace(contents, cells=()), [])
