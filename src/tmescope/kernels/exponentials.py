"""Exponentials of many numbers at once, in a form that the compiler turns into wide instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["exponentials"]

_LIMIT = 700.0
"""Arguments beyond it are taken as it: the exponential of 710 is no number any more."""

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ROUNDER = 6755399441055744.0
"""1.5 * 2 ** 52: what is added to it is rounded to a whole number, which stands in its last bits."""

_ROUNDER_BITS = 4843621399236968448
_BIAS = 1023


@compiled
def exponentials(x: NDArray[np.float64], spare: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write ``exp(x)`` of each number.

    Parameters
    ----------
    x : array of float64, n
        Any numbers; those beyond 700 in size are taken as 700. NaN gives NaN or some number: the caller keeps it away.
    spare : array of float64, 2 x n
        Working space.
    out : array of float64, n
        Within two units in the last place. No part of `x`: arrays that overlap are not calculated in wide instructions.

    Notes
    -----
    ``exp(x) = 2 ** k exp(r)`` with ``k`` the nearest whole number to ``x / ln 2`` and ``abs(r) <= ln 2 / 2``; the
    second factor is its Taylor series to the thirteenth power, whose rest is below 1e-17.
    """
    n = x.shape[0]
    whole, power = spare[0], spare[1]
    bits, scale_bits = spare[0].view(np.int64), spare[1].view(np.int64)
    for i in range(n):
        v = min(max(x[i], -_LIMIT), _LIMIT)
        k = v * _LOG2_E + _ROUNDER
        whole[i] = k
        k = k - _ROUNDER
        r = (v - k * _LN2_HIGH) - k * _LN2_LOW
        t = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0
        t = t * r + 1.0 / 39916800.0
        t = t * r + 1.0 / 3628800.0
        t = t * r + 1.0 / 362880.0
        t = t * r + 1.0 / 40320.0
        t = t * r + 1.0 / 5040.0
        t = t * r + 1.0 / 720.0
        t = t * r + 1.0 / 120.0
        t = t * r + 1.0 / 24.0
        t = t * r + 1.0 / 6.0
        t = t * r + 0.5
        t = t * r + 1.0
        out[i] = t * r + 1.0
    for i in range(n):
        scale_bits[i] = (bits[i] - _ROUNDER_BITS + _BIAS) << 52
    for i in range(n):
        out[i] = out[i] * power[i]
