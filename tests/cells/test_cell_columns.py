"""Columns of cells are found by their names."""

from __future__ import annotations

import pytest

from tmescope.cells.cell_columns import column_of, samples_of_cells
from tmescope.foundation.errors import UnknownNameError


def test_samples_are_those_of_the_atlas(golden):
    assert list(samples_of_cells(golden.atlas)) == list(golden.cells["sample_id"])


def test_columns_are_found_by_their_names(golden):
    assert list(column_of(golden.atlas, "sample_id")) == list(golden.cells["sample_id"])
    assert list(column_of(golden.atlas, "response")) == list(golden.cells["response"])
    with pytest.raises(UnknownNameError, match="did you mean 'cell_type'"):
        column_of(golden.atlas, "celltype")
