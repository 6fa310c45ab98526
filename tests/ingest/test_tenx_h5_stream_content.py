"""Cells of a file of Cell Ranger come as they are in it, without what is no gene expression."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from tests.ingest.cells_made import counts_of, dense
from tests.ingest.tenx_made import GENE, Cells

from tmescope.foundation.errors import ExpressionError, FileFormatError, ScaleError
from tmescope.ingest.cell_streams import CELL_LIMITS, _run_of, head_of
from tmescope.ingest.pseudobulk import Features
from tmescope.ingest.tenx_h5_stream_content import gene_table, stream_content

VALUES = counts_of(9)


def read(path, genome=None):
    parcels = stream_content(path, genome=genome, limits=CELL_LIMITS)
    head = head_of(next(parcels).about)
    return head, [_run_of(p, head) for p in parcels]


@pytest.mark.parametrize("layout", ["h5v2", "h5v3"])
def test_cells_come_as_they_are(tmp_path, layout):
    cells = Cells.of(VALUES.T)
    head, runs = read(cells.write(tmp_path / "a", layout))
    assert (head.genes, head.gene_ids) == (tuple(cells.gene_names), tuple(cells.gene_ids))
    assert head.samples == (("", 9),)
    np.testing.assert_array_equal(dense(runs, 5), VALUES)
    assert [b for r in runs for b in r.barcodes] == list(cells.barcodes)


def test_other_features_are_left_out_and_told(tmp_path):
    types = [GENE, "Antibody Capture", GENE, GENE, "Antibody Capture"]
    head, runs = read(Cells.of(VALUES.T, types=types).write(tmp_path / "a", "h5v3"))
    assert head.genes == ("G0", "G2", "G3")
    np.testing.assert_array_equal(dense(runs, 3), VALUES[:, [0, 2, 3]])
    assert "2 Antibody Capture" in head.notes[0]
    with pytest.raises(ExpressionError, match="no feature"):
        gene_table(Features(("a",), ("a",), ("CRISPR",)), where="x")


def test_damaged_ones_are_refused(tmp_path):
    path = Cells.of(VALUES.T).write(tmp_path / "a", "h5v3")
    with h5py.File(path, "r+") as file:
        file["matrix/indices"][2] = 99
    with pytest.raises(FileFormatError, match="99"):
        read(path)
    with h5py.File(path, "r+") as file:
        del file["matrix/barcodes"]
    with pytest.raises(FileFormatError, match="barcodes"):
        read(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(FileFormatError, match="cannot be read"):
        read(path)


def test_fractions_are_no_counts(tmp_path):
    path = Cells.of(VALUES.T).write(tmp_path / "a", "h5v3")
    with h5py.File(path, "r+") as file:
        data = file["matrix/data"][()].astype(np.float32) / 3
        del file["matrix/data"]
        file["matrix/data"] = data
    with pytest.raises(ScaleError, match=r"0\.333333"):
        read(path)
