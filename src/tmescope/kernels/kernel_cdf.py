"""Smoothed cumulative densities: where a value lies among those of a cohort, gene by gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["gaussian_cdf_against", "gaussian_cdf_within"]


@compiled
def gaussian_cdf_within(
    values: NDArray[np.float64],
    per_unit: NDArray[np.float64],
    table: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write, for each gene, the smoothed cumulative density of a cohort at its own values.

    Parameters
    ----------
    values : array of float64, n_genes x n_samples
        NaN where missing.
    per_unit : array of float64, n_genes
        Entries of `table` per unit of expression: its entries per bandwidth, over the bandwidth.
    table : array of float64, n_entries
        The kernel's cumulative distribution at rising distances from 0; the last entry, 1, holds from there on.
    out : array of float64, n_genes x n_samples
        ``sum_k K((x_j - x_k) / h) / n`` over the n samples that have the gene, this sample among them; NaN where
        `values` is.

    Notes
    -----
    The distribution is symmetric, K(-d) = 1 - K(d), so each pair of samples is looked up once: n (n-1) / 2 look-ups a
    gene. Each sum still adds its terms in the order of the samples, so that genes which tie in a plain double loop tie
    here. Two loops over each row: the compiler makes vectors of the first.
    """
    n_samples = values.shape[1]
    below = np.empty(n_samples, dtype=np.float64)
    scaled = np.empty(n_samples, dtype=np.float64)
    entry = np.empty(n_samples, dtype=np.int32)
    end = float(table.shape[0] - 1)
    for gene in range(values.shape[0]):
        n = 0
        for j in range(n_samples):
            if not np.isnan(values[gene, j]):
                scaled[n] = values[gene, j] * per_unit[gene]
                n += 1
        for k in range(n):
            here = scaled[k]
            earlier, sums, entries = scaled[:k], below[:k], entry[:k]
            for j in range(k):
                entries[j] = np.int32(min(abs(here - earlier[j]), end))
            total = 0.0
            for j in range(k):
                share = table[entries[j]]
                rest = 1.0 - share
                above = here >= earlier[j]
                total += share if above else rest
                sums[j] += rest if above else share
            below[k] = total + table[0]
        n_present = n
        n = 0
        for j in range(n_samples):
            out[gene, j] = np.nan
            if not np.isnan(values[gene, j]):
                out[gene, j] = below[n] / n_present
                n += 1


@compiled
def gaussian_cdf_against(
    values: NDArray[np.float64],
    reference: NDArray[np.float64],
    per_unit: NDArray[np.float64],
    table: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write, for each gene, the smoothed cumulative density of a reference cohort at new values.

    Parameters
    ----------
    values : array of float64, n_genes x n_samples
        NaN where missing.
    reference : array of float64, n_genes x n_reference
        NaN where missing.
    per_unit, table
        See `gaussian_cdf_within`.
    out : array of float64, n_genes x n_samples
        ``sum_k K((x - r_k) / h) / n`` over the n reference samples that have the gene; NaN where `values` is, or where
        the reference has no value at all.
    """
    end = float(table.shape[0] - 1)
    scaled = np.empty(reference.shape[1], dtype=np.float64)
    for gene in range(values.shape[0]):
        n = 0
        for k in range(reference.shape[1]):
            if not np.isnan(reference[gene, k]):
                scaled[n] = reference[gene, k] * per_unit[gene]
                n += 1
        known = scaled[:n]
        for j in range(values.shape[1]):
            x = values[gene, j] * per_unit[gene]
            if np.isnan(x) or n == 0:
                out[gene, j] = np.nan
                continue
            total = 0.0
            for k in range(n):
                share = table[int(min(abs(x - known[k]), end))]
                total += share if x >= known[k] else 1.0 - share
            out[gene, j] = total / n
