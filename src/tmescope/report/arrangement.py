"""The one place where the report asks for an order by similarity."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tmescope.stats.ordering import OPTIMAL_UP_TO, leaf_order

__all__ = ["describe_order", "order_rows"]


def order_rows(values: NDArray[np.float64], *, metric: Literal["correlation", "euclidean"]) -> NDArray[np.intp]:
    """Return the positions of the rows so that similar rows lie together; missing values are allowed.

    Parameters
    ----------
    values : array, rows x columns
        Rows to arrange.
    metric : {"correlation", "euclidean"}
        Correlation for signatures (what moves together), Euclidean for samples (what is alike).
    """
    if values.shape[0] < 2 or values.shape[1] == 0:
        return np.arange(values.shape[0], dtype=np.intp)
    return leaf_order(values, metric=metric).order


def describe_order(rows: int, *, metric: Literal["correlation", "euclidean"]) -> str:
    """Return in words how `order_rows` arranges so many rows, for a caption."""
    distance = "one minus Pearson's correlation" if metric == "correlation" else "Euclidean distance"
    leaves = "optimal leaf order" if rows <= OPTIMAL_UP_TO else "leaf order of the tree"
    return f"average linkage, {distance}, {leaves}"
