"""A penalised model and all that goes before it, learnt from training patients alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tmescope.associate.prediction_columns import Missing, Preparation, learn_preparation
from tmescope.associate.prediction_folds import split_folds
from tmescope.stats.baseline_hazards import baseline_survival
from tmescope.stats.penalised import (
    PathOptions,
    PenalisedModel,
    Penalty,
    PenaltyPath,
    cox_path,
    fit_penalised_cox,
    fit_penalised_logistic,
    logistic_path,
)
from tmescope.stats.penalised_losses import cox_loss

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from tmescope.associate.prediction_columns import Prepared
    from tmescope.associate.prediction_data import PredictionData

__all__ = ["FEWEST_EVENTS", "FittedModel", "LearningPlan", "Predicted", "learn_model"]

FEWEST_EVENTS = 5
"""Fewer training patients than this with the outcome, or without it, and nothing is learnt."""

_SMALLEST = 0.01
_HOLD = Penalty(l1_ratio=0.0, strength=0.01)
"""What holds a single column whose likelihood has no maximum."""


@dataclass(frozen=True, kw_only=True)
class LearningPlan:
    """How a model is learnt; all of it said before an outcome is looked at.

    Parameters
    ----------
    l1_ratios : tuple of float
        Mixes of ridge (0) and lasso (1) to choose from.
    n_strengths : int
        Strengths of the penalty to choose from, for each mix.
    n_folds : int
        Folds of patients that choose them.
    missing : {"median", "complete"}
        What is done about missing values.
    horizon_months : float, optional
        For a time to event: the chance that is predicted is that of an event until then.
    seed : int
        Of the folds.
    """

    l1_ratios: tuple[float, ...] = (0.1, 0.5, 1.0)
    n_strengths: int = 20
    n_folds: int = 5
    missing: Missing = "median"
    horizon_months: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Predicted:
    """Predictions for some patients.

    Parameters
    ----------
    linear : array of float, shape (n,)
        Log odds, or log hazard ratio to a patient with every column at its training mean.
    chance : array of float, shape (n,)
        Of response, or of an event until the horizon.
    prepared : Prepared
        Why some have none, what was filled, what lies beyond the training range.
    """

    linear: NDArray[np.float64]
    chance: NDArray[np.float64]
    prepared: Prepared


@dataclass(frozen=True, kw_only=True)
class FittedModel:
    """Coefficients with the preparation that they hang on.

    Parameters
    ----------
    preparation : Preparation
        From values of a patient to columns.
    coefficients : array of float, shape (p,)
        Per standard deviation of each column.
    intercept : float
        Log odds of a patient at the mean of every column; 0 for a time to event.
    cumulative_hazard : float
        Of that patient until the horizon; NaN for response.
    l1_ratio, strength : float
        The penalty that was chosen.
    n, n_events : int
        Training patients.
    method : str
        For tables.
    reason : str
        Why there is no model; empty where there is one.
    """

    preparation: Preparation
    coefficients: NDArray[np.float64]
    intercept: float = 0.0
    cumulative_hazard: float = float("nan")
    l1_ratio: float = float("nan")
    strength: float = float("nan")
    n: int = 0
    n_events: int = 0
    method: str = "not estimated"
    reason: str = ""

    def predict(self, values: pd.DataFrame) -> Predicted:
        """Predict patients, each by itself.

        Parameters
        ----------
        values : pandas.DataFrame
            One row a patient, one column a predictor.
        """
        prepared = self.preparation.apply(values)
        if self.reason:
            nothing = np.full(len(values), np.nan)
            return Predicted(nothing, nothing, prepared)
        linear = self.intercept + prepared.matrix @ self.coefficients
        if np.isnan(self.cumulative_hazard):
            return Predicted(linear, np.asarray(special.expit(linear)), prepared)
        with np.errstate(over="ignore"):
            chance = -np.expm1(-self.cumulative_hazard * np.exp(linear))
        return Predicted(linear, np.asarray(chance), prepared)


def learn_model(data: PredictionData, plan: LearningPlan) -> FittedModel:
    """Learn imputation, coding, scaling, penalty and coefficients from training patients.

    Parameters
    ----------
    data : PredictionData
        Training patients.
    plan : LearningPlan
        How.

    Returns
    -------
    FittedModel
        With `reason` where nothing can be learnt: ``too_few_events``, ``no_predictor_varies``,
        ``nobody_followed_to_the_horizon``, or that of the fit.

    Notes
    -----
    The penalty is the one with the smallest deviance in patients of folds that did not choose it, the strongest of
    equal ones; imputation and scaling are learnt anew in each fold. For a time to event the deviance is the
    cross-validated partial likelihood (Verweij and van Houwelingen), with a baseline hazard for each cohort; the hazard
    of predictions is that of all training cohorts together. A single column is not penalised.

    References
    ----------
    Verweij and van Houwelingen, Statistics in Medicine 1993, doi:10.1002/sim.4780122407.
    """
    used = data.take(data.complete()) if plan.missing == "complete" else data
    preparation = learn_preparation(used, missing=plan.missing)
    reason = _why_not(used, preparation)
    if reason:
        return FittedModel(
            preparation=preparation, coefficients=np.zeros(len(preparation.columns)), n=used.n,
            n_events=int(used.happened.sum()), reason=reason,
        )  # fmt: skip
    x = preparation.matrix(used.values)
    if x.shape[1] == 1:
        fitted = _fit(used, x, Penalty(l1_ratio=0.0, strength=0.0))
        fitted = _fit(used, x, _HOLD) if fitted.reason or not fitted.converged else fitted
    else:
        fitted = _fit(used, x, choose_penalty(used, x, plan))
    hazard = _hazard(used, x @ fitted.coefficients, plan)
    return FittedModel(
        preparation=preparation,
        coefficients=fitted.coefficients,
        intercept=0.0 if used.is_survival else fitted.intercept,
        cumulative_hazard=hazard,
        l1_ratio=fitted.penalty.l1_ratio,
        strength=fitted.penalty.strength,
        n=used.n,
        n_events=int(used.happened.sum()),
        method=fitted.method,
        reason=fitted.reason or (_of_horizon(hazard) if used.is_survival else ""),
    )


def choose_penalty(data: PredictionData, x: NDArray[np.float64], plan: LearningPlan) -> Penalty:
    """Choose mix and strength of the penalty by cross-validation over patients.

    Parameters
    ----------
    data : PredictionData
        Training patients.
    x : array of float, shape (n, p)
        Their columns, which decide what strengths there are.
    plan : LearningPlan
        How.
    """
    fold = split_folds(data, n_folds=plan.n_folds, rng=np.random.default_rng(plan.seed))
    splits = [_split(data, fold != k, plan) for k in range(int(fold.max()) + 1)]
    best, chosen = np.inf, Penalty(l1_ratio=plan.l1_ratios[0], strength=1.0)
    for l1_ratio in plan.l1_ratios:
        options = PathOptions(l1_ratio=l1_ratio, n_strengths=plan.n_strengths, smallest=_SMALLEST)
        strengths = _path(data, x, options).strengths
        options = PathOptions(l1_ratio=l1_ratio, strengths=tuple(float(s) for s in strengths))
        losses = sum((s.losses(options) for s in splits), np.zeros(strengths.size))
        k = int(np.argmin(np.where(np.isnan(losses), np.inf, losses)))
        if losses[k] < best:
            best, chosen = float(losses[k]), Penalty(l1_ratio=l1_ratio, strength=float(strengths[k]))
    return chosen


@dataclass(frozen=True)
class _Split:
    """Training patients of a fold, and all of them, prepared by the former."""

    train: PredictionData
    x_train: NDArray[np.float64]
    everyone: PredictionData
    x_all: NDArray[np.float64]
    inside: NDArray[np.bool_]

    def losses(self, options: PathOptions) -> NDArray[np.float64]:
        """Return the deviance of the patients left out, for each strength."""
        path = _path(self.train, self.x_train, options)
        k = len(options.strengths)
        if path.reason:
            return np.zeros(k)  # it cannot judge, and does not
        if not self.everyone.is_survival:
            outside = ~self.inside
            eta = path.intercepts[:, None] + path.coefficients @ self.x_all[outside].T
            sign = 2.0 * self.everyone.happened[outside] - 1.0
            return np.asarray(-2.0 * special.log_expit(sign * eta).sum(axis=1))
        etas = path.coefficients @ self.x_all.T
        return np.array([2.0 * (_minus_log_partial(self.everyone, e) - _minus_log_partial(self.train, e[self.inside]))
                         for e in etas])  # fmt: skip


def _split(data: PredictionData, inside: NDArray[np.bool_], plan: LearningPlan) -> _Split:
    train = data.take(inside)
    preparation = learn_preparation(train, missing=plan.missing)
    return _Split(train, preparation.matrix(train.values), data, preparation.matrix(data.values), inside)


def _minus_log_partial(data: PredictionData, eta: NDArray[np.float64]) -> float:
    if not np.isfinite(eta).all():
        return float("nan")
    loss = cox_loss(_time(data), data.happened, _strata(data), efron=True)
    return float(loss.measure(eta)[0]) * data.n


def _path(data: PredictionData, x: NDArray[np.float64], options: PathOptions) -> PenaltyPath:
    if data.is_survival:
        return cox_path(x, _time(data), data.happened, options=options, strata=_strata(data))
    return logistic_path(x, data.happened, options=options)


def _fit(data: PredictionData, x: NDArray[np.float64], penalty: Penalty) -> PenalisedModel:
    if data.is_survival:
        return fit_penalised_cox(x, _time(data), data.happened, penalty=penalty, strata=_strata(data))
    return fit_penalised_logistic(x, data.happened, penalty=penalty)


def _time(data: PredictionData) -> NDArray[np.float64]:
    return np.zeros(data.n) if data.time is None else data.time


def _strata(data: PredictionData) -> NDArray[np.float64]:
    return np.unique(data.cohorts, return_inverse=True)[1].astype(np.float64)


def _hazard(data: PredictionData, linear: NDArray[np.float64], plan: LearningPlan) -> float:
    if not data.is_survival or plan.horizon_months is None:
        return float("nan")
    found = baseline_survival(_time(data), data.happened, linear, horizons=[plan.horizon_months])
    return float(np.exp(found.log_cumulative_hazard[0]))


def _of_horizon(hazard: float) -> str:
    if np.isnan(hazard):
        return "nobody_followed_to_the_horizon"
    return "no_events_before_the_horizon" if hazard == 0.0 else ""


def _why_not(data: PredictionData, preparation: Preparation) -> str:
    n_events = int(data.happened.sum())
    fewest = n_events if data.is_survival else min(n_events, data.n - n_events)
    if fewest < FEWEST_EVENTS:
        return "too_few_events"
    return "" if preparation.columns else "no_predictor_varies"
