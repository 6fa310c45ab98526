"""The plain twins of the smoothed densities: every pair, one after the other."""

from __future__ import annotations

import numpy as np


def _share(distance, table):
    near = abs(distance)
    share = table[int(min(near, len(table) - 1))]
    return share if distance >= 0 else 1.0 - share


def gaussian_cdf_against(values, reference, per_unit, table, out):
    for gene, row in enumerate(values):
        known = reference[gene][~np.isnan(reference[gene])]
        for j, x in enumerate(row):
            defined = len(known) > 0 and not np.isnan(x)
            shares = [_share((x - r) * per_unit[gene], table) for r in known] if defined else [np.nan]
            out[gene, j] = np.mean(shares)


def gaussian_cdf_within(values, per_unit, table, out):
    gaussian_cdf_against(values, values, per_unit, table, out)
