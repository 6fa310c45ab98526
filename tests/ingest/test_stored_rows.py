"""Matrices by rows, by columns and dense give the same rows; unsound ones are refused before they are read."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from scipy import sparse
from tests.ingest.cells_made import counts_of

from tmescope.foundation.errors import FileFormatError, InputError, ScaleError
from tmescope.ingest.stored_rows import check_ends, open_rows

VALUES = counts_of(7)
CELLS, GENES = [f"c{i}" for i in range(7)], [f"g{i}" for i in range(5)]


def stored(file, values, kind):
    if kind == "dense":
        return file.create_dataset("X", data=values)
    matrix = (sparse.csr_matrix if kind == "csr" else sparse.csc_matrix)(values)
    group = file.create_group("X")
    group.attrs.update({"encoding-type": f"{kind}_matrix", "shape": values.shape})
    for name in ("data", "indices", "indptr"):
        group[name] = getattr(matrix, name)
    return group


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as opened:
        yield opened


@pytest.mark.parametrize("kind", ["csr", "csc", "dense"])
def test_rows_are_the_same_however_they_are_stored(file, kind):
    rows = open_rows(stored(file, VALUES.astype(np.float32), kind), VALUES.shape, "m", memory=1 << 20)
    found = rows.read(2, 6)
    dense = sparse.csr_matrix((found.counts, found.genes, found.ends), shape=(4, 5)).toarray()
    np.testing.assert_array_equal(dense, VALUES[2:6])


@pytest.mark.parametrize("kind", ["csr", "csc", "dense"])
def test_what_is_no_count_is_told_with_cell_and_gene(file, kind):
    values = VALUES.astype(np.float64)
    values[4, 3] = 2.5
    rows = open_rows(stored(file, values, kind), VALUES.shape, "m", memory=1 << 20)
    rows.name(CELLS, GENES, elsewhere=("raw/X",))
    rows.read(0, 4)
    with pytest.raises(ScaleError, match=r"2.5 in cell 'c4', gene 'g3'") as caught:
        rows.read(2, 7)
    assert "raw/X" in str(caught.value)


def test_a_matrix_by_columns_that_does_not_fit_says_what_it_needs(file):
    node = stored(file, VALUES, "csc")
    needed = 24 * int((VALUES > 0).sum())
    with pytest.raises(InputError, match=f"{needed:,}"):
        open_rows(node, VALUES.shape, "m", memory=needed - 1)
    open_rows(node, VALUES.shape, "m", memory=needed)


@pytest.mark.parametrize(
    "name, change",
    [
        ("indptr", lambda v: v[:-1]),
        ("indptr", lambda v: v[::-1]),
        ("indptr", lambda v: v + 1),
        ("indptr", lambda v: v.astype(float)),
        ("indices", lambda v: v[:-1]),
        ("data", lambda v: v.reshape(1, -1)),
    ],
)
def test_unsound_pointers_are_refused(file, name, change):
    node = stored(file, VALUES, "csr")
    values = node[name][()]
    del node[name]
    node[name] = change(values)
    with pytest.raises(FileFormatError, match="not sound"):
        open_rows(node, VALUES.shape, "m", memory=1 << 20)


def test_a_line_longer_than_the_matrix_is_wide_is_refused(file):
    node = stored(file, np.ones((2, 5)), "csr")
    with pytest.raises(FileFormatError, match="5 entries of 4"):
        check_ends(node, (2, 4), "m")


@pytest.mark.parametrize("kind, bad", [("csr", 5), ("csr", -1), ("csc", 7), ("csc", -1)])
def test_positions_outside_are_refused(file, kind, bad):
    node = stored(file, VALUES, kind)
    node["indices"][3] = bad
    with pytest.raises(FileFormatError, match=f"{bad}"):
        open_rows(node, VALUES.shape, "m", memory=1 << 20).read(0, 7)
