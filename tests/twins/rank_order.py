"""The plain twin of the ordering of one row."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def rank_row(row, order, place, first, last, count):
    present = np.flatnonzero(~np.isnan(row))
    n = len(present)
    found = present[np.argsort(-row[present], kind="stable")]
    order[:n] = found
    for array in (place, first, last):
        array[:] = -1
    place[found] = np.arange(n)
    first[present] = rankdata(-row[present], method="min") - 1
    last[present] = rankdata(-row[present], method="max") - 1
    count[0] = n
