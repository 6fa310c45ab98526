"""Who was at risk at each event: the sums over risk sets that Cox models and what follows from them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST_RISK", "Moments", "RiskSets", "Stratum", "build_risk_sets"]

LEAST_RISK = 1e-280
"""A risk set that weighs less, after the heaviest is one, is beyond double precision: one over it would overflow."""


@dataclass(frozen=True)
class Moments:
    """Partial likelihood at one value of the coefficients.

    Parameters
    ----------
    log_likelihood : float
        Of the partial likelihood.
    score : array of float, shape (p,)
        Its gradient.
    information : array of float, shape (p, p)
        Its negative second derivative.
    """

    log_likelihood: float
    score: NDArray[np.float64]
    information: NDArray[np.float64]


@dataclass(frozen=True)
class Stratum:
    """Rows of one stratum in order of the time at which they end.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Their positions in the matrix that was given.
    x : array of float, shape (n, p)
        Covariates.
    weights, entry : array of float, shape (n,)
        Case weights, and the times from which the rows are at risk.
    by_entry : array of int, shape (n,)
        Order of the rows by entry; empty where all enter before the first event.
    dead, dead_time : array of int, shape (e,)
        Rows with an event, and the number of their event time.
    times : array of float, shape (k,)
        Distinct event times.
    first, first_entry : array of int, shape (k,)
        First row that ends, and first that enters, at or after each event time.
    last, last_entry : array of int, shape (n,)
        Event times up to the end, and up to the entry, of each row.
    step_time : array of int, shape (m,)
        Event time of each step: one step an event time (Breslow), or one an event (Efron).
    step_share, step_mass : array of float, shape (m,)
        Share of the tied events that a step takes out of its risk set, and the weight of the step.
    """

    rows: NDArray[np.int64]
    x: NDArray[np.float64]
    weights: NDArray[np.float64]
    entry: NDArray[np.float64]
    by_entry: NDArray[np.int64]
    dead: NDArray[np.int64]
    dead_time: NDArray[np.int64]
    times: NDArray[np.float64]
    first: NDArray[np.int64]
    first_entry: NDArray[np.int64]
    last: NDArray[np.int64]
    last_entry: NDArray[np.int64]
    step_time: NDArray[np.int64]
    step_share: NDArray[np.float64]
    step_mass: NDArray[np.float64]

    def hazards(self, risk: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sum of the risks, and the mean of the covariates, at each step."""
        tied = np.zeros(self.times.size)
        np.add.at(tied, self.dead_time, risk[self.dead])
        total = self._at_risk(risk[:, None])[:, 0][self.step_time] - self.step_share * tied[self.step_time]
        product = risk[:, None] * self.x
        sums = self._at_risk(product)[self.step_time]
        if self.step_share.any():
            tied_sums = np.zeros((self.times.size, self.x.shape[1]))
            np.add.at(tied_sums, self.dead_time, product[self.dead])
            sums -= self.step_share[:, None] * tied_sums[self.step_time]
        with np.errstate(
            divide="ignore", invalid="ignore", over="ignore"
        ):  # risks that vanish in floating point: the step is halved
            return total, sums / total[:, None]

    def accumulate(self, per_step: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum a value of the steps over those at which each row is at risk, shape (n, ...).

        A row that is one of several tied events counts, in each step, for the share that is still in the set.
        """
        columns = per_step.reshape(per_step.shape[0], -1)
        sums = np.zeros((self.times.size + 1, columns.shape[1]))
        np.add.at(sums, self.step_time + 1, columns)
        path = np.cumsum(sums, axis=0)
        found = path[self.last] - path[self.last_entry]
        if self.step_share.any():
            own = np.zeros((self.times.size, columns.shape[1]))
            np.add.at(own, self.step_time, self.step_share[:, None] * columns)
            found[self.dead] -= own[self.dead_time]
        return found.reshape(-1, *per_step.shape[1:])

    def _at_risk(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        found = _from_the_end(values)[self.first]
        if self.by_entry.size:
            found = found - _from_the_end(values[self.by_entry])[self.first_entry]
        return found


def _from_the_end(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums from each row to the last, and a zero behind them."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1]))
    sums[:-1] = np.cumsum(values[::-1], axis=0)[::-1]
    return sums


@dataclass(frozen=True)
class RiskSets:
    """Rows of a Cox model by stratum.

    Parameters
    ----------
    strata : tuple of Stratum
        Those with an event.
    n, n_terms : int
        Rows (with those of strata without events), and columns.
    """

    strata: tuple[Stratum, ...]
    n: int
    n_terms: int

    def moments(self, coefficients: NDArray[np.float64]) -> Moments:
        """Return the partial log-likelihood with its first two derivatives."""
        log_likelihood, score = 0.0, np.zeros(self.n_terms)
        information = np.zeros((self.n_terms, self.n_terms))
        for s in self.strata:
            eta, risk, shift = _risks(s, coefficients)
            total, mean = s.hazards(risk)
            weight = s.weights[s.dead]
            if not (total > LEAST_RISK).all():
                return Moments(float("nan"), score, information)
            log_likelihood += float(weight @ (eta[s.dead] - shift) - s.step_mass @ np.log(total))
            score += weight @ s.x[s.dead] - s.step_mass @ mean
            reach = s.accumulate(s.step_mass / total)
            information += (s.x.T * (risk * reach)) @ s.x - (mean.T * s.step_mass) @ mean
        return Moments(log_likelihood, score, information)

    def weighted_moments(
        self, coefficients: NDArray[np.float64], per_time: tuple[NDArray[np.float64], ...]
    ) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...]]:
        """Return the score weighted by g, and the information weighted by 1, g and g squared.

        Parameters
        ----------
        coefficients : array of float, shape (p,)
            Where to take them.
        per_time : tuple of array of float
            g at the event times of each stratum.
        """
        score = np.zeros(self.n_terms)
        found = [np.zeros((self.n_terms, self.n_terms)) for _ in range(3)]
        for s, g in zip(self.strata, per_time, strict=True):
            _, risk, _ = _risks(s, coefficients)
            total, mean = s.hazards(risk)
            step_g = g[s.step_time]
            score += (s.weights[s.dead] * g[s.dead_time]) @ s.x[s.dead] - (s.step_mass * step_g) @ mean
            for power in range(3):
                mass = s.step_mass * step_g**power
                reach = s.accumulate(mass / total)
                found[power] += (s.x.T * (risk * reach)) @ s.x - (mean.T * mass) @ mean
        return score, tuple(found)

    def score_residuals(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each row adds to the score for one unit of its weight, shape (n, p)."""
        found = np.zeros((self.n, self.n_terms))
        for s in self.strata:
            _, risk, _ = _risks(s, coefficients)
            total, mean = s.hazards(risk)
            hazard = s.step_mass / total
            relative = (risk / s.weights)[:, None]
            part = -relative * (s.x * s.accumulate(hazard)[:, None] - s.accumulate(hazard[:, None] * mean))
            steps = np.bincount(s.step_time, minlength=s.times.size)
            at_event = np.zeros((s.times.size, self.n_terms))
            np.add.at(at_event, s.step_time, mean)
            part[s.dead] += s.x[s.dead] - (at_event / steps[:, None])[s.dead_time]
            found[s.rows] = part
        return found

    def informative(self) -> NDArray[np.bool_]:
        """Return which rows are at risk at an event."""
        found = np.zeros(self.n, dtype=bool)
        for s in self.strata:
            found[s.rows] = s.last > s.last_entry
        return found

    def reach(self, step: NDArray[np.float64]) -> float:
        """Return the largest difference of linear predictors within a stratum along a step."""
        return max(float(np.ptp(s.x @ step)) for s in self.strata)

    def never_falls(self, direction: NDArray[np.float64], slack: float) -> bool:
        """Return whether each event is at the top of its risk set along a direction: the likelihood has no maximum."""
        for s in self.strata:
            along = s.x @ direction
            room = slack * float(np.ptp(along))
            for j, time in enumerate(s.times):
                inside = along[s.first[j] :][s.entry[s.first[j] :] < time]
                if along[s.dead[s.dead_time == j]].min() < inside.max() - room:
                    return False
        return True


def _risks(s: Stratum, coefficients: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    eta = s.x @ coefficients
    shift = float(eta.max())  # cancels in every ratio, and keeps the exponential finite
    return eta, s.weights * np.exp(eta - shift), shift


def build_risk_sets(
    x: NDArray[np.float64], time: NDArray[np.float64], *, rows: dict[str, NDArray[np.float64]], efron: bool
) -> RiskSets:
    """Sort complete rows into strata and risk sets.

    Parameters
    ----------
    x : array of float, shape (n, p)
        Covariates.
    time : array of float, shape (n,)
        End of each row.
    rows : dict of str to array of float, shape (n,)
        ``event``, ``entry`` (-inf: from the start), ``strata``, ``weights``.
    efron : bool
        Efron's treatment of ties, or Breslow's.
    """
    strata = []
    for code in np.unique(rows["strata"]):
        inside = np.flatnonzero(rows["strata"] == code)
        inside = inside[np.argsort(time[inside], kind="stable")]
        if rows["event"][inside].any():
            picked = {name: values[inside] for name, values in rows.items()}
            strata.append(_stratum(inside, x[inside], time=time[inside], rows=picked, efron=efron))
    return RiskSets(tuple(strata), time.size, x.shape[1])


def _stratum(
    positions: NDArray[np.int64],
    x: NDArray[np.float64],
    *,
    time: NDArray[np.float64],
    rows: dict[str, NDArray[np.float64]],
    efron: bool,
) -> Stratum:
    dead = np.flatnonzero(rows["event"] == 1.0)
    times, dead_time = np.unique(time[dead], return_inverse=True)
    entry, weights = rows["entry"], rows["weights"]
    late = bool((entry >= times[0]).any())
    by_entry = np.argsort(entry, kind="stable") if late else np.zeros(0, dtype=np.int64)
    step_time, step_share, step_mass = _steps(dead_time, weights[dead], n_times=times.size, efron=efron)
    return Stratum(
        rows=positions,
        x=x,
        weights=weights,
        entry=entry,
        by_entry=by_entry,
        dead=dead,
        dead_time=dead_time,
        times=times,
        first=np.searchsorted(time, times, side="left"),
        first_entry=np.searchsorted(entry[by_entry], times, side="left"),
        last=np.searchsorted(times, time, side="right"),
        last_entry=np.searchsorted(times, entry, side="right"),
        step_time=step_time,
        step_share=step_share,
        step_mass=step_mass,
    )


def _steps(
    dead_time: NDArray[np.int64], weights: NDArray[np.float64], *, n_times: int, efron: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    mass = np.bincount(dead_time, weights=weights, minlength=n_times)
    if not efron:
        return np.arange(n_times, dtype=np.int64), np.zeros(n_times), np.asarray(mass, dtype=np.float64)
    tied = np.bincount(dead_time, minlength=n_times)
    step_time = np.repeat(np.arange(n_times, dtype=np.int64), tied)
    nth = np.arange(step_time.size) - np.repeat(np.cumsum(tied) - tied, tied)
    return step_time, nth / tied[step_time], np.asarray((mass / tied)[step_time], dtype=np.float64)
