"""One Cox or logistic model for each of many columns: effects of thousands of genes on one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tmescope.foundation.errors import InputError, examples
from tmescope.stats.screened_outcomes import OutcomeModel, fit_adjusted, make_ready

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ColumnEffects", "screen_columns"]

_TILE = 256
"""Columns that are fitted together: few enough to stay in a cache."""
_SEPARATE = {"cox": "monotone_likelihood", "logistic": "separation"}


@dataclass(frozen=True, kw_only=True)
class ColumnEffects:
    """Effects of many columns on one outcome, one entry a column.

    Parameters
    ----------
    n, n_events, n_missing : array of int64
        Rows used, their events, and rows that lack only the column's own value.
    log_effect, std_error : array of float64
        Log hazard ratio or log odds ratio, and its standard error; NaN with a reason.
    ci_low, ci_high : array of float64
        Confidence limits on the log scale.
    p_value : array of float64
        Two-sided Wald test.
    score_statistic, p_score : array of float64
        Score test at no effect (chi-square, one degree of freedom).
    lr_statistic, p_lr : array of float64
        Likelihood-ratio test; NaN where it was not asked for.
    mean, sd : array of float64
        Of the values used; the standard deviation with n - 1.
    reason : array of str
        ``empty``, ``no_events``, ``one_class``, ``constant``, ``constant_at_risk``, ``monotone_likelihood`` or
        ``separation``, ``collinear``, ``covariates_collinear``, ``covariates_separate``, ``not_converged``; empty where
        there is an effect.
    method : str
        For the methods column of the answers.
    confidence : float
        Level of the intervals.
    """

    n: NDArray[np.int64]
    n_events: NDArray[np.int64]
    n_missing: NDArray[np.int64]
    log_effect: NDArray[np.float64]
    std_error: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_value: NDArray[np.float64]
    score_statistic: NDArray[np.float64]
    p_score: NDArray[np.float64]
    lr_statistic: NDArray[np.float64]
    p_lr: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    reason: NDArray[np.str_]
    method: str
    confidence: float


def screen_columns(model: OutcomeModel, values: ArrayLike) -> ColumnEffects:
    """Fit one model for each column of a matrix.

    Answers "which of these thousands of genes go with the outcome?" as a ranking to be followed up. It does not test
    the assumptions of any single model.

    Parameters
    ----------
    model : OutcomeModel
        From `tmescope.stats.screened_outcomes.cox_outcome` or `logistic_outcome`.
    values : array-like of float, shape (n, n_columns)
        One row for each row of the outcome, also for those without outcome. NaN is missing: each column has its own
        complete cases. float32 is calculated in float64.

    Returns
    -------
    ColumnEffects
        One entry a column, the same whatever columns stand beside it.

    Raises
    ------
    InputError
        If the matrix has another number of rows, an infinite value among the rows used, or values so large that
        they have no standard deviation.

    Notes
    -----
    Newton steps to a change of 1e-9 from no effect (and from the covariates' own fit). Whether the maximum of an
    unadjusted model exists is decided exactly beforehand: for Cox from whether each event befalls the largest (or
    smallest) value at risk, for logistic from whether the ranges of the classes overlap. In adjusted models it is
    seen from the information, which vanishes. Cost: ``n`` exponentials a step and column; columns with the same
    missing rows are fitted together.

    References
    ----------
    Cox, J R Stat Soc B 1972, doi:10.1111/j.2517-6161.1972.tb00899.x. Efron, JASA 1977,
    doi:10.1080/01621459.1977.10480613. Albert and Anderson, Biometrika 1984, doi:10.1093/biomet/71.1.1.
    """
    matrix = np.asarray(values)
    if matrix.dtype not in (np.float32, np.float64):
        matrix = matrix.astype(np.float64)
    n_all = model.n_left_out + model.rows.size
    if matrix.ndim != 2 or len(matrix) != n_all:
        raise InputError(
            f"the matrix has the shape {matrix.shape}, the outcome {n_all} rows",
            where="argument values",
            expected="one row per sample of the outcome",
        )
    found = _Found.empty(matrix.shape[1])
    _fill(model, matrix, found=found, places=np.arange(matrix.shape[1]))
    found.n_missing[:] = model.rows.size - found.n
    return _finish(model, found)


@dataclass(frozen=True)
class _Found:
    """What the kernels said of each column."""

    raw: NDArray[np.float64]
    n: NDArray[np.int64]
    n_events: NDArray[np.int64]
    n_missing: NDArray[np.int64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    reason: NDArray[np.object_]

    @classmethod
    def empty(cls, width: int) -> _Found:
        n, events, missing = np.zeros((3, width), dtype=np.int64)
        raw, moments = np.full((width, 6), np.nan), np.full((2, width), np.nan)
        return cls(raw, n, events, missing, moments[0], moments[1], np.full(width, "", dtype=object))


def _fill(model: OutcomeModel, matrix: NDArray[np.float64], *, found: _Found, places: NDArray[np.int64]) -> None:
    """Fit columns of `matrix` that stand at `places` of the answer; those with gaps again, by the pattern of gaps."""
    moments, raw = _fit_tiles(model, matrix)
    state = np.where(model.rows.size > 0, moments[2], 0.0)
    if not np.isfinite(moments[:2]).all():
        _refuse_infinite(matrix[model.rows], moments[:2], places)
    whole = state != 2.0
    at = places[whole]
    found.n[at], found.n_events[at] = model.rows.size, int(model.event.sum())
    found.mean[at], found.sd[at] = moments[0, whole], moments[1, whole]
    if model.reason:
        found.reason[at] = model.reason
    else:
        fitted = state == 0.0
        found.reason[at] = np.where(state[whole] == 1.0, "constant", "")
        found.raw[places[fitted]] = raw[fitted]
        found.reason[places[fitted]] = _reasons(model, raw[fitted, 5])
    _fill_gaps(model, matrix, found=found, places=places, gaps=np.flatnonzero(state == 2.0))


def _fit_tiles(model: OutcomeModel, matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standardise and fit a few columns at a time, as many as a cache can hold: moments, and what the kernels say."""
    from tmescope.kernels.column_moments import standardise_columns

    width, by_row = matrix.shape[1], matrix.flags.c_contiguous
    moments, raw = np.empty((3, width)), np.full((width, 6), np.nan)
    most = min(width, _TILE)
    room = np.empty(model.rows.size * most)
    turned = np.empty(0 if by_row else len(matrix) * most, dtype=matrix.dtype)
    for first in range(0, width, _TILE):
        last = min(first + _TILE, width)
        z, tile = _shaped(room, model.rows.size, last - first), np.empty((3, last - first))
        block, begin = matrix, first
        if not by_row:  # one that lies feature by feature is turned a tile at a time, which stays in a cache
            block, begin = _shaped(turned, len(matrix), last - first), 0
            np.copyto(block, matrix[:, first:last])
        standardise_columns(block, model.rows, begin, z, tile)
        moments[:, first:last] = tile
        if model.reason:
            continue
        if not tile[2].any():
            _fit(model, z, raw[first:last])
        elif fit := np.flatnonzero(tile[2] == 0.0).tolist():
            part = np.empty((len(fit), 6))
            _fit(model, np.ascontiguousarray(z[:, fit]), part)
            raw[first + np.array(fit)] = part
    return moments, raw


def _shaped(room: NDArray[np.float64], n_rows: int, width: int) -> NDArray[np.float64]:
    """Return the first numbers of a vector as a matrix: memory that is asked for once costs less than for each tile."""
    return room[: n_rows * width].reshape(n_rows, width)


def _fill_gaps(
    model: OutcomeModel,
    matrix: NDArray[np.float64],
    *,
    found: _Found,
    places: NDArray[np.int64],
    gaps: NDArray[np.int64],
) -> None:
    if gaps.size == 0:
        return
    absent = np.isnan(matrix[model.rows][:, gaps])
    patterns, which = np.unique(np.packbits(absent, axis=0), axis=1, return_inverse=True)
    n_all = model.n_left_out + model.rows.size
    for k in range(patterns.shape[1]):
        columns = gaps[which.ravel() == k]
        keep = ~np.isnan(matrix[model.rows, columns[0]])
        parts = (model.rows[keep], model.time[keep], model.event[keep], model.covariates[keep])
        own = make_ready(OutcomeModel(model.kind, *parts, model.options), n_all)
        _fill(own, np.ascontiguousarray(matrix[:, columns]), found=found, places=places[columns])


def _refuse_infinite(used: NDArray[np.float64], moments: NDArray[np.float64], places: NDArray[np.int64]) -> None:
    suspect = np.flatnonzero(~np.isfinite(moments).all(axis=0))
    infinite = suspect[np.isinf(used[:, suspect]).any(axis=0)]
    if infinite.size:
        named = examples(int(j) for j in places[infinite][:4])
        raise InputError(
            f"{infinite.size} columns have infinite values, for example columns {named}",
            where="argument values",
            expected="finite numbers, NaN where a value is missing",
            next_step="set them to NaN, or add an offset before taking a logarithm",
        )
    huge = suspect[~np.isnan(used[:, suspect]).any(axis=0)]
    if huge.size:
        largest = float(np.abs(used[:, huge]).max())
        named = examples(int(j) for j in places[huge][:4])
        raise InputError(
            f"{huge.size} columns have values up to {largest:.3g}, whose squares no number can hold, for example "
            f"columns {named}",
            where="argument values",
            expected="values whose standard deviation is finite",
            next_step="take logarithms, or divide them by a power of ten; look for a value that stands for missing",
        )


def _fit(model: OutcomeModel, z: NDArray[np.float64], raw: NDArray[np.float64]) -> None:
    from tmescope.kernels.cox_columns import NOT_CONVERGED, cox_columns
    from tmescope.kernels.logistic_columns import logistic_columns

    wanted = model.options.likelihood_ratio
    if model.covariates.shape[1]:
        raw[:] = fit_adjusted(model, z)[1]
    elif model.kind == "cox":
        cox_columns(z, model.starts, model.deaths, model.options.ties == "efron", wanted, raw)
    else:
        logistic_columns(z, model.event, wanted, raw)
        late = np.flatnonzero(raw[:, 5] == NOT_CONVERGED)
        if late.size:
            raw[late] = fit_adjusted(model, np.ascontiguousarray(z[:, late]))[1]
            raw[late, 3] = np.where(wanted, raw[late, 3], np.nan)


def _reasons(model: OutcomeModel, codes: NDArray[np.float64]) -> NDArray[np.object_]:
    told = ["", "constant_at_risk", _SEPARATE[model.kind], "not_converged", "collinear", "covariates_collinear"]
    return np.array(told, dtype=object)[codes.astype(np.int64)]


def _finish(model: OutcomeModel, found: _Found) -> ColumnEffects:
    unit = np.ones(found.sd.size) if model.options.per_sd else found.sd
    with np.errstate(invalid="ignore", divide="ignore"):
        slope, std_error = found.raw[:, 0] / unit, 1.0 / np.sqrt(found.raw[:, 1]) / unit
        half = float(special.ndtri(0.5 + model.options.confidence / 2.0)) * std_error
        return ColumnEffects(
            n=found.n,
            n_events=found.n_events,
            n_missing=found.n_missing,
            log_effect=slope,
            std_error=std_error,
            ci_low=slope - half,
            ci_high=slope + half,
            p_value=_beyond(np.abs(slope) / std_error),
            score_statistic=found.raw[:, 2],
            p_score=_beyond(np.sqrt(found.raw[:, 2])),
            lr_statistic=found.raw[:, 3],
            p_lr=_beyond(np.sqrt(found.raw[:, 3])),
            mean=found.mean,
            sd=found.sd,
            reason=found.reason.astype(str),
            method=model.method,
            confidence=model.options.confidence,
        )


def _beyond(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of a normal deviate of at least this size: that of its square by chi-square."""
    return np.asarray(special.erfc(z / np.sqrt(2.0)))
