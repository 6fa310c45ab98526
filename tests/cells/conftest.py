"""The cells that scanpy was given, as an atlas that tests of this room read and do not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from tests.cells.atlases import GOLDEN, write_cells

from tmescope.store.atlas_reading import Atlas, open_atlas


@dataclass(frozen=True)
class Golden:
    atlas: Atlas
    dense: np.ndarray
    cells: pd.DataFrame
    genes: pd.Index

    def table(self, name: str) -> pd.DataFrame:
        """Return what scanpy found."""
        return pd.read_csv(GOLDEN / f"{name}.tsv", sep="\t", index_col=None if name == "variances" else 0)

    def logs(self) -> np.ndarray:
        """Return log(1 + counts per 10,000), dense."""
        total = self.dense.sum(axis=1, keepdims=True)
        return np.log1p(1e4 * self.dense / np.where(total > 0, total, 1))


@pytest.fixture(scope="session")
def golden(tmp_path_factory) -> Golden:
    path = tmp_path_factory.mktemp("cells") / "golden.zarr"
    matrix, cells, genes = write_cells(path)
    return Golden(open_atlas(path), matrix.toarray().astype(np.int64), cells, genes)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Cut the small atlas into several spans and blocks, as a large one is."""
    for module in ("variable_genes", "components", "set_scores"):
        monkeypatch.setattr(f"tmescope.cells.{module}._SPAN_ENTRIES", 50_000)
        monkeypatch.setattr(f"tmescope.cells.{module}._BLOCK_ENTRIES", 20_000)
    monkeypatch.setattr("tmescope.cells.components._TILE", 64)
