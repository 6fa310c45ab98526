"""Write expected.json with scanpy: PYTHON tests/golden/cells_graph/make.py, in an environment that has it."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import anndata
import numpy as np
import scanpy as sc
from points import components

found, _ = components()
data = anndata.AnnData(np.zeros((len(found), 1), dtype=np.float32), obsm={"X_pca": found})
expected: dict[str, object] = {"versions": {p: version(p) for p in ("scanpy", "umap-learn", "leidenalg", "igraph")}}
for metric in ("euclidean", "cosine"):
    sc.pp.neighbors(data, n_neighbors=15, use_rep="X_pca", metric=metric, random_state=0)
    distances, weights = data.obsp["distances"].tocsr(), data.obsp["connectivities"].tocsr()
    rows = [0, 1, 700, 1199]
    expected[metric] = {
        "rows": rows,
        "distances": [sorted(distances[r].data.tolist()) for r in rows],
        "connectivities": [[weights[r].indices.tolist(), weights[r].data.tolist()] for r in rows],
        "n_weights": int(weights.nnz),
        "sum_of_weights": float(weights.sum()),
    }
    if metric == "euclidean":
        sc.tl.leiden(data, resolution=1.0, random_state=0, flavor="leidenalg", n_iterations=-1)
        expected["leiden"] = data.obs["leiden"].astype(int).tolist()
Path(__file__).with_name("expected.json").write_text(json.dumps(expected), encoding="utf-8")
