"""Rows of a Cox model as they are given: covariates, times, and how the rows were sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import EndpointError, InputError, examples
from tmescope.stats.arguments import as_binary, as_codes, as_times, as_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CoxDesign", "CoxRows", "read_rows"]


@dataclass(frozen=True, kw_only=True)
class CoxDesign:
    """How the rows of a Cox model were sampled; each field has one value a row, or is None.

    Parameters
    ----------
    entry : array-like of float, optional
        Time from which a row is at risk (left truncation, start-stop rows): it counts at times after `entry` up to
        and including its own.
    strata : array-like of int, optional
        Codes 0, 1, 2 ... with a baseline hazard each; -1 and NaN are missing.
    weights : array-like of float, optional
        Case weights, zero or more.
    clusters : array-like of int, optional
        Codes of rows that belong together (one patient), for robust standard errors.
    """

    entry: ArrayLike | None = None
    strata: ArrayLike | None = None
    weights: ArrayLike | None = None
    clusters: ArrayLike | None = None


@dataclass(frozen=True, kw_only=True)
class CoxRows:
    """Complete rows.

    Parameters
    ----------
    x : array of float, shape (n, p)
    time, event, entry, strata, weights, clusters : array of float, shape (n,)
        `entry` is -inf where all are at risk from the start.
    kept : array of bool, shape (rows given,)
        Which rows these are.
    n_missing : int
        Rows that were dropped for a missing value.
    names : tuple of str
        Of the covariates.
    """

    x: NDArray[np.float64]
    time: NDArray[np.float64]
    event: NDArray[np.float64]
    entry: NDArray[np.float64]
    strata: NDArray[np.float64]
    weights: NDArray[np.float64]
    clusters: NDArray[np.float64]
    kept: NDArray[np.bool_]
    n_missing: int
    names: tuple[str, ...]


def read_rows(
    x: ArrayLike, *, time: ArrayLike, event: ArrayLike, design: CoxDesign | None, names: Sequence[str]
) -> CoxRows:
    """Check the arrays of a Cox model and keep the complete rows.

    Parameters
    ----------
    x : array-like of float, shape (n, p) or (n,)
    time, event : array-like, shape (n,)
    design : CoxDesign or None
    names : sequence of str
        Of the covariates; ``x1, x2 ...`` where empty.

    Raises
    ------
    InputError
        If shapes differ, a value is infinite or no number, an event is neither 0 nor 1, or a weight is negative.
    EndpointError
        If a time is negative, or a row ends at or before its entry.
    """
    design = design or CoxDesign()
    matrix = _matrix(x)
    t, d = as_times(time, name="time"), as_binary(event, name="event")
    n = t.size
    vectors = {
        "time": t,
        "event": d,
        "entry": np.full(n, -np.inf) if design.entry is None else as_times(design.entry, name="entry"),
        "strata": np.zeros(n) if design.strata is None else as_codes(design.strata, name="strata"),
        "weights": np.ones(n) if design.weights is None else as_vector(design.weights, name="weights"),
        "clusters": np.arange(n, dtype=np.float64)
        if design.clusters is None
        else as_codes(design.clusters, name="clusters"),
    }
    _check(matrix, vectors)
    missing = np.isnan(matrix).any(axis=1) | np.any([np.isnan(v) for v in vectors.values()], axis=0)
    kept = ~missing & (vectors["weights"] != 0.0)
    found = tuple(names) or tuple(f"x{i + 1}" for i in range(matrix.shape[1]))
    if len(found) != matrix.shape[1]:
        raise InputError(
            f"{len(found)} names for {matrix.shape[1]} covariates", where="names", expected="one name a covariate"
        )
    picked = {name: values[kept] for name, values in vectors.items()}
    return CoxRows(x=matrix[kept], kept=kept, n_missing=int(missing.sum()), names=found, **picked)


def _matrix(x: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(x)
    if array.ndim == 1:
        return as_vector(x, name="x")[:, None]
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(
            f"the covariates have shape {array.shape}", where="argument x", expected="rows by one or more covariates"
        )
    return np.column_stack([as_vector(array[:, i], name=f"x[:, {i}]") for i in range(array.shape[1])])


def _check(matrix: NDArray[np.float64], vectors: dict[str, NDArray[np.float64]]) -> None:
    lengths = {"x": matrix.shape[0], **{name: v.size for name, v in vectors.items()}}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {size}" for name, size in lengths.items())
        raise InputError(f"the arguments differ in length: {told}", expected="one value per row in each")
    negative = vectors["weights"] < 0.0
    if negative.any():
        raise InputError(
            f"{int(negative.sum())} weights are negative, for example "
            f"{examples(float(v) for v in vectors['weights'][negative][:4])}",
            where="CoxDesign.weights",
            expected="case weights, zero or more",
        )
    late = vectors["entry"] >= vectors["time"]
    if late.any():
        raise EndpointError(
            f"{int(late.sum())} rows end at or before they enter",
            where=f"CoxDesign.entry, row {examples(int(i) for i in np.flatnonzero(late)[:4])}",
            expected="entry before time in each row",
            next_step="leave out subjects that were not at risk after their entry, and say how many",
        )
