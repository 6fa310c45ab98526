"""Exact least squares with coefficients that are not negative, whose sum is free, at most 1, or 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tmescope.foundation.errors import InputError, examples

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Coefficients", "Total", "constrained_least_squares"]

Total = Literal["any", "at most one", "one"]
_TOTALS = ("any", "at most one", "one")


@dataclass(frozen=True, kw_only=True, eq=False)
class Coefficients:
    """What `constrained_least_squares` found.

    Parameters
    ----------
    values : array of float64, shape (n_samples, k)
        The coefficients, 0 or more.
    is_solved : array of bool, shape (n_samples,)
        False where rounding kept the search from ending; such a row is NaN. None is known.
    """

    values: NDArray[np.float64]
    is_solved: NDArray[np.bool_]


def constrained_least_squares(
    design: ArrayLike,
    observed: ArrayLike,
    *,
    total: Total = "any",
    weights: ArrayLike | None = None,
) -> Coefficients:
    """Minimise ``sum_g w_g (observed_g - sum_j design_gj x_j)**2`` over x >= 0 for each sample.

    Answers which mixture of known profiles comes nearest to a sample. It gives no standard errors.

    Parameters
    ----------
    design : array-like of float, shape (n_genes, k)
        Profiles in columns; finite, of any sign. More columns than genes, columns of zeros and collinear columns are
        allowed: the minimum is reached then too, by one of the coefficients that reach it.
    observed : array-like of float, shape (n_samples, n_genes)
        Finite.
    total : {"any", "at most one", "one"}
        What the coefficients sum to.
    weights : array-like of float, shape (n_genes,) or (n_samples, n_genes), optional
        0 or more, finite; 1 if omitted. One design for all samples is factored once, weights of each sample's own ask
        for a factor of each.

    Returns
    -------
    Coefficients

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, a weight is negative, `total` is unknown, or there is no column.

    Notes
    -----
    The design is brought to a triangle R by QR; each sample is then a problem of k numbers that an active-set method
    solves exactly (`tmescope.kernels.active_set.nonnegative_rows`). Where the free solution sums to more than 1, the
    constraint binds, for the problem is convex, and the one with sum 1 is solved.

    The conditions of Karush, Kuhn and Tucker hold to 1e-10 of their scale. With the gradient ``g = A'W(A x - b)`` and
    the multiplier m of the sum (0 where it does not bind): ``g_j + m >= -e_j`` for all, ``|g_j + m| <= e_j`` where
    x_j > 0, with ``e_j = 1e-10 |a_j| (|b| + sum_i |a_i| x_i)``; where the sum binds, the largest of all |a_i| and |b|
    stands in place of |a_j|. Lengths are in the weighted norm.

    Of equal columns the first takes the whole. A sample depends on no other sample, not even in its last bit. Cost:
    O(n_genes k) a sample, and O(k**2) a step of the active set; there are about as many steps as coefficients above 0.

    References
    ----------
    Lawson and Hanson, Solving least squares problems, 1974, chapter 23. Wolfe, Finding the nearest point in a polytope,
    Math Program 1976 (smallest norm in a hull).
    """
    a, b = _as_matrix(design, "design"), _as_matrix(observed, "observed")
    if total not in _TOTALS:
        raise InputError(f"the total is {total!r}", where="argument total", expected=", ".join(_TOTALS))
    if a.shape[1] == 0 or a.shape[0] == 0 or b.shape[1] != a.shape[0]:
        raise InputError(
            f"the design has shape {a.shape} and the observed values have shape {b.shape}",
            where="arguments design and observed",
            expected="genes x columns and samples x the same genes, at least one of each",
        )
    roots = _roots(weights, b.shape)
    if roots is None or roots.ndim == 1:
        if roots is not None:
            a, b = a * roots[:, None], b * roots
        return _solve(a, b, total)
    parts = [_solve(a * roots[i][:, None], b[i : i + 1] * roots[i], total) for i in range(len(b))]
    values = np.concatenate([p.values for p in parts]) if parts else np.empty((0, a.shape[1]))
    solved = np.concatenate([p.is_solved for p in parts]) if parts else np.empty(0, dtype=bool)
    return Coefficients(values=values, is_solved=solved)


def _as_matrix(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise InputError(f"{name} has {array.ndim} dimensions", where=f"argument {name}", expected="2")
    _check_finite(array, name)
    return array


def _check_finite(array: NDArray[np.float64], name: str) -> None:
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        raise InputError(
            f"{name} has {len(wrong)} values that are not finite",
            where=f"argument {name}, position {examples(tuple(int(i) for i in place) for place in wrong[:3])}",
            expected="finite numbers",
            next_step="leave out what is missing before",
        )


def _roots(weights: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    if weights is None:
        return None
    array = np.asarray(weights, dtype=np.float64)
    if array.shape not in {shape, shape[1:]}:
        raise InputError(
            f"the weights have shape {array.shape}",
            where="argument weights",
            expected=f"one for each gene {shape[1:]}, or for each value {shape}",
        )
    _check_finite(array, "weights")
    if np.any(array < 0):
        wrong = array[array < 0]
        raise InputError(
            f"{wrong.size} weights are negative, for example {examples(float(v) for v in wrong[:3])}",
            where="argument weights",
            expected="0 or more",
        )
    roots: NDArray[np.float64] = np.sqrt(array)
    return roots


def _solve(a: NDArray[np.float64], b: NDArray[np.float64], total: Total) -> Coefficients:
    from tmescope.kernels.active_set import nonnegative_rows, project_rows

    size = float(np.abs(a).max(initial=0.0))
    scale = size if size > 0 else 1.0  # keeps squares away from the ends of the range
    basis, triangle = np.linalg.qr(a / scale)
    targets = np.empty((len(b), basis.shape[1]))
    project_rows(np.ascontiguousarray(b / scale), np.ascontiguousarray(basis), targets)
    factor = np.ascontiguousarray(triangle.T)
    x = np.zeros((len(b), a.shape[1]))
    steps = np.zeros(len(b), dtype=np.int64)
    if total != "one":
        nonnegative_rows(factor, targets, False, x, steps)
    over = np.ones(len(b), dtype=bool) if total == "one" else (total == "at most one") & (x.sum(axis=1) > 1.0)
    if over.any():
        rows = np.ascontiguousarray(targets[over])
        x_over, steps_over = np.zeros((len(rows), a.shape[1])), np.zeros(len(rows), dtype=np.int64)
        nonnegative_rows(factor, rows, True, x_over, steps_over)
        x[over], steps[over] = x_over, steps_over
    is_solved = steps >= 0
    x[~is_solved] = np.nan
    return Coefficients(values=x, is_solved=is_solved)
