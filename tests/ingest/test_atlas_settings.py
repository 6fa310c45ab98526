"""A later ingest keeps to what the atlas was made with, and what differs is refused or told."""

from __future__ import annotations

import pytest
from tests.ingest.cells_made import counts_of, write_cells
from tests.ingest.tenx_made import Cells

from tmescope.foundation.errors import InputError
from tmescope.ingest.atlas_ingest import IngestOptions, ingest_atlas
from tmescope.ingest.atlas_settings import agree_settings
from tmescope.ingest.atlas_sheet import read_atlas_sheet
from tmescope.store.atlas_layout import AtlasLayout, read_layout
from tmescope.store.atlas_reading import open_atlas

OF_IDS = AtlasLayout(
    n_genes=1, genes_sha256="", count_dtype="uint32", made_with={"gene_name": "gene_id", "columns": ["a", "b"]}
)


def agree(layout, *, count_dtype=None, gene_name=None, columns=None):
    return agree_settings(layout, count_dtype=count_dtype, gene_name=gene_name, columns=columns)


def test_a_new_atlas_is_made_as_asked_or_by_default():
    made, notes = agree(None)
    assert (made.count_dtype, made.gene_name, made.columns, notes) == ("uint16", "gene_name", None, [])
    made, _ = agree(None, count_dtype="uint32", gene_name="gene_id", columns=("a",))
    assert (made.count_dtype, made.said()) == ("uint32", {"gene_name": "gene_id", "columns": ["a"]})


def test_what_is_not_asked_for_is_as_the_atlas_was_made():
    made, notes = agree(OF_IDS, columns=("b", "a"))
    assert (made.count_dtype, made.gene_name, notes) == ("uint32", "gene_id", [])


@pytest.mark.parametrize("asked", [{"count_dtype": "uint16"}, {"gene_name": "gene_name"}])
def test_what_cannot_be_changed_is_refused(asked):
    with pytest.raises(InputError, match="the atlas was made with"):
        agree(OF_IDS, **asked)


@pytest.mark.parametrize("columns, said", [(None, "not given"), ((), "empty"), (("a",), "a")])
def test_other_columns_are_told(columns, said):
    (note,) = agree(OF_IDS, columns=columns)[1]
    assert f"--columns is {said} here and was a,b" in note


def test_an_atlas_that_does_not_say_is_added_to_as_before():
    old = AtlasLayout(n_genes=1, genes_sha256="")
    assert agree(old, gene_name="gene_id", columns=("a",))[1] == []


def test_an_atlas_remembers_and_samples_are_added_as_it_was_made(tmp_path):
    values = counts_of(8)
    for name in "xyz":
        Cells.of(values.T).write(tmp_path / name, "mtx3")
        (tmp_path / f"{name}.csv").write_text(f"sample_id,path\n{name},{name}\n")
    rows = {name: read_atlas_sheet(tmp_path / f"{name}.csv") for name in "xyz"}
    path = tmp_path / "a.zarr"
    ingest_atlas(rows["x"], path, options=IngestOptions(gene_name="gene_id", count_dtype="uint32"))
    assert read_layout(path).made_with == {"gene_name": "gene_id", "columns": None}
    assert str(open_atlas(path).genes().index[0]).startswith("ENSG")
    ingest_atlas(rows["y"], path)
    assert (len(read_layout(path).samples), read_layout(path).count_dtype) == (2, "uint32")
    for options in (IngestOptions(gene_name="gene_name"), IngestOptions(count_dtype="uint16")):
        with pytest.raises(InputError, match="the atlas was made with"):
            ingest_atlas(rows["z"], path, options=options)
    write_cells(tmp_path / "h.h5ad", values, genes=list(open_atlas(path).genes().index))
    (tmp_path / "h.csv").write_text("sample_id,path\nh,h.h5ad\n")
    done = ingest_atlas(read_atlas_sheet(tmp_path / "h.csv"), path, options=IngestOptions(columns=()))
    assert any("--columns is empty here" in note for note in done.notes)
