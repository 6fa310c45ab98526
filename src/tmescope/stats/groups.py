"""Groups of samples by the size of a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["TERTILE_NAMES", "Tertiles", "tertiles"]

TERTILE_NAMES = ("low", "middle", "high")
"""Names of the codes 0, 1 and 2."""


@dataclass(frozen=True, kw_only=True)
class Tertiles:
    """Thirds of a set of samples.

    Parameters
    ----------
    code : array of int8, shape (n,)
        0 low, 1 middle, 2 high (see `TERTILE_NAMES`), -1 where the value is missing; in the order of the
        input.
    sizes : tuple of int
        Samples in low, middle and high. Ties can leave a group empty.
    low_max, high_min : float
        Largest value in the low group and smallest in the high group, in the unit of the values; NaN where
        empty.
    n : int
        Values that are not missing.
    reason : str
        ``empty``, ``constant``, or ``ties`` where ties left low or high empty; empty otherwise.
    """

    code: NDArray[np.int8]
    sizes: tuple[int, int, int]
    low_max: float
    high_min: float
    n: int
    reason: str = ""


def tertiles(values: ArrayLike) -> Tertiles:
    """Divide samples into low, middle and high thirds of a value.

    The groups are relative to the samples given: a high in one cohort may be a low in another.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        Any unit. NaN is missing and gets no group.

    Returns
    -------
    Tertiles

    Raises
    ------
    InputError
        If there is more than one dimension, or a value is infinite.

    Notes
    -----
    With r the midrank among the n values, a sample is low where ``(r - 1/2) / n < 1/3``, high
    where it is above 2/3, and middle otherwise. Equal values are therefore never divided, the rule is the
    same from both ends (reversing the sign swaps low and high), and without ties the groups differ by at most
    one sample. Values of which many are equal, such as counts with many zeros, can give very unequal groups,
    up to an empty one: look at `sizes`.
    """
    array = as_vector(values, name="values")
    present = ~np.isnan(array)
    seen = array[present]
    twice = 2.0 * stats.rankdata(seen) - 1.0  # whole numbers: comparing 3 * twice with 2n is exact
    code = np.full(array.size, -1, dtype=np.int8)
    code[present] = 1 - (3.0 * twice < 2.0 * seen.size) + (3.0 * twice > 4.0 * seen.size)
    sizes = (int((code == 0).sum()), int((code == 1).sum()), int((code == 2).sum()))
    return Tertiles(
        code=code,
        sizes=sizes,
        low_max=float(array[code == 0].max()) if sizes[0] else float("nan"),
        high_min=float(array[code == 2].min()) if sizes[2] else float("nan"),
        n=seen.size,
        reason=_why(seen, sizes),
    )


def _why(seen: NDArray[np.float64], sizes: tuple[int, int, int]) -> str:
    if seen.size == 0:
        return "empty"
    if np.ptp(seen) == 0.0:
        return "constant"
    return "" if sizes[0] and sizes[2] else "ties"
