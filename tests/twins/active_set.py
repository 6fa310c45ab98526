"""The plain twins: every set of columns is tried."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def nonnegative_rows(factor, targets, total_is_one, x, steps):
    matrix = factor.T
    k = matrix.shape[1]
    for row, target in enumerate(targets):
        best = np.inf
        for size in range(total_is_one, k + 1):
            for chosen in map(list, combinations(range(k), size)):
                found = np.zeros(k)
                if total_is_one:
                    gaps = matrix[:, chosen[1:]] - matrix[:, chosen[:1]]
                    found[chosen[1:]] = np.linalg.lstsq(gaps, target - matrix[:, chosen[0]], rcond=None)[0]
                    found[chosen[0]] = 1 - found.sum()
                elif size:
                    found[chosen] = np.linalg.lstsq(matrix[:, chosen], target, rcond=None)[0]
                value = np.sum((matrix @ found - target) ** 2)
                if found.min() >= -1e-12 and value < best - 1e-12:
                    best, x[row] = value, np.maximum(found, 0)
        steps[row] = 1


def project_rows(values, basis, out):
    out[:] = values @ basis
