"""Small sources of cells in every format, and what they hold."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.ingest.cell_streams import CellRun

GENES = ("CD8A", "MS4A1", "MT-CO1", "EPCAM", "ACTB")


def counts_of(n_cells: int, *, seed: int = 1, n_genes: int = len(GENES)) -> np.ndarray:
    """Return counts with a cell and a gene of zeros where there is room for them."""
    values = np.random.default_rng(seed).poisson(1.0, (n_cells, n_genes))
    if n_cells > 3:
        values[1] = 0
        values[:, 1] = 0
    return values


def barcodes_of(n_cells: int) -> list[str]:
    return [f"BC{i:03d}-1" for i in range(n_cells)]


def write_cells(path: Path, values: np.ndarray, *, genes=GENES, obs=None, matrix=sparse.csr_matrix, **more) -> Path:
    """Write an h5ad file; the counts are in X."""
    table = pd.DataFrame(obs, index=barcodes_of(len(values)))
    x = matrix(values.astype(np.float32))
    anndata.AnnData(X=x, obs=table, var=pd.DataFrame(index=list(genes)), **more).write_h5ad(path)
    return path


def write_table(path: Path, values: np.ndarray, *, genes=GENES, turned: bool = False) -> Path:
    """Write cells x genes as CSV, or genes x cells where `turned`."""
    frame = pd.DataFrame(values, index=barcodes_of(len(values)), columns=list(genes))
    (frame.T if turned else frame).to_csv(path)
    return path


def dense(runs: list[CellRun], n_genes: int) -> np.ndarray:
    """Return the counts of runs as one matrix, and check on the way that they are tidy."""
    parts = []
    for run in runs:
        rows = run.rows
        assert len(run.barcodes) == rows.n_cells
        assert rows.counts.all()
        for a, b in zip(rows.ends, rows.ends[1:], strict=False):
            assert (np.diff(rows.genes[a:b]) > 0).all()
        shape = (rows.n_cells, n_genes)
        parts.append(sparse.csr_matrix((rows.counts, rows.genes, rows.ends), shape=shape).toarray())
    return np.vstack(parts) if parts else np.zeros((0, n_genes))
