"""Panels reach an atlas one by one; samples that are added later leave full ones as they are."""

from __future__ import annotations

import errno
import hashlib
import shutil

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.atlases import SHARD, small_atlas, write_small

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store import atlas_turning
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_panels import PanelReader
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_turning import write_panels
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


@pytest.fixture(scope="module")
def simulated():
    return small_atlas()


@pytest.fixture(autouse=True)
def small_panels(monkeypatch):
    monkeypatch.setattr(atlas_turning, "_PANEL_CELLS", 200)


def _cells(layout):
    return [(p.first, p.last) for p in layout.panels]


def _hashes(path):
    files = sorted(p for p in (path / ".atlas/panels").rglob("*") if p.is_file())
    return {p.relative_to(path): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def _matrix(path):
    (run,) = PanelReader(open_atlas(path)).runs()
    layout = read_layout(path)
    return sparse.csc_matrix((run.counts, run.cells, run.ends), (layout.n_cells, layout.n_genes))


def test_samples_added_later_leave_full_panels_alone(tmp_path, simulated):
    path = tmp_path / "a.zarr"
    first = write_small(path, simulated, samples=slice(0, 2))
    n = first.shape[0]
    assert _cells(write_panels(path)) == [(0, 200), (200, n)]
    before = _hashes(path)
    more = write_small(path, simulated, samples=slice(2, None))
    layout = write_panels(path)
    assert _cells(layout) == [(0, 200), (200, 400), (400, 600)]
    after = _hashes(path)
    assert {p: h for p, h in before.items() if "0-200" in p.parts} == {
        p: h for p, h in after.items() if "0-200" in p.parts
    }
    assert not (path / f".atlas/panels/200-{n}").exists()  # made anew with more cells
    whole = sparse.vstack([first, more])
    assert (_matrix(path) != whole).nnz == 0
    assert list(open_atlas(path).verify()) == []
    assert (whole != anndata.read_zarr(path).X).nnz == 0  # the hidden folder is nobody's business
    stamps = {p: (path / p).stat().st_mtime_ns for p in after}
    assert write_panels(path) == layout
    assert stamps == {p: (path / p).stat().st_mtime_ns for p in _hashes(path)}  # nothing is done twice


def test_the_bytes_depend_neither_on_threads_nor_on_memory(tmp_path, simulated, monkeypatch):
    write_small(tmp_path / "a.zarr", simulated)
    write_small(tmp_path / "b.zarr", simulated)
    write_panels(tmp_path / "a.zarr")
    monkeypatch.setattr(atlas_turning, "_BASE", 0)
    monkeypatch.setattr(atlas_turning, "_BLOCK", 3000)
    runs = []
    turn = atlas_turning._turn
    monkeypatch.setattr(atlas_turning, "_turn", lambda *a, **k: (runs.append(a[2]), turn(*a, **k))[1])
    write_panels(tmp_path / "b.zarr", memory=40_000, threads=2)
    assert len(runs) > 2 * len(read_layout(tmp_path / "b.zarr").panels)
    assert _hashes(tmp_path / "a.zarr") == _hashes(tmp_path / "b.zarr")


def test_a_build_that_is_stopped_keeps_what_is_finished(tmp_path, simulated, monkeypatch):
    path = tmp_path / "a.zarr"
    counts = write_small(path, simulated)
    make, asked = atlas_turning._make, []

    def stop(atlas, first, last, *, memory):
        asked.append(first)
        found = make(atlas, first, last, memory=memory)
        if first == 200:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return found

    monkeypatch.setattr(atlas_turning, "_make", stop)
    with pytest.raises(StoreError, match="No space left on device"):
        write_panels(path)
    assert _cells(read_layout(path)) == [(0, 200)]
    assert list(open_atlas(path).verify()) == []
    assert (counts != anndata.read_zarr(path).X).nnz == 0
    monkeypatch.setattr(atlas_turning, "_make", lambda *a, **k: (asked.append(a[1]), make(*a, **k))[1])
    assert _cells(write_panels(path)) == [(0, 200), (200, 400), (400, 600)]
    assert asked == [0, 200, 200, 400]
    assert (_matrix(path) != counts).nnz == 0


def test_another_writer_is_noticed(tmp_path, simulated, monkeypatch):
    path = tmp_path / "a.zarr"
    write_small(path, simulated)
    make = atlas_turning._make

    def meanwhile(atlas, first, last, *, memory):
        found = make(atlas, first, last, memory=memory)
        if first == 200:
            with monkeypatch.context() as patch:
                patch.setattr(atlas_turning, "_make", make)
                patch.setattr(atlas_turning, "_PANEL_CELLS", 150)
                write_panels(path)
        return found

    monkeypatch.setattr(atlas_turning, "_make", meanwhile)
    monkeypatch.setattr(atlas_turning, "_WAIT_S", 0.0)
    with pytest.raises(StoreError, match="another process"):
        write_panels(path)
    assert list(open_atlas(path).verify()) == []


@pytest.mark.parametrize("gone", ["0-200", "200-400", "400-600/counts/c/0"])
def test_a_panel_whose_files_are_gone_is_made_again(tmp_path, simulated, gone):
    path = tmp_path / "a.zarr"
    counts = write_small(path, simulated)
    layout = write_panels(path)
    before = _hashes(path)
    place = path / ".atlas/panels" / gone
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    assert list(open_atlas(path).verify())
    assert write_panels(path) == layout
    assert list(open_atlas(path).verify()) == []
    assert _hashes(path) == before
    assert (_matrix(path) != counts).nnz == 0


def test_too_little_memory_says_the_least(tmp_path, simulated):
    path = tmp_path / "a.zarr"
    write_small(path, simulated, samples=slice(0, 1))
    with pytest.raises(InputError, match="too few for one gene"):
        write_panels(path, memory=1 << 20)
    assert read_layout(path).panels == ()


def test_large_counts_cells_without_counts_and_no_cells_at_all(tmp_path):
    path = tmp_path / "a.zarr"
    create_atlas(path, pd.DataFrame(index=["g1", "g2", "g3"]), count_dtype="uint32", shard=SHARD)
    assert write_panels(path).panels == ()
    assert PanelReader(open_atlas(path)).totals().size == 0
    writer = AtlasWriter(path)
    counts = sparse.csr_matrix([[0, 70_000, 0], [0, 0, 0], [3, 2**32 - 1, 0]])
    writer.add_sample("s", [(counts, pd.DataFrame(index=["a", "empty", "b"]))])
    writer.add_sample("none", [(sparse.csr_matrix((2, 3)), pd.DataFrame(index=["c", "d"]))])
    writer.commit()
    write_panels(path)
    np.testing.assert_array_equal(_matrix(path).toarray()[:3], counts.toarray())
    assert PanelReader(open_atlas(path)).totals().tolist() == [70_000, 0, 2**32 + 2, 0, 0]
