"""A small atlas for tests of the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.simulate import AtlasPlan, SimulatedAtlas, simulate_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas

PLAN = AtlasPlan(n_cells=600, n_patients=4, n_on_treatment=1, n_genes=1500, counts_of_a_cell=150.0)
SHARD = 1 << 14


def small_atlas() -> SimulatedAtlas:
    return simulate_atlas(PLAN, rng=np.random.default_rng(5))


def blocks_of(atlas: SimulatedAtlas, sample_id: str, size: int = 50):
    for block in atlas.blocks(size, sample_ids=(sample_id,)):
        number = np.arange(len(block.barcodes), dtype=np.float64)
        yield block.counts, pd.DataFrame({"cell_type": block.cell_type, "number": number})


def write_small(path: Path, atlas: SimulatedAtlas, *, samples: slice = slice(None)) -> sparse.csr_matrix:
    """Write samples, each committed on its own, and return their counts."""
    if not path.exists():
        create_atlas(path, pd.DataFrame(index=atlas.genes), shard=SHARD)
    writer = AtlasWriter(path)
    for sample_id in atlas.samples.index[samples]:
        writer.add_sample(sample_id, blocks_of(atlas, sample_id), source="simulated")
        writer.commit()
    return sparse.vstack([c for s in atlas.samples.index[samples] for c, _ in blocks_of(atlas, s)], format="csr")
