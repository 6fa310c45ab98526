"""The plain twin of the ordering of one row."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def rank_row(row, keys, columns, place, bounds, count):
    present = np.flatnonzero(~np.isnan(row))
    n = len(present)
    found = present[np.argsort(-row[present], kind="stable")]
    columns[0, :n] = found
    place[:] = -1
    place[found] = np.arange(n)
    bounds[0, :n] = rankdata(-row[found], method="min") - 1
    bounds[1, :n] = rankdata(-row[found], method="max") - 1
    count[0] = n
