"""The compact form is small, the same at any time, and made of what tmescope writes alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.store.compact_atlases import write_plain

from tmescope.foundation.errors import InputError, StoreError
from tmescope.store.atlas_export import export_atlas
from tmescope.store.atlas_reading import CellRows, open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas
from tmescope.store.compact_export import write_compact_atlas
from tmescope.store.compact_layout import BLOCKS, read_compact
from tmescope.store.compact_restore import restore_atlas


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    return write_plain(tmp_path_factory.mktemp("e") / "a.zarr")


def test_it_is_small_and_the_same_whatever_the_memory(atlas, tmp_path):
    export_atlas(atlas, tmp_path / "a", "compact", memory=1 << 26)
    export_atlas(atlas, tmp_path / "b", "compact", memory=1 << 30)
    one, other = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in "ab")
    assert one == other
    assert sorted(one) == ["atlas.json", "blocks.bin", "obs.parquet", "var.parquet"]
    assert len(one[BLOCKS]) < 1.4 * atlas.layout.n_entries


def test_what_cannot_be_written_is_told(atlas, tmp_path):
    with pytest.raises(InputError, match="too few"):
        export_atlas(atlas, tmp_path / "a", "compact", memory=(1 << 26) - 1)
    twice = CellRows(0, np.array([0, 2]), np.array([1, 1], np.int32), np.ones(2, np.uint16))
    with pytest.raises(StoreError, match="ascending"):
        write_compact_atlas(atlas, tmp_path / "a", [twice])
    assert not list(tmp_path.iterdir())


def test_an_atlas_without_cells_or_counts(tmp_path):
    create_atlas(tmp_path / "a.zarr", pd.DataFrame(index=["g"]))
    export_atlas(open_atlas(tmp_path / "a.zarr"), tmp_path / "a", "compact")
    assert restore_atlas(tmp_path / "a", tmp_path / "b.zarr").layout.n_cells == 0
    writer = AtlasWriter(tmp_path / "a.zarr")
    writer.add_sample("s", [(sparse.csr_matrix((2, 1)), pd.DataFrame(index=["x", "y"]))])
    writer.commit()
    export_atlas(open_atlas(tmp_path / "a.zarr"), tmp_path / "c", "compact")
    assert read_compact(tmp_path / "c").blocks[0].n_entries == 0
    assert restore_atlas(tmp_path / "c", tmp_path / "d.zarr").layout.n_cells == 2
