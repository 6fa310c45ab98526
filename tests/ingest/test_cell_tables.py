"""Tables of text give the same cells in both orientations, stated and never guessed."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from tests.ingest.cells_made import GENES, barcodes_of, counts_of, dense, write_table

from tmescope.foundation.errors import FileFormatError, InputError, ScaleError
from tmescope.ingest.cell_tables import stream_table

VALUES = counts_of(11)


def read(path, orientation="cells_by_genes", memory=1 << 26):
    with stream_table(path, orientation, memory=memory) as stream:
        return stream.head, list(stream.runs)


@pytest.mark.parametrize("orientation", ["cells_by_genes", "genes_by_cells"])
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz", ".txt"])
def test_both_orientations_and_all_endings(tmp_path, orientation, ending):
    path = write_table(tmp_path / "plain.csv", VALUES, turned=orientation == "genes_by_cells")
    text = path.read_text() if "csv" in ending else path.read_text().replace(",", "\t")
    other = tmp_path / f"a{ending}"
    other.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    head, runs = read(other, orientation)
    assert (head.genes, head.samples) == (GENES, (("", 11),))
    np.testing.assert_array_equal(dense(runs, 5), VALUES)
    assert [b for r in runs for b in r.barcodes] == barcodes_of(11)


def test_a_header_as_r_writes_it(tmp_path):
    path = write_table(tmp_path / "a.csv", VALUES)
    path.write_text(path.read_text().lstrip(","))
    assert read(path)[0].genes == GENES


@pytest.mark.parametrize("orientation", ["cells_by_genes", "genes_by_cells"])
@pytest.mark.parametrize("bad", ["1.5", "", "-2"])
def test_what_is_no_count_is_told_with_its_cell(tmp_path, orientation, bad):
    values = VALUES.astype(object)
    values[3, 2] = bad
    path = write_table(tmp_path / "a.csv", values, turned=orientation == "genes_by_cells")
    with pytest.raises(ScaleError, match="in cell 'BC003-1', gene 'MT-CO1'"):
        read(path, orientation)


def test_bad_tables_are_told(tmp_path):
    path = write_table(tmp_path / "a.csv", VALUES)
    with pytest.raises(FileFormatError, match="cannot be read as counts"):
        read_of(tmp_path / "words.csv", path.read_text().replace("BC002-1,", "BC002-1,x"))
    with pytest.raises(FileFormatError, match="header has 2 cells"):
        read_of(tmp_path / "short.csv", "a,b\nc\n")
    with pytest.raises(FileFormatError, match="header has 1 cells"):
        read_of(tmp_path / "semicolons.csv", path.read_text().replace(",", ";"))
    with pytest.raises(InputError, match="--memory"):
        read(write_table(tmp_path / "t.csv", VALUES, turned=True), "genes_by_cells", memory=10)


def read_of(path, text):
    path.write_text(text)
    return read(path)
