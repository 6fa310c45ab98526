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
_N_HIGH = 3  # passes that hold sign, exponent and 19 bits of the fraction
_HIGH_FROM = np.uint64(33)
_FEW = 256
_SIGN = np.uint64(1) << np.uint64(63)


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
def _passes(keys: NDArray[np.uint64], columns: NDArray[np.int32], n: int, first: int, last: int) -> None:
    """Sort the first n entries of row 0 by the digits `first` to `last`, with row 1 as spare; stable, back in row 0."""
    counts = np.zeros((_N_PASSES, _N_BUCKETS), dtype=np.int64)
    for i in range(n):
        key = keys[0, i]
        for p in range(first, last):
            counts[p, (key >> (_BITS * np.uint64(p))) & _DIGIT] += 1
    here = 0
    for p in range(first, last):
        place = counts[p]
        shift = _BITS * np.uint64(p)
        a, b, columns_a, columns_b = keys[here], keys[1 - here], columns[here], columns[1 - here]
        if n == 0 or place[(a[0] >> shift) & _DIGIT] == n:
            continue
        total = 0
        for d in range(_N_BUCKETS):
            size = place[d]
            place[d] = total
            total += size
        for i in range(n):
            d = (a[i] >> shift) & _DIGIT
            to = place[d]
            place[d] = to + 1
            b[to] = a[i]
            columns_b[to] = columns_a[i]
        here = 1 - here
    if here == 1:
        keys[0, :n] = keys[1, :n]
        columns[0, :n] = columns[1, :n]


@compiled
def _mend(keys: NDArray[np.uint64], columns: NDArray[np.int32], mended: NDArray[np.int64]) -> None:
    """Order entries that agree in their high digits by insertion; write 0 and change nothing where they are many."""
    n = keys.shape[0]
    near = 0
    for i in range(1, n):
        near += (keys[i] >> _HIGH_FROM) == (keys[i - 1] >> _HIGH_FROM) and keys[i] != keys[i - 1]
    mended[0] = near <= _FEW
    if near > _FEW or near == 0:
        return
    for i in range(1, n):
        key, column = keys[i], columns[i]
        j = i
        while j > 0 and keys[j - 1] > key:
            keys[j], columns[j] = keys[j - 1], columns[j - 1]
            j -= 1
        keys[j], columns[j] = key, column


@compiled
def rank_row(
    row: NDArray[np.float64],
    keys: NDArray[np.uint64],
    columns: NDArray[np.int32],
    place: NDArray[np.int32],
    bounds: NDArray[np.int32],
    count: NDArray[np.int64],
) -> None:
    """Order the genes of one sample by falling expression.

    Parameters
    ----------
    row : array of float64, n_genes
        Expression in any monotone scale; NaN genes take no part.
    keys : array of uint64, 2 x n_genes
        Working space.
    columns : array of int32, 2 x n_genes
        Working space; the first n entries of row 0 get the columns of the n genes that are not NaN, highest first;
        equal values keep the order of the columns.
    place : array of int32, n_genes
        Gets each gene's place in that order (0 to n-1); -1 for NaN.
    bounds : array of int32, 2 x n_genes
        Gets, by place, the first and the last place among the genes of equal value.
    count : array of int64, 2
        Gets n; the second entry is working space.

    Notes
    -----
    A least-significant-digit radix sort of 11 bits a pass. Three passes order sign, exponent and 19 bits of the
    fraction; what is still out of order agrees in all of these and is mended by insertion, or, where it is much, by
    sorting all six digits. O(n), ten times as fast as a stable comparison sort of 15,000 genes. The ascending rank of a
    gene is n - place; with ties, n - last is the smallest and n - first the largest of its group, and
    (2 n - first - last) / 2 their mean.
    """
    _falling_keys(row, keys[0], columns[0], count)
    n = count[0]
    _passes(keys, columns, n, _N_HIGH, _N_PASSES)
    _mend(keys[0, :n], columns[0, :n], count[1:2])
    if count[1] == 0:
        _falling_keys(row, keys[0], columns[0], count)
        _passes(keys, columns, n, 0, _N_PASSES)
    if n < row.shape[0]:
        place[:] = -1
    for i in range(n):
        place[columns[0, i]] = i
    i = 0
    while i < n:
        j = i
        while j + 1 < n and keys[0, j + 1] == keys[0, i]:
            j += 1
        for t in range(i, j + 1):
            bounds[0, t] = i
            bounds[1, t] = j
        i = j + 1
