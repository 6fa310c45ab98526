"""How well estimates agree with a truth in the same unit: error, correlation and concordance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Agreement", "agreement"]


@dataclass(frozen=True)
class Agreement:
    """How well estimates agree with the truth.

    Parameters
    ----------
    n : int
        Pairs of which neither is missing.
    rmse : float
        Root of the mean squared difference.
    bias : float
        Mean of estimate minus truth.
    pearson : float
        Correlation; NaN where either does not vary.
    ccc : float
        Concordance correlation coefficient; NaN where neither varies.
    """

    n: int
    rmse: float
    bias: float
    pearson: float
    ccc: float


def agreement(estimate: ArrayLike, truth: ArrayLike) -> Agreement:
    """Compare estimates with a truth in the same unit.

    Answers "how far off are these fractions?". Not for scores whose unit is another than the truth's: error and
    concordance mean nothing there.

    Parameters
    ----------
    estimate, truth : array-like, shape (n,)
        NaN where missing; such pairs are left out.

    Returns
    -------
    Agreement
        All NaN where no pair is left.

    Raises
    ------
    InputError
        If the lengths differ.

    Notes
    -----
    Concordance is ``2 s_xy / (s_x^2 + s_y^2 + (mean_x - mean_y)^2)`` with moments over n (Lin 1989, 10.2307/2532051).
    """
    x, y = as_vector(estimate, name="estimate"), as_vector(truth, name="truth")
    if len(x) != len(y):
        raise InputError(f"there are {len(x)} estimates and {len(y)} true values", expected="one for each")
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if not len(x):
        return Agreement(0, np.nan, np.nan, np.nan, np.nan)
    dx, dy = x - x.mean(), y - y.mean()
    var_x, var_y, both_vary = float(np.mean(dx**2)), float(np.mean(dy**2)), float(np.mean(dx * dy))
    shift = float(x.mean() - y.mean())
    spread = var_x + var_y + shift**2
    return Agreement(
        n=len(x),
        rmse=float(np.sqrt(np.mean((x - y) ** 2))),
        bias=shift,
        pearson=both_vary / np.sqrt(var_x * var_y) if var_x > 0 and var_y > 0 else np.nan,
        ccc=2 * both_vary / spread if spread > 0 else np.nan,
    )
