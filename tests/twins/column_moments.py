"""Plain twin: one column after the other."""

import numpy as np


def standardise_columns(values, order, first, z, moments):
    for j in range(z.shape[1]):
        v = values[order, first + j].astype(np.float64)
        mean = v.sum() / max(v.size, 1)
        sd = np.sqrt(((v - mean) ** 2).sum() / max(v.size - 1, 1))
        if np.isnan(v).any():
            state = 2.0
        elif v.size < 2 or np.ptp(v) <= 1e-12 * np.abs(v).max() or sd < 1e-150:
            state = 1.0
        else:
            state = 0.0
        z[:, j] = (v - mean) / sd if state == 0.0 else 0.0
        moments[:, j] = mean, sd, state
