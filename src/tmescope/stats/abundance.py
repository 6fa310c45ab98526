"""Transcripts per million from counts and lengths, or from values that are proportional to reads per base."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["counts_to_tpm", "rates_to_tpm"]

_MILLION = 1e6


def counts_to_tpm(counts: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return transcripts per million: each gene's reads per base, as parts per million of a sample's sum.

    Makes genes of different lengths comparable within a sample. It does not correct for composition between samples,
    and depends on which genes are there: TPM over a panel are not those over a transcriptome.

    Parameters
    ----------
    counts : array of float64, shape (n_samples, n_genes)
        Reads or fragments, at least 0; any multiple of them in each sample (CPM) gives the same. NaN is missing.
    lengths : array of float64, shape (n_genes,)
        Length of each gene, above 0, all in the same unit: bases and kilobases give the same.

    Returns
    -------
    array of float64, shape (n_samples, n_genes)
        Each sample sums to a million. NaN where the count is missing, and all of a sample without any read.

    Notes
    -----
    ``TPM[i, j] = 1e6 * (c[i, j] / l[j]) / sum_k(c[i, k] / l[k])``: the fraction of transcripts of Li et al. 2010
    (doi:10.1093/bioinformatics/btp692) times a million, with the effective length where it is known; argued for in
    place of RPKM by Wagner et al. 2012 (doi:10.1007/s12064-012-0162-3). Missing counts are left out of the sum.
    """
    return rates_to_tpm(counts / lengths)


def rates_to_tpm(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return transcripts per million of values proportional to reads per base, such as FPKM.

    Parameters
    ----------
    rates : array of float64, shape (n_samples, n_genes)
        At least 0; FPKM, RPKM, or TPM over other genes. NaN is missing.

    Returns
    -------
    array of float64, shape (n_samples, n_genes)
        As from `counts_to_tpm`.

    Notes
    -----
    ``TPM[i, j] = 1e6 * FPKM[i, j] / sum_k FPKM[i, k]``: the depth of the sample cancels. The sum goes over the genes
    that are there, so rows that were removed before cannot be made up for.
    """
    sums = np.nansum(rates, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(rates * (_MILLION / np.where(sums > 0, sums, np.nan)))
