"""How much better a model looks on the patients it was fitted on than it is: the bootstrap's answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times
from tmescope.stats.optimism_indices import cox_indices, logistic_indices, most_wrong

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Optimism", "Resampling", "cox_optimism", "logistic_optimism"]

Fit = Callable[["NDArray[np.int64]"], "NDArray[np.float64]"]
"""Takes the patients to fit on (with repeats), returns the linear predictor of every patient."""


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """Which patients the models of a bootstrap are fitted on.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Draws them; not needed where `rows` are given.
    n_resamples : int
    rows : array of int, shape (b, n), optional
        The patients of each resample themselves.
    """

    rng: np.random.Generator | None = None
    n_resamples: int = 200
    rows: NDArray[np.int64] | None = None


@dataclass(frozen=True, kw_only=True)
class Optimism:
    """Indices of a model's performance, corrected for optimism.

    Parameters
    ----------
    indices : tuple of str
        Names; a Cox model has ``Dxy, R2, Slope, D, U, Q, g``, a logistic model ``Dxy, R2, Intercept, Slope, Emax, D, U,
        Q, B, g``.
    original : array of float64, shape (k,)
        On the patients that the model was fitted on.
    training, test : array of float64, shape (k,)
        Means over resamples: of their models on the resample itself, and on all patients.
    optimism, corrected : array of float64, shape (k,)
        `training` less `test`, and `original` less that.
    n, n_events : int
    n_resamples, n_failed : int
        Resamples asked for, and those in which there was no model or no index; the rest is averaged.
    method : str
    reason : str
        ``empty``, ``one_class``, ``no_events``, ``no_model``, ``all_failed``; empty otherwise.
    """

    indices: tuple[str, ...]
    original: NDArray[np.float64]
    training: NDArray[np.float64]
    test: NDArray[np.float64]
    optimism: NDArray[np.float64]
    corrected: NDArray[np.float64]
    n: int
    n_events: int
    n_resamples: int
    n_failed: int
    method: str
    reason: str = ""


def cox_optimism(
    fit: Fit, time: ArrayLike, event: ArrayLike, *, resampling: Resampling, ties: str = "efron"
) -> Optimism:
    """Correct the performance of a Cox model, or of any log relative hazard, for optimism.

    Parameters
    ----------
    fit : callable
        Gets the positions of the patients to fit on, with repeats, and returns the linear predictor (log relative
        hazard) of every patient, NaN throughout where there is no model. All that looks at outcomes (selection, the
        strength of a penalty, cut-offs) belongs into it.
    time, event : array-like, shape (n,)
        Complete.
    resampling : Resampling
    ties : {"efron", "breslow"}
        Of the likelihood in the indices.

    Returns
    -------
    Optimism
        `Dxy` is twice Harrell's concordance less 1; `R2` Nagelkerke's; `Slope` the coefficient of the linear predictor
        in a Cox model; with L0 minus twice the log likelihood without a model, ``D = (chi-square - 1) / L0``; `U` what
        the slope's being 1 loses, over L0 (less 2 / L0 on the patients that were fitted on); ``Q = D - U``; `g` Gini's
        mean difference of the linear predictor.

    Raises
    ------
    InputError
        If lengths differ, a value is missing, or the resampling makes no sense.
    EndpointError
        If a time is negative.

    Notes
    -----
    Harrell's bootstrap: a model is fitted on each resample and judged on it and on all patients; the mean difference is
    what is taken off. Deterministic for a given generator.

    References
    ----------
    Harrell, Lee and Mark, Stat Med 1996, 15:361-387.
    """
    t, d = as_times(time, name="time"), as_binary(event, name="event")
    _check_complete(time=t, event=d)
    reason = "empty" if t.size == 0 else "" if d.any() else "no_events"

    def judge(eta: NDArray[np.float64], rows: NDArray[np.int64], *, own: bool) -> NDArray[np.float64]:
        return cox_indices(eta[rows], t[rows], d[rows], own=own, efron=ties == "efron")

    if ties not in {"efron", "breslow"}:
        raise InputError(f"the treatment of ties is {ties!r}", where="argument ties", expected="efron, breslow")
    names = ("Dxy", "R2", "Slope", "D", "U", "Q", "g")
    return _correct(fit, judge, counts=(t.size, int(d.sum())), resampling=resampling, names=names, reason=reason)


def logistic_optimism(fit: Fit, outcome: ArrayLike, *, resampling: Resampling) -> Optimism:
    """Correct the performance of a logistic model, or of any log odds, for optimism.

    Parameters
    ----------
    fit : callable
        Gets the positions of the patients to fit on, with repeats, and returns the log odds of every patient, NaN
        throughout where there is no model. All that looks at outcomes belongs into it.
    outcome : array-like, shape (n,)
        True/False or 1/0, complete.
    resampling : Resampling

    Returns
    -------
    Optimism
        `Dxy` is twice the AUC less 1; `R2` Nagelkerke's; `Intercept` and `Slope` those of a logistic regression on the
        log odds; `Emax` the largest error of a chance that the corrected intercept and slope tell of; ``D = (chi-square
        - 1) / n``; `U` what the intercept's being 0 and the slope's being 1 lose, less 2, over n; ``Q = D - U``; `B`
        the Brier score; `g` Gini's mean difference of the log odds.

    Raises
    ------
    InputError
        If a value is missing, or the resampling makes no sense.

    References
    ----------
    Harrell, Lee and Mark, Stat Med 1996, 15:361-387.
    """
    y = as_binary(outcome, name="outcome")
    _check_complete(outcome=y)
    reason = "empty" if y.size == 0 else "one_class" if y.min() == y.max() else ""

    def judge(eta: NDArray[np.float64], rows: NDArray[np.int64], *, own: bool) -> NDArray[np.float64]:
        return logistic_indices(eta[rows], y[rows], own=own)

    names = ("Dxy", "R2", "Intercept", "Slope", "D", "U", "Q", "B", "g")
    found = _correct(fit, judge, counts=(y.size, int(y.sum())), resampling=resampling, names=names, reason=reason)
    worst = most_wrong(float(found.corrected[2]), float(found.corrected[3]))
    none = 0.0 * worst
    parts = {
        name: np.insert(getattr(found, name), 4, value)
        for name, value in (
            ("original", none), ("training", none), ("test", worst), ("optimism", -worst), ("corrected", worst)
        )
    }  # fmt: skip
    return Optimism(
        indices=(*names[:4], "Emax", *names[4:]),
        n=found.n,
        n_events=found.n_events,
        n_resamples=found.n_resamples,
        n_failed=found.n_failed,
        method=found.method,
        reason=found.reason,
        **parts,
    )


def _correct(
    fit: Fit,
    judge: Callable[..., NDArray[np.float64]],
    *,
    counts: tuple[int, int],
    resampling: Resampling,
    names: tuple[str, ...],
    reason: str,
) -> Optimism:
    n = counts[0]
    drawn = _draw(n, resampling) if not reason else np.zeros((0, n), dtype=np.int64)
    everybody = np.arange(n)
    nothing = np.full(len(names), np.nan)
    original, pairs, failed = nothing, [], 0
    if not reason:
        eta = _predict(fit, everybody)
        original = judge(eta, everybody, own=True)
        reason = "no_model" if np.isnan(eta).any() else ""
    for rows in drawn if not reason else ():
        eta = _predict(fit, rows)
        pair = np.array([judge(eta, rows, own=True), judge(eta, everybody, own=False)])
        if np.isnan(pair).any():
            failed += 1
        else:
            pairs.append(pair)
    if not reason and not pairs:
        reason = "all_failed"
    training, test = np.mean(pairs, axis=0) if pairs else (nothing, nothing)
    return Optimism(
        indices=names,
        original=original,
        training=training,
        test=test,
        optimism=training - test,
        corrected=original - (training - test),
        n=n,
        n_events=counts[1],
        n_resamples=len(drawn),
        n_failed=failed,
        method="not estimated" if reason else f"Harrell's bootstrap, {len(drawn)} resamples",
        reason=reason,
    )


def _predict(fit: Fit, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(fit(rows), dtype=np.float64)


def _draw(n: int, resampling: Resampling) -> NDArray[np.int64]:
    if resampling.rows is not None:
        rows = np.asarray(resampling.rows, dtype=np.int64)
        if rows.ndim != 2 or rows.shape[1] != n or rows.min(initial=0) < 0 or rows.max(initial=0) >= n:
            raise InputError(
                f"the resamples have shape {rows.shape} for {n} patients",
                where="Resampling.rows",
                expected="one row of positions from 0 to n - 1 for each resample",
            )
        return rows
    if resampling.rng is None or resampling.n_resamples < 1:
        raise InputError(
            f"{resampling.n_resamples} resamples, and {'no' if resampling.rng is None else 'a'} generator",
            where="argument resampling",
            expected="one resample or more, and a numpy.random.Generator, or the rows themselves",
        )
    return np.asarray(resampling.rng.integers(0, n, size=(resampling.n_resamples, n)), dtype=np.int64)


def _check_complete(**vectors: NDArray[np.float64]) -> None:
    if len({v.size for v in vectors.values()}) > 1:
        raise InputError("the outcomes differ in length", expected="one value per patient in each")
    for name, values in vectors.items():
        if np.isnan(values).any():
            raise InputError(
                f"{name} has {int(np.isnan(values).sum())} missing values",
                where=f"argument {name}",
                expected="complete outcomes",
                next_step="leave out these patients, and say how many",
            )
