"""The plain twin of the rank walk: the running sums, gene by gene, as the paper describes them."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def rank_walk_scores(values, starts, members, exponent, out):
    for row, sample in enumerate(values):
        present = np.flatnonzero(~np.isnan(sample))
        ranks = np.full(sample.size, np.nan)
        ranks[present] = np.floor(rankdata(sample[present]))
        order = present[np.argsort(-ranks[present], kind="stable")]
        for s in range(len(starts) - 1):
            inside = np.isin(order, members[starts[s] : starts[s + 1]])
            if not inside.any() or inside.all():
                out[row, s] = np.nan
                continue
            weights = np.where(inside, ranks[order] ** exponent, 0.0)
            hits = np.cumsum(weights) / weights.sum()
            misses = np.cumsum(~inside) / (~inside).sum()
            out[row, s] = np.sum(hits - misses)
