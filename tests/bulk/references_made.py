"""Small references and cells with known truth, for tests."""

from __future__ import annotations

from functools import cache

import numpy as np
from anndata import AnnData

from tmescope.bulk.references import SignatureReference
from tmescope.simulate.cells import CellPlan, simulate_cells

TYPES = ("B cell", "T cell", "Tumour")


def made(n_genes: int = 30, *, seed: int = 0, **changes: object) -> SignatureReference:
    """Return a reference of three types with clear markers."""
    rng = np.random.default_rng(seed)
    profiles = rng.lognormal(3.0, 0.5, (n_genes, 3))
    for number in range(3):
        profiles[number::3, number] *= 20
    values = {
        "genes": tuple(f"G{i}" for i in range(n_genes)),
        "cell_types": TYPES,
        "profiles": profiles,
        "variances": profiles * 2,
        "size_factors": np.array([0.5, 1.0, 1.5]),
    }
    return SignatureReference(**{**values, **changes})  # type: ignore[arg-type]


@cache
def donors() -> AnnData:
    """Return simulated cells of four donors; not to be changed."""
    return simulate_cells(CellPlan(n_cells=80, n_genes=600, n_markers=20), rng=np.random.default_rng(3))
