"""Single cells of several donors with known types, as counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["CellPlan", "simulate_cells"]


@dataclass(frozen=True)
class CellPlan:
    """What is simulated.

    Parameters
    ----------
    n_types, n_donors, n_genes : int
        How many of each.
    n_cells : int
        Cells of each type in all donors together.
    n_markers : int
        Genes that a type expresses more than the others; half of them are shared with one other type.
    log2_fold : float
        By how much, on average.
    donor_sd : float
        Standard deviation of the natural logarithm of a gene's expression in a type between donors.
    depth : float
        Counts of an average cell.
    """

    n_types: int = 6
    n_donors: int = 4
    n_genes: int = 1000
    n_cells: int = 200
    n_markers: int = 30
    log2_fold: float = 3.0
    donor_sd: float = 0.3
    depth: float = 1500.0


def simulate_cells(plan: CellPlan, *, rng: np.random.Generator) -> AnnData:
    """Draw cells whose type, donor and profile are known.

    Parameters
    ----------
    plan : CellPlan
        What is simulated.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    anndata.AnnData, n_types * n_cells x n_genes
        Sparse counts; ``obs`` has ``cell_type`` and ``donor``; ``varm["profiles"]`` the expected share of each gene in
        each type, ``uns["size_factors"]`` the RNA of a cell of each type relative to the mean.

    Notes
    -----
    ``count ~ Poisson(size of the cell * share of the gene)``: shares are log-normal over genes, times a log-normal
    factor by type and donor, times ``2^log2_fold`` for markers; sizes are log-normal around a mean that differs by
    type.
    """
    from anndata import AnnData
    from scipy import sparse

    base = rng.lognormal(0.0, 1.5, plan.n_genes)
    profiles = np.tile(base, (plan.n_types, 1)) * rng.lognormal(0.0, 0.2, (plan.n_types, plan.n_genes))
    markers = rng.permutation(plan.n_genes)[: plan.n_types * plan.n_markers].reshape(plan.n_types, -1)
    for number in range(plan.n_types):
        lifted = np.exp2(rng.normal(plan.log2_fold, 0.5, markers.shape[1]))
        profiles[number, markers[number]] *= lifted
        shared = slice(0, markers.shape[1] // 2)
        profiles[number ^ 1 if number ^ 1 < plan.n_types else number, markers[number, shared]] *= lifted[shared]
    profiles /= profiles.sum(axis=1, keepdims=True)
    sizes = rng.lognormal(0.0, 0.4, plan.n_types)
    sizes /= sizes.mean()
    blocks, labels, donors = [], [], []
    for number in range(plan.n_types):
        for donor, cells in enumerate(np.array_split(np.arange(plan.n_cells), plan.n_donors)):
            share = profiles[number] * rng.lognormal(0.0, plan.donor_sd, plan.n_genes)
            total = plan.depth * sizes[number] * rng.lognormal(-0.125, 0.5, len(cells))
            blocks.append(sparse.csr_matrix(rng.poisson(total[:, None] * (share / share.sum())).astype(np.float32)))
            labels += [f"type {number + 1}"] * len(cells)
            donors += [f"donor {donor + 1}"] * len(cells)
    obs = pd.DataFrame({"cell_type": labels, "donor": donors}, index=[f"cell{i + 1:06d}" for i in range(len(labels))])
    var = pd.DataFrame(index=[f"GENE{i + 1:05d}" for i in range(plan.n_genes)])
    adata = AnnData(X=sparse.vstack(blocks, format="csr"), obs=obs, var=var)
    adata.varm["profiles"] = np.ascontiguousarray(profiles.T)
    adata.uns["size_factors"] = sizes
    return adata
