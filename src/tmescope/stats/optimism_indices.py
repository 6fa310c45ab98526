"""Indices of how well a linear predictor tells and fits an outcome, as Harrell's validation reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from tmescope.stats.cox_model import CoxOptions, fit_cox
from tmescope.stats.logistic_models import fit_logistic
from tmescope.stats.penalised_losses import cox_loss
from tmescope.stats.ranking import survival_concordance

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cox_indices", "gini_difference", "logistic_indices", "most_wrong"]


def gini_difference(values: NDArray[np.float64]) -> float:
    """Return the mean distance of two different values.

    Parameters
    ----------
    values : array of float64, shape (n,)
        Two or more.
    """
    n = values.size
    if n < 2:
        return float("nan")
    rank = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(rank @ np.sort(values)) * 2.0 / (n * (n - 1.0))


def cox_indices(
    eta: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.float64], *, own: bool, efron: bool
) -> NDArray[np.float64]:
    """Return Dxy, R2, Slope, D, U, Q and g; NaN where there is no likelihood.

    Parameters
    ----------
    eta : array of float64, shape (n,)
        Linear predictor: a log relative hazard.
    time, event : array of float64, shape (n,)
        Complete.
    own : bool
        Whether these are the patients that the model was fitted on.
    efron : bool
        Efron's treatment of ties in the likelihood, or Breslow's.

    Notes
    -----
    A predictor that is the same for all tells nothing: 0 in all but the slope, which is 1.
    """
    n = eta.size
    if np.isnan(eta).any() or not event.any():
        return np.full(7, np.nan)
    if np.ptp(eta) <= 1e-12 * np.abs(eta).max():
        return np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    loss = cox_loss(time, event, np.zeros(n), efron=efron)
    model = fit_cox(eta, time, event, options=CoxOptions(ties="efron" if efron else "breslow"))
    if model.reason or model.term_reasons[0]:
        return np.full(7, np.nan)
    slope = float(model.coefficients[0])
    nothing, frozen, best = (2.0 * n * loss.measure(v)[0] for v in (0.0 * eta, eta, slope * eta))
    chi_square = nothing - best
    r2 = -np.expm1(-chi_square / n) / -np.expm1(-nothing / n)
    d = (chi_square - 1.0) / nothing
    u = (frozen - best - (2.0 if own else 0.0)) / nothing
    dxy = 2.0 * survival_concordance(eta, time, event).concordance - 1.0
    return np.array([dxy, r2, slope, d, u, d - u, gini_difference(eta if own else slope * eta)])


def logistic_indices(eta: NDArray[np.float64], y: NDArray[np.float64], *, own: bool) -> NDArray[np.float64]:
    """Return Dxy, R2, Intercept, Slope, D, U, Q, B and g; NaN where there is no likelihood.

    Parameters
    ----------
    eta : array of float64, shape (n,)
        Log odds.
    y : array of float64, shape (n,)
        1 and 0.
    own : bool
        Whether these are the patients that the model was fitted on.

    Notes
    -----
    A predictor that is the same for all tells nothing: its slope is taken as 1, its intercept brings the mean right.
    """
    n = y.size
    if np.isnan(eta).any() or y.min() == y.max():
        return np.full(9, np.nan)
    signed = 2.0 * y - 1.0
    rate = float(y.mean())
    brier = float(((y - special.expit(eta)) ** 2).mean())
    nothing = -2.0 * n * float(special.xlogy(rate, rate) + special.xlogy(1.0 - rate, 1.0 - rate))
    frozen = -2.0 * float(special.log_expit(signed * eta).sum())
    if np.ptp(eta) <= 1e-12 * np.abs(eta).max():
        u = (frozen - nothing - 2.0) / n
        d = -1.0 / n
        return np.array([0.0, 0.0, special.logit(rate) - eta[0], 1.0, d, u, d - u, brier, 0.0])
    model = fit_logistic(eta, y)
    if model.reason:
        return np.full(9, np.nan)
    best, slope = -2.0 * model.log_likelihood, float(model.coefficients[0])
    r2 = -np.expm1(-(nothing - best) / n) / -np.expm1(-nothing / n)
    d, u = (nothing - best - 1.0) / n, (frozen - best - 2.0) / n
    g = gini_difference(eta if own else slope * eta)
    return np.array([_dxy(eta, y), r2, model.intercept, slope, d, u, d - u, brier, g])


def most_wrong(intercept: float, slope: float) -> float:
    """Return the largest difference of a chance and what a calibration line makes of it.

    Parameters
    ----------
    intercept, slope : float
        Of the log odds that are right on those predicted.

    Notes
    -----
    On a grid of chances that is 0.0005 wide, between 0 and 1.
    """
    chance = np.arange(1, 2000) / 2000.0
    right = special.expit(intercept + slope * special.logit(chance))
    inside = float(np.abs(right - chance).max())
    ends = 0.0 if slope > 0.0 else 1.0 if slope < 0.0 else float(max(right[0], 1.0 - right[0]))
    return max(inside, ends) if np.isfinite(slope) else float("nan")


def _dxy(eta: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    ranks = stats.rankdata(eta)
    above = float(y.sum())
    area = (float(ranks[y == 1.0].sum()) - above * (above + 1.0) / 2.0) / (above * (y.size - above))
    return 2.0 * area - 1.0
