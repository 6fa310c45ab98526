"""The root declares what counts, and nothing that was left behind."""

from __future__ import annotations

import json
import shutil

import anndata
import pandas as pd
from tests.store.atlases import small_atlas, write_small

from tmescope.store.atlas_declaration import declare_atlas
from tmescope.store.atlas_layout import read_layout
from tmescope.store.atlas_results import AtlasResult, write_result


def test_what_was_left_behind_is_not_declared(tmp_path):
    path = tmp_path / "a.zarr"
    write_small(path, small_atlas(), samples=slice(0, 1))
    n = read_layout(path).n_cells
    write_result(path, AtlasResult(name="qc", obs=pd.DataFrame({"kept": [1.0] * n})))
    before = (path / "zarr.json").read_bytes()
    shutil.copytree(path / "obs/kept", path / "obs/orphan")
    shutil.copytree(path / "obs/kept", path / "obsm/X_orphan")
    shutil.copytree(path / "obs/kept", path / "var/orphan")
    declare_atlas(path, read_layout(path))
    assert (path / "zarr.json").read_bytes() == before
    declared = json.loads(before)["consolidated_metadata"]["metadata"]
    assert {"X/data", "obs/kept", "var/_index", "obsm"} <= set(declared)
    assert list(anndata.read_zarr(path).obs)[-1] == "kept"
