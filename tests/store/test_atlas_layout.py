"""An atlas that is none, is damaged, or is newer is told apart."""

from __future__ import annotations

import json

import pytest
from tests.store.atlases import small_atlas, write_small

from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError
from tmescope.store.atlas_layout import ATTRIBUTE, AtlasLayout, read_layout
from tmescope.store.sharded_vectors import Shard


@pytest.fixture
def atlas(tmp_path):
    write_small(tmp_path / "a.zarr", small_atlas(), samples=slice(0, 2))
    return tmp_path / "a.zarr"


def _change(path, change):
    root = json.loads((path / "zarr.json").read_text())
    change(root["attributes"][ATTRIBUTE])
    (path / "zarr.json").write_text(json.dumps(root))


def test_sizes_and_samples(atlas):
    layout = read_layout(atlas)
    assert layout.n_cells == sum(s.n_cells for s in layout.samples)
    assert layout.n_entries == sum(s.n_entries for s in layout.samples)
    assert [s.source for s in layout.samples] == ["simulated", "simulated"]
    assert layout.columns == {"cell_type": "category", "number": "float64", "sample_id": "category"}


def test_nothing_something_else_and_something_newer(atlas, tmp_path):
    with pytest.raises(MissingFileError, match="no atlas"):
        read_layout(tmp_path)
    (tmp_path / "zarr.json").write_text('{"attributes": {}}')
    with pytest.raises(FileFormatError, match="no atlas of tmescope"):
        read_layout(tmp_path)
    _change(atlas, lambda said: said.update(version=2))
    with pytest.raises(FormatVersionError, match="version 2"):
        read_layout(atlas)


@pytest.mark.parametrize(
    "change",
    [
        {"n_cells": -1},
        {"n_cells": 10**6},
        {"n_entries": "many"},
        {"n_entries": 1 << 40},
        {"n_cells": 1 << 40, "samples": [{"sample_id": "s", "n_cells": 1 << 40, "n_entries": 0, "source": ""}]},
        {
            "n_cells": 1 << 40,
            "n_entries": 0,
            "shards": {},
            "columns": {},
            "samples": [{"sample_id": "s", "n_cells": 1 << 40, "n_entries": 0, "source": ""}],
        },
        {"shards": {}},
        {"made_with": {"gene_name": "../x"}},
        {"count_dtype": "object"},
        {"columns": {"../../etc": "category"}},
        {"columns": {"a/b": "float64"}},
        {"columns": {"..": "float64"}},
        {"columns": {"x": "complex"}},
        {"chunk": 0},
        {"chunk": 1000, "shard": 1500},
        {"shard": 0},
        {"columns": []},
        {"columns": {"_index": "float64"}},
        {"shards": {"../outside": [[1, 1]]}},
        {"samples": [{}]},
        {"panels": [{"first": 5, "last": 10, "n_entries": 1}]},
        {"panels": [{"first": 0, "last": 10**6, "n_entries": 1}]},
        {"panels": [{"first": 0, "last": 0, "n_entries": 0}]},
        {"shards": {".atlas/panels/0-10/steps": [[1, 1]]}},
    ],
)
def test_a_description_that_cannot_be_is_refused(atlas, change):
    _change(atlas, lambda said: said.update(change))
    with pytest.raises(FileFormatError, match="description is damaged"):
        read_layout(atlas)


def test_shards_are_replaced_and_added():
    layout = AtlasLayout(n_genes=1, genes_sha256="", shards={"v": (Shard(1, 1), Shard(2, 2))})
    assert layout.with_shards("v", {}) is layout
    found = layout.with_shards("v", {1: Shard(3, 3), 2: Shard(4, 4)}).shards["v"]
    assert found == (Shard(1, 1), Shard(3, 3), Shard(4, 4))
