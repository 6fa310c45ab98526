"""The plain twins of the rank walks: the running sums, gene by gene, as the papers describe them."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def rank_walk_scores(values, starts, members, exponent, whole, out):
    for row, sample in enumerate(values):
        present = np.flatnonzero(~np.isnan(sample))
        ranks = np.full(sample.size, np.nan)
        mean = rankdata(sample[present])
        ranks[present] = np.floor(mean) if whole else mean
        order = present[np.argsort(-mean, kind="stable")]
        for s in range(len(starts) - 1):
            inside = np.isin(order, members[starts[s] : starts[s + 1]])
            if not inside.any() or inside.all():
                out[row, s] = np.nan
                continue
            weights = np.where(inside, ranks[order] ** exponent, 0.0)
            hits = np.cumsum(weights) / weights.sum()
            misses = np.cumsum(~inside) / (~inside).sum()
            out[row, s] = np.sum(hits - misses)


def rank_extreme_scores(values, starts, members, exponent, difference, out):
    for row, sample in enumerate(values):
        present = np.flatnonzero(~np.isnan(sample))
        order = present[np.argsort(-sample[present], kind="stable")]
        n = len(order)
        steps = np.abs(n - np.arange(n) - n / 2) ** exponent
        for s in range(len(starts) - 1):
            inside = np.isin(order, members[starts[s] : starts[s + 1]])
            if not inside.any() or inside.all():
                out[row, s] = np.nan
                continue
            total = steps[inside].sum()
            # a lone gene in the very middle has no weight: the walk is defined until there
            raised = np.where(inside, steps / total if total > 0 else np.nan, -1.0 / (~inside).sum())
            walk = np.concatenate([[0.0], np.cumsum(raised)])
            highest, lowest = np.nanmax(walk), np.nanmin(walk)
            out[row, s] = highest + lowest if difference else (highest if highest > -lowest else lowest)
