"""Child process of `bench.atlas_markers`: markers of all cell types with one program, what they cost as JSON."""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

program, store, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
GROUPS = "cell_type"
warnings.simplefilter("ignore")


def peak_gb() -> float:
    """Return the peak of this process alone: ru_maxrss starts with what its parent held."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20


def run_tmescope() -> tuple[float, pd.DataFrame]:
    """Time all there is to it: what is on the disk is read, and the table is made."""
    from tmescope.cells.markers import find_markers
    from tmescope.store.atlas_reading import open_atlas

    atlas = open_atlas(store)
    find_markers(atlas, atlas.cells((GROUPS,))[GROUPS])  # imports and compilation are not what is compared
    before = time.process_time()
    atlas = open_atlas(store)
    table = find_markers(atlas, atlas.cells((GROUPS,))[GROUPS])
    return time.process_time() - before, table


def read_logged() -> object:
    """Return the cells in memory, normalised; reading and normalising are not timed."""
    import anndata
    import scanpy

    adata = anndata.read_zarr(store)
    scanpy.pp.normalize_total(adata, target_sum=1e4)
    scanpy.pp.log1p(adata)
    return adata


def run_scanpy() -> tuple[float, pd.DataFrame]:
    import scanpy

    small = read_logged()
    scanpy.tl.rank_genes_groups(small[:, :20].copy(), GROUPS, method="wilcoxon", tie_correct=True)  # compiles
    before = time.process_time()
    scanpy.tl.rank_genes_groups(small, GROUPS, method="wilcoxon", tie_correct=True)
    cost = time.process_time() - before
    found = scanpy.get.rank_genes_groups_df(small, None)
    names = {"names": "gene", "scores": "score", "logfoldchanges": "log2_fold_change", "pvals": "p_value"}
    return cost, found.rename(columns=names)


def run_illico() -> tuple[float, pd.DataFrame]:
    from illico import asymptotic_wilcoxon

    adata = read_logged()
    adata.X = adata.X.tocsc()  # what suits it best, and is not timed either
    options = {"is_log1p": True, "group_keys": GROUPS, "use_continuity": False, "n_threads": 1, "exp_post_agg": True}
    asymptotic_wilcoxon(adata[:, :50].copy(), **options)
    before = time.process_time()
    found = asymptotic_wilcoxon(adata, **options)
    cost = time.process_time() - before
    found = found.reset_index().rename(columns={"pert": "group", "feature": "gene", "z_score": "score"})
    return cost, found.assign(log2_fold_change=np.log2(found["fold_change"]))


cost, table = {"tmescope": run_tmescope, "scanpy": run_scanpy, "illico": run_illico}[program]()
columns = ["score", "log2_fold_change", "p_value"]
table = table.assign(group=table["group"].astype(str), gene=table["gene"].astype(str))
table.sort_values(["group", "gene"])[columns].to_numpy(dtype=np.float64).tofile(out)
print(json.dumps({"cpu_s": cost, "peak_gb": peak_gb()}))
