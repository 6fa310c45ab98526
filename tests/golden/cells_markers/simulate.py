"""A small atlas whose cells have prime totals, so that values of two cells are equal only where their totals are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.simulate import AtlasPlan, simulate_atlas

TYPES = ("malignant", "CD8 T cell", "macrophage", "fibroblast")
PLAN = AtlasPlan(
    n_cells=400, n_patients=4, n_on_treatment=1, n_genes=300, types=TYPES, n_markers=20, counts_of_a_cell=120.0
)


def simulate() -> list[tuple[str, sparse.csr_matrix, pd.DataFrame]]:
    """Return name, counts and cells of each sample; the first gene fills each cell up to a prime."""
    atlas = simulate_atlas(PLAN, rng=np.random.default_rng(20261126))
    found = []
    for block in atlas.blocks():
        dense = block.counts.toarray()
        dense[:, 250] = 0  # a gene that no cell shows
        dense[:, 0] += [_to_prime(int(n)) for n in dense.sum(axis=1)]
        found.append((block.sample_id, sparse.csr_matrix(dense), block.cell_type.to_frame("cell_type")))
    return found


def _to_prime(n: int) -> int:
    more = 0
    while any((n + more) % d == 0 for d in range(2, int((n + more) ** 0.5) + 1)):
        more += 1
    return more


if __name__ == "__main__":
    samples = simulate()
    sparse.save_npz(Path(sys.argv[1]) / "counts.npz", sparse.vstack([c for _, c, _ in samples], format="csr"))
    types = np.concatenate([obs["cell_type"].to_numpy(dtype=str) for _, _, obs in samples])
    np.savetxt(Path(sys.argv[1]) / "types.txt", types, fmt="%s")
