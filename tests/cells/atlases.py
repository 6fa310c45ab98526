"""An atlas with batches, a sample of three cells, cells without counts and genes that nobody has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from tmescope.simulate import AtlasPlan, simulate_atlas
from tmescope.store.atlas_writing import AtlasWriter, create_atlas

PLAN = AtlasPlan(
    n_cells=800, n_patients=3, n_on_treatment=1, n_genes=1200, n_markers=40, counts_of_a_cell=900.0, dropout=0.0
)


def draw_cells() -> tuple[sparse.csr_matrix, pd.DataFrame, pd.Index]:
    """Return counts, cells and genes: the last sample has three cells, two of which are empty."""
    atlas = simulate_atlas(PLAN, rng=np.random.default_rng(11))
    counts, cells = [], []
    for block in atlas.blocks(5000):
        counts.append(block.counts)
        about = atlas.samples.loc[block.sample_id, ["patient_id", "response"]]
        cells.append(pd.DataFrame({"sample_id": block.sample_id, "cell_type": block.cell_type, **about}))
    extra = sparse.csr_matrix(([70_000], ([0], [5])), shape=(3, PLAN.n_genes), dtype=np.int32)
    few = pd.DataFrame(
        {"sample_id": "few", "cell_type": "malignant", "patient_id": "P009", "response": "responder"},
        index=pd.Index(["a", "b", "c"]),
    )
    matrix = sparse.vstack([*counts, extra], format="csr")
    silent = np.ones(PLAN.n_genes)
    silent[[1, 17, 1199]] = 0
    matrix = sparse.csr_matrix(matrix @ sparse.diags(silent)).astype(np.int32)
    matrix.eliminate_zeros()
    genes = pd.Index([f"MT-{i}" if i < 8 else g for i, g in enumerate(atlas.genes)], dtype="str")
    return matrix, pd.concat([*cells, few]), genes


GOLDEN = Path(__file__).parents[1] / "golden" / "cells_scanpy"


def read_cells() -> tuple[sparse.csr_matrix, pd.DataFrame, pd.Index]:
    """Return the cells that scanpy was given, as `draw_cells` drew them."""
    given = np.load(GOLDEN / "counts.npz")
    cells = pd.read_csv(GOLDEN / "cells.tsv", sep="\t", index_col=0)
    shape = (len(cells), given["genes"].size)
    matrix = sparse.csr_matrix((given["data"].astype(np.int32), given["indices"], given["indptr"]), shape=shape)
    return matrix, cells, pd.Index(given["genes"], dtype="str")


def write_cells(path: Path) -> tuple[sparse.csr_matrix, pd.DataFrame, pd.Index]:
    """Write them as an atlas, and return them."""
    matrix, cells, genes = read_cells()
    create_atlas(path, pd.DataFrame(index=genes), count_dtype="uint32", shard=1 << 14)
    writer = AtlasWriter(path)
    for sample_id in cells["sample_id"].unique():
        own = (cells["sample_id"] == sample_id).to_numpy()
        writer.add_sample(sample_id, [(matrix[own], cells[own].drop(columns="sample_id"))])
    writer.commit()
    return matrix, cells, genes
