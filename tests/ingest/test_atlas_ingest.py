"""Many samples reach an atlas whole, again from where it stopped, and what is wrong with one of them is told."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.ingest.cells_made import GENES, counts_of, write_cells, write_table
from tests.ingest.tenx_made import Cells

from tmescope.foundation.errors import (
    ExpressionError,
    FolderInUseError,
    FormatVersionError,
    InputError,
    SampleError,
    ScaleError,
    StoreError,
)
from tmescope.ingest import atlas_ingest
from tmescope.ingest.atlas_ingest import IngestOptions, ingest_atlas
from tmescope.ingest.atlas_sheet import read_atlas_sheet
from tmescope.store.atlas_layout import ATTRIBUTE, read_layout
from tmescope.store.atlas_lock import atlas_lock
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_tables import CELLS
from tmescope.store.atlas_writing import create_atlas

HEADER = "sample_id,path,patient_id,outcome,orientation\n"


def sheet(folder: Path, samples: dict[str, np.ndarray], *, genes=GENES, name: str = "s.csv"):
    """Write a table for each sample, and the sheet of them."""
    lines = []
    for number, (sample, values) in enumerate(samples.items()):
        write_table(folder / f"{sample}.csv", values, genes=genes)
        lines.append(f"{sample},{sample}.csv,P{number},{'R' if number else ''},cells_by_genes\n")
    (folder / name).write_text(HEADER + "".join(lines))
    return read_atlas_sheet(folder / name)


def samples_of(*sizes: int) -> dict[str, np.ndarray]:
    return {f"s{i}": counts_of(n, seed=i) for i, n in enumerate(sizes)}


def test_samples_of_every_format_are_anndatas(tmp_path):
    values = counts_of(8)
    write_cells(tmp_path / "a.h5ad", values, genes=[f"G{i}" for i in range(5)], obs={"n": np.arange(8)})
    Cells.of(values.T).write(tmp_path / "mtx", "mtx3")
    (tmp_path / "s.csv").write_text("sample_id,path,patient_id\nx,mtx,P1\ny,a.h5ad,P2\n")
    done = ingest_atlas(read_atlas_sheet(tmp_path / "s.csv"), tmp_path / "a.zarr", options=IngestOptions(threads=2))
    assert (done.added, done.kept) == (("x", "y"), ())
    adata = anndata.read_zarr(tmp_path / "a.zarr")
    np.testing.assert_array_equal(adata.X.toarray(), np.vstack([values, values]))
    assert adata.obs["patient_id"].tolist() == ["P1"] * 8 + ["P2"] * 8
    np.testing.assert_array_equal(adata.obs["n"], [np.nan] * 8 + list(range(8)))
    assert list(adata.var_names) == [f"G{i}" for i in range(5)]
    assert adata.var["gene_ids"].str.startswith("ENSG").all()
    assert list(open_atlas(tmp_path / "a.zarr").verify()) == []


def test_odd_samples_are_samples(tmp_path):
    samples = {**samples_of(3, 20), "zero": np.zeros((2, 5), dtype=int)}
    ingest_atlas(sheet(tmp_path, samples), tmp_path / "a.zarr")
    adata = anndata.read_zarr(tmp_path / "a.zarr")
    np.testing.assert_array_equal(adata.X.toarray(), np.vstack(list(samples.values())))
    assert adata.obs_names[:2].tolist() == ["s0:BC000-1", "s0:BC001-1"]  # the same barcodes as in s1
    assert adata.obs["outcome"].isna().sum() == 3


def test_large_counts_and_many_genes(tmp_path):
    values = np.zeros((2, 70_000), dtype=int)
    values[0, 69_999], values[1, 66_000] = 300, 65_535
    Cells.of(values.T).write(tmp_path / "wide", "mtx3")
    (tmp_path / "s.csv").write_text("sample_id,path\ns,wide\n")
    rows = read_atlas_sheet(tmp_path / "s.csv")
    ingest_atlas(rows, tmp_path / "a.zarr")
    np.testing.assert_array_equal(anndata.read_zarr(tmp_path / "a.zarr").X.toarray(), values)
    large = sheet(tmp_path, {"large": np.full((2, 5), 65_536)})
    with pytest.raises(ExpressionError, match="65536") as caught:
        ingest_atlas(large, tmp_path / "b.zarr")
    assert "--counts uint32" in caught.value.next_step
    assert not (tmp_path / "b.zarr").exists()
    ingest_atlas(large, tmp_path / "b.zarr", options=IngestOptions(count_dtype="uint32"))
    assert anndata.read_zarr(tmp_path / "b.zarr").X.max() == 65_536


def test_an_ingest_goes_on_from_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(atlas_ingest, "_COMMIT_CELLS", 1)
    samples = samples_of(10, 20, 30)
    rows = sheet(tmp_path, samples)
    good = (tmp_path / "s2.csv").read_text()
    write_table(tmp_path / "s2.csv", samples["s2"] / 2)
    with pytest.raises(ScaleError, match=r"s2|no counts"):
        ingest_atlas(rows, tmp_path / "a.zarr")
    assert [s.sample_id for s in read_layout(tmp_path / "a.zarr").samples] == ["s0", "s1"]
    (tmp_path / "s2.csv").write_text(good)
    done = ingest_atlas(rows, tmp_path / "a.zarr")
    assert (done.added, done.kept) == (("s2",), ("s0", "s1"))
    ingest_atlas(rows, tmp_path / "b.zarr")
    for path in (tmp_path / "b.zarr").rglob("*"):  # the same as in one go
        if path.is_file() and path.name != "lock":
            assert path.read_bytes() == (tmp_path / "a.zarr" / path.relative_to(tmp_path / "b.zarr")).read_bytes()
    before = (tmp_path / "a.zarr/zarr.json").read_bytes()
    assert ingest_atlas(rows, tmp_path / "a.zarr").added == ()
    assert (tmp_path / "a.zarr/zarr.json").read_bytes() == before


def test_commits_wait_for_cells_and_the_tables_follow(tmp_path, monkeypatch):
    monkeypatch.setattr(atlas_ingest, "_COMMIT_CELLS", 25)
    rows = sheet(tmp_path, samples_of(10, 20, 30, 5))
    ingest_atlas(rows, tmp_path / "a.zarr")
    parts = sorted((tmp_path / "a.zarr" / CELLS).iterdir())
    assert [pq.read_metadata(p).num_rows for p in parts] == [30, 30, 5]
    assert list(open_atlas(tmp_path / "a.zarr").verify()) == []


def test_a_changed_source_or_row_is_told(tmp_path):
    samples = samples_of(5, 6)
    rows = sheet(tmp_path, samples)
    ingest_atlas(rows, tmp_path / "a.zarr")
    (tmp_path / "t.csv").write_text((tmp_path / "s.csv").read_text().replace("P1", "P9"))
    with pytest.raises(SampleError, match="'s1' is in the atlas, but the sheet says other things"):
        ingest_atlas(read_atlas_sheet(tmp_path / "t.csv"), tmp_path / "a.zarr")
    write_table(tmp_path / "s0.csv", samples["s0"] + 1)
    with pytest.raises(SampleError, match="its source has changed") as caught:
        ingest_atlas(rows, tmp_path / "a.zarr")
    assert "another sample_id" in caught.value.next_step


def test_barcodes_that_stand_twice_in_a_sample_are_refused(tmp_path):
    rows = sheet(tmp_path, samples_of(5))
    text = (tmp_path / "s0.csv").read_text()
    (tmp_path / "s0.csv").write_text(text.replace("BC003-1", "BC001-1"))
    with pytest.raises(SampleError, match="stand twice, for example 'BC001-1'"):
        ingest_atlas(rows, tmp_path / "a.zarr")


def test_genes_follow_the_rule_and_repeated_names_are_added_up(tmp_path):
    sheet(tmp_path, {"s0": counts_of(4)})
    write_table(tmp_path / "s1.csv", counts_of(3), genes=["ACTB", "CD8A", "ACTB", "MS4A1", "MT-CO1"])
    (tmp_path / "s.csv").write_text(HEADER + "".join(f"s{i},s{i}.csv,P,R,cells_by_genes\n" for i in (0, 1)))
    rows = read_atlas_sheet(tmp_path / "s.csv")
    with pytest.raises(ExpressionError, match="1 are missing: 'EPCAM'"):
        ingest_atlas(rows, tmp_path / "a.zarr")
    assert not (tmp_path / "a.zarr").exists()
    done = ingest_atlas(rows, tmp_path / "a.zarr", options=IngestOptions(genes="intersection"))
    assert any("added up" in n for n in done.notes)
    assert any("'EPCAM'" in n for n in done.notes)
    second = counts_of(3)[:, [1, 3, 4, 0]]  # CD8A, MS4A1, MT-CO1, ACTB
    second[:, 3] += counts_of(3)[:, 2]
    found = anndata.read_zarr(tmp_path / "a.zarr")
    assert list(found.var_names) == ["CD8A", "MS4A1", "MT-CO1", "ACTB"]
    np.testing.assert_array_equal(found.X.toarray()[4:], second)


def test_one_file_of_many_samples(tmp_path):
    values = counts_of(12)
    donors = np.array(["b", "a", "b"] * 4)
    write_cells(tmp_path / "a.h5ad", values, obs={"donor": donors})
    (tmp_path / "s.csv").write_text("sample_column,path,cohort\ndonor,a.h5ad,C\n")
    done = ingest_atlas(read_atlas_sheet(tmp_path / "s.csv"), tmp_path / "a.zarr")
    assert done.added == ("b", "a")
    adata = anndata.read_zarr(tmp_path / "a.zarr")
    np.testing.assert_array_equal(adata.X.toarray(), np.vstack([values[donors == d] for d in "ba"]))
    assert adata.obs["cohort"].tolist() == ["C"] * 12


def test_a_newer_atlas_a_busy_one_and_too_little_memory(tmp_path):
    rows = sheet(tmp_path, samples_of(4))
    ingest_atlas(rows, tmp_path / "a.zarr")
    with atlas_lock(tmp_path / "a.zarr"), pytest.raises(FolderInUseError):
        ingest_atlas(rows, tmp_path / "a.zarr")
    with pytest.raises(InputError, match="too few"):
        ingest_atlas(rows, tmp_path / "a.zarr", options=IngestOptions(memory=1000))
    root = tmp_path / "a.zarr/zarr.json"
    root.write_text(root.read_text().replace(f'"{ATTRIBUTE}": {{"version": 1', f'"{ATTRIBUTE}": {{"version": 2'))
    with pytest.raises(FormatVersionError, match="2"):
        ingest_atlas(rows, tmp_path / "a.zarr")


def test_a_disk_that_is_full_leaves_the_atlas_as_it_was(tmp_path):
    rows = sheet(tmp_path, samples_of(4))
    ingest_atlas(rows, tmp_path / "a.zarr")
    before = {p: p.read_bytes() for p in (tmp_path / "a.zarr").rglob("*") if p.is_file() and p.name != "lock"}
    write_table(tmp_path / "s1.csv", np.random.default_rng(1).poisson(90, (4000, 5)))
    (tmp_path / "t.csv").write_text(HEADER + "s1,s1.csv,P,R,cells_by_genes\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    rows = read_atlas_sheet(tmp_path / "t.csv")
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))  # no file can be larger
    try:
        with pytest.raises(StoreError, match="no room left on the disk") as caught:
            ingest_atlas(rows, tmp_path / "a.zarr")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "unchanged" in caught.value.next_step
    assert all(p.read_bytes() == data for p, data in before.items())
    assert list(open_atlas(tmp_path / "a.zarr").verify()) == []
    done = ingest_atlas(read_atlas_sheet(tmp_path / "t.csv"), tmp_path / "a.zarr")
    assert done.layout.n_cells == 4004


def test_a_store_that_can_only_be_read_is_read(tmp_path):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        rows = sheet(folder, samples_of(4, 5))
        ingest_atlas(rows[:1], folder / "a.zarr")
        for p in [folder / "a.zarr", *(folder / "a.zarr").rglob("*")]:
            p.chmod(0o555 if p.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:  # whom no permission stops
            os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match="can be read, but nothing can be written"):
                ingest_atlas(rows, folder / "a.zarr")
            atlas = open_atlas(folder / "a.zarr")
            assert atlas.rows(0, 4).counts.sum() == counts_of(4, seed=0).sum()
            assert list(atlas.verify()) == []
        finally:
            if root:
                os.seteuid(0)
            for p in [folder / "a.zarr", *(folder / "a.zarr").rglob("*")]:
                p.chmod(0o755)


@pytest.mark.parametrize(
    "name, told",
    [("sadefeldman2018_melanoma_subset", "logarithms"), ("oligodendroglioma_tirosh2016", "linear by their size")],
)
def test_real_values_that_are_no_counts_are_refused(shared_data, tmp_path, name, told):
    path = shared_data / "cells" / name / "cells.h5ad"
    (tmp_path / "s.csv").write_text(f"sample_id,path\ns,{path}\n")
    with pytest.raises(ScaleError, match=told):
        ingest_atlas(read_atlas_sheet(tmp_path / "s.csv"), tmp_path / "a.zarr")
    assert not (tmp_path / "a.zarr").exists()


def test_real_counts_are_those_of_the_file(shared_data, tmp_path):
    path = shared_data / "cells" / "wu2021_tnbc_CID4465" / "cells.h5ad"
    (tmp_path / "s.csv").write_text(f"sample_id,path,patient_id\nCID4465,{path},CID4465\n")
    done = ingest_atlas(read_atlas_sheet(tmp_path / "s.csv"), tmp_path / "a.zarr")
    assert (done.layout.n_cells, done.layout.n_genes, done.layout.n_entries) == (1564, 29_733, 854_811)
    found, given = anndata.read_zarr(tmp_path / "a.zarr"), anndata.read_h5ad(path)
    assert (found.X != given.X).nnz == 0
    assert found.obs["celltype_major"].tolist() == given.obs["celltype_major"].tolist()
    np.testing.assert_array_equal(found.obs["percent.mito"], given.obs["percent.mito"])


def test_processes_that_make_one_atlas_at_once_lose_nothing(tmp_path):
    sizes = {f"s{i}": counts_of(20, seed=i) for i in range(2)}
    for name, values in sizes.items():
        sheet(tmp_path, {name: values}, name=f"{name}-sheet.csv")
    program = "import sys; from tmescope.cli.main import main; main()"
    command = [sys.executable, "-c", program, "atlas", "ingest"]

    def start(name):
        return subprocess.Popen([*command, str(tmp_path / f"{name}-sheet.csv"), "-o", str(tmp_path / "a.zarr"), "-q"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # fmt: skip

    running = {name: start(name) for name in sizes}
    ended = {name: (process.communicate()[1], process.returncode) for name, process in running.items()}
    there = {s.sample_id for s in read_layout(tmp_path / "a.zarr").samples}
    assert there == {name for name, (_, code) in ended.items() if code == 0}
    assert there
    assert all("same command again" in said for said, code in ended.values() if code)
    for name in sizes.keys() - there:
        assert start(name).wait() == 0
    assert {s.sample_id for s in read_layout(tmp_path / "a.zarr").samples} == set(sizes)
    assert list(open_atlas(tmp_path / "a.zarr").verify()) == []
    assert not list(tmp_path.glob(".a.zarr.*.old"))


def test_who_is_refused_leaves_the_atlas_of_the_other_alone(tmp_path, monkeypatch):
    rows, path = sheet(tmp_path, samples_of(5)), tmp_path / "a.zarr"
    ingest_atlas(rows, path)
    (tmp_path / "b").mkdir()
    others = sheet(tmp_path / "b", {"other": counts_of(4)})
    real = atlas_ingest.read_layout
    monkeypatch.setattr(Path, "exists", lambda p, real=Path.exists: p.name != "zarr.json" and real(p))
    with pytest.raises(StoreError):  # as if it had looked before the other made it
        ingest_atlas(others, path)
    monkeypatch.undo()
    assert [s.sample_id for s in real(path).samples] == ["s0"]


class _Meanwhile:
    """A listener that does something when a task begins or ends."""

    def __init__(self, *, at: tuple[str, str], do) -> None:
        self._at, self._do = at, do

    def _tell(self, *what) -> None:
        if what == self._at:
            self._do()

    def plan(self, weights) -> None:
        pass

    def start(self, name, total, *, unit) -> None:
        self._tell("start", name)

    def advance(self, name, amount=1) -> None:
        pass

    def finish(self, name, summary="") -> None:
        self._tell("finish", name)


def test_an_atlas_that_another_fills_after_this_one_looked_is_refused(tmp_path):
    path = tmp_path / "a.zarr"
    rows = sheet(tmp_path, samples_of(5))
    (tmp_path / "b").mkdir()
    others = sheet(tmp_path / "b", {"other": counts_of(4)})
    create_atlas(path, pd.DataFrame(index=list(GENES)))  # what an ingest leaves that is killed at its start
    filled = _Meanwhile(at=("finish", "sources"), do=lambda: ingest_atlas(others, path))
    with pytest.raises(StoreError, match="another process made this atlas meanwhile"):
        ingest_atlas(rows, path, options=IngestOptions(progress=filled))
    assert [s.sample_id for s in read_layout(path).samples] == ["other"]
    assert ingest_atlas(rows, path).added == ("s0",)


def test_samples_that_are_lost_in_the_end_are_told(tmp_path):
    path = tmp_path / "a.zarr"
    ingest_atlas(sheet(tmp_path, samples_of(5)), path)
    shutil.copytree(path, tmp_path / "older.zarr")

    def put_back():
        shutil.rmtree(path)
        (tmp_path / "older.zarr").rename(path)

    rows, lost = sheet(tmp_path, samples_of(5, 4)), _Meanwhile(at=("finish", "cells"), do=put_back)
    with pytest.raises(StoreError, match=r"1 samples that were added are no longer in the atlas: .*s1"):
        ingest_atlas(rows, path, options=IngestOptions(progress=lost, gene_major=False))
    assert ingest_atlas(rows, path).added == ("s1",)
