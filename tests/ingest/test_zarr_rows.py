from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import zarr
from scipy import sparse

from tmescope.foundation.errors import ExpressionError, FileFormatError, UnknownNameError
from tmescope.ingest.zarr_rows import open_zarr_rows

pytestmark = pytest.mark.filterwarnings("ignore:.*(onsolidated|zarr v2):UserWarning")  # anndata's own


def write(path: Path, values: object, *, version: int = 3, layers: dict[str, object] | None = None) -> Path:
    n, m = values.shape  # type: ignore[attr-defined]
    obs, var = pd.DataFrame(index=[f"S{i}" for i in range(n)]), pd.DataFrame(index=[f"G{i}" for i in range(m)])
    with ad.settings.override(zarr_write_format=version):
        ad.AnnData(values, obs=obs, var=var, layers=layers).write_zarr(path)
    return path


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_rows_come_back_as_they_were_stored(tmp_path: Path, version: int, form: object) -> None:
    values = np.random.default_rng(0).poisson(1.0, size=(9, 5)).astype(np.float32)
    rows = open_zarr_rows(write(tmp_path / "m.zarr", form(values), version=version))  # type: ignore[operator]
    assert (len(rows.samples), rows.genes[0], rows.item_bytes) == (9, "G0", 4)
    for first, last in ((0, 9), (2, 5), (8, 9)):
        part = rows.read(first, last)
        assert part.dtype == np.float32
        np.testing.assert_array_equal(part, values[first:last])


def test_a_layer_is_read_and_an_unknown_one_refused(tmp_path: Path) -> None:
    values = np.eye(3)
    path = write(tmp_path / "m.zarr", values, layers={"tpm": values * 2})
    np.testing.assert_array_equal(open_zarr_rows(path, layer="tpm").read(0, 3), values * 2)
    with pytest.raises(UnknownNameError, match="did you mean 'tpm'"):
        open_zarr_rows(path, layer="tmp")


def test_what_cannot_be_read_by_rows_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.zarr", sparse.csc_matrix(np.eye(3)))
    with pytest.raises(FileFormatError, match="csc_matrix"):
        open_zarr_rows(path)
    with pytest.raises(FileFormatError, match="no Zarr store"):
        open_zarr_rows(tmp_path)


def test_positions_outside_of_a_sparse_matrix_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.zarr", sparse.csr_matrix(np.eye(3)))
    zarr.open_group(str(path), mode="a", use_consolidated=False)["X/indices"][:] = np.array([0, 1, 10**6])
    with pytest.raises(FileFormatError):
        open_zarr_rows(path).read(0, 3)


def test_the_checks_of_stores_hold_here_too(tmp_path: Path) -> None:
    path = write(tmp_path / "m.zarr", np.eye(3))
    (path / "X" / "link").symlink_to("/etc/hostname")
    with pytest.raises(FileFormatError, match="link"):
        open_zarr_rows(path)


def test_another_shape_than_the_names_and_damaged_chunks(tmp_path: Path) -> None:
    path = write(tmp_path / "m.zarr", np.arange(9.0).reshape(3, 3))
    root = zarr.open_group(str(path), mode="r+", use_consolidated=False)
    root["X"].resize((4, 3))
    with pytest.raises(ExpressionError, match="3 observations"):
        open_zarr_rows(path)
    whole = write(tmp_path / "n.zarr", np.random.default_rng(1).normal(size=(40, 30)))
    chunk = next(p for p in (whole / "X" / "c").rglob("*") if p.is_file())
    rows = open_zarr_rows(whole)
    chunk.write_bytes(chunk.read_bytes()[:-20])
    with pytest.raises(FileFormatError, match="rows 1 to 40"):
        rows.read(0, 40)
