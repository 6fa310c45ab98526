from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.zarr_columns import open_zarr_columns


def written(path, values, **options):
    obs, var = (pd.DataFrame(index=[f"{p}{i}" for i in range(n)]) for p, n in zip("sg", values.shape, strict=True))
    AnnData(values, obs=obs, var=var).write_zarr(path, **options)
    return path


def test_columns_come_as_they_were_stored(tmp_path):
    values = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    columns = open_zarr_columns(written(tmp_path / "a", values, chunks=(4, 3)))
    assert columns.names == tuple(f"g{i}" for i in range(9))
    assert columns.chunk_columns == 3
    np.testing.assert_array_equal(columns.read(2, 8), values[:, 2:8])


def test_sparse_and_damaged_stores_are_refused(tmp_path):
    with pytest.raises(FileFormatError, match="sparse by rows"):
        open_zarr_columns(written(tmp_path / "thin", sparse.csr_matrix(np.eye(3))))
    path = written(tmp_path / "b", np.ones((4, 4)), chunks=(4, 2))
    columns = open_zarr_columns(path)
    chunks = [p for p in (path / "X").rglob("*") if p.is_file() and p.name in {"0.1", "1"}]
    assert chunks
    for chunk in chunks:
        chunk.write_bytes(b"x")
    with pytest.raises(FileFormatError, match="columns 3 to 4"):
        columns.read(2, 4)
