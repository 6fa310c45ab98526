"""An atlas comes back from its compact form bit for bit, and from a damaged one not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.store import compact_atlases

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store import compact_layout, compact_restore
from tmescope.store.atlas_export import export_atlas
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import AtlasResult, write_result
from tmescope.store.compact_layout import BLOCKS, read_compact, write_compact
from tmescope.store.compact_restore import restore_atlas

VERSION_1 = Path(__file__).parent / "compact_version_1"


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    return compact_atlases.write_rich_compact(tmp_path_factory.mktemp("rich"))


def test_every_file_is_the_same(rich, tmp_path):
    done = restore_atlas(rich, tmp_path / "again.zarr")
    assert done.other_files == ()
    assert compact_atlases.files_of(tmp_path / "again.zarr") == compact_atlases.files_of(rich.parent / "rich.zarr")
    assert list(open_atlas(tmp_path / "again.zarr").verify()) == []


def test_version_1_is_read(tmp_path):
    restore_atlas(VERSION_1, tmp_path / "a.zarr")
    atlas = open_atlas(tmp_path / "a.zarr")
    rows = atlas.rows(0, 4)
    found = np.zeros_like(compact_atlases.COUNTS)
    found[np.repeat(np.arange(4), np.diff(rows.ends)), rows.genes] = rows.counts
    np.testing.assert_array_equal(found, compact_atlases.COUNTS)
    assert list(atlas.genes().index) == compact_atlases.GENES
    assert list(atlas.barcodes()) == ["s1:b", "s1:c", "s3:b", "s3:d:e"]
    cells = atlas.cells()
    np.testing.assert_array_equal(cells["number"].to_numpy().view(np.uint64), compact_atlases.BITS)
    assert cells["kind"].astype(object).where(cells["kind"].notna(), None).tolist() == ["x", None, "", "x"]
    assert [(s.sample_id, s.n_cells, s.source) for s in atlas.layout.samples] == [
        ("s1", 2, "one"),
        ("s2", 0, "two"),
        ("s3", 2, "three"),
    ]


def test_many_blocks_without_results(tmp_path, monkeypatch):
    n = compact_atlases.write_plain(tmp_path / "a.zarr").layout.n_cells
    before = compact_atlases.files_of(tmp_path / "a.zarr")
    obs, var = pd.DataFrame({"total": np.arange(n)}), pd.DataFrame({"mean": np.zeros(1500)})
    write_result(tmp_path / "a.zarr", AtlasResult(name="qc", obs=obs, var=var))
    monkeypatch.setattr(compact_layout, "BLOCK_ENTRIES", 2000)
    monkeypatch.setattr(compact_restore, "_COMMIT_CELLS", 100)
    export_atlas(open_atlas(tmp_path / "a.zarr"), tmp_path / "a.tmec", "compact")
    assert len(read_compact(tmp_path / "a.tmec").blocks) > 20
    assert restore_atlas(tmp_path / "a.tmec", tmp_path / "b.zarr", threads=2).other_files == ()
    assert compact_atlases.files_of(tmp_path / "b.zarr") == before


def _copied(rich, tmp_path):
    shutil.copytree(rich, tmp_path / "c")
    return tmp_path / "c"


def _change(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_damaged_block_is_named_and_nothing_is_left(rich, tmp_path):
    path = _copied(rich, tmp_path)
    _change(path / BLOCKS, -1)
    with pytest.raises(StoreError, match="other bytes") as caught:
        restore_atlas(path, tmp_path / "a.zarr")
    assert "block 1 (cells 2 to 3, bytes" in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c"]


def test_blocks_with_a_checksum_of_their_own_are_still_checked(rich, tmp_path):
    """Whoever makes a block can also make its checksum."""
    path = _copied(rich, tmp_path)
    _change(path / BLOCKS, 0)
    layout = read_compact(path)
    body, first = (path / BLOCKS).read_bytes(), layout.blocks[0]
    forged = compact_restore.zlib.crc32(body[: first.file.nbytes])
    block = compact_layout.CompactBlock(2, first.n_entries, compact_layout.Shard(first.file.nbytes, forged))
    write_compact(path, compact_layout.CompactLayout(layout.atlas, layout.tables, (block, *layout.blocks[1:])))
    with pytest.raises(StoreError, match="cannot be") as caught:
        restore_atlas(path, tmp_path / "a.zarr")
    assert "block 0" in str(caught.value)


def test_what_cannot_be_restored_is_told(rich, tmp_path):
    with pytest.raises(StoreError, match="already"):
        restore_atlas(rich, tmp_path)
    with pytest.raises(InputError, match="too few"):
        restore_atlas(rich, tmp_path / "a.zarr", memory=1 << 20)
    assert not (tmp_path / "a.zarr").exists()
