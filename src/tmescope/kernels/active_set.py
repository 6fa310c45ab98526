"""Least squares with coefficients that are not negative: an active set, one small triangular problem a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.kernels.compile import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["nonnegative_rows", "project_rows"]

_ENTER = 1e-14
"""Smallest cosine between a column and what is left of the target at which the column enters."""

_DEPENDENT = 1e-13
"""Share of a column's length below which what is left of it beside the columns of the set is rounding."""

_STEPS_PER_COLUMN = 30


@compiled
def _add(columns: NDArray[np.float64], target: NDArray[np.float64], held: NDArray[np.bool_], j: int, row: int) -> None:
    """Reflect rows `row` and below so that column j ends in `row`; columns of the set are zero there already."""
    k, m = columns.shape
    own = columns[j]
    length = 0.0
    for i in range(row, m):
        length += own[i] * own[i]
    length = np.sqrt(length)
    pivot = -length if own[row] > 0.0 else length
    head = own[row] - pivot
    scale = head * pivot  # minus half the squared length of the reflection's normal
    for c in range(k + 1):
        other = columns[c] if c < k else target
        if c == j or (c < k and held[c]):
            continue
        total = head * other[row]
        for i in range(row + 1, m):
            total += own[i] * other[i]
        total /= scale
        other[row] += total * head
        for i in range(row + 1, m):
            other[i] += total * own[i]
    own[row] = pivot
    own[row + 1 :] = 0.0


@compiled
def _remove(
    columns: NDArray[np.float64], target: NDArray[np.float64], order: NDArray[np.int64], place: int, size: int
) -> None:
    """Take entry `place` out of the set of that size, and rotate the columns behind it back to a triangle."""
    k = columns.shape[0]
    for i in range(place, size - 1):
        order[i] = order[i + 1]
        a, b = columns[order[i], i], columns[order[i], i + 1]
        length = np.hypot(a, b)
        if length == 0.0:
            continue
        cosine, sine = a / length, b / length
        for c in range(k + 1):
            other = columns[c] if c < k else target
            upper, lower = other[i], other[i + 1]
            other[i] = cosine * upper + sine * lower
            other[i + 1] = cosine * lower - sine * upper
        columns[order[i], i + 1] = 0.0


@compiled
def _solve(
    columns: NDArray[np.float64],
    target: NDArray[np.float64],
    order: NDArray[np.int64],
    size: int,
    solution: NDArray[np.float64],
) -> None:
    """Write, by column, the least-squares coefficients of the set."""
    for i in range(size - 1, -1, -1):
        value = target[i]
        for later in range(i + 1, size):
            value -= columns[order[later], i] * solution[order[later]]
        solution[order[i]] = value / columns[order[i], i]


@compiled
def _choose(
    columns: NDArray[np.float64],
    target: NDArray[np.float64],
    lengths: NDArray[np.float64],
    barred: NDArray[np.bool_],
    size: int,
    found: NDArray[np.int64],
) -> None:
    """Write which column outside the set falls in with the rest of the target best; -1 where none does."""
    k, m = columns.shape
    whole = 0.0
    for i in range(m):
        whole += target[i] * target[i]
    best = _ENTER * np.sqrt(whole)
    found[0] = -1
    for j in range(k):
        if barred[j] or lengths[j] == 0.0:
            continue
        along, left = 0.0, 0.0
        for i in range(size, m):
            along += columns[j, i] * target[i]
            left += columns[j, i] * columns[j, i]
        if along > best * lengths[j] and np.sqrt(left) > _DEPENDENT * lengths[j]:
            best = along / lengths[j]
            found[0] = j


@compiled
def _step_back(
    x: NDArray[np.float64],
    solution: NDArray[np.float64],
    order: NDArray[np.int64],
    size: int,
    found: NDArray[np.int64],
) -> None:
    """Go towards the solution until a coefficient is zero; write its place in the set, -1 where none becomes so."""
    share = 1.0
    found[0] = -1
    for i in range(size):
        j = order[i]
        if solution[j] <= 0.0:
            reach = x[j] / (x[j] - solution[j]) if x[j] > 0.0 else 0.0
            if reach < share or found[0] < 0:
                share = reach
                found[0] = i
    for i in range(size):
        j = order[i]
        x[j] = solution[j] if found[0] < 0 else x[j] + share * (solution[j] - x[j])
    if found[0] >= 0:
        x[order[found[0]]] = 0.0


@compiled
def _fit(
    columns: NDArray[np.float64],
    target: NDArray[np.float64],
    lengths: NDArray[np.float64],
    x: NDArray[np.float64],
    steps: NDArray[np.int64],
) -> None:
    """Solve one problem; columns and target are used up."""
    k, m = columns.shape
    held, barred = np.zeros(k, dtype=np.bool_), np.zeros(k, dtype=np.bool_)
    order, found = np.zeros(k, dtype=np.int64), np.zeros(1, dtype=np.int64)
    solution = np.zeros(k)
    x[:] = 0.0
    size = 0
    steps[0] = 0
    while size < min(k, m):
        _choose(columns, target, lengths, barred, size, found)
        entered = found[0]
        if entered < 0:
            return
        _add(columns, target, held, entered, size)
        order[size] = entered
        held[entered], barred[entered] = True, True
        size += 1
        while True:
            steps[0] += 1
            if steps[0] > _STEPS_PER_COLUMN * k:
                steps[0] = -1
                return
            _solve(columns, target, order, size, solution)
            _step_back(x, solution, order, size, found)
            if found[0] < 0:
                break
            left = order[found[0]]
            _remove(columns, target, order, found[0], size)
            size -= 1
            held[left] = False
            barred[left] = left == entered  # one that rounding sent back at once waits until another has entered
        if held[entered]:
            barred[:] = held


@compiled
def nonnegative_rows(
    factor: NDArray[np.float64],
    targets: NDArray[np.float64],
    total_is_one: bool,
    x: NDArray[np.float64],
    steps: NDArray[np.int64],
) -> None:
    """Minimise ``|R x - q|`` over x >= 0, or over x >= 0 with sum 1, for each row q of `targets`.

    Parameters
    ----------
    factor : array of float64, k x m
        Row j is column j of R, the triangular factor of the design (m <= k), or of any other matrix.
    targets : array of float64, n x m
        The observed values, projected like the design.
    total_is_one : bool
        Whether the coefficients sum to 1.
    x : array of float64, n x k
        Gets the coefficients.
    steps : array of int64, n
        Gets how many triangular systems were solved; -1 where 30 k were not enough, so that x is no solution.

    Notes
    -----
    The active-set method of Lawson and Hanson (1974, chapter 23). The set's columns are kept triangular by reflections
    when one enters and by rotations when one leaves, O(k m) each; nothing is squared, so that columns which are
    parallel up to 1e-13 are told apart. Coefficients with sum 1 are the point of smallest norm in the hull of the
    columns ``R_j - q``: with u the non-negative solution of ``[(R - q 1') / s; 1'] u = [0; 1]``, x = u / sum(u); s is
    the shortest of these columns (Lawson and Hanson, chapter 23, problem LDP; Wolfe 1976).
    """
    k, m = factor.shape
    extra = 1 if total_is_one else 0
    columns = np.zeros((k, m + extra))
    target = np.zeros(m + extra)
    lengths = np.zeros(k)
    for row in range(targets.shape[0]):
        target[:m] = targets[row]
        for j in range(k):
            columns[j, :m] = factor[j]
            if total_is_one:
                columns[j, :m] -= targets[row]
            lengths[j] = np.sqrt(np.sum(columns[j, :m] ** 2))
        if total_is_one:
            nearest = lengths.min()
            scale = nearest if nearest > 0.0 else max(lengths.max(), 1e-300)
            columns[:, :m] /= scale
            columns[:, m] = 1.0
            target[:m] = 0.0
            target[m] = 1.0
            for j in range(k):
                lengths[j] = np.hypot(lengths[j] / scale, 1.0)
        _fit(columns, target, lengths, x[row], steps[row : row + 1])
        if total_is_one:
            x[row] /= np.sum(x[row])


@compiled
def project_rows(values: NDArray[np.float64], basis: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write ``values @ basis``, each row by itself, so that its rounding does not depend on how many rows there are.

    Parameters
    ----------
    values : array of float64, n x p
        Rows.
    basis : array of float64, p x k
        Row by row in memory.
    out : array of float64, n x k
        Gets the products.
    """
    for row in range(values.shape[0]):
        own, to = values[row], out[row]
        to[:] = 0.0
        for g in range(values.shape[1]):
            value, part = own[g], basis[g]
            for j in range(to.shape[0]):
                to[j] += value * part[j]
