"""A cohort at rest: its matrix, samples and genes in one folder that reads back bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import FormatVersionError, StoreError
from tmescope.store.tables import TEXT, read_table, write_table

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["MATRIX_FORMAT_VERSION", "map_matrix", "read_cohort_folder", "read_genes", "write_cohort_folder"]

MATRIX_FORMAT_VERSION = 1
_INDEX = "__index__"


def write_cohort_folder(adata: AnnData, folder: Path) -> None:
    """Write a cohort into an existing folder.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Dense float64 ``X``; ``obs`` and ``var`` of plain columns; ``uns["tmescope"]`` of JSON-able values.
    folder : pathlib.Path
        Gets matrix.npy, obs.parquet, var.parquet and cohort.json. The same cohort gives the same bytes.
    """
    np.save(folder / "matrix.npy", np.ascontiguousarray(adata.X, dtype=np.float64), allow_pickle=False)
    for name, frame in (("obs", adata.obs), ("var", adata.var)):
        table = frame.copy()
        table.insert(0, _INDEX, frame.index.astype(TEXT))
        write_table(table, folder / f"{name}.parquet")
    marks = {"format": "cohort", "version": MATRIX_FORMAT_VERSION, "uns": dict(adata.uns.get("tmescope", {}))}
    (folder / "cohort.json").write_text(json.dumps(marks, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def read_cohort_folder(folder: Path) -> AnnData:
    """Read a cohort that `write_cohort_folder` wrote.

    Raises
    ------
    StoreError
        If files are absent or are not such a cohort.
    FormatVersionError
        If a newer release wrote it.
    """
    from anndata import AnnData

    try:
        marks = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
        if marks["version"] > MATRIX_FORMAT_VERSION:
            raise FormatVersionError(
                f"the cohort is in format {marks['version']}; this release reads up to {MATRIX_FORMAT_VERSION}",
                where=folder.name,
                next_step="install a newer tmescope",
            )
        values = np.load(folder / "matrix.npy", allow_pickle=False)
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, FormatVersionError):
            raise
        raise StoreError(
            f"the cohort cannot be read: {error}", where=folder.name, next_step="run the study again"
        ) from error
    obs, var = (read_table(folder / f"{name}.parquet").set_index(_INDEX) for name in ("obs", "var"))
    obs.index.name = var.index.name = None
    return AnnData(X=values, obs=obs, var=var, uns={"tmescope": marks["uns"]})


def map_matrix(folder: Path) -> NDArray[np.float64]:
    """Return the matrix of a cohort as a read-only map of its file: what is not looked at is not loaded.

    Raises
    ------
    StoreError
        If the file is absent or is no such matrix.
    """
    try:
        values: NDArray[np.float64] = np.load(folder / "matrix.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the cohort cannot be read: {error}", where=folder.name, next_step="run the study again"
        ) from error
    return values


def read_genes(folder: Path) -> list[str]:
    """Return the gene names of a cohort without reading its matrix."""
    return read_table(folder / "var.parquet", columns=[_INDEX])[_INDEX].tolist()
