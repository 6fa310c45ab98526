"""A reading process hands over cells as they come; whatever becomes of it ends in an error of ours."""

from __future__ import annotations

import numpy as np
import pytest
from tests.ingest.cells_made import GENES, counts_of, dense, write_cells
from tests.ingest.tenx_made import Cells
from tests.ingest.test_apart import IN_CIRCLES, lead_in_circles

from tmescope.foundation.errors import FileFormatError, ScaleError
from tmescope.ingest.apart import Patience
from tmescope.ingest.cell_streams import head_of, stream_apart

ASKED = {"layer": None, "sample_column": None, "columns": None, "skipped": [], "memory": 1 << 26}
VALUES = counts_of(12)


def test_cells_come_through_the_pipe(tmp_path):
    path = write_cells(tmp_path / "a.h5ad", VALUES, obs={"n": np.arange(12)})
    with stream_apart("h5ad_stream", path, ASKED) as stream:
        assert stream.head.genes == GENES
        assert stream.head.n_cells == 12
        runs = list(stream.runs)
    np.testing.assert_array_equal(dense(runs, 5), VALUES)
    np.testing.assert_array_equal(runs[0].columns["n"], np.arange(12))


def test_a_reader_that_nobody_listens_to_ends(tmp_path):
    path = Cells.of(VALUES.T).write(tmp_path / "a", "h5v3")
    with stream_apart("10x_h5_stream", path, {"genome": None}) as stream:
        assert stream.head.n_cells == 12


def test_errors_come_across_while_cells_are_read(tmp_path):
    values = VALUES.astype(float)
    values[5, 4] = 0.25
    path = write_cells(tmp_path / "a.h5ad", values)
    with (
        stream_apart("h5ad_stream", path, ASKED) as stream,
        pytest.raises(ScaleError, match=r"0\.25 in cell 'BC005-1', gene 'ACTB'"),
    ):
        list(stream.runs)


def test_a_file_that_leads_the_library_in_circles_ends_in_an_error(tmp_path):
    path = write_cells(tmp_path / "a.h5ad", VALUES)
    with (
        pytest.raises(FileFormatError, match="did not end within"),
        stream_apart("h5ad_stream", path, ASKED, patience=Patience(cpu_seconds=60, wall_factor=0)),
    ):
        pass
    lead_in_circles(path)
    with (
        pytest.raises(FileFormatError, match="did not end within 2 s of processor time"),
        stream_apart("h5ad_stream", path, ASKED, patience=IN_CIRCLES),
    ):
        pass


def test_a_head_says_what_it_was_told():
    head = head_of({"genes": ["A"], "samples": [["s", 3], ["t", 4]], "columns": [["x", "category", ["u"]]]})
    assert head.n_cells == 7
    assert head.columns["x"].categories == ("u",)
