"""Cells of a folder of Cell Ranger come in runs, in whatever order its entries are."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from tests.ingest.cells_made import counts_of, dense
from tests.ingest.tenx_made import GENE, Cells

from tmescope.foundation.errors import FileFormatError, InputError, ScaleError
from tmescope.ingest import tenx_mtx_stream
from tmescope.ingest.tenx_folder import find_parts
from tmescope.ingest.tenx_mtx_stream import stream_folder

VALUES = counts_of(30)


def read(folder, memory=1 << 26):
    with stream_folder(find_parts(folder), memory=memory) as stream:
        return stream.head, list(stream.runs)


@pytest.mark.parametrize("layout", ["mtx2", "mtx3"])
@pytest.mark.parametrize("entries", [1 << 20, 10, 1])
def test_cells_come_as_they_are(tmp_path, monkeypatch, layout, entries):
    monkeypatch.setattr(tenx_mtx_stream, "_ENTRIES", entries)
    cells = Cells.of(VALUES.T)
    head, runs = read(cells.write(tmp_path / "a", layout))
    assert (head.genes, head.samples) == (tuple(cells.gene_names), (("", 30),))
    np.testing.assert_array_equal(dense(runs, 5), VALUES)
    assert [b for r in runs for b in r.barcodes] == list(cells.barcodes)


def rewrite(folder, change):
    path = folder / "matrix.mtx"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], *change(lines[3:])]) + "\n")
    return folder


def test_entries_gene_by_gene_are_sorted_where_they_fit(tmp_path):
    folder = Cells.of(VALUES.T).write(tmp_path / "a", "mtx2")
    rewrite(folder, lambda lines: sorted(lines, key=lambda line: int(line.split()[0])))
    np.testing.assert_array_equal(dense(read(folder)[1], 5), VALUES)
    with pytest.raises(InputError, match="do not come cell by cell"):
        read(folder, memory=100)


@pytest.mark.parametrize(
    "line, error, told",
    [("9 1 1", FileFormatError, "number 9"), ("1 0 1", FileFormatError, "number 0"), ("1 1 1.5", ScaleError, "1.5")],
)
def test_bad_entries_are_told(tmp_path, line, error, told):
    folder = Cells.of(VALUES.T).write(tmp_path / "a", "mtx2")
    rewrite(folder, lambda lines: [line, *lines[1:]])
    with pytest.raises(error, match=told):
        read(folder)


def test_a_cut_file_and_other_features(tmp_path):
    folder = Cells.of(VALUES.T, types=[GENE, "x", GENE, GENE, GENE]).write(tmp_path / "a", "mtx3")
    head, runs = read(folder)
    np.testing.assert_array_equal(dense(runs, 4), VALUES[:, [0, 2, 3, 4]])
    assert "1 x" in head.notes[0]
    text = gzip.decompress((folder / "matrix.mtx.gz").read_bytes()).decode().splitlines()
    (folder / "matrix.mtx.gz").write_bytes(gzip.compress("\n".join(text[:-2]).encode() + b"\n"))
    with pytest.raises(FileFormatError, match="are declared"):
        read(folder)


def test_a_matrix_without_counts(tmp_path):
    empty = np.zeros((3, 5), dtype=int)
    np.testing.assert_array_equal(dense(read(Cells.of(empty.T).write(tmp_path / "a", "mtx3"))[1], 5), empty)
