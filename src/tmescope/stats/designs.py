"""Matrices of covariates: which columns can be told apart, before any model is fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ColumnCheck", "as_matrix", "check_columns", "complete_rows"]

_CONSTANT = 1e-12
_COLLINEAR = 1e-7


@dataclass(frozen=True, kw_only=True)
class ColumnCheck:
    """Which columns of a matrix carry information of their own beside an intercept.

    Parameters
    ----------
    kept : tuple of int
        Columns that do, in order.
    constant : tuple of int
        Columns with one value.
    collinear : tuple of int
        Columns that are sums of multiples of an intercept and of columns before them.
    """

    kept: tuple[int, ...]
    constant: tuple[int, ...]
    collinear: tuple[int, ...]

    @property
    def reason(self) -> str:
        """``constant`` or ``collinear`` where such columns exist, else empty."""
        return "constant" if self.constant else "collinear" if self.collinear else ""


def check_columns(x: ArrayLike) -> ColumnCheck:
    """Find columns that are constant or that follow from an intercept and the columns before them.

    Parameters
    ----------
    x : array-like of float, shape (n, k)
        Without an intercept and without missing values.

    Returns
    -------
    ColumnCheck

    Notes
    -----
    Each column is centred, divided by its length and freed from the kept columns before it (Gram-Schmidt, twice,
    against rounding); what is left shorter than 1e-7 counts as nothing. Units do not matter; the order of columns
    decides which of two equal ones is kept: the first. Cost O(n k^2).
    """
    matrix = np.asarray(x, dtype=np.float64)
    kept: list[int] = []
    constant: list[int] = []
    collinear: list[int] = []
    basis: list[NDArray[np.float64]] = []
    for column in range(matrix.shape[1]):
        values = matrix[:, column]
        if values.size == 0 or np.ptp(values) <= _CONSTANT * np.abs(values).max():
            constant.append(column)
            continue
        rest = values - values.mean()
        rest = rest / np.linalg.norm(rest)
        for _ in range(2):
            for direction in basis:
                rest = rest - direction * (direction @ rest)
        length = float(np.linalg.norm(rest))
        if length <= _COLLINEAR or len(basis) >= matrix.shape[0] - 1:
            collinear.append(column)
            continue
        kept.append(column)
        basis.append(rest / length)
    return ColumnCheck(kept=tuple(kept), constant=tuple(constant), collinear=tuple(collinear))


def as_matrix(values: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Turn numbers into a float64 matrix in which NaN means missing; a vector becomes one column.

    Parameters
    ----------
    values : array-like, shape (n,) or (n, k)
        Numbers; a data frame's columns keep their order.
    name : str
        What the values are, for the message.

    Raises
    ------
    InputError
        If a value is no number or infinite, or there are more than two dimensions.
    """
    if hasattr(values, "columns"):  # a data frame: nullable columns know their own missing value
        frame: Any = values
        return np.column_stack([as_vector(frame[c], name=f"{name}[{c}]") for c in frame.columns])
    array = np.asarray(values)
    if array.ndim == 1:
        return as_vector(values, name=name)[:, None]
    if array.ndim != 2:
        raise InputError(f"{name} has {array.ndim} dimensions", where=f"argument {name}", expected="samples x columns")
    return as_vector(array.reshape(-1), name=name).reshape(array.shape)


def complete_rows(x: NDArray[np.float64], *vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Keep the rows at which neither the matrix nor a vector has a missing value.

    Raises
    ------
    InputError
        If lengths differ.
    """
    lengths = {len(x), *(v.size for v in vectors)}
    if len(lengths) > 1:
        raise InputError(
            f"the arguments differ in length: {', '.join(str(n) for n in sorted(lengths))}",
            expected="one row or value per sample in each",
        )
    keep = ~np.isnan(x).any(axis=1)
    for vector in vectors:
        keep &= ~np.isnan(vector)
    return (x[keep], *(v[keep] for v in vectors))
