"""A cohort for other programs: AnnData in h5ad or Zarr, or genes x samples in Parquet, each whole or not at all."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.foundation.errors import StoreError, UnknownNameError
from tmescope.store.atomic import staged_file, staged_folder

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["ENDINGS", "GENE_COLUMN", "as_anndata_writes", "exchange_kind", "write_exchange"]

ENDINGS = (".h5ad", ".zarr", ".parquet")
"""What the name of the file ends with says what it is."""

GENE_COLUMN = "gene_symbol"
"""First column of a matrix in Parquet."""

_VERSION = 1
_ROW_GROUP = 65_536
_ZSTD = 1
_STORE_MARKS = ("zarr.json", ".zgroup")


def exchange_kind(path: Path, *, force: bool) -> str:
    """Return the ending of a path that a cohort can be written to.

    Parameters
    ----------
    path : pathlib.Path
        The file, or the folder of the Zarr store.
    force : bool
        Whether a file of that name, or a Zarr store, may be replaced. Another folder never is.

    Raises
    ------
    UnknownNameError
        If it ends with none of `ENDINGS`.
    StoreError
        If something has that name.
    """
    kind = path.suffix.lower()
    if kind not in ENDINGS:
        raise UnknownNameError.of("ending", kind or path.name, ENDINGS, where=str(path))
    is_store = path.is_dir() and any((path / mark).is_file() for mark in _STORE_MARKS)
    if path.is_dir() and (kind != ".zarr" or (not is_store and any(path.iterdir()))):
        raise StoreError(
            "a folder has this name",
            where=str(path),
            expected="the name of a file" if kind != ".zarr" else "a new name, or that of a Zarr store",
            next_step="give another name with -o",
        )
    if kind == ".zarr" and path.is_file():
        raise StoreError("a file has this name", where=str(path), next_step="give another name with -o")
    if (path.is_file() or is_store) and not force:
        raise StoreError(
            "the output exists already", where=str(path), next_step="give another name with -o, or --force"
        )
    return kind


def write_exchange(adata: AnnData, path: Path, *, force: bool = False) -> None:
    """Write a cohort to a file of the field.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Dense float64 ``X``, C-contiguous; ``uns["tmescope"]["scale"]`` says what it is in.
    path : pathlib.Path
        ``.h5ad`` (not compressed) and ``.zarr`` (version 3, zstd) hold all of it. ``.parquet`` holds the matrix alone:
        the column ``gene_symbol``, then one column a sample, zstd, 65,536 genes a row group; scale, cohort and kind
        of identifiers stand in the metadata of its schema as ``tmescope.scale`` and so on.
    force : bool
        See `exchange_kind`.

    Raises
    ------
    UnknownNameError, StoreError
        See `exchange_kind`.

    Notes
    -----
    Written beside its final name and renamed. The same cohort gives the same bytes in Zarr and Parquet; HDF5 does not
    promise that.
    """
    kind = exchange_kind(path, force=force)
    if kind == ".zarr":
        with staged_folder(path) as folder:
            _write_zarr(adata, folder)
    else:
        with staged_file(path) as staged:
            if kind == ".h5ad":
                adata.write_h5ad(staged)
            else:
                _write_parquet(adata, staged)


def as_anndata_writes(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in types that every reader of h5ad knows.

    Parameters
    ----------
    table : pandas.DataFrame
        Not changed.

    Returns
    -------
    pandas.DataFrame
        Text as objects, or as categories where some is missing: anndata writes nullable text only where a setting
        allows it. Whole numbers and logical values of which none is missing as numpy has them.
    """
    columns: dict[str, pd.Series[Any]] = {}
    for name, column in table.items():
        gaps = bool(column.isna().any())
        if isinstance(column.dtype, pd.StringDtype):
            plain = column.astype(object)
            columns[str(name)] = plain.where(column.notna(), None).astype("category") if gaps else plain
        elif isinstance(column.dtype, pd.BooleanDtype) and not gaps:
            columns[str(name)] = column.astype("bool")
        elif isinstance(column.dtype, pd.Int64Dtype) and not gaps:
            columns[str(name)] = column.astype("int64")
    shaped = table.assign(**columns)
    return shaped.set_axis(pd.Index(shaped.index.astype(object), dtype=object), axis="index")


def _write_zarr(adata: AnnData, folder: Path) -> None:
    import anndata
    import zarr
    from anndata.io import write_elem

    settings: dict[str, Any] = {}
    release = tuple(int(part) for part in metadata.version("anndata").split(".")[:2])
    if release < (0, 13):  # later releases write version 3 of themselves, and the setting warns
        settings["zarr_write_format"] = 3
    if hasattr(anndata.settings, "auto_shard_zarr_v3"):
        settings["auto_shard_zarr_v3"] = False  # the same files whatever the release
    with anndata.settings.override(**settings):
        write_elem(zarr.open_group(str(folder), mode="w", zarr_format=3), "/", adata)


def _write_parquet(adata: AnnData, path: Path) -> None:
    values = np.ascontiguousarray(adata.X, dtype=np.float64)
    # a column is a row of X: Arrow takes it as it lies in memory; NaN stays NaN
    arrays = [pa.array(list(adata.var_names), pa.string()), *(pa.array(row) for row in values)]
    about: dict[str, Any] = dict(adata.uns.get("tmescope", {}))
    marks = {b"tmescope.format": b"matrix", b"tmescope.version": str(_VERSION).encode()}
    marks |= {f"tmescope.{k}".encode(): about[k].encode() for k in ("cohort_id", "identifiers", "scale") if k in about}
    fields = [pa.field(name, array.type) for name, array in zip([GENE_COLUMN, *adata.obs_names], arrays, strict=True)]
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=marks)),
        path,
        compression="zstd",
        compression_level=_ZSTD,
        use_dictionary=False,
        row_group_size=_ROW_GROUP,
        version="2.6",
    )
