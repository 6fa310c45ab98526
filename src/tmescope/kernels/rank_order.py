"""The order of one sample's genes: a stable radix sort, and what each gene's place and rank follow from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rank_row"]

_BITS = np.uint64(11)
_DIGIT = np.uint64(2047)
_N_BUCKETS = 2048
_N_PASSES = 6  # 6 x 11 bits hold the 64 of a double
_SIGN = np.uint64(1) << np.uint64(63)
_ZERO = np.uint64(0)


@compiled
def _falling_keys(
    row: NDArray[np.float64], keys: NDArray[np.uint64], columns: NDArray[np.int32], count: NDArray[np.int64]
) -> None:
    """Write, for each value that is not NaN, a whole number that rises as the value falls, and its column."""
    n = 0
    value = np.empty(1, dtype=np.float64)
    bits = value.view(np.uint64)
    for gene in range(row.shape[0]):
        if not np.isnan(row[gene]):
            value[0] = 0.0 - row[gene]  # also makes one zero of the two
            key = bits[0]
            keys[n] = ~key if key & _SIGN else key | _SIGN
            columns[n] = gene
            n += 1
    count[0] = n


@compiled
def _sort(
    keys: NDArray[np.uint64],
    columns: NDArray[np.int32],
    spare_keys: NDArray[np.uint64],
    spare_columns: NDArray[np.int32],
    order: NDArray[np.int32],
) -> None:
    """Write the columns in the order of their keys; equal keys stay as they were."""
    n = keys.shape[0]
    counts = np.zeros((_N_PASSES, _N_BUCKETS), dtype=np.int64)
    for i in range(n):
        key = keys[i]
        for p in range(_N_PASSES):
            counts[p, (key >> (_BITS * np.uint64(p))) & _DIGIT] += 1
    a, b, columns_a, columns_b = keys, spare_keys, columns, spare_columns
    for p in range(_N_PASSES):
        place = counts[p]
        shift = _BITS * np.uint64(p)
        if n == 0 or place[(a[0] >> shift) & _DIGIT] == n:
            continue
        total = 0
        for d in range(_N_BUCKETS):
            here = place[d]
            place[d] = total
            total += here
        for i in range(n):
            d = (a[i] >> shift) & _DIGIT
            to = place[d]
            place[d] = to + 1
            b[to] = a[i]
            columns_b[to] = columns_a[i]
        a, b, columns_a, columns_b = b, a, columns_b, columns_a
    order[:n] = columns_a[:n]


@compiled
def rank_row(
    row: NDArray[np.float64],
    order: NDArray[np.int32],
    place: NDArray[np.int32],
    first: NDArray[np.int32],
    last: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Order the genes of one sample by falling expression.

    Parameters
    ----------
    row : array of float64, n_genes
        Expression in any monotone scale; NaN genes take no part.
    order : array of int32, n_genes
        Gets, in its first n entries, the columns of the n genes that are not NaN, highest first; equal values keep the
        order of the columns.
    place : array of int32, n_genes
        Gets each gene's place in `order` (0 to n-1); -1 for NaN.
    first, last : array of int32, n_genes
        Get the first and the last place among the genes of equal value; -1 for NaN.
    count : array of int64, 1
        Gets n.

    Notes
    -----
    A least-significant-digit radix sort of 11 bits a pass: 6 passes at most, those whose digit is the same in all keys
    left out. O(n), five times as fast as a comparison sort of 15,000 genes, and stable by construction. The ascending
    rank of a gene is n - place; with ties, n - last is the smallest and n - first the largest of its group, and
    (2 n - first - last) / 2 their mean.
    """
    n_genes = row.shape[0]
    keys = np.empty(n_genes, dtype=np.uint64)
    columns = np.empty(n_genes, dtype=np.int32)
    _falling_keys(row, keys, columns, count)
    n = count[0]
    spare_keys = np.empty(n, dtype=np.uint64)
    spare_columns = np.empty(n, dtype=np.int32)
    _sort(keys[:n], columns[:n], spare_keys, spare_columns, order)
    place[:] = -1
    first[:] = -1
    last[:] = -1
    i = 0
    while i < n:
        j = i
        value = row[order[i]]
        while j + 1 < n and row[order[j + 1]] == value:
            j += 1
        for t in range(i, j + 1):
            gene = order[t]
            place[gene] = t
            first[gene] = i
            last[gene] = j
        i = j + 1
