"""A few weighted points that stand for all values of a column: the same sums of every power up to the twelfth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["N_NODES", "moment_nodes"]

N_NODES = 13


@compiled
def _power_sums(z: NDArray[np.float64], first: int, out: NDArray[np.float64]) -> None:
    """Write the sums of the powers 0 to 12 of the columns from `first` on."""
    out[:] = 0.0
    out[0, :] = z.shape[0]
    width = out.shape[1]
    s1, s2, s3, s4, s5, s6 = out[1], out[2], out[3], out[4], out[5], out[6]
    s7, s8, s9, s10, s11, s12 = out[7], out[8], out[9], out[10], out[11], out[12]
    for i in range(z.shape[0]):
        row = z[i, first : first + width]
        for j in range(width):
            x = row[j]
            power = x
            s1[j] += power
            power *= x
            s2[j] += power
            power *= x
            s3[j] += power
            power *= x
            s4[j] += power
            power *= x
            s5[j] += power
            power *= x
            s6[j] += power
            power *= x
            s7[j] += power
            power *= x
            s8[j] += power
            power *= x
            s9[j] += power
            power *= x
            s10[j] += power
            power *= x
            s11[j] += power
            power *= x
            s12[j] += power


@compiled
def _rule(nodes: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write the Chebyshev nodes of [-1, 1], and what the sum of each power adds to the weight of each node."""
    m = nodes.shape[0]
    terms, at = np.zeros((m, m)), np.empty((m, m))
    terms[0, 0] = 1.0
    terms[1, 1] = 1.0
    for k in range(2, m):
        for power in range(m):
            before = terms[k - 1, power - 1] if power > 0 else 0.0
            terms[k, power] = 2.0 * before - terms[k - 2, power]
    for q in range(m):
        nodes[q] = np.cos((2 * q + 1) * np.pi / (2 * m))
        for k in range(m):
            at[q, k] = np.cos(k * (2 * q + 1) * np.pi / (2 * m)) * (2.0 if k else 1.0) / m
    for q in range(m):
        for power in range(m):
            total = 0.0
            for k in range(m):
                total += at[q, k] * terms[k, power]
            out[q, power] = total


@compiled
def moment_nodes(
    z: NDArray[np.float64],
    first: int,
    reach: NDArray[np.float64],
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> None:
    """Write points and weights for columns of a matrix.

    Parameters
    ----------
    z : array of float64, n x n_columns
        Values.
    first : int
        First column of them; as many follow as `reach` has numbers.
    reach : array of float64, width
        Largest size of a value in each column, above zero.
    nodes, weights : array of float64, 13 x width
        Chebyshev nodes of [-reach, reach]; weights, of either sign, with which any polynomial of degree 12 has the same
        sum over the nodes as over the values.

    Notes
    -----
    A function that is analytic around the interval is summed with an error that falls geometrically in the number of
    nodes (Trefethen, Approximation Theory and Approximation Practice, chapter 8): the nodes are those of Chebyshev, the
    weights are integrals of their interpolation. Cost: 12 multiplications a value.
    """
    m, width = nodes.shape
    sums, rule, points = np.empty((m, width)), np.empty((m, m)), np.empty(m)
    _power_sums(z, first, sums)
    _rule(points, rule)
    scale = np.ones(width)
    weights[:] = 0.0
    for power in range(m):
        total = sums[power]
        for q in range(m):
            share, weight = rule[q, power], weights[q]
            for j in range(width):
                weight[j] += share * scale[j] * total[j]
        for j in range(width):
            scale[j] /= reach[j]
    for q in range(m):
        for j in range(width):
            nodes[q, j] = points[q] * reach[j]
