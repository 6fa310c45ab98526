"""Run by a Python that has scanpy: writes what it says of the cells that simulate.py wrote."""

import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import scanpy
from scipy import sparse

folder = Path(sys.argv[1])
counts = sparse.load_npz(folder / "counts.npz")
types = (folder / "types.txt").read_text().splitlines()
genes = [f"GENE{i + 1:05d}" for i in range(counts.shape[1])]
adata = anndata.AnnData(counts, pd.DataFrame({"cell_type": pd.Categorical(types)}), pd.DataFrame(index=genes))
adata.obs_names = adata.obs_names.astype(str)
scanpy.pp.normalize_total(adata, target_sum=1e4)
scanpy.pp.log1p(adata)
scanpy.tl.rank_genes_groups(adata, "cell_type", method="wilcoxon", tie_correct=True, pts=True)
found = scanpy.get.rank_genes_groups_df(adata, None)
found = found.sort_values(["group", "names"]).astype({c: np.float64 for c in ("scores", "logfoldchanges")})
found.to_csv(Path(__file__).parent / "expected.tsv", sep="\t", index=False, float_format="%.17g")
