"""Sheets say what each source is; what they do not say is asked for, all rows at once."""

from __future__ import annotations

import pytest
from tests.ingest.cells_made import counts_of, write_table
from tests.ingest.tenx_made import Cells

from tmescope.foundation.errors import (
    FileFormatError,
    ManyProblems,
    MissingFileError,
    SampleError,
    TmescopeError,
    UnknownNameError,
)
from tmescope.ingest.atlas_sheet import read_atlas_sheet


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("sheet")
    write_table(place / "t.csv", counts_of(3))
    Cells.of(counts_of(3)).write(place / "mtx", "mtx3")
    Cells.of(counts_of(3)).write(place / "x", "h5v3")
    (place / "x.h5").rename(place / "y.h5")
    (place / "a.h5ad").write_bytes((place / "y.h5").read_bytes())
    (place / "notes.md").write_text("none")
    return place


def sheet(folder, text, name="s.csv"):
    (folder / name).write_text(text)
    return read_atlas_sheet(folder / name)


def test_formats_are_found_and_other_columns_kept(folder):
    rows = sheet(
        folder,
        "sample,file,patient,treatment,orientation,layer\n"
        "NA,t.csv,P1,ICB,cells_by_genes,\nb,mtx,P1,NA,,\nc,y.h5,P2,none,,\nd,a.h5ad,P2,none,,counts\n",
    )
    assert [r.form for r in rows] == ["table", "10x_mtx", "10x_h5", "h5ad"]
    assert [r.sample_id for r in rows] == ["NA", "b", "c", "d"]
    assert rows[0].columns == {"patient_id": "P1", "treatment": "ICB"}
    assert rows[1].columns["treatment"] == ""
    assert [r.layer for r in rows] == [None, None, None, "counts"]
    assert rows[2].place.endswith("line 4")


def test_numbers_of_a_sheet_are_plain_and_identifiers_as_written(folder):
    (row,) = sheet(folder, "sample_id;path;patient_id;age;x\n1.001;mtx;2,1;61,5;1.234,5\n")
    assert row.sample_id == "1.001"
    assert row.columns == {"patient_id": "2,1", "age": "61.5", "x": "1234.5"}


def test_a_column_of_the_file_may_name_the_samples(folder):
    (row,) = sheet(folder, "sample_column\tpath\ndonor\ta.h5ad\n", "s.tsv")
    assert (row.sample_id, row.sample_column) == ("", "donor")


@pytest.mark.parametrize(
    "text, error, told",
    [
        ("sample_id,patient_id\na,b\n", FileFormatError, "no column 'path'"),
        ("path\na.h5ad\n", FileFormatError, "no column 'sample_id'"),
        ("sample_id,path,a/b\ns,a.h5ad,1\n", FileFormatError, "'a/b'"),
        ("sample_id,path\ns,gone.h5ad\n", MissingFileError, "gone.h5ad"),
        ("sample_id,path\ns,\n", FileFormatError, "names no file"),
        ("sample_id,path\n,a.h5ad\n", SampleError, "names no sample"),
        ("sample_id,path,sample_column\ns,a.h5ad,x\n", SampleError, "a sample and a column"),
        ("sample_id,path\na:b,a.h5ad\n", SampleError, "'a:b'"),
        ("sample_id,path\ns,t.csv\n", FileFormatError, "whether a row of the table is a gene"),
        ("sample_id,path,orientation\ns,a.h5ad,cells_by_genes\n", FileFormatError, "orientation"),
        ("sample_id,path,layer\ns,y.h5,counts\n", FileFormatError, "layer is 'counts'"),
        ("sample_id,path,format\ns,y.h5,h5ad\n", FileFormatError, "10x_h5, not h5ad"),
        ("sample_id,path,format\ns,y.h5,loom\n", UnknownNameError, "loom"),
        ("sample_id,path\ns,notes.md\n", FileFormatError, "none of the formats"),
        ("sample_id,path\ns,a.h5ad\ns,y.h5\n", SampleError, "more than once: 's'"),
    ],
)
def test_bad_sheets_are_told(folder, text, error, told):
    with pytest.raises(TmescopeError, match=told) as caught:
        sheet(folder, text)
    assert isinstance(caught.value, error)


def test_all_rows_are_told_at_once(folder):
    with pytest.raises(ManyProblems) as caught:
        sheet(folder, "sample_id,path\na,gone\nb,gone\n")
    assert len(caught.value.problems) == 2
