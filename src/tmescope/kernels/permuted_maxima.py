"""The largest of the standardised partial sums of scores, in each of many random orders of the patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["permuted_maxima"]


@compiled
def permuted_maxima(
    scores: NDArray[np.float64],
    weights: NDArray[np.float64],
    uniforms: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Shuffle the scores once for each row of `uniforms` and write the maximum of the weighted partial sums.

    Parameters
    ----------
    scores : array of float64, n
        Scores less their mean.
    weights : array of float64, k <= n
        What the sum of the first i + 1 scores is multiplied by; zero where no cut may lie.
    uniforms : array of float64, n_permutations x k
        Draws in [0, 1); each row makes one random order.
    out : array of float64, n_permutations
        ``max |weights[i] * sum(order[: i + 1])|``.

    Notes
    -----
    The first k steps of a shuffle from the front (Durstenfeld 1964, doi 10.1145/364520.364540) make the first k places
    of a random order, and the maximum needs no more. O(k) a permutation.
    """
    n = scores.shape[0]
    order = np.empty(n, dtype=np.float64)
    for row in range(uniforms.shape[0]):
        order[:] = scores
        draws = uniforms[row]
        reached = 0.0
        highest = 0.0
        for i in range(weights.shape[0]):
            j = i + int(draws[i] * (n - i))
            drawn = order[j]
            order[j] = order[i]
            order[i] = drawn
            reached += drawn
            highest = max(highest, abs(reached) * weights[i])
        out[row] = highest
