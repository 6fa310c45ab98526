"""Writes counts.npz and cells.tsv: what scanpy is given and the tests read."""

from pathlib import Path

import numpy as np
from tests.cells.atlases import draw_cells

if __name__ == "__main__":
    folder = Path(__file__).parent
    matrix, cells, genes = draw_cells()
    np.savez_compressed(
        folder / "counts.npz",
        data=matrix.data.astype(np.uint32),
        indices=matrix.indices.astype(np.uint16),
        indptr=matrix.indptr.astype(np.int32),
        genes=np.array(genes, dtype=str),
    )
    cells.to_csv(folder / "cells.tsv", sep="\t", index_label="barcode")
