"""The plain twin: cells as a dense matrix."""

import numpy as np


def cell_sums(ends, genes, counts, group, marked, cells, sums, moments):
    for cell in range(len(cells)):
        dense = np.zeros(sums.shape[1], dtype=np.int64)
        part = slice(ends[cell], ends[cell + 1])
        dense[genes[part]] = counts[part]
        cells[cell] = dense.sum(), (dense > 0).sum(), dense[marked == 1].sum(), dense.max(initial=0)
        sums[group[cell]] += dense
        moments[:, 0] += dense**2
        moments[:, 1] += dense > 0
