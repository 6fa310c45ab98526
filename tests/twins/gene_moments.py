"""The plain twins: cells as dense matrices."""

import numpy as np


def dense_rows(ends, genes, counts, n_genes):
    dense = np.zeros((len(ends) - 1, n_genes))
    for cell in range(len(dense)):
        part = slice(ends[cell], ends[cell + 1])
        dense[cell, genes[part]] = counts[part]
    return dense


def cell_scales(ends, counts, target, scales):
    for cell in range(len(scales)):
        total = sum(int(c) for c in counts[ends[cell] : ends[cell + 1]])
        scales[cell] = target / total if total else 0.0


def gene_moments(ends, genes, counts, group, scales, limits, moments):
    values = dense_rows(ends, genes, counts, moments.shape[1]) * scales[:, None]
    for g in range(len(moments)):
        own = np.minimum(values[group == g], limits[g])
        moments[g] += np.stack([own.sum(axis=0), (own**2).sum(axis=0)], axis=1)


def log_moments(ends, genes, counts, scales, moments):
    values = np.log(1.0 + dense_rows(ends, genes, counts, len(moments)) * scales[:, None])
    moments += np.stack([values.sum(axis=0), (values**2).sum(axis=0)], axis=1)
