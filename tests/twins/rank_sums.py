"""The plain twin of the summaries of ranks."""

from __future__ import annotations

import numpy as np
from scipy.stats import median_abs_deviation, rankdata


def rank_summaries(values, starts, members, spreads, out):
    for row, sample in enumerate(values):
        present = ~np.isnan(sample)
        smallest, mean = np.full(sample.size, np.nan), np.full(sample.size, np.nan)
        smallest[present] = rankdata(sample[present], method="min")
        mean[present] = rankdata(sample[present])
        for s in range(len(starts) - 1):
            genes = members[starts[s] : starts[s + 1]]
            genes = genes[present[genes]] if len(genes) else genes
            spread = median_abs_deviation(smallest[genes]) if spreads and len(genes) else 0.0
            described = (smallest[genes].mean(), mean[genes].mean(), spread) if len(genes) else (np.nan,) * 3
            out[row, s] = (len(genes), present.sum(), *described)
