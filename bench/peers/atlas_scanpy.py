"""The same by scanpy, in memory or with Dask, in a process of its own; prints one line of JSON."""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from pathlib import Path

import anndata
import numpy as np
import scanpy as sc
from scipy import sparse

warnings.simplefilter("ignore")


def load(path):
    adata = anndata.read_zarr(path)
    adata.X = adata.X.astype(np.float32)
    return adata


def normalise(adata):
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)


def first(path, folder):
    """From loading to variable genes."""
    adata = load(path)
    adata.var["mt"] = np.arange(adata.n_vars) < 13
    sc.pp.calculate_qc_metrics(adata, qc_vars=["mt"], percent_top=None, inplace=True, log1p=False)
    bulk = sc.get.aggregate(adata, by=["sample_id", "cell_type"], func="sum")
    counts = int(np.asarray(bulk.layers["sum"].sum(dtype=np.float64)))
    normalise(adata)
    sc.pp.highly_variable_genes(adata, n_top_genes=2000)
    return {"counts": counts, "same_genes": same(adata.var["highly_variable"], folder / "seurat.npy")}


def same(chosen, file):
    return int((np.asarray(chosen) & np.load(file)).sum()) if file.exists() else -1


def seurat_v3(path, folder):
    adata = load(path)
    sc.pp.highly_variable_genes(adata, n_top_genes=2000, flavor="seurat_v3")
    return {"same_genes": same(adata.var["highly_variable"], folder / "seurat_v3.npy")}


def compare(adata, folder):
    ours = np.load(folder / "components.npz")
    cosines = np.linalg.svd(ours["loadings"][:, :10].T @ adata.varm["PCs"][:, :10], compute_uv=False)
    off = np.abs(ours["variances"] / adata.uns["pca"]["variance"] - 1).max()
    return {"least_cosine_of_10": float(cosines.min()), "variance_off": float(off)}


def pca_dask(path, folder):
    """Read, normalise and decompose lazily: blocks of 10,000 cells."""
    import dask.array as da
    import zarr
    from anndata.experimental import read_elem_lazy

    group = zarr.open_group(path, mode="r")
    chosen = np.load(folder / "seurat.npy")
    lazy = read_elem_lazy(group["X"], chunks=(10_000, chosen.size))
    lazy = lazy.map_blocks(
        lambda x: sparse.csr_matrix(x, dtype=np.float32),
        dtype=np.float32,
        meta=sparse.csr_matrix((0, 0), dtype=np.float32),
    )
    adata = anndata.AnnData(lazy, var=anndata.io.read_elem(group["var"]))
    normalise(adata)
    adata = adata[:, chosen].copy()
    sc.pp.pca(adata, n_comps=50, svd_solver="covariance_eigh")
    adata.obsm["X_pca"] = np.asarray(
        adata.obsm["X_pca"].compute() if isinstance(adata.obsm["X_pca"], da.Array) else adata.obsm["X_pca"]
    )
    return compare(adata, folder)


def main():
    task, path, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    small = anndata.AnnData(sparse.random(300, 100, 0.3, format="csr", dtype=np.float32, random_state=0))
    small.X.data = np.ceil(small.X.data * 9)
    normalise(small)
    sc.pp.highly_variable_genes(small, n_top_genes=20)
    sc.pp.pca(small, n_comps=5)
    if task == "pca":
        adata = load(path)
        normalise(adata)
        adata = adata[:, np.load(folder / "seurat.npy")].copy()
    began, clock = time.process_time(), time.perf_counter()
    if task == "pca":
        sc.pp.pca(adata, n_comps=50)
        said = None
    else:
        said = {"first": first, "seurat_v3": seurat_v3, "pca_dask": pca_dask}[task](path, folder)
    cost = {"cpu_s": time.process_time() - began, "wall_s": time.perf_counter() - clock}
    # ru_maxrss starts with what the parent held
    peak = int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20
    print(json.dumps({**cost, "peak_gb": peak, **(compare(adata, folder) if said is None else said)}))


if __name__ == "__main__":
    main()
