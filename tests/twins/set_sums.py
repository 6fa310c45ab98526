"""The plain twin: a dense matrix of cells times one of genes and sets."""

import numpy as np
from tests.twins.gene_moments import dense_rows


def set_sums(ends, genes, counts, scales, starts, sets, weights, sums):
    n_genes = len(starts) - 1
    table = np.zeros((n_genes, sums.shape[1]))
    np.add.at(table, (np.repeat(np.arange(n_genes), np.diff(starts)), sets), weights)
    sums += np.log1p(dense_rows(ends, genes, counts, n_genes) * scales[:, None]) @ table
