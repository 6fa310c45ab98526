"""Run with the Python that has scanpy and scikit-misc: writes what they make of counts.npz."""

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import scanpy as sc
from scipy import sparse

HERE = Path(__file__).parent
N_TOP = 300


def load():
    given = np.load(HERE / "counts.npz")
    cells = pd.read_csv(HERE / "cells.tsv", sep="\t", index_col=0)
    shape = (len(cells), given["genes"].size)
    matrix = sparse.csr_matrix((given["data"].astype(np.float32), given["indices"], given["indptr"]), shape=shape)
    cells.index = [f"{i}" for i in range(len(cells))]
    cells["sample_id"] = cells["sample_id"].astype("category")
    return anndata.AnnData(matrix, obs=cells, var=pd.DataFrame(index=given["genes"].astype(str)))


def normalised(adata):
    adata = adata.copy()
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    return adata


def genes_that_vary(adata):
    own = adata[adata.obs["sample_id"] != "few"].copy()
    found = {}
    for name, given, batch in (("all", adata, None), ("batches", own, "sample_id")):
        for flavour in ("seurat_v3", "seurat"):
            data = given if flavour == "seurat_v3" else normalised(given)
            table = sc.pp.highly_variable_genes(data, flavor=flavour, n_top_genes=N_TOP, batch_key=batch, inplace=False)
            table = table if table is not None else data.var
            for column in ("highly_variable", "means", "variances_norm", "highly_variable_rank", "dispersions_norm"):
                if column in table:
                    found[f"{flavour}:{name}:{column}"] = table.loc[adata.var_names, column].to_numpy()
    for batch in own.obs["sample_id"].unique():
        part = own[own.obs["sample_id"] == batch].copy()
        table = sc.pp.highly_variable_genes(part, flavor="seurat_v3", n_top_genes=N_TOP, inplace=False)
        found[f"one:{batch}"] = table["variances_norm"].to_numpy()
    return pd.DataFrame(found, index=adata.var_names)


def main():
    adata = load()
    adata.var["mt"] = adata.var_names.str.startswith("MT-")
    cells, _ = sc.pp.calculate_qc_metrics(adata, qc_vars=["mt"], percent_top=[50])
    genes = genes_that_vary(adata)
    logs = normalised(adata)
    members = list(adata.var_names[100:130])
    sc.tl.score_genes(logs, members, ctrl_size=1200, score_name="score")
    cells = cells[["total_counts", "n_genes_by_counts", "pct_counts_mt", "pct_counts_in_top_50_genes"]]
    cells.assign(score=logs.obs["score"]).to_csv(HERE / "cells_expected.tsv", sep="\t", float_format="%.9g")
    genes.to_csv(HERE / "genes_expected.tsv", sep="\t", float_format="%.9g")
    chosen = logs[:, genes["seurat:all:highly_variable"].to_numpy()].copy()
    scaled = chosen.copy()
    sc.pp.scale(scaled, max_value=10)
    loadings = {}
    for name, data in (("plain", chosen), ("scaled", scaled)):
        data.X = np.asarray(data.X.todense() if sparse.issparse(data.X) else data.X, dtype=np.float64)
        sc.pp.pca(data, n_comps=20, svd_solver="full", dtype="float64")
        loadings |= {f"{name}:variance": data.uns["pca"]["variance"]}
        table = pd.DataFrame(data.varm["PCs"][:, :8], index=data.var_names)
        table.to_csv(HERE / f"loadings_{name}.tsv", sep="\t", float_format="%.9g")
    pd.DataFrame(loadings).to_csv(HERE / "variances.tsv", sep="\t", index=False, float_format="%.12g")


if __name__ == "__main__":
    main()
