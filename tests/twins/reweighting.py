"""The plain twin: weighted least squares by the library, one sample after the other."""

from __future__ import annotations

import numpy as np


def _weights(u, psi, limits):
    a, b, c = limits
    if psi == 0:
        return np.minimum(1, a / np.maximum(u, 1e-300))
    if psi == 2:
        return np.where(u < a, (1 - np.minimum(u / a, 1) ** 2) ** 2, 0)
    psi_of_u = np.where(u <= a, u, np.where(u <= b, a, np.where(u < c, a * (c - u) / (c - b), 0)))
    return np.where(u == 0, 1, psi_of_u / np.maximum(u, 1e-300))


def reweighted_rows(values, basis, coordinates, products, psi, limits, most, tolerance, out, steps):
    x = basis.T
    for row, y in enumerate(values):
        found = np.linalg.lstsq(x, y, rcond=None)[0]
        steps[row] = -most
        for turn in range(1, most + 1):
            residuals = y - x @ found
            scale = np.median(np.abs(residuals)) / 0.6745
            roots = np.sqrt(_weights(np.abs(residuals) / scale, psi, limits))
            found = np.linalg.lstsq(x * roots[:, None], y * roots, rcond=None)[0]
            change = y - x @ found - residuals
            if np.sqrt(np.sum(change**2) / np.sum(residuals**2)) <= tolerance:
                steps[row] = turn
                break
        out[row] = found
