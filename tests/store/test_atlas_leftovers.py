"""What stopped writers left is named, and goes with the next write; what others may have put there stays."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.ingest.test_atlas_ingest import samples_of, sheet
from tests.store.atlases import small_atlas, write_small
from typer.testing import CliRunner

from tmescope.cli.main import app
from tmescope.ingest.atlas_ingest import ingest_atlas
from tmescope.store.atlas_layout import AtlasPanel
from tmescope.store.atlas_leftovers import find_leftovers, sweep_beside, sweep_leftovers
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import AtlasResult, write_result
from tmescope.store.atlas_writing import create_atlas

SWEPT = (
    ".atlas/panels/0-7",
    ".atlas/results/.pca.0123abcd.part",
    ".atlas/results/ghost",
    "X/data/c/.0.0123abcd.part",
    "obs/.zarr.json.ffffffff.part",
)
NAMED = ("X/data/c/99", "obs/ghost", "obsm/X_ghost", "var/ghost")


@pytest.fixture(scope="module")
def simulated():
    return small_atlas()


@pytest.fixture
def path(tmp_path, simulated):
    write_small(tmp_path / "a.zarr", simulated, samples=slice(0, 2))
    return tmp_path / "a.zarr"


def _result(path, *, name: str = "pca", columns: tuple[str, ...] = ("depth",)) -> AtlasResult:
    n, m = open_atlas(path).layout.n_cells, open_atlas(path).layout.n_genes
    return AtlasResult(
        name=name,
        obs=pd.DataFrame({column: np.arange(n) for column in columns}),
        var=pd.DataFrame({f"{name}_varies": np.arange(m) % 2 == 0}),
        obsm={f"X_{name}": np.ones((n, 2), dtype=np.float32)},
        tables={"t": pd.DataFrame({"a": [1]})},
    )


def _litter(path):
    for place in (*SWEPT, *NAMED):
        found = path / place
        found.parent.mkdir(parents=True, exist_ok=True)
        if (found.suffix == ".part" and "results" not in place) or place == "X/data/c/99":
            found.write_bytes(b"torn")
        else:
            (found / "inside").mkdir(parents=True)
            (found / "inside" / ".deeper.0123abcd.part").touch()


def _files(path):
    return {f.relative_to(path).as_posix(): f.read_bytes() for f in path.rglob("*") if f.is_file() and f.name != "lock"}


def test_an_atlas_as_it_is_written_has_none(path):
    write_result(path, _result(path))
    layout = open_atlas(path).layout
    assert find_leftovers(path, layout) == ()
    before = _files(path)
    assert sweep_leftovers(path, layout) == ()
    assert _files(path) == before


def test_leftovers_are_named_and_swept_by_the_next_write(path):
    _litter(path)
    found = {each.place: each.is_swept for each in find_leftovers(path, open_atlas(path).layout)}
    deeper = {p: True for p in found if p.endswith(".deeper.0123abcd.part")}
    assert found == dict.fromkeys(SWEPT, True) | dict.fromkeys(NAMED, False) | deeper
    done = CliRunner().invoke(app, ["atlas", "verify", str(path)])
    assert done.exit_code == 0, done.output
    assert "left over  .atlas/results/ghost belongs to no result" in done.output
    assert "left over  obsm/X_ghost is in no table or list of the atlas: nothing reads it\n" in done.output
    write_result(path, _result(path))
    assert {each.place for each in find_leftovers(path, open_atlas(path).layout)} == set(NAMED)
    assert not any((path / place).exists() for place in SWEPT)
    assert list(open_atlas(path).verify()) == []


def test_what_a_result_no_longer_has_goes_with_it(path, simulated):
    write_result(path, _result(path, columns=("depth", "old")))
    write_result(path, _result(path, name="umap", columns=("x",)))
    write_result(path, _result(path))
    assert (path / "obs/depth").exists()
    assert not (path / "obs/old").exists()
    assert (path / "obsm/X_umap").exists()
    write_small(path, simulated, samples=slice(2, 3))
    layout = open_atlas(path).layout
    assert find_leftovers(path, layout) == ()
    gone = ("obs/depth", "obs/x", "var/pca_varies", "obsm/X_pca", "obsm/X_umap", ".atlas/results/pca")
    assert not any((path / place).exists() for place in gone)


def test_nothing_outside_the_atlas_is_followed(path, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").touch()
    link = path / ".atlas/results/ghost"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(other, target_is_directory=True)
    sweep_leftovers(path, open_atlas(path).layout)
    assert not link.is_symlink()
    (path / ".atlas/results").rmdir()
    (path / ".atlas/results").symlink_to(other, target_is_directory=True)
    sweep_leftovers(path, open_atlas(path).layout)
    assert (other / "kept").exists()


def test_a_copy_that_counts_stays(path):
    layout = open_atlas(path).layout
    shutil.copytree(path / "X", path / ".atlas/panels/0-7")
    assert find_leftovers(path, replace(layout, panels=(AtlasPanel(0, 7, 1),))) == ()


_KILLED = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from tmescope.store import atlas_writing
atlas_writing.declare_atlas = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
atlas_writing.create_atlas(Path(sys.argv[1]), pd.DataFrame(index=["g1", "g2"]))
"""


def test_what_a_killed_beginning_left_beside_is_removed_by_the_next_ingest(tmp_path):
    path = tmp_path / "a.zarr"
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob(".a.zarr.*.part")
    rows = sheet(tmp_path, samples_of(3))
    done = ingest_atlas(rows, path)
    assert [n for n in done.notes if "killed" in n] == [
        f"removed {left.name}, which was left by an ingest that was killed while it made this atlas"
    ]
    assert not left.exists()
    assert (done.added, list(open_atlas(path).verify())) == (("s0",), [])
    assert ingest_atlas(rows, path).notes == ()


def test_what_may_be_anothers_is_named_and_stays(path, tmp_path):
    whole = path.rename(path.with_name(".a.zarr.0123abcd.part"))  # with its root: as one that is restored
    (tmp_path / ".a.zarr.11111111.part").mkdir()  # nothing yet: may be anybody's
    counted = tmp_path / ".a.zarr.22222222.part"
    shutil.copytree(whole, counted)
    (counted / "zarr.json").unlink()  # no root, but counts
    (tmp_path / ".b.zarr.33333333.part/var").mkdir(parents=True)  # of another atlas
    kept = {".a.zarr.11111111.part", counted.name, whole.name}
    said = sweep_beside(tmp_path / "a.zarr")
    assert [line.split(" ")[0] for line in said] == sorted(kept)
    assert all("may be still in use" in line for line in said)
    assert {f.name for f in tmp_path.glob(".*.part")} == {*kept, ".b.zarr.33333333.part"}
    create_atlas(tmp_path / "c.zarr", pd.DataFrame(index=["g"]))
    (tmp_path / "c.zarr/zarr.json").unlink()
    (tmp_path / ".a.zarr.44444444.part").symlink_to(tmp_path / "c.zarr")  # a link leads elsewhere
    assert len(sweep_beside(tmp_path / "a.zarr")) == 4
    assert (tmp_path / "c.zarr/var").is_dir()
