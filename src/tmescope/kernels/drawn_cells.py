"""Counts of single cells drawn from profiles: overdispersed, with dropout and ambient RNA, each cell from its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["alias_rows", "drawn_cells"]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32, _S11, _S52 = (np.uint64(s) for s in (27, 30, 31, 32, 11, 52))
_LOW = np.uint64(0xFFFFFFFF)
_TRIES = 64
_BATCH = 256
"""Draws that are made together, step by step: what is as likely as not is then chosen without a branch."""


@compiled
def alias_rows(shares: NDArray[np.float64], accept: NDArray[np.float64], alias: NDArray[np.int32]) -> None:
    """Prepare tables from which a gene is drawn in constant time.

    Parameters
    ----------
    shares : array of float64, n_profiles x n_genes
        Each row sums to one.
    accept, alias : array of float64 and int32, n_profiles x n_genes
        Gene j of a uniform draw is kept with probability ``accept[j]``, else it is ``alias[j]``.

    Notes
    -----
    Walker's tables as Vose fills them (IEEE Trans Softw Eng 1991, doi 10.1109/32.92917): O(n_genes) a row.
    """
    n = shares.shape[1]
    small, large = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    for row in range(shares.shape[0]):
        kept, other = accept[row], alias[row]
        n_small = n_large = 0
        for j in range(n):
            kept[j] = shares[row, j] * n
            other[j] = j
            if kept[j] < 1.0:
                small[n_small] = j
                n_small += 1
            else:
                large[n_large] = j
                n_large += 1
        while n_small > 0 and n_large > 0:
            n_small -= 1
            low, high = small[n_small], large[n_large - 1]
            other[low] = high
            kept[high] -= 1.0 - kept[low]
            if kept[high] < 1.0:
                n_large -= 1
                small[n_small] = high
                n_small += 1
        # what rounding leaves over is certain of itself
        for i in range(n_small):
            kept[small[i]] = 1.0
        for i in range(n_large):
            kept[large[i]] = 1.0


@compiled
def _propose(
    state: np.uint64,
    n: int,
    ambient_share: float,
    own_accept: NDArray[np.float64],
    own_alias: NDArray[np.int32],
    its_accept: NDArray[np.float64],
    its_alias: NDArray[np.int32],
    drawn: NDArray[np.uint64],
    chance: NDArray[np.float64],
    other: NDArray[np.uint64],
    spare: NDArray[np.float64],
) -> None:
    """Draw `n` genes of a cell's profile or of what it swims in, and a number from 0 to 1 beside each."""
    n_genes = np.uint64(own_accept.shape[0])
    kept, share = spare[0], spare[1]
    for i in range(n):
        step = state + np.uint64(2 * i + 1) * _STEP
        bits = (step ^ (step >> _S30)) * _FIRST
        bits = (bits ^ (bits >> _S27)) * _SECOND
        bits ^= bits >> _S31
        step += _STEP
        more = (step ^ (step >> _S30)) * _FIRST
        more = (more ^ (more >> _S27)) * _SECOND
        more ^= more >> _S31
        place = ((bits >> _S32) * n_genes) >> _S32
        is_ambient = np.int64(more >> _S32) * 2.0**-32 < ambient_share
        kept[i] = its_accept[place] if is_ambient else own_accept[place]
        drawn[i], other[i] = place, its_alias[place] if is_ambient else own_alias[place]
        share[i], chance[i] = np.int64(bits & _LOW) * 2.0**-32, np.int64(more & _LOW) * 2.0**-32
    for i in range(n):
        drawn[i] = other[i] if share[i] >= kept[i] else drawn[i]


@compiled
def _look(
    key: np.uint64,
    n: int,
    drawn: NDArray[np.uint64],
    chance: NDArray[np.float64],
    weights: NDArray[np.float64],
    dropout: NDArray[np.float64],
    is_seen: NDArray[np.int32],
) -> None:
    """Say which of `n` drawn genes this cell shows."""
    for i in range(n):
        gene = drawn[i]
        own = key + (gene + np.uint64(1)) * _SECOND
        own = (own ^ (own >> _S30)) * _FIRST
        own = (own ^ (own >> _S27)) * _SECOND
        own ^= own >> _S31
        is_lost = np.int64(own & _LOW) * 2.0**-32 < dropout[gene]
        is_seen[i] = (chance[i] < weights[own >> _S52]) & (not is_lost)


@compiled
def drawn_cells(
    keys: NDArray[np.uint64],
    totals: NDArray[np.int64],
    profiles: NDArray[np.int64],
    ambients: NDArray[np.int64],
    ambient_share: float,
    accept: NDArray[np.float64],
    alias: NDArray[np.int32],
    weights: NDArray[np.float64],
    dropout: NDArray[np.float64],
    genes: NDArray[np.int32],
    counts: NDArray[np.int32],
    ends: NDArray[np.int64],
) -> None:
    """Draw the counts of each cell, as rows of a sparse matrix.

    Parameters
    ----------
    keys : array of uint64, n_cells
        What each cell's draws follow from: a cell is the same in whatever block it is drawn.
    totals : array of int64, n_cells
        Counts of each cell.
    profiles, ambients : array of int64, n_cells
        Rows of the tables: the cell's own profile, and what it swims in.
    ambient_share : float
        Probability that a count is of the ambient profile.
    accept, alias : array of float64 and int32, n_profiles x n_genes
        From `alias_rows`.
    weights : array of float64, 4096
        Quantiles of the expression of a gene in one cell relative to its mean, divided by the largest.
    dropout : array of float64, n_genes
        Probability that a cell shows nothing of the gene.
    genes, counts : array of int32, at least the sum of totals
        Sorted genes of each cell, one cell after the other, and their counts.
    ends : array of int64, n_cells
        Where each cell ends in these.

    Notes
    -----
    A drawn gene is kept with probability ``weight`` of this cell and gene, which is looked up by a hash of both:
    counts of a cell are multinomial given its weights, negative binomial over cells. A cell whose weights let nothing
    through stops after 64 tries for each count. Mixing by splitmix64 (Steele et al 2014, doi 10.1145/2660193.2660195).
    """
    n_genes = dropout.shape[0]
    found = np.zeros(n_genes, dtype=np.int32)
    drawn, other = np.empty(_BATCH, dtype=np.uint64), np.empty(_BATCH, dtype=np.uint64)
    chance, spare = np.empty(_BATCH), np.empty((2, _BATCH))
    is_seen = np.empty(_BATCH, dtype=np.int32)
    at = 0
    for cell in range(keys.shape[0]):
        key = keys[cell]
        state = key
        left, tries = totals[cell], _TRIES * totals[cell]
        own_accept, own_alias = accept[profiles[cell]], alias[profiles[cell]]
        its_accept, its_alias = accept[ambients[cell]], alias[ambients[cell]]
        while left > 0 and tries > 0:
            n = min(tries, _BATCH)
            tries -= n
            _propose(state, n, ambient_share, own_accept, own_alias, its_accept, its_alias, drawn, chance, other, spare)
            state += np.uint64(2 * n) * _STEP
            _look(key, n, drawn, chance, weights, dropout, is_seen)
            for i in range(n):
                seen = is_seen[i] if left > 0 else np.int32(0)
                found[drawn[i]] += seen
                left -= np.int64(seen)
        for j in range(n_genes):
            if found[j] > 0:
                genes[at] = j
                counts[at] = found[j]
                found[j] = 0
                at += 1
        ends[cell] = at
