"""A small simulated atlas, log-normalised, as principal components; and clouds with batches."""

from __future__ import annotations

import functools

import numpy as np
from scipy import sparse
from sklearn.decomposition import PCA

from tmescope.simulate import AtlasPlan, simulate_atlas


@functools.cache
def atlas_components() -> tuple[np.ndarray, np.ndarray]:
    """Return 30 principal components of 2,400 cells, and the cells' types."""
    plan = AtlasPlan(n_cells=2400, n_patients=4, n_on_treatment=0, n_genes=2000, counts_of_a_cell=1000.0)
    blocks = list(simulate_atlas(plan, rng=np.random.default_rng(3)).blocks())
    counts = sparse.vstack([b.counts for b in blocks], format="csr").astype(np.float32)
    per_cell = np.asarray(counts.sum(axis=1)).ravel()
    logs = counts.multiply(1e4 / per_cell[:, None]).log1p().toarray()
    found = PCA(30, svd_solver="randomized", random_state=0).fit_transform(logs)
    return found.astype(np.float32), np.concatenate([b.cell_type.to_numpy() for b in blocks])


def shifted(n: int = 1500, *, n_batches: int = 3, n_types: int = 5, seed: int = 1, lacking: bool = False):
    """Return cells of types in batches, each with a shift of its own and one of each type; types and batches."""
    rng = np.random.default_rng(seed)
    types, batches = rng.integers(0, n_types, n), rng.integers(0, n_batches, n)
    if lacking:  # the first type is in the first batch alone
        batches[types == 0] = 0
    centres = rng.normal(0.0, 3.0, (n_types, 12))
    shifts = (
        rng.normal(0.0, 1.5, (n_batches, 12))[batches] + rng.normal(0.0, 0.5, (n_batches, n_types, 12))[batches, types]
    )
    found = centres[types] + shifts + rng.normal(size=(n, 12))
    return found.astype(np.float32), types, np.array([f"batch {b}" for b in batches])


def same_batch_share(components: np.ndarray, batches: np.ndarray, k: int = 20) -> float:
    """Return how often one of the k nearest cells is of the same batch."""
    squares = (components**2).sum(1)
    apart = squares[:, None] + squares[None] - 2 * components @ components.T
    np.fill_diagonal(apart, np.inf)
    near = np.argpartition(apart, k, axis=1)[:, :k]
    return float((batches[near] == batches[:, None]).mean())
