"""Sources are opened whatever their format, and known again by what they hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.ingest.cells_made import counts_of, dense, write_cells, write_table
from tests.ingest.tenx_made import Cells

from tmescope.ingest.atlas_sheet import read_atlas_sheet
from tmescope.ingest.atlas_sources import hash_source, open_source, said_hash

VALUES = counts_of(6)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    place = tmp_path_factory.mktemp("sources")
    write_table(place / "t.csv", VALUES)
    write_cells(place / "a.h5ad", VALUES)
    Cells.of(VALUES.T).write(place / "mtx", "mtx3")
    Cells.of(VALUES.T).write(place / "x", "h5v3")
    (place / "s.csv").write_text("sample_id,path,orientation\na,t.csv,cells_by_genes\nb,mtx,\nc,x.h5,\nd,a.h5ad,\n")
    return read_atlas_sheet(place / "s.csv")


def test_every_format_gives_the_same_cells(rows):
    for row in rows:
        with open_source(row, memory=1 << 26) as stream:
            np.testing.assert_array_equal(dense(list(stream.runs), 5), VALUES)


def test_hashes_follow_content_and_how_it_is_read(rows):
    row = rows[0]
    before = hash_source(row)
    assert hash_source(replace(row, sample_id="other", place="elsewhere")) == before
    assert hash_source(replace(row, orientation="genes_by_cells")) != before
    assert said_hash(row) != said_hash(replace(row, columns={"patient_id": "P9"}))
    assert len({hash_source(r) for r in rows}) == 4
    large = row.path.with_name("large.csv")
    large.write_bytes(bytes(40 << 20))
    first = hash_source(replace(row, path=large))
    with large.open("r+b") as file:
        file.seek(33 << 20)
        file.write(b"1")
    assert hash_source(replace(row, path=large)) != first
    folder = rows[1].path
    first = hash_source(rows[1])
    (folder / "barcodes.tsv.gz").write_bytes((folder / "barcodes.tsv.gz").read_bytes() + b"\0")
    assert hash_source(rows[1]) != first
