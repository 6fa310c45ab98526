"""What is exported is what is in the atlas, count for count, however little memory there is."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import sparse
from scipy.io import mmread
from tests.store.atlases import small_atlas, write_small

from tmescope.foundation.errors import InputError, StoreError, UnknownNameError
from tmescope.ingest.tenx_folder import find_parts
from tmescope.store import atlas_export
from tmescope.store.atlas_export import export_atlas
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    path = tmp_path_factory.mktemp("e") / "a.zarr"
    write_small(path, small_atlas())
    return open_atlas(path)


def test_h5ad_is_the_same_bit_for_bit(atlas, tmp_path, monkeypatch):
    export_atlas(atlas, tmp_path / "a.h5ad", "h5ad")
    found, given = anndata.read_h5ad(tmp_path / "a.h5ad"), anndata.read_zarr(atlas.path)
    for name in ("data", "indices", "indptr"):
        one, other = getattr(found.X, name), getattr(given.X, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    pd.testing.assert_frame_equal(found.obs, given.obs)
    pd.testing.assert_frame_equal(found.var, given.var)
    monkeypatch.setattr(atlas_export, "_FEWEST", 1)
    export_atlas(atlas, tmp_path / "b.h5ad", "h5ad", memory=64 * 2000)  # in many runs
    assert (anndata.read_h5ad(tmp_path / "b.h5ad").X != given.X).nnz == 0


def test_mtx_and_parquet_hold_the_same_counts(atlas, tmp_path):
    given = anndata.read_zarr(atlas.path)
    export_atlas(atlas, tmp_path / "m", "mtx")
    parts = find_parts(tmp_path / "m")
    assert (sparse.csr_matrix(mmread(parts.matrix).T) != given.X).nnz == 0
    export_atlas(atlas, tmp_path / "p", "parquet")
    found = pq.read_table(tmp_path / "p/counts.parquet").to_pydict()
    matrix = sparse.csr_matrix((found["count"], (found["cell"], found["gene"])), shape=given.shape)
    assert (matrix != given.X).nnz == 0
    assert pq.read_table(tmp_path / "p/obs.parquet")["cell"].to_pylist() == list(given.obs_names)
    assert pq.read_table(tmp_path / "p/var.parquet")["gene"].to_pylist() == list(given.var_names)


def test_what_cannot_be_written_is_told(atlas, tmp_path):
    (tmp_path / "there").write_text("")
    with pytest.raises(StoreError, match="already"):
        export_atlas(atlas, tmp_path / "there", "h5ad")
    with pytest.raises(InputError, match="4,194,304"):
        export_atlas(atlas, tmp_path / "a", "h5ad", memory=1 << 20)
    with pytest.raises(UnknownNameError):
        export_atlas(atlas, tmp_path / "a", "loom")
    create_atlas(tmp_path / "b.zarr", pd.DataFrame(index=["a\tb"]))
    with pytest.raises(InputError, match="tab"):
        export_atlas(open_atlas(tmp_path / "b.zarr"), tmp_path / "c", "mtx")


def test_an_atlas_without_counts(tmp_path):
    create_atlas(tmp_path / "b.zarr", pd.DataFrame(index=["g"]))
    writer = AtlasWriter(tmp_path / "b.zarr")
    writer.add_sample("s", [(sparse.csr_matrix((2, 1)), pd.DataFrame(index=["x", "y"]))])
    writer.commit()
    export_atlas(open_atlas(tmp_path / "b.zarr"), tmp_path / "b.h5ad", "h5ad")
    assert anndata.read_h5ad(tmp_path / "b.h5ad").X.shape == (2, 1)
