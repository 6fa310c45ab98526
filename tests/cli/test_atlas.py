"""The commands of atlases, from files to files."""

from __future__ import annotations

import json

import anndata
import numpy as np
import pytest
from tests.ingest.cells_made import counts_of, write_table
from typer.testing import CliRunner

from tmescope.cli.main import app

RUN = CliRunner()


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas")
    for i in (0, 1):
        write_table(folder / f"s{i}.csv", counts_of(10, seed=i))
    rows = "".join(f"s{i},s{i}.csv,P{i},cells_by_genes\n" for i in (0, 1))
    (folder / "sheet.csv").write_text(f"sample_id,path,patient_id,orientation\n{rows}")
    done = RUN.invoke(app, ["atlas", "ingest", str(folder / "sheet.csv"), "-o", str(folder / "a.zarr")])
    assert done.exit_code == 0, done.output
    assert "added 2 samples with 20 cells" in done.output
    assert "cells/s, peak memory" in done.output
    return folder / "a.zarr"


def test_ingest_again_adds_nothing(atlas):
    done = RUN.invoke(app, ["atlas", "ingest", str(atlas.parent / "sheet.csv"), "-o", str(atlas), "-q"])
    assert "added 0 samples with 0 cells" in done.output
    assert "2 were there already" in done.output


def test_info_says_what_is_there(atlas):
    said = RUN.invoke(app, ["atlas", "info", str(atlas)]).output
    for part in ("cells    20 of 2 samples", "genes    5", "uint16", "patient_id (category)", "10 barcodes stand in"):
        assert part in said
    found = json.loads(RUN.invoke(app, ["atlas", "info", str(atlas), "--json"]).output)
    assert (found["n_panels"], found["cells_in_panels"]) == (1, 20)
    assert (found["n_cells"], [s["sample_id"] for s in found["samples"]]) == (20, ["s0", "s1"])


def test_export_writes_the_same_counts(atlas, tmp_path):
    done = RUN.invoke(app, ["atlas", "export", str(atlas), "-o", str(tmp_path / "a.h5ad"), "-q"])
    assert done.exit_code == 0
    expected = np.vstack([counts_of(10, seed=i) for i in (0, 1)])
    np.testing.assert_array_equal(anndata.read_h5ad(tmp_path / "a.h5ad").X.toarray(), expected)


def test_a_compact_atlas_is_restored(atlas, tmp_path):
    small, again = str(tmp_path / "a.tmec"), tmp_path / "again.zarr"
    assert RUN.invoke(app, ["atlas", "export", str(atlas), "--to", "compact", "-o", small, "-q"]).exit_code == 0
    done = RUN.invoke(app, ["atlas", "restore", small, "-o", str(again), "-q"])
    assert done.exit_code == 0, done.output
    assert "restored 20 cells of 2 samples" in done.output
    for place in ("X/data/c/0", "X/indices/c/0", "X/indptr/c/0", "obs/_index/c/0", "obs/patient_id/codes/c/0"):
        assert (again / place).read_bytes() == (atlas / place).read_bytes()
    found = json.loads(RUN.invoke(app, ["atlas", "info", str(again), "--json"]).output)
    assert (found["n_panels"], found["results"]) == (1, [])


def test_verify_names_what_is_damaged(atlas):
    done = RUN.invoke(app, ["atlas", "verify", str(atlas)])
    assert done.exit_code == 0
    assert "as they were written" in done.output
    shard = atlas / "obs/patient_id/categories/c/0"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    done = RUN.invoke(app, ["atlas", "verify", str(atlas)])
    shard.write_bytes(whole)
    assert done.exit_code == 1
    assert "damaged  obs/patient_id/categories/c/0 holds other bytes" in done.output


def test_events_for_machines(atlas):
    done = RUN.invoke(app, ["atlas", "ingest", str(atlas.parent / "sheet.csv"), "-o", str(atlas), "--json"])
    assert all(json.loads(line) for line in done.stdout.splitlines())
