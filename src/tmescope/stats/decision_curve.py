"""What it would bring to treat by a prediction: net benefit over thresholds (decision curve)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError
from tmescope.stats.arguments import as_binary, as_times, as_vector, check_confidence, complete
from tmescope.stats.censoring_weights import check_horizon

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["DecisionBootstrap", "DecisionCurve", "measure_net_benefit", "measure_net_benefit_at"]


@dataclass(frozen=True, kw_only=True)
class DecisionBootstrap:
    """Resampling of patients for the intervals of a decision curve.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_resamples : int
    confidence : float
        Level of the percentile intervals.
    """

    rng: np.random.Generator
    n_resamples: int = 500
    confidence: float = 0.95


@dataclass(frozen=True, kw_only=True)
class DecisionCurve:
    """Net benefit of treating by a prediction, of treating all, and of treating nobody (zero).

    Parameters
    ----------
    n, n_events : int
        Patients without a missing value, and those with the outcome (by the horizon).
    thresholds, net_benefit, treat_all : array of float64, shape (m,)
        Chance from which one would treat, and the benefits there in true positives per patient. NaN where those at or
        above a threshold were not followed to the horizon.
    share : float
        Of patients with the outcome (one less Kaplan-Meier's survival at the horizon): the most that a benefit can be.
    standardised : array of float64, shape (m,)
        `net_benefit` divided by `share`: 1 is perfect.
    advantage : array of float64, shape (m,)
        `net_benefit` less the better of treating all and nobody.
    ci_low, ci_high, advantage_ci_low, advantage_ci_high : array of float64, shape (m,)
        Percentile limits of `net_benefit` and `advantage`; empty without a bootstrap.
    reason : str
        ``empty``, ``beyond_follow_up``; empty otherwise.
    """

    n: int
    n_events: int
    thresholds: NDArray[np.float64]
    net_benefit: NDArray[np.float64]
    treat_all: NDArray[np.float64]
    share: float
    standardised: NDArray[np.float64]
    advantage: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    advantage_ci_low: NDArray[np.float64]
    advantage_ci_high: NDArray[np.float64]
    reason: str = ""


def measure_net_benefit(
    chance: ArrayLike, outcome: ArrayLike, thresholds: ArrayLike, *, bootstrap: DecisionBootstrap | None = None
) -> DecisionCurve:
    """Compute the net benefit of treating patients whose predicted chance reaches a threshold.

    Parameters
    ----------
    chance : array-like of float, shape (n,)
        Predicted chance of the outcome, 0 to 1, for patients that did not train the prediction; NaN is missing.
    outcome : array-like, shape (n,)
        True/False or 1/0; NaN is missing.
    thresholds : array-like of float, shape (m,)
        Between 0 and 1.
    bootstrap : DecisionBootstrap, optional
        For intervals; none without.

    Raises
    ------
    InputError
        If a chance lies outside 0 to 1 or a threshold is not between 0 and 1.

    Notes
    -----
    ``true positives / n - false positives / n * t / (1 - t)``. Cost O(n m), times the resamples.

    References
    ----------
    Vickers and Elkin, Medical Decision Making 2006, doi:10.1177/0272989X06295361. Kerr et al., J Clin Oncol 2016,
    doi:10.1200/JCO.2015.65.5654.
    """
    p, y = complete(chance=as_vector(chance, name="chance"), outcome=as_binary(outcome, name="outcome"))
    t = _check(p, thresholds, name="chance")
    above = np.vstack([p >= v for v in t] + [np.ones(p.size, dtype=bool)]).astype(np.float64)

    def shares(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return above @ weights, above @ (weights * y)

    return _curve(p.size, shares, thresholds=t, n_events=int(y.sum()), bootstrap=bootstrap)


def measure_net_benefit_at(
    risk: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    thresholds: ArrayLike,
    horizon: float,
    bootstrap: DecisionBootstrap | None = None,
) -> DecisionCurve:
    """Compute the net benefit of treating patients whose predicted risk of the event by a horizon reaches a threshold.

    Parameters
    ----------
    risk : array-like of float, shape (n,)
        Predicted risk, 0 to 1, for patients that did not train the prediction; NaN is missing.
    time, event : array-like, shape (n,)
        Follow-up and whether it ended with the event; NaN is missing.
    thresholds : array-like of float, shape (m,)
        Between 0 and 1.
    horizon : float
        In the unit of the times.
    bootstrap : DecisionBootstrap, optional
        For intervals; none without.

    Raises
    ------
    InputError
        If a risk lies outside 0 to 1, a threshold is not between 0 and 1, or the horizon is no time.
    EndpointError
        If a time is negative.

    Notes
    -----
    True positives are the share of patients at or above the threshold times one less Kaplan-Meier's survival among
    them; false positives that share times the survival. Censoring must not depend on the risk within those groups.

    References
    ----------
    Vickers et al., BMC Med Inform Decis Mak 2008, doi:10.1186/1472-6947-8-53.
    """
    own = check_horizon(horizon)
    p, t, d = complete(
        risk=as_vector(risk, name="risk"), time=as_times(time, name="time"), event=as_binary(event, name="event")
    )
    cuts = _check(p, thresholds, name="risk")
    order = np.argsort(t, kind="stable")
    p, t, d = p[order], t[order], d[order]
    above = np.vstack([p >= v for v in cuts] + [np.ones(p.size, dtype=bool)]).astype(np.float64)
    firsts = np.unique(t, return_index=True)[1]
    early = t[firsts] <= own

    def shares(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        inside = above * weights
        total = inside.sum(axis=1)
        at_risk = np.cumsum(inside[:, ::-1], axis=1)[:, ::-1][:, firsts[early]]
        events = np.add.reduceat(inside * d, firsts, axis=1)[:, early]
        survival = np.prod(1.0 - events / np.where(at_risk > 0.0, at_risk, 1.0), axis=1)
        followed = (inside * (t >= own)).sum(axis=1) > 0.0
        known = followed | (total == 0.0) | (survival <= 1e-12)
        return total, np.where(known, total * (1.0 - survival), np.nan)

    n_events = int(((t <= own) & (d == 1.0)).sum())
    beyond = t.size > 0 and own > float(t[-1])
    return _curve(p.size, shares, thresholds=cuts, n_events=n_events, bootstrap=bootstrap, beyond=beyond)


def _curve(
    n: int,
    shares: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    *,
    thresholds: NDArray[np.float64],
    n_events: int,
    bootstrap: DecisionBootstrap | None,
    beyond: bool = False,
) -> DecisionCurve:
    """Build the curve from the weight of those at or above each threshold (the last: of all), and of those with it."""
    odds = thresholds / (1.0 - thresholds)
    nothing = np.full(thresholds.size, np.nan)
    reason = "empty" if n == 0 else "beyond_follow_up" if beyond else ""
    benefit, everybody, share = nothing, nothing, float("nan")
    limits = np.zeros((4, 0)) if bootstrap is None else np.full((4, thresholds.size), np.nan)

    def benefits(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        total, true = shares(weights)
        found = (true - (total - true) * odds_and_all) / total[-1]
        level = float(true[-1] / total[-1])
        return found[:-1], level - (1.0 - level) * odds, level

    odds_and_all = np.append(odds, 0.0)
    if not reason:
        benefit, everybody, share = benefits(np.ones(n))
        if bootstrap is not None:
            drawn = [benefits(w) for w in _resamples(n, bootstrap)]
            own = np.array([b for b, _, _ in drawn])
            limits = np.vstack([_limits(v, bootstrap) for v in (own, own - np.array([_best(e) for _, e, _ in drawn]))])
    with np.errstate(divide="ignore", invalid="ignore"):
        standardised = benefit / share if share else nothing
    return DecisionCurve(
        n=n,
        n_events=n_events,
        thresholds=thresholds,
        net_benefit=benefit,
        treat_all=everybody,
        share=share,
        standardised=standardised,
        advantage=benefit - _best(everybody),
        ci_low=limits[0],
        ci_high=limits[1],
        advantage_ci_low=limits[2],
        advantage_ci_high=limits[3],
        reason=reason,
    )


def _best(treat_all: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(treat_all, 0.0)


def _resamples(n: int, bootstrap: DecisionBootstrap) -> Iterator[NDArray[np.float64]]:
    check_confidence(bootstrap.confidence)
    if bootstrap.n_resamples < 2:
        raise InputError(f"{bootstrap.n_resamples} resamples are asked for", where="DecisionBootstrap.n_resamples")
    for _ in range(bootstrap.n_resamples):
        yield np.bincount(bootstrap.rng.integers(0, n, size=n), minlength=n).astype(np.float64)


def _limits(drawn: NDArray[np.float64], bootstrap: DecisionBootstrap) -> NDArray[np.float64]:
    """Return percentile limits; NaN at a threshold that a resample says nothing about."""
    tail = (1.0 - bootstrap.confidence) / 2.0
    return np.asarray(np.quantile(drawn, [tail, 1.0 - tail], axis=0), dtype=np.float64)


def _check(p: NDArray[np.float64], thresholds: ArrayLike, *, name: str) -> NDArray[np.float64]:
    t = as_vector(thresholds, name="thresholds")
    if ((p < 0.0) | (p > 1.0)).any():
        raise InputError(f"{name}s lie outside 0 to 1", where=f"argument {name}", expected="predicted chances")
    if not ((t > 0.0) & (t < 1.0)).all():
        raise InputError("a threshold is not between 0 and 1", where="argument thresholds")
    return t
